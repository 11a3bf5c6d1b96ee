"""Tables that carry their types: Parquet, Arrow and Feather files; and any Arrow table as a sheet of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.core.findings import Finding
from tabml.ingest.read.column import Column
from tabml.ingest.read.document import Document
from tabml.ingest.read.records import RawSheet, Stated
from tabml.ingest.read.sniff import Content
from tabml.ingest.read.typed import mixed_column

#: A column of texts stored by level is a category where it has at most so many of them.
MOST_LEVELS = 100
HEADER = (1,)


def read_arrow(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """The one table of a Parquet, Arrow or Feather file; InputError names columns that hold no single values."""
    try:
        with document.open() as stream:
            table = _parquet(stream, document.name, data) if content == "parquet" else _ipc(stream, document.name, data)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, NotImplementedError, EOFError):
        raise InputError(
            "the file is damaged, or compressed in a way that cannot be read",
            where=document.name,
            hint="write it again, or export it as CSV",
        ) from None
    return (sheet_of(document, table.column_names, table.columns, _levels(table)),)


def _parquet(stream: Any, name: str, data: Data) -> pa.Table:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream)
    refuse_nested(file.schema_arrow, name)
    refuse_large(file.metadata.num_rows, len(file.schema_arrow), name, data)
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    refuse_unpacked(sum(group.total_byte_size for group in groups), name, data)
    return file.read()


def _ipc(stream: Any, name: str, data: Data) -> pa.Table:
    import pyarrow.ipc

    with pyarrow.ipc.open_file(stream) as file:
        refuse_nested(file.schema, name)
        batches: list[pa.RecordBatch] = []
        for i in range(file.num_record_batches):
            batches.append(file.get_batch(i))
            refuse_unpacked(sum(batch.nbytes for batch in batches), name, data)
        return pa.Table.from_batches(batches, file.schema)


def refuse_nested(schema: pa.Schema, name: str) -> None:
    """Refuse columns of lists, records or bytes, each by its name."""
    odd = [field.name for field in schema if not _is_scalar(field.type)]
    if odd:
        word = "column holds" if len(odd) == 1 else "columns hold"
        raise InputError(
            f"{len(odd)} {word} lists, records or bytes instead of single values: {', '.join(map(repr, odd[:12]))}",
            where=name,
            hint="leave them out, or write one column for each value",
        )


def _is_scalar(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_scalar(kind.value_type)
    tests = (
        pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal,
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_date,
        pa.types.is_timestamp, pa.types.is_time, pa.types.is_duration,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def refuse_large(n_rows: int, n_columns: int, name: str, data: Data) -> None:
    """Refuse more cells than `data.max_cells`: a few bytes of a packed column can claim millions."""
    if n_rows * n_columns > data.max_cells:
        raise InputError(
            f"the table has {n_rows * n_columns:,} cells, above the limit of {data.max_cells:,}",
            where=name,
            hint="keep the columns you need, or --set data.max_cells=NUMBER",
        )


def refuse_unpacked(n_bytes: int, name: str, data: Data) -> None:
    """Refuse more bytes than `data.max_unpacked`."""
    if n_bytes > data.max_unpacked:
        raise InputError(
            f"the table unpacks to {n_bytes / 1e9:.1f} GB, above the limit of {data.max_unpacked / 1e9:.1f} GB",
            where=name,
            hint="keep the columns you need, or --set data.max_unpacked=BYTES",
        )


def _levels(table: pa.Table) -> dict[int, Stated]:
    """Columns stored by level: their levels, in the file's order."""
    stated = {}
    for number, column in enumerate(table.columns, start=1):
        if not pa.types.is_dictionary(column.type) or not column.num_chunks:
            continue
        levels = column.chunk(0).dictionary
        if pa.types.is_string(levels.type) and len(levels) <= MOST_LEVELS:
            names = [text for text in levels.to_pylist() if text]
            stated[number] = Stated(levels={n: n for n in names}, kind="category", ordered=column.type.ordered)
    return stated


def sheet_of(
    document: Document,
    names: Sequence[str],
    columns: Sequence[pa.Array | pa.ChunkedArray],
    stated: Mapping[int, Stated],
    said: Sequence[Finding] = (),
) -> RawSheet:
    """A table of typed columns as a sheet: the names stand in row 1, the first row of data in row 2."""
    cells = tuple(_under(name, column) for name, column in zip(names, columns, strict=True))
    return RawSheet(
        document.name, document.sha256, None, cells, header_rows=HEADER, stated=dict(stated), said=tuple(said)
    )


def _under(name: str, cells: pa.Array | pa.ChunkedArray) -> Column:
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if pa.types.is_string_view(cells.type):
        cells = cells.cast(pa.large_string())
    parts = cells.chunks if isinstance(cells, pa.ChunkedArray) else [cells]
    below = pa.concat_arrays([pa.nulls(1, cells.type), *parts])
    head = pa.concat_arrays([pa.array([name or None], pa.string()), pa.nulls(len(below) - 1, pa.string())])
    return mixed_column([head, below])
