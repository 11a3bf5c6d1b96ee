"""Tables as bytes that depend on their cells alone: not on the machine, the storage of a dtype, or unused levels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types


def table_bytes(table: pd.DataFrame) -> Iterator[bytes]:
    """The cells of a table in parts, to be hashed: per column its name, kind and length, what is missing, the values.

    Whole numbers, times (nanoseconds) and lengths of texts are 8 bytes, numbers IEEE doubles, all with the lowest byte
    first; texts and levels UTF-8. A missing cell is 0 or an empty text; -0.0 is 0.0.
    """
    for name in table.columns:
        kind, missing, parts = _cells(table[name])
        yield f"{len(str(name).encode())}:{name}:{kind}:{len(table)}:".encode()
        yield np.packbits(missing, bitorder="little").tobytes()
        yield from parts


def _cells(series: pd.Series) -> tuple[str, Any, list[bytes]]:
    """Kind of the cells, which are missing, and their bytes."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype) or not (types.is_bool_dtype(dtype) or types.is_numeric_dtype(dtype)):
        return _moments(series) if types.is_datetime64_any_dtype(dtype) else _texts(series)
    missing = series.isna().to_numpy()
    if types.is_bool_dtype(dtype):
        return "boolean", missing, [series.to_numpy(dtype="u1", na_value=0).tobytes()]
    if types.is_integer_dtype(dtype):
        return "whole", missing, [series.to_numpy(dtype="<i8", na_value=0).tobytes()]
    numbers = series.to_numpy(dtype="<f8", na_value=np.nan)
    missing = np.isnan(numbers)
    numbers = np.where(missing, 0.0, numbers) + 0.0
    return "number", missing, [numbers.astype("<f8", copy=False).tobytes()]


def _moments(series: pd.Series) -> tuple[str, Any, list[bytes]]:
    missing = series.isna().to_numpy()
    times = series.to_numpy(dtype="datetime64[ns]").astype("<i8")
    return "time", missing, [np.where(missing, 0, times).astype("<i8", copy=False).tobytes()]


def _texts(series: pd.Series) -> tuple[str, Any, list[bytes]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = pa.array([str(level) for level in series.cat.categories], pa.large_string())
        codes = series.cat.codes.to_numpy()
        texts = levels.take(pa.array(codes, mask=codes < 0))
    else:
        texts = pa.array(series.astype("string").array, pa.large_string(), from_pandas=True)
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    missing = np.asarray(whole.is_null())
    filled = whole.fill_null("")
    ends = np.frombuffer(filled.buffers()[1], dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
    letters = filled.buffers()[2]
    lengths = np.asarray(pc.binary_length(filled)).astype("<i8", copy=False).tobytes()
    return "text", missing, [lengths, letters[ends[0] : ends[-1]].to_pybytes() if letters is not None else b""]
