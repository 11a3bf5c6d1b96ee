"""One column of cells: texts as the file holds them, each distinct text stored once where that pays.

Whatever works on cells works on `distinct` texts and lays the answers out with `spread`; no step of tabml
looks at the cells of a large table one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.ingest.read.storage import SAMPLE, Integers, encoded, may_hold_space, small, used, whole
from tabml.ingest.values.cells import cell_text

#: A cell as the file holds it; an empty cell is None, never ''.
CellValue = str | float | int | bool | datetime | date | time | timedelta | None

#: What a cell of a workbook was; the position is the code in `Column.kinds`.
KINDS = ("text", "number", "boolean", "date", "moment", "time", "duration")
_KIND_OF: dict[type, int] = {
    str: 0, float: 1, int: 1, bool: 2, date: 3, datetime: 4, time: 5, timedelta: 6,
}  # fmt: skip
#: Texts are stored once each where the first cells hold at most this share of distinct ones.
FEW = 0.35


@dataclass(frozen=True, eq=False)
class Column:
    """The cells of one column, from the first row on.

    Without `codes`, `texts` holds one text a cell, null where it is empty. With `codes`, `texts` holds the
    distinct texts, each once, and `codes[i]` is the position of cell i's text, -1 where it is empty.
    `kinds[i]` is the code of cell i's kind (see `KINDS`), None where every cell is text.
    """

    texts: pa.Array
    codes: Integers | None = None
    kinds: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, values: Iterable[CellValue]) -> Column:
        """A column of Python values, for small readers and tests; '' counts as empty.

        >>> Column.of(["m", "f", None, "m"]).to_list(), Column.of([12.0, 0.5, "x"]).to_list()
        (['m', 'f', '', 'm'], ['12', '0.5', 'x'])
        """
        cells = list(values)
        texts = [(v if isinstance(v, str) else cell_text(v)) or None for v in cells]
        types = set(map(type, cells)) - {str, type(None)}
        kinds = np.array([_KIND_OF.get(type(v), 0) for v in cells], dtype=np.uint8) if types else None
        return cls.of_texts(pa.array(texts, pa.string()), kinds)

    @classmethod
    def of_texts(
        cls,
        texts: pa.Array | pa.ChunkedArray,
        kinds: NDArray[np.uint8] | None = None,
        *,
        like: Column | None = None,
    ) -> Column:
        """A column of Arrow texts (null where empty), stored by distinct text where that pays, or as `like` is."""
        if like is not None:
            is_varied = like.codes is None
        else:
            sample = texts.slice(0, SAMPLE)
            is_varied = len(sample) > 0 and len(pc.unique(sample)) > max(FEW * len(sample), 1)
        return cls(whole(texts), None, kinds) if is_varied else cls(*encoded(texts), kinds)

    @classmethod
    def of_codes(cls, texts: pa.Array, codes: Integers, kinds: NDArray[np.uint8] | None = None) -> Column:
        """A column from texts and each cell's position in them (-1: empty); unused, equal and empty texts are mended."""
        texts, codes = used(texts, codes)
        if len(pc.unique(texts)) < len(texts) or texts.null_count:
            own, merged = encoded(texts)
            texts, codes = own, np.append(merged, -1)[codes]
        return cls(texts, small(codes, len(texts)), kinds)

    @classmethod
    def empty(cls, n: int) -> Column:
        """A column of n empty cells."""
        return cls(pa.array([], pa.string()), np.full(n, -1, dtype=np.int8))

    @classmethod
    def concat(cls, parts: Sequence[Column]) -> Column:
        """Columns below each other, stored by distinct text where most of their cells are."""
        if len(parts) == 1:
            return parts[0]
        kinds = None
        if any(part.kinds is not None for part in parts):
            kinds = np.concatenate([np.zeros(len(p), np.uint8) if p.kinds is None else p.kinds for p in parts])
        if 2 * sum(len(part) for part in parts if part.codes is None) > sum(map(len, parts)):
            return cls(whole(pa.chunked_array([part.to_arrow() for part in parts])), None, kinds)
        coded = [part if part.codes is not None else cls(*encoded(part.texts)) for part in parts]
        texts, merged = encoded(whole(pa.chunked_array([part.texts for part in coded])))
        ends = np.cumsum([len(part.texts) for part in coded])
        codes = [
            np.append(merged[end - len(part.texts) : end], -1)[part.codes]
            for part, end in zip(coded, ends, strict=True)
        ]
        return cls(texts, small(np.concatenate(codes), len(texts)), kinds)

    def __len__(self) -> int:
        return len(self.texts) if self.codes is None else len(self.codes)

    def __getitem__(self, i: int) -> CellValue:
        """The cell at position i (from 0) as the file holds it."""
        text = self._text(i)
        return text if text is None or self.kinds is None else _value(text, int(self.kinds[i]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and self.values() == other.values()

    __hash__ = None  # type: ignore[assignment]

    @property
    def distinct(self) -> list[str]:
        """The texts to be read, none empty: each once where the column stores them so."""
        texts: list[str] = self.arrow_distinct.to_pylist()
        return texts

    @property
    def arrow_distinct(self) -> pa.Array:
        """`distinct` as an Arrow array of strings."""
        return self.texts.drop_null() if self.codes is None else self.texts

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which cells hold something: (n_cells,)."""
        if self.codes is not None:
            return self.codes >= 0
        return np.asarray(self.texts.is_valid())

    @property
    def n_distinct(self) -> int:
        """How many different texts the cells hold."""
        return len(self.texts) if self.codes is not None else int(pc.count_distinct(self.texts).as_py())

    @property
    def n_filled(self) -> int:
        return int(np.count_nonzero(self.codes >= 0)) if self.codes is not None else len(self) - self.texts.null_count

    def spread(self, values: NDArray[Any], missing: Any) -> NDArray[Any]:
        """One value for each of `distinct`, laid out over the cells; `missing` where a cell is empty."""
        if self.codes is not None:
            return np.append(values, np.array([missing], dtype=values.dtype))[self.codes]
        if not self.texts.null_count:
            return values
        laid = np.full(len(self), missing, dtype=values.dtype)
        laid[self.filled] = values
        return laid

    def counts(self) -> dict[str, int]:
        """Distinct text -> number of cells, in order of first appearance."""
        column = self if self.codes is not None else Column(*encoded(self.texts))
        assert column.codes is not None
        n = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
        return {text: int(k) for text, k in zip(column.distinct, n, strict=True) if k}

    def is_kind(self, *kinds: str) -> NDArray[np.bool_]:
        """Which cells were of one of these `KINDS`; an empty cell is of none: (n_cells,)."""
        codes = [KINDS.index(kind) for kind in kinds]
        if self.kinds is None:
            return self.filled if 0 in codes else np.zeros(len(self), dtype=bool)
        return np.isin(self.kinds, codes) & self.filled

    def slice(self, start: int, n: int | None = None) -> Column:
        """Cells from position `start` (0 first) on."""
        start = min(start, len(self))
        stop = len(self) if n is None else min(len(self), start + n)
        if start == 0 and stop == len(self):
            return self
        kinds = None if self.kinds is None else self.kinds[start:stop]
        if self.codes is None:
            return Column(self.texts.slice(start, stop - start), None, kinds)
        return self._recoded(self.codes[start:stop], kinds)

    def take(self, positions: NDArray[np.int64]) -> Column:
        """The cells at these positions (from 0), in their order."""
        kinds = None if self.kinds is None else self.kinds[positions]
        if self.codes is None:
            return Column(self.texts.take(pa.array(positions)), None, kinds)
        return self._recoded(self.codes[positions], kinds)

    def canonical(self) -> Column:
        """Texts without the spaces around them; a cell of nothing but spaces is empty."""
        if not may_hold_space(self.texts):
            return self
        trimmed = pc.utf8_trim_whitespace(self.texts)
        trimmed = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)
        if self.codes is None:
            return Column(trimmed, None, self.kinds)
        return Column.of_codes(trimmed, self.codes, self.kinds)

    def mapped(self, texts: Sequence[str | None]) -> Column:
        """The column with each of `distinct` replaced; None empties the cell."""
        new = pa.array([t or None for t in texts], pa.string())
        if self.codes is not None:
            return Column.of_codes(new, self.codes, self.kinds)
        if not self.texts.null_count:
            return Column(new, None, self.kinds)
        return Column(new.take(pa.array(self._positions(), mask=~self.filled)), None, self.kinds)

    def where(self, keep: NDArray[np.bool_]) -> Column:
        """The column with the cells outside `keep` emptied."""
        if self.codes is not None:
            return self._recoded(np.where(keep, self.codes, np.int8(-1)), self.kinds)
        valid = pa.py_buffer(np.packbits(keep & self.filled, bitorder="little"))
        texts = self.texts if not self.texts.offset else pa.concat_arrays([self.texts, self.texts.slice(0, 0)])
        return Column(pa.Array.from_buffers(texts.type, len(keep), [valid, *texts.buffers()[1:]]), None, self.kinds)

    def or_else(self, other: Column) -> Column:
        """Empty cells filled from another column of the same length."""
        if not (other.filled & ~self.filled).any():
            return self
        return Column.of_texts(pc.coalesce(self.to_arrow(), other.to_arrow()), self.kinds)

    def to_arrow(self) -> pa.Array:
        """One text a cell, null where empty."""
        if self.codes is None:
            return self.texts
        return self.texts.take(pa.array(self.codes, mask=self.codes < 0))

    def to_list(self) -> list[str]:
        """One text a cell, '' where empty."""
        return [text or "" for text in self.to_arrow().to_pylist()]

    def first_texts(self, n: int) -> list[str]:
        """Texts of the first n filled cells."""
        at = np.flatnonzero(self.filled)[:n]
        return self.take(at).to_list()

    def values(self) -> list[CellValue]:
        """The cells as the file holds them."""
        texts: list[str | None] = self.to_arrow().to_pylist()
        if self.kinds is None:
            return list(texts)
        return [t if t is None or not k else _value(t, k) for t, k in zip(texts, self.kinds.tolist(), strict=True)]

    def text(self, i: int) -> str:
        """The text of the cell at position i (from 0), without the spaces around it; '' where empty."""
        return (self._text(i) or "").strip()

    def _recoded(self, codes: Integers, kinds: NDArray[np.uint8] | None) -> Column:
        """Some of these cells: their texts are distinct already, but not all may be left."""
        texts, codes = used(self.texts, codes)
        return Column(texts, small(codes, len(texts)), kinds)

    def _text(self, i: int) -> str | None:
        at = i if self.codes is None else int(self.codes[i])
        text: str | None = self.texts[at].as_py() if at >= 0 else None
        return text

    def _positions(self) -> NDArray[np.int64]:
        """Position in `distinct` of each filled cell of a column without codes."""
        return np.cumsum(self.filled) - 1


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


def any_filled(columns: Sequence[Column]) -> NDArray[np.bool_]:
    """Rows that hold something: (n_rows,)."""
    filled = np.zeros(len(columns[0]) if columns else 0, dtype=bool)
    for column in columns:
        filled |= column.filled
        if filled.all():
            break
    return filled


def _value(text: str, kind: int) -> CellValue:
    if kind == 1:
        return float(text)
    if kind == 2:
        return text == "TRUE"
    if kind == 3:
        return date.fromisoformat(text)
    if kind == 4:
        return datetime.fromisoformat(text)
    if kind == 5:
        return time.fromisoformat(text)
    if kind == 6:
        hours, minutes, seconds = text.lstrip("-").split(":")
        span = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
        return -span if text.startswith("-") else span
    return text
