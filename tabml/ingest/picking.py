"""Which of a patient's rows make a value: those that match, in time, and the one or the ones that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.ingest.cells import as_kind
from tabml.ingest.source_table import SourceTable
from tabml.ingest.values import fold

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Asking:
    """Who asks: one line per row of the patients' table. `keys`: normalised ids, '' for none.

    `index_dates`: NaT where a row has none; None where the codebook has no index date at all.
    """

    keys: Sequence[str]
    index_dates: NDArray[np.datetime64] | None
    index_name: str = ""

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class Rows:
    """The rows of the long table that belong to somebody: position in the table, asking row, date (None: no dates)."""

    position: Positions
    asking: Positions
    dates: NDArray[np.datetime64] | None


@dataclass(frozen=True)
class Picked:
    """One variable: the value of each asking row and the contributing rows (position, asking row), in order.

    `n_late`: values left out because they were not in time. `n_differ`: asking rows whose rows say different things.
    """

    values: pd.Series
    asking: Positions
    position: Positions
    n_late: int
    n_differ: int


def pick(
    values: pd.Series, value_at: Positions, rows: Rows, asking: Asking, mapping: ColumnMapping, spec: VariableSpec
) -> Picked:
    """The value of each asking row; `value_at`: position in `values` of each row of the table, -1 where it does not match."""
    known = np.append(values.notna().to_numpy(), False)
    use = known[value_at[rows.position]]
    in_time = use & _in_time(mapping, spec, rows, asking)
    order = _order(rows, in_time)
    who, position = rows.asking[order], rows.position[order]
    starts = np.flatnonzero(np.r_[True, np.diff(who) != 0]) if len(who) else np.empty(0, dtype=np.int64)
    late = int(np.count_nonzero(use & ~in_time))
    if mapping.aggregate in ("mean", "count"):
        made = _worked_out(values, value_at[position], who, starts, mapping, spec, len(asking))
        return Picked(made, who, position, late, 0)
    chosen = _chosen(values, value_at[position], who, starts, mapping)
    at = np.full(len(asking), -1, dtype=np.int64)
    at[who[chosen]] = value_at[position[chosen]]
    array: Any = values.array
    made = pd.Series(array.take(at, allow_fill=True))
    return Picked(made, who[chosen], position[chosen], late, len(starts) - len(chosen))


def matching(at: SourceTable, mapping: ColumnMapping) -> NDArray[np.bool_]:
    """Rows whose columns hold one of the stated texts."""
    mask = np.ones(len(at), dtype=bool)
    for header, texts in mapping.where.items():
        wanted = {fold(t) for t in ((texts,) if isinstance(texts, str) else texts)}
        cells = at.column(header)
        mask &= cells.spread(np.array([fold(t) in wanted for t in cells.distinct], dtype=bool), False)
    return mask


def looks_back(mapping: ColumnMapping, spec: VariableSpec) -> bool:
    """Whether only rows up to the index date count."""
    return mapping.aggregate == "last_before_index" or mapping.within_days is not None or spec.timing == "baseline"


def _in_time(mapping: ColumnMapping, spec: VariableSpec, rows: Rows, asking: Asking) -> NDArray[np.bool_]:
    """Rows on or before the index date and within the window; all of them where time plays no part."""
    if not mapping.aggregate or rows.dates is None or asking.index_dates is None or not looks_back(mapping, spec):
        return np.ones(len(rows.position), dtype=bool)
    index = asking.index_dates[rows.asking]
    with np.errstate(invalid="ignore"):
        in_time: NDArray[np.bool_] = rows.dates <= index  # false where either is missing
        if mapping.within_days is not None:
            in_time &= index - rows.dates <= np.timedelta64(mapping.within_days, "D")
    return in_time


def _order(rows: Rows, use: NDArray[np.bool_]) -> Positions:
    """The rows in use by asking row, then by date (unknown dates first), then as they stand."""
    at = np.flatnonzero(use)
    if rows.dates is None:
        return at[np.lexsort((rows.position[at], rows.asking[at]))]
    days = rows.dates[at].astype("datetime64[D]").astype(np.int64)  # NaT is the least integer
    return at[np.lexsort((rows.position[at], days, rows.asking[at]))]


def _chosen(
    values: pd.Series, value_at: Positions, who: Positions, starts: Positions, mapping: ColumnMapping
) -> Positions:
    """The row that counts for everybody who has one, by position among the rows in order."""
    ends = np.r_[starts[1:], len(who)][: len(starts)] - 1
    how = mapping.aggregate
    if how in ("max", "min"):
        by_amount = np.lexsort((_amounts(values)[value_at], who))
        return np.sort(by_amount[ends if how == "max" else starts])
    if how is not None:
        return starts if how == "first" else ends
    if not len(starts):
        return starts
    codes = pd.factorize(values)[0][value_at]
    agree: NDArray[np.bool_] = np.minimum.reduceat(codes, starts) == np.maximum.reduceat(codes, starts)
    return starts[agree]


def _amounts(values: pd.Series) -> NDArray[Any]:
    if values.dtype == "datetime64[ns]":
        return values.to_numpy().astype(np.int64)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _worked_out(
    values: pd.Series, value_at: Positions, who: Positions, starts: Positions, mapping: ColumnMapping,
    spec: VariableSpec, n: int,
) -> pd.Series:  # fmt: skip
    """Mean, or number of values, of each asking row."""
    result = np.full(n, np.nan)
    if len(starts):
        sums = np.add.reduceat(_amounts(values)[value_at], starts)
        sizes = np.diff(np.r_[starts, len(who)])
        result[who[starts]] = sums if mapping.aggregate == "count" else sums / sizes
    decimals = 0 if spec.kind == "integer" else spec.decimals
    series = pd.Series(result if decimals is None else np.round(result, decimals)).astype("Float64")
    return as_kind(series.mask(series.isna()), spec.kind)


def in_words(mapping: ColumnMapping, spec: VariableSpec, at: SourceTable, asking: Asking) -> str:
    """The rule by which rows become a value, for people and for `trace`."""
    how = {
        "last_before_index": "last row", "first": "first row", "last": "last row", "mean": "mean", "max": "highest",
        "min": "lowest", "count": "number of rows", None: "the one row",
    }[mapping.aggregate]  # fmt: skip
    parts = [how]
    for header, texts in mapping.where.items():
        parts.append(
            f"where {header!r} is {' or '.join(repr(t) for t in ((texts,) if isinstance(texts, str) else texts))}"
        )
    has_dates = at.source.date is not None and asking.index_dates is not None
    if mapping.aggregate and has_dates and looks_back(mapping, spec):
        parts.append(f"dated on or before {asking.index_name}")
    if mapping.within_days is not None:
        parts.append(f"at most {mapping.within_days} days before it")
    return ", ".join(parts)
