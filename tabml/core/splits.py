"""Split plans: which patients train, validate and test, in positions, with the checks that hold them honest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import DataError

Positions = NDArray[np.int64]
PlanKind = Literal["cv", "repeated", "nested", "centre", "temporal"]


def derive_seed(study_seed: int, *path: object) -> int:
    """A seed for one step, from the study's seed and a path such as ("fit", config_id, fold_id).

    Order-free and without global state: adding a step changes no other step's numbers.
    """
    text = f"{study_seed}|{'|'.join(map(str, path))}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") & 0x7FFFFFFF


@dataclass(frozen=True)
class Fold:
    """Patient positions of one split; `validation` is empty except in nested plans."""

    fold_id: str
    repeat: int
    train: Positions
    test: Positions
    validation: Positions
    centre: str | None = None


@dataclass(frozen=True)
class SplitPlan:
    """One set of folds shared by search, ensemble, calibration and estimates."""

    kind: PlanKind
    seed: int
    strata: str
    n_patients: int
    cohort_sha256: str
    folds: tuple[Fold, ...]
    patient_of_row: Positions

    @property
    def plan_id(self) -> str:
        """Hash of the plan; equal plans have equal ids whatever the pseudonym key."""
        body = [self.kind, self.seed, self.strata, self.cohort_sha256,
                [[f.fold_id, f.repeat, f.train.tolist(), f.validation.tolist(), f.test.tolist()] for f in self.folds]]  # fmt: skip
        return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()

    def rows(self, patients: Positions) -> Positions:
        """Row positions of these patients, in row order."""
        chosen = np.zeros(self.n_patients, dtype=bool)
        chosen[patients] = True
        return np.flatnonzero(chosen[self.patient_of_row])


def check_plan(plan: SplitPlan, groups: NDArray[np.int64], among: Positions | None = None) -> None:
    """Assert what every plan promises; a DataError names what is broken.

    Train, validation and test are disjoint; no group (person) straddles them, except in a
    leave-one-centre-out plan, which ignores links between centres; in `cv`, `repeated` and `nested`
    plans each patient (of those `among`, by default all) tests exactly once per repeat.
    """
    everyone = np.arange(plan.n_patients) if among is None else np.sort(among)
    for fold in plan.folds:
        parts = [set(fold.train.tolist()), set(fold.validation.tolist()), set(fold.test.tolist())]
        if parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2]:
            raise DataError(f"fold {fold.fold_id}: a patient stands in two parts")
        if not parts[0] or not parts[2]:
            raise DataError(f"fold {fold.fold_id} has an empty part")
        if plan.kind != "centre":
            held_out = np.concatenate([fold.test, fold.validation])
            if np.intersect1d(groups[fold.train], groups[held_out]).size:
                raise DataError(f"fold {fold.fold_id}: one person stands in training and test")
    if plan.kind in ("cv", "repeated", "nested"):
        for repeat in sorted({f.repeat for f in plan.folds}):
            tested = np.concatenate([f.test for f in plan.folds if f.repeat == repeat])
            if not np.array_equal(np.sort(tested), everyone):
                raise DataError(f"repeat {repeat}: not every patient tests exactly once")
