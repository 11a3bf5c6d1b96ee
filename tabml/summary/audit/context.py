"""What every audit check looks at: the cohort's columns, the outcome, the groups, and the folds by patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tabml.core.findings import Finding
from tabml.core.splits import derive_seed
from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.summary.columns import Column, Group, Ints, centre_groups, columns, outcome_groups

FOLDS = 5


@dataclass(frozen=True)
class Context:
    """The cohort as the checks see it. `columns` are the candidate predictors, over all cohort rows."""

    cohort: Cohort
    target: Target
    config: StudyConfig
    columns: Mapping[str, Column]
    centres: tuple[Group, ...]
    outcomes: tuple[Group, ...]
    patient: Ints
    fold: Ints

    def on_target(self, column: Column) -> NDArray[np.float64]:
        """The column's values on the rows that have an outcome, in the order of `target.y`."""
        return column.values[self.target.rows]


@dataclass(frozen=True)
class Verdicts:
    """What a check found: findings, and columns no model may see, each with (code, reason)."""

    findings: tuple[Finding, ...] = ()
    set_aside: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def context(cohort: Cohort, target: Target, config: StudyConfig) -> Context:
    """Read the cohort once for all checks."""
    patient = cohort.rows["patient"].to_numpy().astype(np.int64)
    names = [n for n in cohort.features() if n != target.name]
    return Context(
        cohort,
        target,
        config,
        columns(cohort, names),
        centre_groups(cohort),
        outcome_groups(target),
        patient,
        _folds(patient[target.rows], target, config.seed),
    )


def _folds(patient: Ints, target: Target, seed: int) -> Ints:
    """Five folds by patient, stratified by each patient's first outcome; (n_target_rows,)."""
    people, first, position = np.unique(patient, return_index=True, return_inverse=True)
    if target.task == "regression":
        stratum = np.argsort(np.argsort(target.y[first], kind="stable"), kind="stable") // FOLDS
    elif target.task in SURVIVAL_TASKS:
        stratum = (target.y["event"][first] > 0).astype(int)
    else:
        stratum = target.y[first].astype(int)
    chance = np.random.default_rng(derive_seed(seed, "audit")).permutation(len(people))
    order = np.lexsort((chance, stratum))
    fold = np.empty(len(people), dtype=np.int64)
    fold[order] = np.arange(len(people)) % FOLDS
    return np.asarray(fold[position], dtype=np.int64)
