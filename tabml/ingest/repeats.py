"""Several rows of one patient: exact copies merged, conflicts settled by the codebook's policy, visits kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import Repeats
from tabml.core.errors import QuestionError
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.conflicts import Conflicts
from tabml.ingest.records import Records, person_number


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
    records = replace(records, ids=records.ids.assign(person=key))
    source = records.ids["source"]
    if key.is_unique:
        found = tuple(_nameless(records))
        return Merged(records, np.arange(len(records), dtype=np.int64), (), exact={}, settled={}, findings=found)
    policy = source.map({n: p.conflict for n, p in policies.items()})
    same = _exact_copies(records.values, key)
    copies = same & (source.map({n: p.exact for n, p in policies.items()}) == "merge")
    cases = _copy_cases(key, copies)
    left = ~copies.to_numpy()
    differs = key.isin(key[~same][key[~same].duplicated()]) & left & (policy != "visits")
    conflicts = Conflicts.of(records.values, key.to_numpy(), differs.to_numpy())
    how = policy.to_numpy()[conflicts.leading]
    asked = (how == "ask") & conflicts.any_contradicting
    if asked.any() and not yes:
        raise _question(source.iloc[conflicts.leading[asked]])
    values, settled_cases = _settle(records.values, conflicts, how, date)
    cases += settled_cases
    left[conflicts.rows] = False
    left[[case.keep for case in settled_cases]] = True
    kept = np.flatnonzero(left)
    settled = ~left & ~copies.to_numpy()
    merged = replace(records, values=values).take(kept)
    return Merged(
        merged,
        kept,
        tuple(_placed(cases, records, kept)),
        exact=_by_source(source, copies.to_numpy()),
        settled=_by_source(source, settled),
        findings=tuple(_findings(records, key, kept, copies, source.iloc[conflicts.leading], how)),
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


def _settle(
    values: pd.DataFrame, conflicts: Conflicts, how: NDArray[Any], date: str | None
) -> tuple[pd.DataFrame, list[_Case]]:
    """The values after every conflict is settled, and what was done; `how`: the policy of each patient."""
    if not len(conflicts):
        return values, []
    latest = conflicts.latest(values[date]) if date in values.columns else np.full(len(conflicts), -1)
    is_latest, is_fullest = (how == "latest") & (latest >= 0), how == "most_complete"
    keep = np.where(is_fullest, conflicts.most_complete(values), np.where(is_latest, latest, conflicts.leading))
    filled = conflicts.fill(values, ~is_latest & ~is_fullest)
    variables = conflicts.variables()
    actions = [
        "conflict: most complete row kept" if fullest
        else "conflict: latest row kept" if newest
        else "conflict: differing cells missing" if differing
        else "conflict: gaps filled, no cell differs"
        for fullest, newest, differing in zip(is_fullest, is_latest, variables, strict=True)
    ]  # fmt: skip
    return filled, list(map(_Case, keep.tolist(), conflicts.groups(), variables, actions))


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


def _question(asked: pd.Series) -> QuestionError:
    """The question for patients with a conflict, given by their sources."""
    counts = asked.value_counts().sort_index()
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
    settled: pd.Series,
    how: NDArray[Any],
) -> list[Finding]:
    source = records.ids["source"]
    found = []
    for name, n in _by_source(source, copies.to_numpy()).items():
        found.append(
            finding("TB120", f"{counted(n, 'identical row')} of one patient merged ({name})", count=n, source=name)
        )
    by_policy = Counter(zip(map(str, settled), map(str, how), strict=True))
    for (name, policy), n in sorted(by_policy.items()):
        evidence = (
            f"{counted(n, 'patient')} of {name} with rows that differ; settled by policy: {policy.replace('_', ' ')}"
        )
        found.append(finding("TB122", evidence, count=n, source=name))
    found.extend(_nameless(records))
    remaining = key.iloc[kept].groupby(source.iloc[kept], sort=True).agg(["size", "nunique"])
    for name, (n_rows, n_people) in zip(remaining.index, remaining.to_numpy().tolist(), strict=True):
        if n_rows > n_people:
            evidence = f"{name}: {counted(n_rows, 'row')} of {counted(n_people, 'patient')}"
            found.append(finding("TB123", evidence, count=n_rows, source=name))
    return found


def _nameless(records: Records) -> Iterator[Finding]:
    """TB121 for rows without an id that equal an earlier row."""
    nameless = ~records.ids["has_id"].to_numpy()
    if not nameless.any() or not len(records.values.columns):
        return
    equal = records.values.duplicated().to_numpy()
    for name, n in _by_source(records.ids["source"], nameless & equal).items():
        evidence = f"{counted(n, 'row')} of {name} equal to an earlier one, without an id: kept"
        yield finding("TB121", evidence, count=n, source=name)
