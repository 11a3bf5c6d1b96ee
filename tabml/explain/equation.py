"""The equation of a linear model in original units: what a reader can compute by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.models.families.linear import LinearPath

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Equation:
    """link = intercept + sum of coefficient x column, columns in original units; a calibrator is folded in.

    `scale`: `log odds`, `outcome` or `log hazard`. For log hazards the intercept is that of the average
    patient, and a risk also needs the calibrated baseline survival of the model file.
    """

    scale: str
    intercept: float
    terms: tuple[tuple[str, str, float], ...]
    """(column, source variable, coefficient); a column `sex=1` is 1 for that level, else 0."""
    gaps: Mapping[str, float] = field(default_factory=dict)
    """Column -> what a missing value counts as in it, in original units."""


def equation(pipeline: Any) -> Equation | None:
    """The equation of a pipeline of one linear member; None for anything that has none (or several classes)."""
    if len(pipeline.members) != 1 or pipeline.task == "multiclass":
        return None
    member = pipeline.members[0]
    if not isinstance(member.model, LinearPath):
        return None
    beta = member.model.coefficients[member.model.chosen, 0] / member.prep.scale
    intercept = float(member.model.intercepts[member.model.chosen, 0] - beta @ member.prep.centre)
    a, b = _calibration(pipeline.calibrator, pipeline.task)
    terms = zip(member.prep.columns, member.prep.sources, (b * beta).tolist(), strict=True)
    gaps = {c: float(v) for plan in member.prep.plans for c, v in zip(plan.columns, plan.fill, strict=True)}
    kept = tuple((c, s, float(v)) for c, s, v in terms if v != 0.0)
    return Equation(_scale(pipeline.task), a + b * intercept, kept, gaps)


def _scale(task: Task) -> str:
    if task in SURVIVAL_TASKS:
        return "log hazard"
    return "log odds" if task == "binary" else "outcome"


def _calibration(calibrator: Any, task: Task) -> tuple[float, float]:
    """Intercept and slope; the intercepts of a survival calibrator are its baseline, one for each time."""
    if calibrator.kind == "none":
        return 0.0, 1.0
    if task in SURVIVAL_TASKS:
        return 0.0, float(calibrator.b)
    return float(np.atleast_1d(np.asarray(calibrator.a, dtype=float))[0]), float(calibrator.b)
