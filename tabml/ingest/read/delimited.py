"""The records of a delimited text file as columns: by pyarrow where it reads as the csv module does, else by that."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.ingest.read.column import Column
from tabml.ingest.read.encoding import TextFacts

BLOCK = 1 << 24
CHUNK_RECORDS = 20_000
#: A file with more odd records than this is no table with a few broken lines: the csv module decides.
MOST_ODD = 20_000


@dataclass(frozen=True)
class TextBody:
    """Columns of equal length, the usual number of fields, and the numbers of the records that have another."""

    columns: tuple[Column, ...]
    usual: int
    ragged: tuple[int, ...]


def body_by_arrow(path: Path, facts: TextFacts, delimiter: str, head: Sequence[Sequence[str]]) -> TextBody | None:
    """The records by pyarrow; None where the csv module must decide. `head`: the first records, by that module."""
    usual = _usual_width(*_widths(head))
    if not (delimiter and delimiter.isascii() and usual > 1) or facts.has_nul:
        return None
    odd: dict[int, str] = {}
    with suppress(pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        batches = _batches(path, facts, delimiter, usual, odd)
        columns = stacked([tuple(map(Column.of_texts, batch.columns)) for batch in batches])
        if any(_longest(column) > csv.field_size_limit() for column in columns) or _is_cut(odd, columns):
            return None
        records = {n: next(csv.reader(io.StringIO(odd[n], newline=""), delimiter=delimiter)) for n in sorted(odd)}
        # A blank line looks like a record here: where the table begins is told by the head.
        return _with_odd(columns, records, usual, next(i for i, record in enumerate(head) if len(record) == usual))
    return None


def body_by_records(records: Iterable[list[str]]) -> TextBody:
    """The records of the csv module, gathered chunk by chunk."""
    chunks: list[tuple[Column, ...]] = []
    widths: list[NDArray[np.int64]] = []
    filled: list[NDArray[np.bool_]] = []
    for chunk in _chunks(records):
        chunks.append(_columns(chunk))
        width, is_filled = _widths(chunk)
        widths.append(width)
        filled.append(is_filled)
    width, is_filled = np.concatenate(widths), np.concatenate(filled)
    usual = _usual_width(width, is_filled)
    start = int(np.argmax(width == usual))
    return _trimmed(stacked(chunks), width, is_filled, usual, start)


def stacked(chunks: list[tuple[Column, ...]]) -> list[Column]:
    """Chunks of rows below each other; a chunk of fewer columns ends in empty cells. Empties the list."""
    lengths = [len(chunk[0]) if chunk else 0 for chunk in chunks]
    by_column = [
        [column if column is not None else Column.empty(n) for column, n in zip(parts, lengths, strict=True)]
        for parts in zip_longest(*chunks)
    ]
    chunks.clear()
    columns = []
    while by_column:  # the parts of a column go as soon as it is whole
        columns.append(Column.concat(by_column.pop(0)))
    return columns


def _batches(path: Path, facts: TextFacts, delimiter: str, usual: int, odd: dict[int, str]) -> Iterator[pa.RecordBatch]:
    """Records of the usual width in batches of texts; the others go to `odd` by their number."""
    from pyarrow import csv as arrow

    def put_aside(row: Any) -> str:
        odd[row.number] = row.text
        return "skip" if len(odd) <= MOST_ODD else "error"

    names = [str(j) for j in range(usual)]
    is_utf8 = facts.encoding in ("utf-8", "utf-8-sig")
    reading = arrow.ReadOptions(
        column_names=names, block_size=BLOCK, use_threads=False, encoding="utf8" if is_utf8 else facts.encoding
    )
    parsing = arrow.ParseOptions(
        delimiter=delimiter, quote_char='"' if facts.has_quotes else False, double_quote=facts.has_quotes,
        newlines_in_values=facts.has_quotes, ignore_empty_lines=False, invalid_row_handler=put_aside,
    )  # fmt: skip
    typing = arrow.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""], check_utf8=False
    )
    yield from arrow.open_csv(path, reading, parsing, typing)


def _with_odd(columns: list[Column], odd: Mapping[int, list[str]], usual: int, start: int) -> TextBody | None:
    """The odd records at their places; None where theirs is the usual width."""
    n_even = len(columns[0]) if columns else 0
    at = np.array(list(odd), dtype=np.int64) - 1
    if len(at):
        order = np.full(n_even + len(at), -1, dtype=np.int64)
        order[at] = n_even + np.arange(len(at))
        order[order < 0] = np.arange(n_even)
        columns = stacked([tuple(columns), _columns(list(odd.values()))])
        columns = [column.take(order) for column in columns]
    widths = np.full(n_even + len(at), usual, dtype=np.int64)
    widths[at] = [len(record) for record in odd.values()]
    filled = _any_filled(columns, len(widths))
    return _trimmed(columns, widths, filled, usual, start) if _usual_width(widths, filled) == usual else None


def _trimmed(
    columns: Sequence[Column], widths: NDArray[np.int64], filled: NDArray[np.bool_], usual: int, start: int
) -> TextBody:
    """Without the blank records at the end; ragged are the filled ones after the first usual one, at `start`."""
    ragged = np.flatnonzero(filled & (widths != usual) & (np.arange(len(widths)) > start)) + 1
    last = int(np.flatnonzero(filled)[-1]) + 1 if filled.any() else 0
    return TextBody(tuple(column.slice(0, last) for column in columns), usual, tuple(ragged.tolist()))


def _is_cut(odd: Mapping[int, str], columns: Sequence[Column]) -> bool:
    """Whether the last record is odd and quoted: pyarrow hands it over without the line breaks at its end."""
    last = max(odd, default=0)
    return last > 0 and last == len(odd) + (len(columns[0]) if columns else 0) and '"' in odd[last]


def _longest(column: Column) -> int:
    """Bytes of the longest text."""
    return pc.max(pc.binary_length(column.texts)).as_py() or 0


def _any_filled(columns: Sequence[Column], n: int) -> NDArray[np.bool_]:
    """Rows that hold something: (n_rows,)."""
    filled = np.zeros(n, dtype=bool)
    for column in columns:
        filled |= column.filled
        if filled.all():
            break
    return filled


def _widths(records: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of fields of each record, and whether one of them holds something."""
    return np.array([len(r) for r in records], dtype=np.int64), np.array([any(r) for r in records], dtype=bool)


def _usual_width(widths: NDArray[np.int64], filled: NDArray[np.bool_]) -> int:
    """The number of fields of most filled records, the larger of equals."""
    counts = np.bincount(widths[filled])
    return int(np.flatnonzero(counts == counts.max())[-1]) if len(counts) else 0


def _columns(records: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    """Records as columns; short ones end in empty cells."""
    return tuple(
        Column.of_texts(pa.array([field or None for field in fields], pa.string())) for fields in zip_longest(*records)
    )


def _chunks(records: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    chunk: list[list[str]] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == CHUNK_RECORDS:
            yield chunk
            chunk = []
    yield chunk
