"""Long tables: many rows of one patient (laboratory values, visits) become one value per variable.

Each asking row (a patient, with the index date where there is one) gets, for every variable mapped with
`where` or `aggregate`, the value its rules pick, and the rows it was picked from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, ColumnMapping, VariableSpec
from tabml.core.errors import ConfigError, QuestionError
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.cells import Filled, Rule, fill
from tabml.ingest.columns import SourceColumns
from tabml.ingest.ids import id_table
from tabml.ingest.picking import Asking, Picked, Rows, in_words, matching, pick
from tabml.ingest.records import Records, RowSets
from tabml.ingest.source_table import SourceTable

__all__ = ["Asking", "Long", "asking", "gathered", "is_long", "is_only_long", "read_long"]

Made = Mapping[str, tuple[Filled, Picked]]


@dataclass(frozen=True)
class Long:
    """The long variables of a source, one line per asking row. `n_found`: asking rows with any row there; `n_alone`:
    its rows that belong to nobody."""

    records: Records
    n_found: int
    n_alone: int


def is_long(codebook: Codebook, source: str) -> bool:
    """Whether a source fills some variable from several rows of a patient."""
    return any(mapping.is_long for _, _, mapping in codebook.mappings(source))


def is_only_long(codebook: Codebook, source: str) -> bool:
    """Whether a source fills something, and nothing row by row."""
    return is_long(codebook, source) and all(
        mapping.is_long or spec.kind in ("id", "text") or spec.role in ("patient_id", "identifier", "unused")
        for _, spec, mapping in codebook.mappings(source)
    )


def read_long(
    at: SourceTable, codebook: Codebook, asking: Asking, *, only: Sequence[str] | None = None, yes: bool = True
) -> Long:
    """The variables of a source that are picked from several rows.

    A variable with `where` alone expects one row per patient: several that differ are a QuestionError, or with
    `yes` missing (TB122). Baseline variables take rows up to the index date only (TB143 counts the others, and
    names what cannot be told).
    """
    ids, id_findings = id_table(at, codebook)
    rows, n_alone = _whose(at, ids["id"].to_numpy(dtype=object), asking)
    made: dict[str, tuple[Filled, Picked]] = {}
    for name, spec, mapping in codebook.mappings(at.name):
        if mapping.is_long and (only is None or name in only):
            made[name] = _variable(at, name, spec, mapping, rows, asking)
    if not yes:
        _refuse_several(made, at)
    places, rowsets = _places(made, at, len(asking))
    records = Records(
        values=pd.DataFrame({name: picked.values for name, (_, picked) in made.items()}, index=range(len(asking))),
        places=places,
        ids=pd.DataFrame(index=range(len(asking))),
        rules=tuple(filled.rule for filled, _ in made.values()),
        findings=(
            *id_findings, *(f for filled, _ in made.values() for f in filled.findings),
            *_findings(made, codebook, at, asking),
        ),
        missing_words={at.name: sum(filled.missing_words for filled, _ in made.values())},
        rowsets={} if rowsets is None else {at.name: rowsets},
    )  # fmt: skip
    return Long(records, len(np.unique(rows.asking)), n_alone)


def asking(records: Records, codebook: Codebook, keys: Sequence[str]) -> Asking:
    """Records as those who ask a long table: their keys there, and the index date (else the visit's) of each."""
    for role in ("index_date", "visit"):
        for name, spec in codebook.variables.items():
            if spec.role == role and spec.kind == "date" and name in records.values:
                return Asking(keys, records.values[name].to_numpy(dtype="datetime64[ns]"), name)
    return Asking(keys, None)


def gathered(base: Records, long: Records) -> Records:
    """The asking records with the columns of a long table beside their own."""
    overlap = sorted(set(base.values.columns) & set(long.values.columns))
    if overlap:
        raise ConfigError(f"variable {overlap[0]!r} is filled by a source and by the table joined to it")
    words = {k: base.missing_words.get(k, 0) + n for k, n in long.missing_words.items()}
    return replace(
        base,
        values=pd.concat([base.values, long.values], axis=1),
        places=pd.concat([base.places, long.places], axis=1),
        rules=(*base.rules, *long.rules),
        findings=(*base.findings, *(f for f in long.findings if f not in base.findings)),
        missing_words={**base.missing_words, **words},
        rowsets={**base.rowsets, **long.rowsets},
    )


def _whose(at: SourceTable, ids: NDArray[Any], asking: Asking) -> tuple[Rows, int]:
    """Each row with every asking row of its patient."""
    keys = pd.Index(pd.unique(np.array([k for k in asking.keys if k], dtype=object)))
    person_of_row = keys.get_indexer(ids)
    person_of_asking = keys.get_indexer(np.array(asking.keys, dtype=object))
    rows = pd.DataFrame({"person": person_of_row, "position": np.arange(len(ids))})
    who = pd.DataFrame({"person": person_of_asking, "asking": np.arange(len(asking.keys))})
    pairs = rows[person_of_row >= 0].merge(who[person_of_asking >= 0], on="person")
    position = pairs["position"].to_numpy(dtype=np.int64)
    dates = None
    if at.source.date is not None:
        columns = SourceColumns(at)
        dates = columns.dates(columns.texts(at.source.date))[position]
    return Rows(position, pairs["asking"].to_numpy(dtype=np.int64), dates), int((person_of_row < 0).sum())


def _variable(
    at: SourceTable, name: str, spec: VariableSpec, mapping: ColumnMapping, rows: Rows, asking: Asking
) -> tuple[Filled, Picked]:
    wanted = np.flatnonzero(matching(at, mapping))
    filled = _read(at.take(wanted), name, spec, mapping)
    rule = in_words(mapping, spec, at, asking)
    value_at = np.full(len(at), -1, dtype=np.int64)
    value_at[wanted] = np.arange(len(wanted))
    picked = pick(filled.values, value_at, rows, asking, mapping, spec)
    return replace(filled, rule=replace(filled.rule, rows=rule)), picked


def _read(at: SourceTable, name: str, spec: VariableSpec, mapping: ColumnMapping) -> Filled:
    """The values of some rows; for a count, one for each filled cell."""
    if mapping.aggregate != "count":
        return fill(at, name, spec, mapping)
    assert mapping.column is not None
    columns = SourceColumns(at, mapping.missing, mapping.decimal)
    filled = columns.texts(mapping.column).filled
    ones = pd.Series(np.where(filled, 1.0, np.nan)).astype("Float64")
    rule = Rule(variable=name, source=at.name, column=at.letter(mapping.column), header=mapping.column)
    return Filled(ones.mask(ones.isna()), rule, (), columns.words_met)


def _places(made: Made, at: SourceTable, n: int) -> tuple[pd.DataFrame, RowSets | None]:
    """For each variable the row behind every asking row's value, or -2 - k where it is set k."""
    columns: dict[str, NDArray[np.int32]] = {}
    numbers = at.row_numbers
    sizes, rows, n_sets = [np.zeros(1, np.int64)], [np.empty(0, np.int32)], 0
    for name, (_, picked) in made.items():
        place = np.full(n, -1, dtype=np.int32)
        whose, first, size = np.unique(picked.asking, return_index=True, return_counts=True)
        single, several = size == 1, size > 1
        place[whose[single]] = numbers[picked.position[first[single]]]
        place[whose[several]] = -2 - n_sets - np.arange(np.count_nonzero(several))
        n_sets += int(np.count_nonzero(several))
        sizes.append(size[several])
        rows.append(numbers[picked.position[np.repeat(several, size)]])
        columns[f"{name}@{at.name}"] = place
    sets = RowSets(np.cumsum(np.concatenate(sizes)), np.concatenate(rows)) if n_sets else None
    return pd.DataFrame(columns, index=range(n)), sets


def _refuse_several(made: Made, at: SourceTable) -> None:
    undecided = {name: picked.n_differ for name, (_, picked) in made.items() if picked.n_differ}
    if undecided:
        raise QuestionError(
            "patients with several rows where one is expected",
            questions=[
                f"variable {name!r}, source {at.name!r}: {counted(n, 'patient')} with rows that differ; add "
                f"aggregate: last_before_index, first, last, mean, max, min or count, or narrow where:"
                for name, n in undecided.items()
            ],
            hint="or --yes: the value is missing for them",
        )


def _findings(made: Made, codebook: Codebook, at: SourceTable, asking: Asking) -> Iterator[Finding]:
    """TB122 for rows that contradict each other; TB143 for values after the index date, left out or not to be told."""
    blind = []
    for name, (_, picked) in made.items():
        if picked.n_differ:
            evidence = f"{counted(picked.n_differ, 'patient')} of {at.name} with rows that differ in {name!r}: missing"
            yield finding("TB122", evidence, columns=[name], count=picked.n_differ, source=at.name)
        if picked.n_late:
            evidence = f"{counted(picked.n_late, 'value')} of {name!r} ({at.name}) outside the time before the index date: not used"
            yield finding(
                "TB143",
                evidence,
                columns=[name],
                count=picked.n_late,
                source=at.name,
                severity="info",
                remedy="none needed: see the rule in the codebook",
            )
        spec = codebook.variables[name]
        if spec.from_[at.name].aggregate is not None and spec.timing == "baseline":
            blind.append(name)
    if blind and (at.source.date is None or asking.index_dates is None):
        lacks = "its rows have no date" if at.source.date is None else "patients have no index date"
        names = ", ".join(map(repr, blind))
        evidence = f"{names} of {at.name} may come from after the index date: {lacks}"
        remedy = "state date: of the source and a variable with role index_date, or timing: later"
        yield finding(
            "TB143", evidence, columns=blind, count=len(blind), source=at.name, severity="warn", remedy=remedy
        )
