"""Several rows of one patient: exact copies merged, conflicts settled by the codebook's policy, visits kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import Repeats
from tabml.core.errors import QuestionError
from tabml.core.findings import Finding, finding
from tabml.ingest.records import Records, person_number
from tabml.ingest.wording import counted


@dataclass(frozen=True)
class RepeatCase:
    """What was done with several rows of one id. `position` is in the merged records."""

    position: int
    source: str
    variable: str
    rows: tuple[int, ...]
    action: str


@dataclass(frozen=True)
class Merged:
    """Records after merging. `exact`, `settled`: rows that left, by source. `kept`: positions in the input."""

    records: Records
    kept: NDArray[np.int64]
    cases: tuple[RepeatCase, ...]
    exact: Mapping[str, int]
    settled: Mapping[str, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Case:
    """A group under way: input positions instead of merged ones."""

    keep: int
    group: tuple[int, ...]
    variables: tuple[str, ...]
    action: str


def merge_repeats(records: Records, policies: Mapping[str, Repeats], date: str | None, *, yes: bool) -> Merged:
    """One record per id, or all distinct ones where the policy is `visits`.

    `policies` by source; `date` is the variable that says which row is the latest. Rows are equal when every
    variable is. A conflict with policy `ask` is a QuestionError unless `yes`; then the cells that differ are
    missing.
    """
    key = person_number(records.ids)
    source = records.ids["source"]
    policy = source.map({n: p.conflict for n, p in policies.items()})
    same = _exact_copies(records.values, key)
    copies = same & (source.map({n: p.exact for n, p in policies.items()}) == "merge")
    cases = _copy_cases(key, copies)
    left = ~copies.to_numpy()
    differs = key.isin(key[~same][key[~same].duplicated()]) & left & (policy != "visits")
    groups = [np.asarray(g) for g in key[differs].groupby(key[differs], sort=True).groups.values()]
    asked = [g for g in groups if policy.iloc[g[0]] == "ask" and _contradicting(records.values.iloc[g])]
    if asked and not yes:
        raise _question(source, asked)
    values = records.values.copy()
    for group in groups:
        case = _settle(values, group, policy.iloc[group[0]], date)
        cases.append(case)
        left[[i for i in group if i != case.keep]] = False
    kept = np.flatnonzero(left)
    settled = ~left & ~copies.to_numpy()
    merged = Records(**{**vars(records), "values": values}).take(kept)
    return Merged(
        merged,
        kept,
        tuple(_placed(cases, records, kept)),
        exact=_by_source(source, copies.to_numpy()),
        settled=_by_source(source, settled),
        findings=tuple(_findings(records, key, kept, copies, groups, policy)),
    )


def _exact_copies(values: pd.DataFrame, key: pd.Series) -> pd.Series:
    """Rows equal to an earlier row of the same id in every variable (missing equals missing)."""
    repeated = key.duplicated(keep=False).to_numpy()
    copies = np.zeros(len(key), dtype=bool)
    if repeated.any():
        subset = values[repeated].assign(**{" key": key[repeated]})
        copies[repeated] = subset.duplicated(keep="first").to_numpy()
    return pd.Series(copies)


def _copy_cases(key: pd.Series, copies: pd.Series) -> list[_Case]:
    if not copies.any():
        return []
    touched = key.isin(key[copies])
    groups = key[touched].groupby(key[touched], sort=True).groups.values()
    return [
        _Case(int(g[0]), tuple(int(i) for i in g), (), "identical rows merged") for g in (np.asarray(g) for g in groups)
    ]


def _settle(values: pd.DataFrame, group: NDArray[np.int64], policy: str, date: str | None) -> _Case:
    """Settle one conflict; writes the kept row's cells in place."""
    rows = values.iloc[group]
    differing = _contradicting(rows)
    if policy == "most_complete":
        keep = int(group[int(np.argmax(rows.notna().sum(axis=1).to_numpy()))])
        return _Case(keep, tuple(group.tolist()), differing, "conflict: most complete row kept")
    if policy == "latest" and date in rows.columns and rows[date].notna().any():
        newest = rows[date].max()
        keep = int(group[np.flatnonzero((rows[date] == newest).fillna(False).to_numpy())[-1]])
        return _Case(keep, tuple(group.tolist()), differing, "conflict: latest row kept")
    keep = int(group[0])
    for column in rows.columns:
        filled = rows[column].dropna()
        values.loc[keep, column] = pd.NA if column in differing or filled.empty else filled.iloc[0]
    action = "conflict: differing cells missing" if differing else "conflict: gaps filled, no cell differs"
    return _Case(keep, tuple(group.tolist()), differing, action)


def _contradicting(rows: pd.DataFrame) -> tuple[str, ...]:
    """Variables in which rows of one patient hold different values; a gap contradicts nothing."""
    return tuple(c for c in rows.columns if rows[c].dropna().nunique() > 1)


def _placed(cases: list[_Case], records: Records, kept: NDArray[np.int64]) -> list[RepeatCase]:
    where = {int(p): i for i, p in enumerate(kept)}
    rows = records.places["row"].to_numpy()
    source = records.ids["source"].to_numpy()
    found: list[RepeatCase] = []
    for case in cases:
        alive = next((where[i] for i in (case.keep, *case.group) if i in where), None)
        if alive is None:
            continue
        numbers = tuple(int(rows[i]) for i in case.group)
        found.extend(
            RepeatCase(alive, str(source[case.keep]), variable, numbers, case.action)
            for variable in (case.variables or ("",))
        )
    return found


def _by_source(source: pd.Series, mask: NDArray[np.bool_]) -> dict[str, int]:
    return {str(n): int(c) for n, c in source[mask].value_counts().sort_index().items()}


def _question(source: pd.Series, asked: list[NDArray[np.int64]]) -> QuestionError:
    counts = source.iloc[[int(g[0]) for g in asked]].value_counts().sort_index()
    return QuestionError(
        "patients with conflicting rows",
        questions=[
            f"source {name!r}: {counted(int(n), 'patient')} with rows that differ; in the codebook set "
            f"sources.{name}.repeats.conflict to most_complete, latest, missing or visits"
            for name, n in counts.items()
        ],
        hint="or --yes: the cells that differ become missing",
    )


def _findings(
    records: Records,
    key: pd.Series,
    kept: NDArray[np.int64],
    copies: pd.Series,
    groups: list[NDArray[np.int64]],
    policy: pd.Series,
) -> list[Finding]:
    source = records.ids["source"]
    found = []
    for name, n in _by_source(source, copies.to_numpy()).items():
        found.append(
            finding("TB120", f"{counted(n, 'identical row')} of one patient merged ({name})", count=n, source=name)
        )
    by_policy: dict[tuple[str, str], int] = {}
    for group in groups:
        pair = (str(source.iloc[group[0]]), str(policy.iloc[group[0]]))
        by_policy[pair] = by_policy.get(pair, 0) + 1
    for (name, how), n in sorted(by_policy.items()):
        evidence = (
            f"{counted(n, 'patient')} of {name} with rows that differ; settled by policy: {how.replace('_', ' ')}"
        )
        found.append(finding("TB122", evidence, count=n, source=name))
    nameless = ~records.ids["has_id"].to_numpy()
    equal = (
        records.values.duplicated().to_numpy() if len(records.values.columns) else np.zeros(len(records), dtype=bool)
    )
    for name, n in _by_source(source, nameless & equal).items():
        evidence = f"{counted(n, 'row')} of {name} equal to an earlier one, without an id: kept"
        found.append(finding("TB121", evidence, count=n, source=name))
    remaining = key.iloc[kept]
    for name in sorted(source.iloc[kept].unique()):
        mine = remaining[(source.iloc[kept] == name).to_numpy()]
        if len(mine) > mine.nunique():
            evidence = f"{name}: {counted(len(mine), 'row')} of {counted(mine.nunique(), 'patient')}"
            found.append(finding("TB123", evidence, count=len(mine), source=name))
    return found
