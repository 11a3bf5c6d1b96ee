"""Which encoding a text file has, from one pass over its bytes that also takes its digest."""

from __future__ import annotations

import codecs
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tabml.core.errors import InputError
from tabml.ingest.read.sniff import RESAVE, unreadable

BLOCK = 1 << 22
HEAD = 65_536
BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Eight-bit encodings of European exports; the first of equals wins, so cp1252 before its subset.
EIGHT_BIT = ("cp1252", "latin-1", "mac_roman", "cp850")
#: What the non-ASCII characters of a clinical export are expected to be.
EXPECTED = frozenset("æøåäöüßéèêëàâçñóáíúïôÆØÅÄÖÜÉÈÀÇÑÓÁÍÚœ°µ²³±·×§«»–—’‘“”„…€½\u00a0")


@dataclass
class TextFacts:
    """What the bytes of a text file say: digest, encoding and confidence (0-1), and whether quotes or NULs occur."""

    sha256: str = ""
    encoding: str = "utf-8"
    confidence: float = 1.0
    has_quotes: bool = False
    has_nul: bool = False
    high: Counter[int] = field(default_factory=Counter)
    """Bytes above 127 and how often they stand."""


def text_facts(path: Path) -> TextFacts:
    """Read a file once, in blocks: BOM, strict UTF-8, UTF-16 by its zero bytes, then scored letters."""
    facts = TextFacts()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, is_utf8 = b"", True
    for block in _blocks(path):
        head = head or block[:HEAD]
        digest.update(block)
        facts.has_quotes = facts.has_quotes or b'"' in block
        facts.has_nul = facts.has_nul or b"\x00" in block
        if not block.isascii():
            array = np.frombuffer(block, dtype=np.uint8)
            counts = np.bincount(array[array >= 0x80], minlength=256)
            facts.high.update({int(byte): int(counts[byte]) for byte in np.flatnonzero(counts)})
        is_utf8 = is_utf8 and _continues(decoder, block)
    facts.sha256 = digest.hexdigest()
    is_utf8 = is_utf8 and _continues(decoder, b"", final=True)
    facts.encoding, facts.confidence = _encoding(head, is_utf8, facts.high, path.name)
    return facts


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                yield block
    except OSError as error:
        raise unreadable(path, error) from None


def _continues(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(head: bytes, is_utf8: bool, high: Counter[int], name: str) -> tuple[str, float]:
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding, 1.0
    if b"\x00" in head:
        return _wide(head, name), 0.95
    return ("utf-8", 1.0) if is_utf8 else _eight_bit(high)


def _wide(sample: bytes, name: str) -> str:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    letters = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")
    is_text = sum(c.isprintable() or c in "\t\r\n" for c in letters) > 0.98 * len(letters)
    if max(odd, even) > 0.4 * half and min(odd, even) < 0.05 * half and is_text:
        return encoding
    raise InputError("the file is neither text nor a workbook", where=name, hint=RESAVE)


def _eight_bit(counts: Counter[int]) -> tuple[str, float]:
    total = sum(counts.values())
    scores = []
    for encoding in EIGHT_BIT:
        read = {byte: bytes([byte]).decode(encoding, errors="replace") for byte in sorted(counts)}
        expected = sum(n for byte, n in counts.items() if read[byte] in EXPECTED)
        scores.append((expected / total, encoding, tuple(read.values())))
    best, name, letters = max(scores, key=lambda s: s[0])
    rival = max((s for s, _, read in scores if read != letters), default=0.0)
    # One stray byte says little: confidence grows with the number of letters seen.
    confidence = best * best / (best + rival) * (1 - 0.5**total) if best else 0.0
    return name, round(confidence, 3)
