"""Typed Arrow arrays as columns of cells: numbers, dates and truth values in their canonical texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.ingest.read.column import KINDS, Column
from tabml.ingest.values.cells import cell_text

#: Between these sizes Arrow writes a float as Python does, whole ones without `.0`.
PLAIN = (1e-4, 1e10)


def typed_column(cells: pa.Array | pa.ChunkedArray) -> Column:
    """A column from an Arrow array of any scalar type; null, NaN and '' are empty cells.

    >>> typed_column(pa.array([12.0, 0.5, None])).to_list(), typed_column(pa.array([True, False])).to_list()
    (['12', '0.5', ''], ['TRUE', 'FALSE'])
    """
    return mixed_column([cells])


def mixed_column(parts: Sequence[pa.Array | pa.ChunkedArray]) -> Column:
    """A column whose cells are of several types: one array for each type, null where the cell is of another."""
    texts, kinds = zip(*map(_texts_and_kinds, parts), strict=True)
    if len(parts) == 1:
        return Column.of_texts(texts[0], kinds[0])
    kind = np.zeros(len(texts[0]), dtype=np.uint8)
    for text, own in zip(texts, kinds, strict=True):
        if own is not None:
            np.copyto(kind, own, where=np.asarray(text.is_valid()))
    return Column.of_texts(pc.coalesce(*texts), kind if kind.any() else None)


def _texts_and_kinds(cells: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.uint8] | None]:
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_null(kind):
        return array.cast(pa.string()), None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.if_else(pc.equal(array, ""), pa.scalar(None, kind), array).cast(pa.string()), None
    if pa.types.is_boolean(kind):
        return pc.if_else(array, "TRUE", "FALSE"), _all(array, "boolean")
    if pa.types.is_integer(kind):
        return array.cast(pa.string()), _all(array, "number")
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numbers(array.cast(pa.float64())), _all(array, "number")
    if pa.types.is_date(kind):
        return array.cast(pa.date32()).cast(pa.string()), _all(array, "date")
    if pa.types.is_timestamp(kind):
        return _moments(array)
    if pa.types.is_time(kind):
        return _by_value(array, pa.time32("s")), _all(array, "time")
    if pa.types.is_duration(kind):
        return _by_value(array, pa.duration("s")), _all(array, "duration")
    return array.cast(pa.string()), None


def _all(array: pa.Array, kind: str) -> NDArray[np.uint8]:
    return np.full(len(array), KINDS.index(kind), dtype=np.uint8)


def _numbers(numbers: pa.Array) -> pa.Array:
    """Shortest texts that give the number back; whole numbers without `.0`."""
    numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    size = pc.abs(numbers)
    plain = pc.or_(pc.and_(pc.greater_equal(size, PLAIN[0]), pc.less(size, PLAIN[1])), pc.equal(numbers, 0))
    texts = pc.add(numbers, 0.0).cast(pa.string())  # adding zero takes the sign off -0.0
    if pc.all(plain).as_py() is not False:
        return texts
    odd = numbers.filter(pc.invert(plain))
    return pc.replace_with_mask(texts, pc.invert(plain).fill_null(False), pa.array(map(_long, odd.to_pylist())))


def _long(number: float) -> str:
    return cell_text(number) if np.isfinite(number) else repr(number)


def _moments(array: pa.Array) -> tuple[pa.Array, NDArray[np.uint8]]:
    """Dates where every time of day is midnight, else date and time to the second."""
    if array.type.tz is not None:
        array = pc.local_timestamp(array)
    array = pc.floor_temporal(array.cast(pa.timestamp("us"), safe=False), unit="second").cast(pa.timestamp("s"))
    days = array.cast(pa.date32())
    is_day = pc.equal(days.cast(pa.timestamp("s")), array)
    texts = pc.if_else(is_day, days.cast(pa.string()), array.cast(pa.string()))
    kinds = np.where(np.asarray(is_day.fill_null(True)), KINDS.index("date"), KINDS.index("moment"))
    return texts, kinds.astype(np.uint8)


def _by_value(array: pa.Array, second: pa.DataType) -> pa.Array:
    """Texts of times and durations, each distinct one written once."""
    encoded = array.cast(second, safe=False).dictionary_encode()
    return pa.array([cell_text(v) for v in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
