"""The patients a study can use: numbered, labelled for balanced folds, and linked where two may be one person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Cohort
from tabml.core.findings import Finding, finding
from tabml.core.splits import Positions
from tabml.core.target import SURVIVAL_TASKS, Target, Task
from tabml.core.weighting import Floats, patient_shares

# Identical rows are a sign of one person under two ids only where many columns agree and few patients do.
MIN_COLUMNS_TO_LINK, MOST_LINKED = 10, 0.05


@dataclass(frozen=True)
class Patients:
    """The patients a study can use, numbered 0...N-1 in cohort order.

    `of_row` (n,): the patient of each target row; `position` (N,): the patient's number in the cohort;
    `group` (N,): equal numbers stay in one fold; `centre` (N,): name or None; `outcome` and `time_third` (N,):
    the factors that folds balance; `y` (N,): one label per patient.
    """

    of_row: Positions
    position: Positions
    group: Positions
    centre: NDArray[np.object_]
    outcome: NDArray[np.object_]
    time_third: NDArray[np.object_]
    task: Task

    @property
    def n(self) -> int:
        return len(self.position)

    @cached_property
    def share(self) -> Floats | None:
        """Weight of each row (n,), 1 / (rows of its patient): a patient counts once; None where each row is one."""
        return patient_shares(self.of_row)

    @property
    def events(self) -> int:
        """Effective events E: patients in the smaller class, with the event, or all of them (regression)."""
        return effective_events(self, np.arange(self.n))

    @property
    def centres(self) -> tuple[str, ...]:
        return tuple(sorted({str(c) for c in self.centre if c is not None}))


def effective_events(patients: Patients, among: Positions) -> int:
    """E of some of the patients; a class that none of them has does not count."""
    outcome = patients.outcome[among].astype(str)
    if patients.task == "regression" or not len(outcome):
        return len(outcome)
    if patients.task in SURVIVAL_TASKS:
        return int((outcome == "1").sum())
    return int(np.unique(outcome, return_counts=True)[1].min())


def usable_patients(cohort: Cohort, target: Target) -> tuple[Patients, tuple[Finding, ...]]:
    """Number the patients that have an outcome, and link those that may be one person."""
    rows = cohort.rows.iloc[target.rows]
    position, of_row = np.unique(rows["patient"].to_numpy(dtype=np.int64), return_inverse=True)
    of_row = of_row.astype(np.int64)
    first = np.unique(of_row, return_index=True)[1]
    centre = np.array([None if pd.isna(c) else str(c) for c in rows["centre"].iloc[first]], dtype=object)
    outcome, time_third = _labels(target, of_row, len(position))
    links = [rows["group"].to_numpy() if "group" in rows else of_row]
    twins, findings = _identical_rows(cohort, target, of_row)
    group = _connected(of_row, [*links, *([twins] if twins is not None else [])], len(position))
    return Patients(of_row, position, group, centre, outcome, time_third, target.task), findings


def _labels(target: Target, of_row: Positions, n: int) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """One outcome label per patient (any event, else the last row's class; fifths of the mean), and a time third."""
    third = np.full(n, "", dtype=object)
    if target.task in SURVIVAL_TASKS:
        event, time = np.zeros(n, dtype=int), np.zeros(n)
        np.maximum.at(event, of_row, (target.y["event"] == 1).astype(int))
        np.maximum.at(time, of_row, target.y["time"])
        third = _cut(time, 3)
        return event.astype(str).astype(object), third
    if target.task == "regression":
        mean = np.bincount(of_row, weights=target.y, minlength=n) / np.bincount(of_row, minlength=n)
        return _cut(mean, 5), third
    last = np.zeros(n, dtype=int)
    if target.task == "binary":
        np.maximum.at(last, of_row, target.y.astype(int))
    else:
        last[of_row] = target.y.astype(int)  # later rows overwrite earlier ones
    return last.astype(str).astype(object), third


def _cut(values: NDArray[np.floating], parts: int) -> NDArray[np.object_]:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right").astype(str).astype(object)


def _identical_rows(
    cohort: Cohort, target: Target, of_row: Positions
) -> tuple[NDArray[np.int64] | None, tuple[Finding, ...]]:
    """A number per row, equal where all predictors are equal, or None where such twins prove nothing."""
    names = list(cohort.features())
    if not names:
        return None, ()
    frame = cohort.frame[names].iloc[target.rows]
    hashed = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    code = np.unique(hashed, return_inverse=True)[1].astype(np.int64)
    empty = frame.isna().all(axis=1).to_numpy()
    code[empty] = code.max(initial=0) + 1 + np.flatnonzero(empty)
    pairs = pd.DataFrame({"code": code, "patient": of_row}).drop_duplicates()
    shared = pairs["code"].map(pairs["code"].value_counts()).to_numpy() > 1
    linked = pairs["patient"][shared].nunique()
    if linked == 0:
        return None, ()
    if len(names) >= MIN_COLUMNS_TO_LINK and linked <= MOST_LINKED * pairs["patient"].nunique():
        return code, ()
    said = f"{linked} patients share all {len(names)} predictors with another patient"
    return None, (finding("TB204", said, count=int(linked)),)


def _connected(of_row: Positions, links: list[NDArray[np.int64]], n: int) -> Positions:
    """Number the sets of patients that are linked, directly or through others."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left: list[NDArray[np.int64]] = []
    right: list[NDArray[np.int64]] = []
    size = n
    for link in links:
        _, code = np.unique(link, return_inverse=True)
        left.append(of_row)
        right.append(code + size)
        size += int(code.max(initial=-1)) + 1
    i, j = np.concatenate(left), np.concatenate(right)
    _, component = connected_components(coo_matrix((np.ones(len(i)), (i, j)), shape=(size, size)), directed=False)
    _, first, number = np.unique(component[:n], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number].astype(np.int64)
