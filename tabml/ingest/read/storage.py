"""How the texts of a column are stored: one Arrow array, each distinct text once, codes as small as they can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.signedinteger[Any]]
#: Cells from which is told how a column is stored.
SAMPLE = 20_000


def whole(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array; of 64-bit offsets where the texts of a column exceed 2 GB."""
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    if texts.nbytes > 1 << 30:
        texts = texts.cast(pa.large_string())
    return texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0)


def encoded(texts: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, Integers]:
    """Distinct texts in order of appearance, and the position of each cell's, -1 where null."""
    encoded = whole(texts).dictionary_encode()
    codes = encoded.indices.fill_null(-1) if encoded.null_count else encoded.indices
    return encoded.dictionary, small(codes.to_numpy(), len(encoded.dictionary))


def used(texts: pa.Array, codes: Integers) -> tuple[pa.Array, Integers]:
    """Without the texts that no cell holds."""
    is_used = np.zeros(len(texts) + 1, dtype=bool)
    for some in (codes[:SAMPLE], codes):  # a few texts are met soon
        is_used[some] = True
        if is_used[:-1].all():
            return texts, codes
    position = np.append(np.cumsum(is_used[:-1]) - 1, -1)
    return texts.filter(pa.array(is_used[:-1])), position[codes]


def small(codes: Integers, n: int) -> Integers:
    """Codes in the smallest signed integers that hold them."""
    return codes.astype(np.int8 if n < 128 else np.int16 if n < 32_768 else np.int32, copy=False)


def may_hold_space(texts: pa.Array) -> bool:
    """Whether some byte is a space, or part of a letter that may be one (as signed bytes: at most 32)."""
    offsets, data = texts.buffers()[1:]
    if data is None or not len(texts):
        return False
    wide = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    ends = np.frombuffer(offsets, dtype=wide)
    first, last = ends[texts.offset], ends[texts.offset + len(texts)]
    return bool((np.frombuffer(data, dtype=np.int8)[first:last] <= 32).any())
