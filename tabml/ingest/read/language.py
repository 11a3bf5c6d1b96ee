"""Which encoding makes the likeliest words of a sample of bytes, where nothing but its letters can tell.

Every candidate reads the sample, and the reading that is likeliest in one language wins: a letter counts by
its rank in that language, a sign between two letters or a capital after a small letter counts against. A
word is evidence once, however many rows hold it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache

from tabml.ingest.read.letters import ALPHABETS, MULTIBYTE, SIGNS, rank_weights

#: One-byte encodings of exports, the usual first: of equal readings the first wins. The number is the log of
#: how much rarer one is than cp1252.
ONE_BYTE: tuple[tuple[str, float], ...] = (
    ("cp1252", 0.0), ("latin-1", -0.5), ("iso8859-15", -1.0), ("mac_roman", -1.0), ("cp850", -1.0), ("cp1250", -1.0),
    ("iso8859-2", -1.5), ("cp1251", -1.0), ("koi8-r", -2.0), ("cp866", -2.5), ("cp1253", -1.5), ("cp1254", -1.5),
)  # fmt: skip
MOST_WORDS = 3000
UNKNOWN = math.log(1e-4)  # a letter of no alphabet of ours, or a control character
SIGN = math.log(0.02)
IN_WORD = math.log(0.01)  # a sign between two letters
CAPITAL = math.log(0.15)
CAPITAL_IN_WORD = math.log(0.02)
MIXED = 0.1  # share of another language's letters in a text: names, quotations


def likeliest(sample: bytes, can_read: Callable[[str], bool]) -> tuple[str, float]:
    """Encoding and confidence (0-1). `can_read` says whether an encoding reads the whole file."""
    readings: dict[tuple[str, ...], tuple[float, str]] = {}
    for encoding, prior in _candidates(sample):
        words = _words(sample.decode(encoding, errors="replace"))
        readings.setdefault(words, (_likelihood(words, encoding) + prior, encoding))
    ranked = sorted(readings.values(), key=lambda reading: -reading[0])
    while ranked[0][1] in MULTIBYTE and not can_read(ranked[0][1]):
        ranked.pop(0)
    best, encoding = ranked[0]
    share = 1 / sum(math.exp(max(-50.0, score - best)) for score, _ in ranked)
    # One stray letter says little: confidence grows with the number of them seen.
    return encoding, round(share * (1 - 0.5 ** sum(byte > 127 for byte in sample)), 3)


def _candidates(sample: bytes) -> Iterator[tuple[str, float]]:
    """Encodings with the log of their prior weight; one of several bytes must read the whole sample.

    A byte that a one-byte encoding does not define counts as an unknown letter: reading names its row.
    """
    yield from ONE_BYTE
    for encoding in MULTIBYTE:
        try:
            sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield encoding, -1.0


def _words(text: str) -> tuple[str, ...]:
    """Distinct words that hold a letter or sign above ASCII, each with what touches it."""
    found = dict.fromkeys(w for w in re.findall(r"[^\s;,|\"]+", text.replace("\u00a0", " \u00b7 ")) if not w.isascii())
    return tuple(list(found)[:MOST_WORDS])


def _likelihood(words: tuple[str, ...], encoding: str) -> float:
    """Log-likelihood of the words in the language that suits them best."""
    if encoding in MULTIBYTE:
        known = MULTIBYTE[encoding]
        return sum(known(char) for word in words for char in word if not char.isascii())
    tables = _alphabets()
    totals = [0.0] * len(tables)
    for word in words:
        for position, char in enumerate(word):
            if char.isascii():
                continue
            if char in SIGNS:
                cost = SIGN + (IN_WORD if _is_inside(word, position) and char not in "’·–-" else 0.0)
                totals = [t + cost for t in totals]
                continue
            case = 0.0
            if char != char.lower():
                case = CAPITAL_IN_WORD if position and word[position - 1].islower() else CAPITAL
            small = char.lower()
            totals = [t + table.get(small, UNKNOWN) + (case if small in table else 0.0)
                      for t, table in zip(totals, tables, strict=True)]  # fmt: skip
    return max(totals)


def _is_inside(word: str, position: int) -> bool:
    around = word[max(0, position - 1) : position], word[position + 1 : position + 2]
    return all(c.isalpha() for c in around)


@cache
def _alphabets() -> tuple[dict[str, float], ...]:
    """Log-weights of the letters of each language, with a little of every other of its script."""
    tables = []
    for script in ALPHABETS:
        languages = [rank_weights(letters) for letters in script]
        every = {c: sum(t.get(c, 0.0) for t in languages) / len(languages) for t in languages for c in t}
        tables += [{c: math.log((1 - MIXED) * t.get(c, 0.0) + MIXED * p) for c, p in every.items()} for t in languages]
    return tuple(tables)
