"""A source's rows as typed records with their ids, and the join that adds columns without adding rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, Join
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding
from tabml.core.wording import counted
from tabml.ingest.cells import Filled, Rule, fill
from tabml.ingest.identity import normalise_ids
from tabml.ingest.ids import id_table
from tabml.ingest.source_table import SourceTable


@dataclass(frozen=True)
class RowSets:
    """Sets of row numbers: set k is `rows[starts[k]:starts[k + 1]]`."""

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]


@dataclass(frozen=True)
class Records:
    """Rows under way to the cohort; every table has one line per row, index 0...n-1.

    `values`: variables (categories as text codes). `places`: `row`, the row number in the source's own file,
    `{joined}.row` in each table joined to it (-1: none), and `{variable}@{source}` where a value has rows of its own
    (-1: none; -2 and below: set -2, -3... of `rowsets`). `ids`: source, scope, id (normalised), shown (as
    exported), has_id, and after merging person (see `person_number`). `rules` say how each variable was filled
    from each source.
    """

    values: pd.DataFrame
    places: pd.DataFrame
    ids: pd.DataFrame
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...] = ()
    missing_words: Mapping[str, int] = field(default_factory=dict)
    """Source -> cells that held a missing word."""
    rowsets: Mapping[str, RowSets] = field(default_factory=dict)
    """Source -> the rows behind values made from several."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: NDArray[np.int64]) -> Records:
        """The records at these positions, renumbered; -1 is a record in which everything is missing."""
        if len(positions) == len(self) and bool((positions == np.arange(len(self))).all()):
            return self
        values, places, ids = (_taken(table, positions) for table in (self.values, self.places, self.ids))
        return replace(self, values=values, places=places, ids=ids)

    def reordered(self, order: NDArray[np.int64]) -> Records:
        """`take` of all records in another order, by giving up this one: it is empty afterwards."""
        values, places, ids = (_given_up(table, order) for table in (self.values, self.places, self.ids))
        return replace(self, values=values, places=places, ids=ids)


def read_records(at: SourceTable, codebook: Codebook, *, only: Sequence[str] | None = None) -> Records:
    """The variables one source fills row by row, for each of its data rows; `only` limits the variables."""
    filled: dict[str, Filled] = {}
    for name, spec, mapping in codebook.mappings(at.name):
        if spec.kind in ("id", "text") or spec.role in ("patient_id", "identifier", "unused"):
            continue
        if not mapping.is_long and (only is None or name in only):
            filled[name] = fill(at, name, spec, mapping)
    n = len(at)
    pa.default_memory_pool().release_unused()  # what the columns took on the way
    ids, findings = id_table(at, codebook)
    return Records(
        values=pd.DataFrame({k: f.values for k, f in filled.items()}, index=range(n), copy=False),
        places=pd.DataFrame({"row": at.row_numbers}),
        ids=ids,
        rules=tuple(f.rule for f in filled.values()),
        findings=(*(x for f in filled.values() for x in f.findings), *findings),
        missing_words={at.name: sum(f.missing_words for f in filled.values())},
    )


def person_number(ids: pd.DataFrame) -> pd.Series:
    """One number per (scope, id), counted in order of appearance."""
    ids_of, scopes_of = (pd.factorize(ids[name])[0].astype(np.int64) for name in ("id", "scope"))
    if not scopes_of.any():  # one scope: the ids alone tell people apart
        return pd.Series(ids_of, index=ids.index)
    return pd.Series(pd.factorize(scopes_of * (len(ids) + 1) + ids_of)[0].astype(np.int64), index=ids.index)


def join_keys(base: SourceTable, join: Join) -> list[str]:
    """The key of each base row as the join compares it: the patient's id, or many_to_one's own column."""
    column = base.source.id.column if base.source.id else join.on
    if join.expect == "many_to_one" and base.has(join.on):
        column = join.on
    return normalise_ids(base.column(column), join.rule).to_list()


def attach(
    base: Records, keys: Sequence[str], other: Records, *, join: Join, source: str
) -> tuple[Records, NDArray[np.int64], int]:
    """Add the variables of another table, the `source`, to the base rows whose key it holds; rows are never multiplied.

    `other` has one record per key. Returns the wider records, the position in `other` of each base row (-1
    without partner), and how many rows of `other` belong to nobody.
    """
    overlap = sorted(set(base.values.columns) & set(other.values.columns))
    if overlap:
        raise ConfigError(f"variable {overlap[0]!r} is filled by a source and by the table joined to it")
    ids = other.ids["id"].to_numpy(dtype=object)
    known = np.flatnonzero(ids != "")
    index = pd.Index(ids[known])
    if not index.is_unique:
        n = int(index.duplicated(keep="first").sum())
        raise ConfigError(
            f"the join to {join.to!r} would multiply patients: {counted(n, 'id')} of {source!r} with further rows",
            hint=f"set sources.{source}.repeats.conflict to most_complete, latest or missing, or aggregate: its variables",
        )
    partner = np.append(known, -1)[index.get_indexer(np.array(keys, dtype=object))]
    found = partner >= 0
    values = _taken(other.values, partner)
    places = _taken(other.places, partner).rename(columns={"row": f"{source}.row"})
    wider = replace(
        base,
        values=pd.concat([base.values, values], axis=1),
        places=pd.concat([base.places, places], axis=1),
        rules=(*base.rules, *other.rules),
        findings=(*base.findings, *other.findings),
        missing_words={**base.missing_words, **other.missing_words},
        rowsets={**base.rowsets, **other.rowsets},
    )
    leftover = len(other) - len(np.unique(partner[found]))
    return wider, partner, leftover


def _given_up(table: pd.DataFrame, positions: NDArray[np.int64]) -> pd.DataFrame:
    """`_taken`, with each column let go once it is copied: memory holds the table once."""
    columns = {name: _at(table.pop(name).array, positions) for name in list(table.columns)}
    return pd.DataFrame(columns, index=range(len(positions)), copy=False)


def _taken(table: pd.DataFrame, positions: NDArray[np.int64]) -> pd.DataFrame:
    """Rows of a table by position, renumbered; -1 gives missing values, and -1 where a column holds whole numbers."""
    columns = {name: _at(table[name].array, positions) for name in table.columns}
    return pd.DataFrame(columns, index=range(len(positions)), copy=False)


def _at(cells: Any, positions: NDArray[np.int64]) -> Any:
    if not isinstance(cells, pd.arrays.NumpyExtensionArray):
        return cells.take(positions, allow_fill=True)
    plain = cells.to_numpy()
    return np.append(plain, np.array([-1], dtype=plain.dtype))[positions]


def stack(parts: Sequence[Records]) -> Records:
    """Records of several sources below each other; variables a source lacks are missing there."""
    if len(parts) == 1:
        return parts[0]
    return Records(
        values=_concat_values([p.values for p in parts]),
        places=pd.concat([p.places for p in parts], ignore_index=True).fillna(-1).astype(np.int32),
        ids=pd.concat([p.ids for p in parts], ignore_index=True),
        rules=tuple(r for p in parts for r in p.rules),
        findings=tuple(f for p in parts for f in p.findings),
        missing_words={name: n for p in parts for name, n in p.missing_words.items()},
        rowsets={name: sets for p in parts for name, sets in p.rowsets.items()},
    )


def _concat_values(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Below each other with the dtypes kept: a column one frame lacks is filled with its own kind of missing."""
    dtypes = {name: dtype for frame in frames for name, dtype in zip(frame.columns, frame.dtypes, strict=True)}
    columns: dict[str, Any] = {}
    for name, dtype in dtypes.items():
        pieces = [
            frame[name] if name in frame.columns else pd.Series(pd.NA, index=frame.index, dtype=object).astype(dtype)
            for frame in frames
        ]
        if isinstance(dtype, pd.CategoricalDtype):
            columns[name] = pd.api.types.union_categoricals(pieces)
        else:
            columns[name] = pd.concat(pieces, ignore_index=True)
    return pd.DataFrame(columns, index=range(sum(map(len, frames))))
