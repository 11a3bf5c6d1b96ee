"""What two headers say about each other: the same concept, or names that resemble each other across languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tabml.ingest.units import split_unit

_LETTERS = str.maketrans({"ø": "o", "æ": "a", "œ": "o", "ß": "ss", "ł": "l", "k": "c", "z": "c", "y": "i", "w": "v"})
_PAIRS = (("ch", "c"), ("ph", "f"), ("th", "t"))
#: Words of fewer letters resemble too much by chance.
SHORTEST = 3


def resemblance(a: str, b: str) -> float:
    """How much two names resemble each other, 0 to 1, by their words and by the runs of letters they share.

    >>> resemblance("Cholesterin [mmol/l]", "Serum cholesterol (mg/dl)") > 0.5
    True
    >>> resemblance("Thallium", "thallium"), resemblance("Alter", "Puls")
    (1.0, 0.0)
    """
    first, second = name_words(a), name_words(b)
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    if abbreviates(first, second) or abbreviates(second, first):
        return 0.8
    return max(_by_words(first, second), _by_letters("".join(first), "".join(second)))


def abbreviates(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether one word of two to six letters is made of the beginnings of all the other's words, in order.

    >>> abbreviates(("lvh",), ("lv", "hypertrophy")), abbreviates(("bmi",), ("body", "mass", "index"))
    (True, True)
    """
    if len(short) != 1 or len(long) < 2 or not 2 <= len(short[0]) <= 6:
        return False

    def spells(letters: str, words: tuple[str, ...]) -> bool:
        if not words:
            return not letters
        most = next((i for i, (x, y) in enumerate(zip(letters, words[0], strict=False)) if x != y),
                    min(len(letters), len(words[0])))  # fmt: skip
        return any(spells(letters[n:], words[1:]) for n in range(1, most + 1))

    return spells(short[0], long)


@lru_cache(maxsize=8192)
def name_words(name: str) -> tuple[str, ...]:
    """Words of a name without unit, case and accents; sounds written alike (k, c, ch; y, i) count as one letter."""
    label = split_unit(name)[0]
    spaced = re.sub(r"(?<=[a-zæøåäöüß])(?=[A-ZÆØÅÄÖÜ])", " ", label).casefold().translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFD", spaced) if not unicodedata.combining(c))
    for written, plainer in _PAIRS:
        plain = plain.replace(written, plainer)
    return tuple(re.findall(r"[^\W_]+", plain))


def _by_words(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Share of the letters that stand in words with a partner on the other side."""
    hit = 0.0
    for mine, others in ((first, second), (second, first)):
        hit += sum(len(word) * max(_word(word, other) for other in others) for word in mine)
    return hit / (sum(map(len, first)) + sum(map(len, second)))


@lru_cache(maxsize=65536)
def _word(a: str, b: str) -> float:
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) < SHORTEST:
        return 0.0
    if long.startswith(short):
        return 0.85
    if len(short) >= 5 and short in long:
        return 0.7
    shared = _by_letters(a, b)
    return shared if shared >= 0.5 else 0.0


@lru_cache(maxsize=65536)
def _by_letters(a: str, b: str) -> float:
    """Dice coefficient of the runs of three letters."""
    first, second = _runs(a), _runs(b)
    if len(a) < SHORTEST or len(b) < SHORTEST:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _runs(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
