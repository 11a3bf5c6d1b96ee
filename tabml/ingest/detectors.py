"""Columns that identify people: national numbers by their check digits, names and contacts by header and shape.

Two tiers (data.md section 7). `verified`: a check digit, or a header word plus matching values: set aside
always (TB170). `shape`: values or header alone: set aside until denied (TB171).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

Tier = Literal["verified", "shape"]

#: Share and number of cells of a shape that make a column suspicious.
SHAPE_SHARE = 0.2
SHAPE_CELLS = 5

_CELLS_LOOKED_AT = 2000


def classify_identifier(header: str, values: Sequence[str]) -> Tier | None:
    """Whether a column identifies people; `values` are its filled cell texts (a sample will do).

    >>> classify_identifier("Fødselsnummer", ["02862356142"] * 5)
    'verified'
    >>> classify_identifier("Kolesterol", ["6,10", "5,72"]) is None
    True
    """
    cells = [v.strip() for v in values if v and v.strip()][:_CELLS_LOOKED_AT]
    word = _header_kind(header)
    if word == "name":
        return _named(cells)
    if word == "person" and looks_like_names(cells):
        return "shape"
    seen = [name for name, test in _SHAPES.items() if _many(sum(bool(test(c)) for c in cells), len(cells))]
    checked = [_CHECKED[name] for name in seen if name in _CHECKED]
    if seen and (word is not None or any(_many(sum(bool(check(c)) for c in cells), len(cells)) for check in checked)):
        return "verified"
    # A long number is one person's only where there are many of them.
    if any(name in _SHAPE_ALONE and (name != "number" or len(set(cells)) >= SHAPE_CELLS) for name in seen):
        return "shape"
    return "shape" if word in ("national", "contact") else None


def is_birth_date(header: str) -> bool:
    """Whether a header names a date of birth."""
    return any(w in _fold(header) for w in _BIRTH_WORDS)


def is_national_number(header: str, values: Sequence[str]) -> bool:
    """Whether a column holds a country's number of persons: by a header word, or by the check digits of its values."""
    cells = [v.strip() for v in values if v and v.strip()][:_CELLS_LOOKED_AT]
    if _header_kind(header) == "national":
        return True
    return any(_many(sum(bool(_CHECKED[name](c)) for c in cells), len(cells)) for name in _NATIONAL_NUMBERS)


def looks_like_names(values: Sequence[str]) -> bool:
    """Whether nearly all cells are one to four capitalised words, or two to four signs of a script without capitals.

    >>> looks_like_names(["Lefèvre", "D'Amico", "Dr. Törmä", "García López, Núria"]), looks_like_names(["Ja", "Nein", "12"])
    (True, False)
    """
    cells = [v for v in values if v and v.strip()]
    named = sum(_is_name(v) for v in cells)
    return len(set(cells)) >= 2 and named >= 0.8 * len(cells)


def looks_like_full_names(values: Sequence[str]) -> bool:
    """Whether nearly all cells are names of two to four words, such as first name and surname."""
    return looks_like_names(values) and sum(len(v.split()) >= 2 for v in values) >= 0.8 * len(values)


def _is_name(text: str) -> bool:
    words = _TITLE.sub("", text.strip()).replace(",", " ").split()
    if len(words) == 1 and _UNCASED.fullmatch(words[0]):
        return True
    return 1 <= len(words) <= 4 and all(_NAME_WORD.fullmatch(w) and w[:1].isupper() for w in words)


_TITLE = re.compile(r"^(?:(?:Dr|Prof|Mr|Mrs|Ms|Herr|Frau|Fru|Sr|Sra|Mme|Dott|Dra)\.? ?)+(?=[^\W\d_])")
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_UNCASED = re.compile(r"[\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]{2,5}")


def looks_like_free_text(values: Sequence[str]) -> bool:
    """Sentences rather than levels: many distinct, long cells of several words."""
    cells = [v for v in values if v and v.strip()]
    if len(cells) < 5:
        return False
    wordy = [v for v in cells if len(v.split()) >= 3]
    return len(set(wordy)) > max(20, 0.3 * len(cells)) or sum(len(v) for v in cells) / len(cells) > 40


def _named(cells: Sequence[str]) -> Tier | None:
    """A header that says name: values of one to four capitalised words confirm it."""
    names = sum(bool(re.fullmatch(r"[^\W\d_][\w.'’-]*(?:,? [^\W\d_][\w.'’-]*){1,3}", c)) for c in cells)
    if cells and names >= 0.5 * len(cells):
        return "verified"
    numeric = sum(bool(re.fullmatch(r"[-+\d.,]+", c)) for c in cells)
    return "shape" if numeric < 0.5 * max(1, len(cells)) else None


def _many(count: int, total: int) -> bool:
    return total > 0 and count > 0 and (count >= SHAPE_CELLS or count == total) and count >= SHAPE_SHARE * total


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


_NAME_WORDS = (
    "name", "navn", "namn", "nimi", "nombre", "apellido", "surname", "vorname", "nachname", "fornavn", "etternavn",
    "efternavn", "förnamn", "efternamn", "prénom", "prenom", "patient name", "pasientnavn", "姓名", "sukunimi", "etunimi",
    "apellidos", "nombres", "cognome", "nazwisko", "achternaam", "voornaam", "soyadı", "soyad", "příjmení", "jméno", "priezvisko",
    "vezetéknév", "keresztnév", "sobrenome", "apelido", "фамилия", "фио", "отчество", "прізвище", "επώνυμο", "氏名", "患者名", "이름", "성명",
)  # fmt: skip
#: Words that mean a name only where they are the whole header: "nom" is one, "nom du médicament" is none.
_NAME_ALONE = ("nom", "nome", "nom prénom", "nom et prénom", "imię", "imię i nazwisko", "naam", "ad", "adı", "ad soyad", "név", "имя", "名前",
               "nom de famille", "nom usuel", "nom de naissance")  # fmt: skip
#: Headers whose values decide whether they name people: a column "Patient" holds names, or numbers.
_PERSON_ALONE = ("patient", "pasient", "paciente", "paziente", "patiënt", "患者", "病人")
_STAFF_WORDS = (
    "physician", "doctor", "surgeon", "consultant", "clinician", "investigator", "operator", "nurse", "arzt", "ärztin", "oberarzt", "hausarzt",
    "stationsarzt", "chirurg", "operateur", "behandler", "lege", "overlege", "fastlege", "kirurg", "sykepleier", "läkare", "överläkare", "doktor",
    "läge", "læge", "overlæge", "lääkäri", "erikoislääkäri", "kirurgi", "hoitaja", "médico", "medico", "cirujano", "médecin", "medecin", "praticien",
    "chirurgien", "curante", "chirurgo", "arts", "huisarts", "specialist", "lekarz", "hekim", "врач", "хирург", "医生", "医师", "医師", "担当医", "의사",
)  # fmt: skip
_NATIONAL_WORDS = (
    "ssn", "social security", "national number", "national id", "nhs", "fødselsnummer", "fodselsnummer", "fødselsnr",
    "personnummer", "personnr", "cpr", "henkilötunnus", "hetu", "ahv", "versichertennummer", "nino", "dni", "nif", "nie",
    "身份证", "numéro de sécurité sociale",
)  # fmt: skip
_CONTACT_WORDS = (
    "phone", "telefon", "telephone", "mobil", "e-mail", "email", "epost", "e-post", "mail", "address", "adresse",
    "adress", "anschrift", "direccion", "dirección", "iban", "street", "zip code", "postcode", "plz", "strasse", "straße",
)  # fmt: skip
_STAFF_FILLERS = (
    "treating", "attending", "responsible", "referring", "primary", "lead", "senior", "of", "the", "operating", "behandelnder", "behandelnde",
    "verantwortlicher", "zuweisender", "behandlende", "ansvarlig", "ansvarig", "behandlande", "henvisende", "hoitava", "vastaava", "responsable",
    "tratante", "traitant", "référent", "prowadzący", "operujący", "behandelend", "hoofd", "responsabile", "operatore", "assistente",
    "responsável", "sorumlu", "лечащий", "id", "code", "nr", "no",
)  # fmt: skip
_BIRTH_WORDS = (
    "birth", "geburt", "fødselsdato", "fodselsdato", "födelsedatum", "fødselsdag", "syntymä", "naissance", "nacimiento",
    "dob", "dofb", "出生", "date de naissance", "ddn", "geboorte", "nascita", "nascimento", "urodzenia", "doğum", "рожден", "narození", "narodenia",
    "születés", "生年月日", "생년월일", "födelse", "γέννηση",
)  # fmt: skip


def _header_kind(header: str) -> str | None:
    folded = _fold(header)
    words = set(re.findall(r"[^\W\d_]+", folded))
    if any(w in folded if len(w) > 5 or _is_cjk(w) else w in words for w in _NATIONAL_WORDS):
        return "national"
    if any(w in folded if len(w) > 5 else w in words for w in _CONTACT_WORDS):
        return "contact"
    if words & set(_NAME_WORDS) or any(w in folded for w in _NAME_WORDS if _is_cjk(w)):
        return "name"
    leaf = folded.rsplit(" / ", 1)[-1]
    if leaf in _NAME_ALONE:
        return "name"
    if leaf in _PERSON_ALONE:
        return "person"
    if any(w in folded for w in _STAFF_WORDS if _is_cjk(w)):
        return "person"
    # "Treating physician" names one, "Physician global assessment" does not.
    return "person" if words & set(_STAFF_WORDS) and words <= {*_STAFF_WORDS, *_STAFF_FILLERS} else None


def _is_cjk(word: str) -> bool:
    """Chinese, Japanese and Korean words stand without spaces: they are looked for inside the header."""
    return any("\u4e00" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" for c in word)


def _digits(text: str) -> list[int]:
    return [int(c) for c in text if c in "0123456789"]


def _is_date(day: int, month: int) -> bool:
    try:
        dt.date(2000, month, day)
    except ValueError:
        return False
    return True


def _norwegian_shape(text: str) -> bool:
    """11 digits holding a date: D-numbers add 40 to the day, H and synthetic numbers 40, 65 or 80 to the month."""
    if not re.fullmatch(r"\d{6} ?\d{5}", text):
        return False
    d = _digits(text)
    day, month = d[0] * 10 + d[1], d[2] * 10 + d[3]
    return any(_is_date(day - a, month - b) for a in (0, 40) for b in (0, 40, 65, 80))


def _norwegian_checked(text: str) -> bool:
    d = _digits(text)
    if not _norwegian_shape(text):
        return False
    first = sum(w * x for w, x in zip((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), d, strict=False)) % 11
    second = sum(w * x for w, x in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), d, strict=True)) % 11
    return first == 0 and second == 0


def _swedish_shape(text: str) -> bool:
    found = re.fullmatch(r"(?:\d{2})?(\d{6})[-+](\d{4})", text) or re.fullmatch(r"(?:19|20)(\d{6})(\d{4})", text)
    if not found:
        return False
    d = _digits(found[1])
    return any(_is_date(d[4] * 10 + d[5] - a, d[2] * 10 + d[3]) for a in (0, 60))


def _swedish_checked(text: str) -> bool:
    if not _swedish_shape(text):
        return False
    doubled = [x * (2 if i % 2 == 0 else 1) for i, x in enumerate(_digits(text)[-10:])]
    return sum(x // 10 + x % 10 for x in doubled) % 10 == 0


def _danish_shape(text: str) -> bool:
    if not re.fullmatch(r"\d{6}-\d{4}", text):
        return False
    d = _digits(text)
    return _is_date(d[0] * 10 + d[1], d[2] * 10 + d[3])


def _finnish_checked(text: str) -> bool:
    found = re.fullmatch(r"(\d{6})[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])", text.upper())
    return bool(found) and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(found[1] + found[2]) % 31] == found[3]  # type: ignore[index]


def _spanish_checked(text: str) -> bool:
    """DNI (8 digits) and NIE (X, Y or Z and 7 digits): the letter is the number modulo 23."""
    found = re.fullmatch(r"([XYZ]?)(\d{7,8})-?([A-Z])", text.upper())
    if not found or len(found[1]) + len(found[2]) != 8:
        return False
    number = int({"X": "0", "Y": "1", "Z": "2"}.get(found[1], "") + found[2])
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == found[3]


def _nhs_checked(text: str) -> bool:
    if not re.fullmatch(r"\d{3} ?\d{3} ?\d{4}", text):
        return False
    d = _digits(text)
    check = 11 - sum(w * x for w, x in zip(range(10, 1, -1), d, strict=False)) % 11
    return d[9] == (0 if check == 11 else check)


def _pattern(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


_SHAPES: dict[str, Callable[[str], bool]] = {
    "no": _norwegian_shape,
    "se": _swedish_shape,
    "dk": _danish_shape,
    "fi": _pattern(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"),
    "ch": _pattern(r"756\.\d{4}\.\d{4}\.\d{2}"),
    "es": _pattern(r"(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]"),
    "us": _pattern(r"\d{3}-\d{2}-\d{4}"),
    "uk": _pattern(r"\d{3} ?\d{3} ?\d{4}"),
    "email": _pattern(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"),
    "phone": _pattern(r"(?:\+|00)\d{1,3}[ \d()/-]{6,}"),
    "number": _pattern(r"\d{9,18}"),  # longer than any measurement is written
    "titled name": _pattern(r"(?:Dr|Prof|Mr|Mrs|Ms|Herr|Frau|Fru|Sr|Sra|Mme)\.? [^\W\d_].+"),
    "last, first": _pattern(r"[A-ZÀ-Þ][a-zà-ÿ'’-]+, [A-ZÀ-Þ][a-zà-ÿ'’-]+(?: [A-ZÀ-Þ][a-zà-ÿ'’-]*\.?)?"),
    "iban": _pattern(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}(?: ?[A-Z0-9]{1,4})?"),
}
_CHECKED: dict[str, Callable[[str], bool]] = {
    "no": _norwegian_checked, "se": _swedish_checked, "dk": _danish_shape, "fi": _finnish_checked,
    "ch": _SHAPES["ch"], "us": _SHAPES["us"], "uk": _nhs_checked, "es": _spanish_checked, "email": _SHAPES["email"], "iban": _SHAPES["iban"],
}  # fmt: skip
_NATIONAL_NUMBERS = ("no", "se", "dk", "fi", "ch", "us", "uk", "es")
_SHAPE_ALONE = frozenset(_SHAPES) - {"uk"}  # written with spaces or not, it is told from others by its check digit
