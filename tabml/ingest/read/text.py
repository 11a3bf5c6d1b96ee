"""Text exports: delimiter and records of csv, tsv and txt files.

pyarrow reads the body; records it cannot place, and files it reads otherwise than the csv module would, go
through the csv module, whose reading of a record is the rule.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tabml.core.errors import InputError
from tabml.ingest.read.delimited import TextBody, body_by_arrow, body_by_records
from tabml.ingest.read.encoding import TextFacts, text_facts
from tabml.ingest.read.records import RawSheet

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_RECORDS = 200


def read_text(path: Path) -> RawSheet:
    """One text file as a sheet; its records count as rows, from 1."""
    facts = text_facts(path)
    delimiter, confidence = detect_delimiter(path, facts.encoding)
    body = _body(path, facts, delimiter)
    return RawSheet(
        path.name, facts.sha256, None, body.columns, usual=body.usual, encoding=facts.encoding,
        encoding_confidence=facts.confidence, delimiter=delimiter, delimiter_confidence=confidence, ragged=body.ragged,
    )  # fmt: skip


def detect_delimiter(path: Path, encoding: str) -> tuple[str, float]:
    """Delimiter and confidence (0-1), from the records that agree on a number of fields.

    Preamble lines above the table disagree with it and so do not decide. '': one field a line.
    """
    lines = [line[:20_000] for line in _first_lines(path, encoding)]
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


def _first_lines(path: Path, encoding: str) -> list[str]:
    lines = []
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        for line in stream:
            lines.append(line)
            if len(lines) == SAMPLE_RECORDS:
                break
    return lines


def _body(path: Path, facts: TextFacts, delimiter: str) -> TextBody:
    head = _first_lines(path, facts.encoding)
    try:
        records = list(csv.reader(head, delimiter=delimiter or ","))
    except csv.Error:
        records = []
    return body_by_arrow(path, facts, delimiter, records) or _by_records(path, facts.encoding, delimiter)


def _by_records(path: Path, encoding: str, delimiter: str) -> TextBody:
    """Every record by the csv module; InputError where it cannot."""
    n = 0

    def counted(stream: Iterator[str]) -> Iterator[list[str]]:
        nonlocal n
        for record in csv.reader(stream, delimiter=delimiter) if delimiter else _one_field(stream):
            n += 1
            yield record

    try:
        with path.open(encoding=encoding, errors="strict", newline="") as stream:
            return body_by_records(counted(stream))
    except UnicodeDecodeError:
        what, hint = f"the text is not {encoding} throughout", "export it again as UTF-8"
    except csv.Error:
        what, hint = "a quoted field does not end", 'look for a single " in the export, or save it as .xlsx'
    raise InputError(what, where=f"{path.name}, after row {n}", hint=hint)


def _one_field(stream: Iterator[str]) -> Iterator[list[str]]:
    for line in stream:
        text = line.rstrip("\r\n")
        yield [text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text]
