"""The recipe: what a model needs of its columns, fitted on training rows and replayed on any others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Variable
from tabml.core.config import Prep
from tabml.core.errors import InputError
from tabml.core.spec import State
from tabml.core.weighting import patient_shares
from tabml.prep.columns import FEATURE_KINDS, ColumnPlan, Floats, plan_column
from tabml.prep.fence import learn_fence
from tabml.prep.impute import filled, learn_fill

FLAG = " is missing"


@dataclass(frozen=True)
class Recipe:
    """`complete`: no missing cells; `scaled`: mean 0 and SD 1, gaps at the mean, outliers at the fence; `missing_flags`: a 0/1 column per variable with gaps.

    `numeric`: categories as 0/1 columns, else as codes 0...K-1. Complete recipes leave out variables with a
    missing share above `max_missing`; levels of fewer than `rare_level` training patients read as none.
    """

    complete: bool
    scaled: bool
    missing_flags: bool
    max_missing: float
    rare_level: int
    numeric: bool = True

    @classmethod
    def for_needs(cls, needs: Collection[str], missing_flags: bool = False, prep: Prep | None = None) -> Recipe:
        """The recipe a model's `needs` ask for; flags accompany imputed cells only where they are wanted."""
        prep = prep or Prep()
        return cls(complete="complete" in needs, scaled="scaled" in needs, missing_flags=missing_flags,
                   max_missing=prep.max_missing, rare_level=prep.rare_level, numeric="numeric" in needs)  # fmt: skip


@dataclass(frozen=True)
class Matrix:
    """Prepared rows: `X` (n, p) float32, the names of its columns, and each column's cohort variable."""

    X: NDArray[np.float32]
    columns: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class FittedPrep:
    """A recipe with all it learned from `rows_seen` training rows.

    `plans` are the variables in use, `flags` those with a missing flag, `left_out` the others with the
    reason (`missing`, `constant`). Columns not in `kept` (positions) are constant and dropped; `means`
    (p,) are the training means of the output columns, `centre` and `scale` (p,) what scaling takes off.
    """

    recipe: Recipe
    plans: tuple[ColumnPlan, ...]
    flags: tuple[ColumnPlan, ...]
    left_out: Mapping[str, str]
    kept: NDArray[np.int64]
    centre: Floats
    scale: Floats
    means: Floats
    rows_seen: int

    @property
    def columns(self) -> tuple[str, ...]:
        names = self._names()
        return tuple(names[j][0] for j in self.kept)

    @property
    def sources(self) -> tuple[str, ...]:
        names = self._names()
        return tuple(names[j][1] for j in self.kept)

    @property
    def variables(self) -> tuple[str, ...]:
        """Cohort variables that reach the output, each once, in order."""
        return tuple(dict.fromkeys(self.sources))

    def transform(self, frame: pd.DataFrame) -> Matrix:
        """Any rows, prepared as the training rows were; nothing is learned from them."""
        raw = _assemble(frame, self.plans, self.flags, self.recipe.complete)[:, self.kept]
        return Matrix(((raw - self.centre) / self.scale).astype(np.float32), self.columns, self.sources)

    def imputed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Per row, which of `variables` were filled: true where the cell is missing or its level unknown.

        For a recipe that leaves gaps as they are, nothing is filled.
        """
        _check_columns(frame, self.plans)
        table = pd.DataFrame(False, index=frame.index, columns=list(self.variables))
        for plan in self.plans if self.recipe.complete else ():
            if plan.name in table.columns:
                table[plan.name] = plan.read(frame).missing
        return table

    def dump(self) -> State:
        body: dict[str, Any] = {
            "recipe": asdict(self.recipe), "plans": [_plan_json(p) for p in self.plans],
            "flags": [_plan_json(p) for p in self.flags], "left_out": dict(self.left_out),
            "rows_seen": self.rows_seen,
        }  # fmt: skip
        return State(body, {k: getattr(self, k) for k in ("kept", "centre", "scale", "means")})

    @classmethod
    def restore(cls, state: State) -> FittedPrep:
        body = state.json
        return cls(Recipe(**body["recipe"]), tuple(map(_plan_of, body["plans"])), tuple(map(_plan_of, body["flags"])),
                   dict(body["left_out"]), rows_seen=body["rows_seen"], **state.arrays)  # fmt: skip

    def _names(self) -> list[tuple[str, str]]:
        names = [(column, plan.name) for plan in self.plans for column in plan.columns]
        return names + [(f"{plan.name}{FLAG}", plan.name) for plan in self.flags]


def fit_prep(
    frame: pd.DataFrame,
    variables: Mapping[str, Variable],
    recipe: Recipe,
    keep: Sequence[str] = (),
    *,
    patient: NDArray[np.int64] | None = None,
) -> FittedPrep:
    """Learn a recipe from training rows; `frame` holds feature columns only.

    `keep` names variables that stay although much is missing. `patient` (n,) says whose row each is: rare levels
    are counted in patients, and in medians, means and shares a patient's rows count as one together; without it
    each row is one. The order of rows changes nothing.
    """
    who = np.arange(len(frame)) if patient is None else np.asarray(patient, dtype=np.int64)
    weight = patient_shares(who) if len(who) else None
    plans, flags, left_out = [], [], {}
    for name in frame.columns:
        if variables[name].kind not in FEATURE_KINDS:
            continue
        plan = plan_column(frame, variables[name], rare_level=recipe.rare_level, coded=not recipe.numeric, patient=who)
        reading = plan.read(frame)
        if recipe.scaled:
            plan = learn_fence(plan, reading, weight)
            reading = plan.read(frame)
        plan = learn_fill(plan, reading, weight, mean=recipe.scaled)
        share = _share(reading.missing, weight)
        if recipe.missing_flags and 0 < share < 1:
            flags.append(plan)
        if share == 1 or (recipe.complete and share > recipe.max_missing and name not in keep):
            left_out[name] = "missing"
            continue
        plans.append(plan)
    raw = _assemble(frame, plans, flags, recipe.complete)
    return _fit_scale(raw, recipe, tuple(plans), tuple(flags), left_out, weight)


def _share(missing: NDArray[np.bool_], weight: Floats | None) -> float:
    """Share of the cells that are missing, exactly 0 or 1 where none or all are."""
    if not len(missing) or missing.all():
        return 1.0
    return float(missing.mean() if weight is None else np.average(missing, weights=weight))


def _fit_scale(
    raw: Floats, recipe: Recipe, plans: tuple[ColumnPlan, ...], flags: tuple[ColumnPlan, ...],
    left_out: dict[str, str], weight: Floats | None,
) -> FittedPrep:  # fmt: skip
    """Drop constant columns and learn centre and scale."""
    seen = [np.sort(column[~np.isnan(column)]) for column in raw.T]
    kept = np.array([j for j, c in enumerate(seen) if len(c) and c[0] < c[-1]], dtype=np.int64)
    moments = [_moments(raw[:, j], weight) for j in kept]
    means, spread = np.array([m for m, _ in moments]), np.array([s for _, s in moments])
    centre = means if recipe.scaled else np.zeros(len(kept))
    scale = spread if recipe.scaled else np.ones(len(kept))
    fitted = FittedPrep(recipe, plans, flags, left_out, kept, centre, scale, (means - centre) / scale, len(raw))
    used = set(fitted.sources)
    constant = {p.name: "constant" for p in plans if p.name not in used}
    return replace(fitted, left_out={**left_out, **constant})


def _moments(column: Floats, weight: Floats | None) -> tuple[float, float]:
    """Mean and SD of the cells that are there; sums run over sorted values, so that row order changes nothing."""
    seen = ~np.isnan(column)
    if weight is None:
        values = np.sort(column[seen])
        return float(values.mean()), float(values.std())
    order = np.lexsort((weight[seen], column[seen]))
    values, w = column[seen][order], weight[seen][order]
    mean = float(np.average(values, weights=w))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=w)))


def _assemble(frame: pd.DataFrame, plans: Sequence[ColumnPlan], flags: Sequence[ColumnPlan], complete: bool) -> Floats:
    """All columns before dropping and scaling: variables in order, then missing flags. (n, q)"""
    _check_columns(frame, (*plans, *flags))
    parts = []
    for plan in plans:
        reading = plan.read(frame)
        parts.append(filled(plan, reading) if complete else reading.values)
    parts += [plan.read(frame).missing.astype(np.float64)[:, None] for plan in flags]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(frame), 0))


def _check_columns(frame: pd.DataFrame, plans: Sequence[ColumnPlan]) -> None:
    absent = [p.name for p in plans if p.name not in frame.columns]
    if absent:
        raise InputError(f"the table lacks {', '.join(map(repr, absent))}, which the model was fitted on",
                         hint="an absent column may stand in the table with all cells missing")  # fmt: skip


def _plan_json(plan: ColumnPlan) -> dict[str, Any]:
    return {**asdict(plan), "levels": list(plan.levels), "fill": list(plan.fill), "fence": list(plan.fence)}


def _plan_of(body: Mapping[str, Any]) -> ColumnPlan:
    return ColumnPlan(**{**body, **{k: tuple(body.get(k, ())) for k in ("levels", "fill", "fence")}})
