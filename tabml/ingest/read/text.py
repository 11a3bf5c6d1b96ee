"""Text exports: encoding, delimiter and records of csv, tsv and txt files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read.document import Document
from tabml.ingest.read.encoding import detect_encoding
from tabml.ingest.read.records import RawSheet
from tabml.ingest.read.sniff import Content

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_RECORDS = 200


def read_text(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """One text file as a sheet; its records count as rows, from 1."""
    encoding, confidence = detect_encoding(document.read(), document.name)
    delimiter, delimiter_confidence = detect_delimiter(document.path, encoding)
    records = _records(document.path, encoding, delimiter)
    usual, ragged = _widths(records)
    records = [record + [""] * (usual - len(record)) for record in records]
    return (
        RawSheet.of_rows(
            document.name, document.sha256, None, records, usual=usual, encoding=encoding,
            encoding_confidence=confidence, delimiter=delimiter, delimiter_confidence=delimiter_confidence,
            ragged=ragged,
        ),
    )  # fmt: skip


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
