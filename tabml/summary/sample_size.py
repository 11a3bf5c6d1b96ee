"""How many patients a prediction model needs (Riley et al., Stat Med 2019; BMJ 2020), and how many there are."""

from __future__ import annotations

from math import ceil, exp, log
from typing import Any

import numpy as np

from tabml.core.target import SURVIVAL_TASKS, Target

SHRINKAGE = 0.9
OPTIMISM = 0.05  # largest tolerated fall of Nagelkerke's R squared
MARGIN = 0.05  # precision of the overall risk
ASSUMED_NAGELKERKE = 0.15  # Riley 2020: start value when nothing is known about the predictors


def sample_size(target: Target, parameters: int) -> dict[str, Any]:
    """Needed against present patients for `parameters` candidate parameters; {} where the method does not apply.

    Binary outcomes: Riley's three criteria at an assumed Nagelkerke R squared of 0.15. Every task: events
    per candidate parameter.
    """
    n = len(target.y)
    events = target.n_events
    body: dict[str, Any] = {
        "n": n,
        "events": events,
        "parameters": parameters,
        "events_per_parameter": round(events / parameters, 1) if parameters else None,
    }
    if target.task != "binary" or not parameters:
        return body
    share = float(np.mean(target.y))
    r2 = ASSUMED_NAGELKERKE * max_r2(share)
    needs = riley_binary(r2, parameters, share)
    return {**body, "criteria": list(needs), "needed": max(needs), "assumed_r2": round(r2, 3),
            "assumed_nagelkerke": ASSUMED_NAGELKERKE}  # fmt: skip


def max_r2(share: float) -> float:
    """Largest Cox-Snell R squared at this share of events."""
    return 1.0 - exp(2.0 * (share * log(share) + (1 - share) * log(1 - share)))


def riley_binary(r2: float, parameters: int, share: float) -> tuple[int, int, int]:
    """Patients for shrinkage 0.9, for optimism 0.05, for the overall risk within 0.05.

    >>> riley_binary(0.288, 24, 0.174)
    (623, 662, 221)
    """
    first = parameters / ((SHRINKAGE - 1) * log(1 - r2 / SHRINKAGE))
    s = r2 / (r2 + OPTIMISM * max_r2(share))
    second = parameters / ((s - 1) * log(1 - r2 / s))
    third = (1.96 / MARGIN) ** 2 * share * (1 - share)
    return ceil(first), ceil(second), ceil(third)


def candidate_parameters(levels: list[int]) -> int:
    """Parameters of these columns: 1 for a number (0 levels) or yes/no, K-1 for a category with K levels."""
    return sum(max(1, k - 1) for k in levels)


def effective(target: Target) -> str:
    """What counts as an event here, in words."""
    if target.task in SURVIVAL_TASKS:
        return "events"
    if target.task == "regression":
        return "patients"
    return "patients in the smallest class" if len(target.classes) > 2 else "patients in the smaller class"
