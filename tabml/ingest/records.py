"""A source's rows as typed records with their ids, and the join that adds columns without adding rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, Join
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, finding
from tabml.ingest.cells import Filled, Rule, fill
from tabml.ingest.identity import normalise_id
from tabml.ingest.read import Column
from tabml.ingest.sources import SourceTable
from tabml.ingest.wording import counted

#: Excel keeps 15 digits of a number: longer ids stored as numbers have lost their end.
EXCEL_DIGITS = 1e15


@dataclass(frozen=True)
class Records:
    """Rows under way to the cohort; every table has one line per row, index 0...n-1.

    `values`: variables (categories as text codes). `places`: `row`, the row number in the source's own file, and
    `{joined}.row` in each table joined to it (-1: none). `ids`: source, scope, id (normalised), shown (as
    exported), has_id. `rules` say how each variable was filled from each source.
    """

    values: pd.DataFrame
    places: pd.DataFrame
    ids: pd.DataFrame
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...] = ()
    missing_words: Mapping[str, int] = field(default_factory=dict)
    """Source -> cells that held a missing word."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: NDArray[np.int64]) -> Records:
        """The records at these positions, renumbered."""
        tables = (t.iloc[positions].reset_index(drop=True) for t in (self.values, self.places, self.ids))
        values, places, ids = tables
        return replace(self, values=values, places=places, ids=ids)


def read_records(at: SourceTable, codebook: Codebook, *, only: Sequence[str] | None = None) -> Records:
    """All variables one source fills, for each of its data rows; `only` limits the variables."""
    filled: dict[str, Filled] = {}
    for name, spec, mapping in codebook.mappings(at.name):
        if spec.kind in ("id", "text") or spec.role in ("patient_id", "identifier", "unused"):
            continue
        if only is None or name in only:
            filled[name] = fill(at, name, spec, mapping)
    n = len(at)
    ids, findings = _ids(at, codebook)
    return Records(
        values=pd.DataFrame({k: f.values for k, f in filled.items()}, index=range(n)),
        places=pd.DataFrame({"row": at.row_numbers}),
        ids=ids,
        rules=tuple(f.rule for f in filled.values()),
        findings=(*(x for f in filled.values() for x in f.findings), *findings),
        missing_words={at.name: sum(f.missing_words for f in filled.values())},
    )


def person_number(ids: pd.DataFrame) -> pd.Series:
    """One number per (scope, id), counted in order of appearance."""
    return ids.groupby(["scope", "id"], sort=False).ngroup()


def _ids(at: SourceTable, codebook: Codebook) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The ids table; a source that states no id takes each row as one patient."""
    source = at.source
    column, rule = None, "as_is"
    if source.id is not None:
        column, rule = source.id.column, source.id.rule
    elif source.join is not None:
        column, rule = source.join.on, source.join.rule
    n = len(at)
    scope = "" if codebook.id_scope == "global" else at.name
    if column is None:
        made = [f"row {number:09d}" for number in at.row_numbers]
        shown = [str(number) for number in at.row_numbers]
        ids = _id_table(at.name, at.name, made, shown, [False] * n)
        return ids, (
            finding(
                "TB108", f"{at.place} has no id column: each of its {counted(n, 'row')} is one patient", source=at.name
            ),
        )
    cells = at.column(column)
    shown = cells.to_list()
    normal = {text: normalise_id(text, rule) for text in ["", *cells.distinct]}
    ids = _id_table(at.name, scope, [normal[t] for t in shown], shown, [bool(normal[t]) for t in shown])
    return ids, tuple(_id_findings(at, cells, normal))


def _id_table(source: str, scope: str, ids: list[str], shown: list[str], has_id: list[bool]) -> pd.DataFrame:
    table = pd.DataFrame({"source": source, "scope": scope, "id": ids, "shown": shown, "has_id": has_id})
    return table.astype({"source": object, "scope": object, "id": object, "shown": object, "has_id": bool})


def _id_findings(at: SourceTable, cells: Column, normal: dict[str, str]) -> list[Finding]:
    found = []
    column = at.source.id.column if at.source.id is not None else at.source.join.on  # type: ignore[union-attr]
    collisions = sum(n - 1 for key, n in Counter(normal.values()).items() if key and n > 1)
    if collisions:
        evidence = f"{collisions} ids of {column!r} ({at.name}) are written differently but count as equal"
        found.append(finding("TB126", evidence, count=collisions, source=at.name))
    numbers = [] if at.is_text else cells.where(cells.is_kind("number")).counts().items()
    long = sum(n for text, n in numbers if abs(float(text)) >= EXCEL_DIGITS)
    if long:
        evidence = f"{long} ids of {column!r} ({at.name}) are numbers of more than 15 digits: Excel cut their end"
        found.append(finding("TB126", evidence, count=long, source=at.name))
    return found


def join_keys(base: SourceTable, join: Join) -> list[str]:
    """The key of each base row as the join compares it: the patient's id, or many_to_one's own column."""
    column = base.source.id.column if base.source.id else join.on
    if join.expect == "many_to_one" and base.has(join.on):
        column = join.on
    cells = base.column(column)
    normal = {text: normalise_id(text, join.rule) for text in ["", *cells.distinct]}
    return [normal[text] for text in cells.to_list()]


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
    position = {key: i for i, key in enumerate(other.ids["id"]) if key}
    if len(position) != int((other.ids["id"] != "").sum()):
        raise ConfigError(f"the join to {join.to!r} would multiply patients", hint="repeats: of the joined source")
    partner = np.array([position.get(key, -1) for key in keys], dtype=np.int64)
    found = partner >= 0
    # Position -1 takes the last row and is blanked: one vectorised step per table.
    values = other.values.iloc[partner].reset_index(drop=True) if len(other) else other.values.reindex(range(len(base)))
    values = values.where(pd.Series(found), None) if len(other) and not found.all() else values
    values = values.astype(other.values.dtypes.to_dict())
    places = _taken(other.places, partner, found).rename(columns={"row": f"{source}.row"})
    wider = replace(
        base,
        values=pd.concat([base.values, values], axis=1),
        places=pd.concat([base.places, places], axis=1),
        rules=(*base.rules, *other.rules),
        findings=(*base.findings, *other.findings),
        missing_words={**base.missing_words, **other.missing_words},
    )
    leftover = len(other) - len(set(partner[found].tolist()))
    return wider, partner, leftover


def _taken(table: pd.DataFrame, partner: NDArray[np.int64], found: NDArray[np.bool_]) -> pd.DataFrame:
    columns = {}
    for name in table.columns:
        column = table[name].to_numpy()
        taken = np.full(len(partner), -1, dtype=np.int32)
        taken[found] = column[partner[found]]
        columns[name] = taken
    return pd.DataFrame(columns, index=range(len(partner)))


def stack(parts: Sequence[Records]) -> Records:
    """Records of several sources below each other; variables a source lacks are missing there."""
    return Records(
        values=_concat_values([p.values for p in parts]),
        places=pd.concat([p.places for p in parts], ignore_index=True).fillna(-1).astype(np.int32),
        ids=pd.concat([p.ids for p in parts], ignore_index=True),
        rules=tuple(r for p in parts for r in p.rules),
        findings=tuple(f for p in parts for f in p.findings),
        missing_words={name: n for p in parts for name, n in p.missing_words.items()},
    )


def _concat_values(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Below each other with the dtypes kept: a column one frame lacks is filled with its own kind of missing."""
    dtypes = {name: frame[name].dtype for frame in frames for name in frame.columns}
    columns = {}
    for name, dtype in dtypes.items():
        pieces = [
            frame[name] if name in frame.columns else pd.Series(pd.NA, index=frame.index, dtype=object).astype(dtype)
            for frame in frames
        ]
        columns[name] = pd.concat(pieces, ignore_index=True)
    return pd.DataFrame(columns, index=range(sum(map(len, frames))))
