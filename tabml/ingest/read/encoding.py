"""Which encoding a text file is in: by its marks where it has them, else by the letters it would hold.

Without a mark, every candidate reads the file's words, and the reading that is likeliest in one language
wins: a letter counts by its rank in that language, a sign between two letters or a capital after a small
letter counts against. A word is evidence once, however many rows hold it.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from functools import cache

from tabml.core.errors import InputError
from tabml.ingest.read.letters import ALPHABETS, MULTIBYTE, SIGNS, rank_weights
from tabml.ingest.read.sniff import RESAVE

BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: One-byte encodings of exports, the usual first: of equal readings the first wins. The number is the log of
#: how much rarer one is than cp1252.
ONE_BYTE: tuple[tuple[str, float], ...] = (
    ("cp1252", 0.0), ("latin-1", -0.5), ("iso8859-15", -1.0), ("mac_roman", -1.0), ("cp850", -1.0), ("cp1250", -1.0),
    ("iso8859-2", -1.5), ("cp1251", -1.0), ("koi8-r", -2.0), ("cp866", -2.5), ("cp1253", -1.5), ("cp1254", -1.5),
)  # fmt: skip
SAMPLE_BYTES = 1 << 18
MOST_WORDS = 3000
UNKNOWN = math.log(1e-4)  # a letter of no alphabet of ours, or a control character
IN_WORD = math.log(0.01)  # a sign between two letters
CAPITAL = math.log(0.15)
CAPITAL_IN_WORD = math.log(0.02)
MIXED = 0.1  # share of another language's letters in a text: names, quotations
#: Share of valid UTF-8 sequences from which a file that is not UTF-8 throughout is a mixture.
MOSTLY_UTF8 = 0.8
_HIGH = re.compile(rb"[\x80-\xff]")


def detect_encoding(content: bytes, name: str = "file") -> tuple[str, float]:
    """Encoding and confidence (0-1): BOM, UTF-16 and UTF-32 by zero bytes, strict UTF-8, then scored letters."""
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return encoding, 1.0
    if b"\x00" in content[:65536]:
        return _wide(content[:65536], name), 0.95
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_mixture(content, error.start, name)
        return _by_letters(content)
    return "utf-8", 1.0


def _wide(sample: bytes, name: str) -> str:
    """UTF-16 or UTF-32 without its mark: the reading of printable letters with most ASCII among them."""
    best, chosen = 0.0, ""
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = sample[: len(sample) // width * width].decode(encoding, errors="replace")
        printable = sum(c.isprintable() or c in "\t\r\n" for c in text) / max(1, len(text))
        ascii_share = sum(c.isascii() for c in text) / max(1, len(text))
        if printable > 0.98 and ascii_share > max(best, 0.05):
            best, chosen = ascii_share, encoding
    if not chosen:
        raise InputError("the file is neither text nor a workbook", where=name, hint=RESAVE)
    return chosen


def _refuse_mixture(content: bytes, first_fault: int, name: str) -> None:
    """Refuse a file that is UTF-8 nearly everywhere: read as anything else, its other letters would be wrong."""
    around = content[max(0, first_fault - (1 << 20)) : first_fault + (1 << 20)]
    valid = len(re.findall(rb"[\xc3-\xf4][\x80-\xbf]+", around))
    broken = around.decode("utf-8", errors="replace").count("\ufffd")
    if valid >= 4 and valid / (valid + broken) >= MOSTLY_UTF8:
        line = content.count(b"\n", 0, first_fault) + 1
        raise InputError(
            "the text is UTF-8 but for a few places: two encodings in one file",
            where=f"{name}, line {line}",
            hint="export it again as UTF-8",
        )


def _by_letters(content: bytes) -> tuple[str, float]:
    sample = b"\n".join(_telling_lines(content))
    readings: dict[tuple[str, ...], tuple[float, str]] = {}
    for encoding, prior in _candidates(content):
        words = _words(sample.decode(encoding, errors="replace"))
        score = _likelihood(words, encoding) + prior
        if words not in readings or score > readings[words][0] + 2:
            readings.setdefault(words, (score, encoding))
    ranked = sorted(readings.values(), key=lambda r: -r[0])
    best, encoding = ranked[0]
    share = 1 / sum(math.exp(max(-50.0, score - best)) for score, _ in ranked)
    # One stray letter says little: confidence grows with the number of them seen.
    return encoding, round(share * (1 - 0.5 ** len(_HIGH.findall(sample))), 3)


def _telling_lines(content: bytes) -> Iterator[bytes]:
    """Lines that hold a byte above ASCII, from the top, up to the size of a sample."""
    size = position = 0
    while size < SAMPLE_BYTES and (found := _HIGH.search(content, position)):
        start = content.rfind(b"\n", 0, found.start()) + 1
        end = content.find(b"\n", found.start())
        end = len(content) if end < 0 else end
        line = content[start:end]
        yield line if len(line) <= SAMPLE_BYTES else line[:SAMPLE_BYTES]
        size, position = size + len(line), end


def _candidates(content: bytes) -> Iterator[tuple[str, float]]:
    """Encodings that can read every byte of the file, with the log of their prior weight."""
    present = bytes(sorted(set(content.translate(None, bytes(range(128))))))
    for encoding, prior in ONE_BYTE:
        if "\ufffd" not in present.decode(encoding, errors="replace"):
            yield encoding, prior
    for encoding in MULTIBYTE:
        try:
            content.decode(encoding)
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
                cost = math.log(0.02) + (IN_WORD if _is_inside(word, position) and char not in "’·–-" else 0.0)
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
