"""The form in which headers and synonyms are compared: case, accents and signs gone, words apart."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "œ": "oe", "α": "alpha", "β": "beta",
     "γ": "gamma", "κ": "kappa", "λ": "lambda", "µ": "u", "μ": "u", "’": "", "'": "", "№": "no"}
)  # fmt: skip
#: The other way to write these letters without them: `Koen`, `Groesse`, `aarsak`.
_DIGRAPHS = str.maketrans({"ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae"})
_THRESHOLD = re.compile(r"([<>≤≥])=?\s*[0-9][0-9.,]*(?:\s*[a-zA-Zµ%]+(?:/[a-zA-Z0-9.]+)*)?")
#: `No. of nodes`, `Nº ganglios`: elsewhere `no` is a negation.
_NUMBER_OF = re.compile(r"\bno\.?\s+(?:of|de)\s+|^no\.\s+|\bno (?=ganglios|vasos)|(?<=\s)no\.$")
#: The word for a percentage, so that `Lymphocytes %` is not `Lymphocytes`.
_PERCENT = frozenset(["percent", "prozent", "prosent", "procent", "prosentti", "porcentaje", "percentage", "perc"])
_WORDS = re.compile(r"%|[\u3400-\u9fff]+|[0-9]+|(?:(?![\u3400-\u9fff])[^\W\d_])+")


@lru_cache(maxsize=16384)
def words_of(text: str, *, digraphs: bool = False) -> tuple[str, ...]:
    """The words and numbers of a name; a threshold becomes `gt` or `lt`.

    >>> words_of("Nüchternzucker > 6,7 mmol/l"), words_of("Kjønn"), words_of("Kjønn", digraphs=True)
    (('nuchternzucker', 'gt'), ('kjonn',), ('kjoenn',))
    >>> words_of("CA19-9"), words_of("P-Kreatinin"), words_of("血清CRP")
    (('ca', '19', '9'), ('p', 'kreatinin'), ('血清', 'crp'))
    """
    text = _THRESHOLD.sub(lambda found: " gt " if found[1] in ">≥" else " lt ", text)
    text = _NUMBER_OF.sub("number of ", unicodedata.normalize("NFKC", text.replace("º", "o")).casefold())
    if digraphs:
        text = text.translate(_DIGRAPHS)
    text = text.translate(_LETTERS)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return tuple("pct" if word == "%" or word in _PERCENT else word for word in _WORDS.findall(text))


def compact(text: str, *, digraphs: bool = False) -> str:
    """The words without spaces: `SystolicBP`, `systolic_bp` and `Systolic BP` are one.

    >>> compact("systolic_BP"), compact("HbA1c")
    ('systolicbp', 'hba1c')
    """
    return "".join(words_of(text, digraphs=digraphs))


def spelling(text: str) -> str:
    """The letters and numbers as spelled, accents and capitals: tells `Død` from `DOD`, `pT` from `PT`.

    >>> spelling("Død"), spelling("D.O.D."), spelling("pT")
    ('Død', 'DOD', 'pT')
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


def is_cjk(text: str) -> bool:
    """Whether a text holds Chinese signs, which stand without spaces."""
    return any("\u3400" <= c <= "\u9fff" for c in text)
