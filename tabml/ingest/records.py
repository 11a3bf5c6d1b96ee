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
from tabml.core.wording import counted
from tabml.ingest.cells import Filled, Rule, fill
from tabml.ingest.identity import normalise_id
from tabml.ingest.sources import SourceTable

#: Excel keeps 15 digits of a number: longer ids stored as numbers have lost their end.
EXCEL_DIGITS = 1e15


@dataclass(frozen=True)
class Records:
    """Rows under way to the cohort; every table has one line per row, index 0...n-1.

    `values`: variables (categories as text codes). `rules`: the same columns, position in `rule_rows`, -1
    where nothing filled the cell. `places`: `{source}.row`, the row number in that source's file, -1 for
    none. `ids`: source, scope, id (normalised), shown (as exported), has_id.
    """

    values: pd.DataFrame
    rules: pd.DataFrame
    places: pd.DataFrame
    ids: pd.DataFrame
    rule_rows: tuple[Rule, ...]
    findings: tuple[Finding, ...] = ()
    missing_words: Mapping[str, int] = field(default_factory=dict)
    """Source -> cells that held a missing word."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: NDArray[np.int64]) -> Records:
        """The records at these positions, renumbered."""
        tables = (t.iloc[positions].reset_index(drop=True) for t in (self.values, self.rules, self.places, self.ids))
        values, rules, places, ids = tables
        return replace(self, values=values, rules=rules, places=places, ids=ids)


def read_records(at: SourceTable, codebook: Codebook, *, only: Sequence[str] | None = None) -> Records:
    """All variables one source fills, for each of its data rows; `only` limits the variables."""
    filled: dict[str, Filled] = {}
    for name, spec, mapping in codebook.mappings(at.name):
        if spec.kind in ("id", "text") or spec.role in ("patient_id", "identifier", "unused"):
            continue
        if only is None or name in only:
            filled[name] = fill(at, name, spec, mapping)
    n = len(at.kept)
    ids, findings = _ids(at, codebook)
    return Records(
        values=pd.DataFrame({k: f.values for k, f in filled.items()}, index=range(n)),
        rules=pd.DataFrame({k: np.full(n, j, dtype=np.int32) for j, k in enumerate(filled)}, index=range(n)),
        places=pd.DataFrame({f"{at.name}.row": np.array(at.row_numbers, dtype=np.int32)}),
        ids=ids,
        rule_rows=tuple(f.rule for f in filled.values()),
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
    n = len(at.kept)
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
    shown = [text.strip() for text in at.cells(column)]
    normal = {text: normalise_id(text, rule) for text in set(shown)}
    ids = _id_table(at.name, scope, [normal[t] for t in shown], shown, [bool(normal[t]) for t in shown])
    return ids, tuple(_id_findings(at, column, normal))


def _id_table(source: str, scope: str, ids: list[str], shown: list[str], has_id: list[bool]) -> pd.DataFrame:
    table = pd.DataFrame({"source": source, "scope": scope, "id": ids, "shown": shown, "has_id": has_id})
    return table.astype({"source": object, "scope": object, "id": object, "shown": object, "has_id": bool})


def _id_findings(at: SourceTable, column: str, normal: dict[str, str]) -> list[Finding]:
    found = []
    collisions = sum(n - 1 for key, n in Counter(normal.values()).items() if key and n > 1)
    if collisions:
        evidence = f"{counted(collisions, 'id')} of {column!r} ({at.name}) written like another one but for case, spaces or zeros: counted as equal"
        found.append(finding("TB126", evidence, count=collisions, source=at.name))
    long = sum(isinstance(c, int | float) and not isinstance(c, bool) and abs(c) >= EXCEL_DIGITS
               for c in at.raw_cells(column))  # fmt: skip
    if long and at.table.sheet.delimiter is None:
        evidence = f"{counted(long, 'id')} of {column!r} ({at.name}) with more than 15 digits, stored as a number: Excel cut the end"
        found.append(finding("TB126", evidence, count=long, source=at.name))
    return found


def join_keys(base: SourceTable, join: Join) -> list[str]:
    """The key of each base row as the join compares it: the patient's id, or many_to_one's own column."""
    column = base.source.id.column if base.source.id else join.on
    if join.expect == "many_to_one" and base.has(join.on):
        column = join.on
    return [normalise_id(text, join.rule) for text in base.cells(column)]


def attach(base: Records, keys: Sequence[str], other: Records, *, join: Join) -> tuple[Records, NDArray[np.int64], int]:
    """Add another table's variables to the base rows whose key it holds; rows are never multiplied.

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
    rules = _taken(other.rules + len(base.rule_rows), partner, found)
    places = _taken(other.places, partner, found)
    wider = replace(
        base,
        values=pd.concat([base.values, values], axis=1),
        rules=pd.concat([base.rules, rules], axis=1),
        places=pd.concat([base.places, places], axis=1),
        rule_rows=(*base.rule_rows, *other.rule_rows),
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
    shift, rules = 0, []
    for part in parts:
        moved = part.rules.to_numpy(dtype=np.int32)
        rules.append(pd.DataFrame(np.where(moved >= 0, moved + shift, -1), columns=part.rules.columns))
        shift += len(part.rule_rows)
    return Records(
        values=_concat_values([p.values for p in parts]),
        rules=pd.concat(rules, ignore_index=True).fillna(-1).astype(np.int32),
        places=pd.concat([p.places for p in parts], ignore_index=True).fillna(-1).astype(np.int32),
        ids=pd.concat([p.ids for p in parts], ignore_index=True),
        rule_rows=tuple(r for p in parts for r in p.rule_rows),
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
