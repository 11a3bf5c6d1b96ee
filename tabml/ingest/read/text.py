"""Text exports: encoding, delimiter and records of csv, tsv and txt files."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tabml.core.errors import InputError
from tabml.ingest.read.records import RawSheet
from tabml.ingest.read.sniff import RESAVE, unreadable

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_RECORDS = 200
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


def read_text(path: Path) -> RawSheet:
    """One text file as a sheet; its records count as rows, from 1."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    digest = hashlib.sha256(content).hexdigest()
    encoding, confidence = detect_encoding(content, path.name)
    del content
    delimiter, delimiter_confidence = detect_delimiter(path, encoding)
    records = _records(path, encoding, delimiter)
    usual, ragged = _widths(records)
    records = [record + [""] * (usual - len(record)) for record in records]
    return RawSheet.of_rows(
        path.name, digest, None, records, usual=usual, encoding=encoding, encoding_confidence=confidence,
        delimiter=delimiter, delimiter_confidence=delimiter_confidence, ragged=ragged,
    )  # fmt: skip


def detect_encoding(content: bytes, name: str = "file") -> tuple[str, float]:
    """Encoding and confidence (0-1): BOM, strict UTF-8, UTF-16 by its zero bytes, then scored letters."""
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return encoding, 1.0
    sample = content[:65536]
    if b"\x00" in sample:
        return _wide(sample, name), 0.95
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bit(content)
    return "utf-8", 1.0


def _wide(sample: bytes, name: str) -> str:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    letters = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")
    is_text = sum(c.isprintable() or c in "\t\r\n" for c in letters) > 0.98 * len(letters)
    if max(odd, even) > 0.4 * half and min(odd, even) < 0.05 * half and is_text:
        return encoding
    raise InputError("the file is neither text nor a workbook", where=name, hint=RESAVE)


def _eight_bit(content: bytes) -> tuple[str, float]:
    counts = Counter(byte for byte in content if byte >= 0x80)
    total = sum(counts.values())
    scores = []
    for encoding in EIGHT_BIT:
        read = {byte: bytes([byte]).decode(encoding, errors="replace") for byte in counts}
        expected = sum(n for byte, n in counts.items() if read[byte] in EXPECTED)
        scores.append((expected / total, encoding, tuple(read.values())))
    best, name, letters = max(scores, key=lambda s: s[0])
    rival = max((s for s, _, read in scores if read != letters), default=0.0)
    # One stray byte says little: confidence grows with the number of letters seen.
    confidence = best * best / (best + rival) * (1 - 0.5**total) if best else 0.0
    return name, round(confidence, 3)


def detect_delimiter(path: Path, encoding: str) -> tuple[str, float]:
    """Delimiter and confidence (0-1), from the records that agree on a number of fields.

    Preamble lines above the table disagree with it and so do not decide. '': one field a line.
    """
    lines = _sample(path, encoding)
    first = lines[0].strip() if lines else ""
    if first.casefold().startswith("sep=") and len(first) == 5:
        return first[4], 1.0
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in DELIMITERS:
        widths = Counter(len(record) for record in csv.reader(lines, delimiter=delimiter) if any(record))
        if not widths:
            continue
        width, agreeing = max(((w, n) for w, n in widths.items() if w > 1), key=lambda p: (p[1], p[0]), default=(1, 0))
        if width > 1:
            scores[delimiter] = (agreeing / sum(widths.values()), width)
    if not scores:
        return "", 1.0
    best = max(scores, key=lambda d: (round(scores[d][0], 1), scores[d][1], scores[d][0]))
    rivals = [s for d, (s, w) in scores.items() if d != best and w >= scores[best][1]]
    share = scores[best][0]
    return best, round(share if not rivals else share / (share + max(rivals)), 3)


def _sample(path: Path, encoding: str) -> list[str]:
    lines = []
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        for line in stream:
            lines.append(line[:20_000])
            if len(lines) == SAMPLE_RECORDS:
                break
    return lines


def _records(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        with path.open(encoding=encoding, errors="strict", newline="") as stream:
            records.extend(_one_field(stream) if not delimiter else csv.reader(stream, delimiter=delimiter))
    except UnicodeDecodeError:
        raise InputError(
            f"the text is not {encoding} throughout",
            where=f"{path.name}, after row {len(records)}",
            hint="export it again as UTF-8",
        ) from None
    except csv.Error:
        raise InputError(
            "a quoted field does not end",
            where=f"{path.name}, after row {len(records)}",
            hint='look for a single " in the export, or save it as .xlsx',
        ) from None
    return records


def _one_field(stream: Iterator[str]) -> Iterator[list[str]]:
    for line in stream:
        text = line.rstrip("\r\n")
        yield [text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text]


def _widths(records: list[list[str]]) -> tuple[int, tuple[int, ...]]:
    """The usual number of fields, and the records after the first usual one that have another; drops blank ends."""
    while records and not any(records[-1]):
        records.pop()
    widths = Counter(len(record) for record in records if any(record))
    usual = max(widths, key=lambda w: (widths[w], w), default=0)
    ragged: list[int] = []
    started = False
    for number, record in enumerate(records, start=1):
        started = started or len(record) == usual
        if len(record) != usual and started and any(record):
            ragged.append(number)
    return usual, tuple(ragged)
