"""SHAP values by source variable: of one member, of the blend, and of all patients each by the model that never saw them.

Every attribution lives on the scale that is averaged: logit, value, log hazard or cloglog of survival. Up means
the event is more likely, or earlier. For several classes it is the log-probability minus its mean over the classes,
because on that scale normalising and blending stay sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.findings import Finding, finding
from tabml.core.target import SURVIVAL_TASKS, Task

Floats = NDArray[np.float64]
TOLERANCE = 1e-5  # of max(1, |f|): what float32 boosters still meet


@dataclass(frozen=True)
class Attribution:
    """base + sum of phi = link, for every row.

    `phi` (n, K, V) for the V source `variables`, `base` and `link` (n, K); K is 1 but for several classes, where
    it counts them. `link` is what the model itself answered, not the sum. `exact` is false where a member's
    values were carried to another scale or sampled; `note` says how.
    """

    variables: tuple[str, ...]
    phi: Floats
    base: Floats
    link: Floats
    scale: str
    exact: bool = True
    note: str = ""

    @property
    def error(self) -> float:
        """Largest |base + sum of phi - link| / max(1, |link|) over all rows; 0 without rows."""
        return self.distance(self.link)

    def distance(self, link: ArrayLike) -> float:
        """The same against another link (n,) or (n, K): that of the whole pipeline, for example."""
        link = np.asarray(link, dtype=float).reshape(self.base.shape)
        apart = np.abs(self.base + self.phi.sum(axis=2) - link) / np.maximum(1.0, np.abs(link))
        return float(apart.max()) if apart.size else 0.0

    def take(self, rows: ArrayLike) -> Attribution:
        """The same for some rows."""
        rows = np.asarray(rows)
        return replace(self, phi=self.phi[rows], base=self.base[rows], link=self.link[rows])


def scale_of(task: Task, horizon: float | None = None) -> str:
    """The name of the scale a report prints."""
    if task in SURVIVAL_TASKS:
        return "log hazard" if horizon is None else f"log cumulative hazard at {horizon:g} days"
    return {"binary": "log odds", "multiclass": "log odds against the mean of all classes"}.get(task, "outcome")


def attribute_blend(
    parts: Sequence[Attribution], *, weights: ArrayLike | None = None, a: ArrayLike = 0.0, b: float = 1.0
) -> Attribution:
    """The blend's attribution: weighted mean of its members' (equal weights unless given), then a + b times it.

    `a`: intercept of the calibrator, a number or one per class. Members may see different variables.
    """
    share = np.ones(len(parts)) if weights is None else np.asarray(weights, dtype=float)
    share = share / share.sum()
    variables = _union(parts)
    shift = np.asarray(a, dtype=float)
    if shift.size > 1:
        shift = shift - shift.mean()
    phi = sum(w * _spread(p, variables) for w, p in zip(share, parts, strict=True))
    base = sum(w * p.base for w, p in zip(share, parts, strict=True))
    link = sum(w * p.link for w, p in zip(share, parts, strict=True))
    return Attribution(
        variables, np.asarray(b * phi), np.asarray(shift + b * base), np.asarray(shift + b * link), parts[0].scale,
        all(p.exact for p in parts), "; ".join(dict.fromkeys(p.note for p in parts if p.note)),
    )  # fmt: skip


def assemble(parts: Sequence[tuple[NDArray[np.int64], Attribution]]) -> tuple[NDArray[np.int64], Attribution]:
    """One attribution from those of the folds, rows in rising order; each row stands in one fold only."""
    rows = np.concatenate([r for r, _ in parts])
    if len(np.unique(rows)) != len(rows):
        raise ValueError("a row is explained by two folds")
    folds = [p for _, p in parts]
    variables = _union(folds)
    order = np.argsort(rows, kind="stable")
    joined = Attribution(
        variables,
        np.concatenate([_spread(p, variables) for p in folds])[order],
        np.concatenate([p.base for p in folds])[order],
        np.concatenate([p.link for p in folds])[order],
        folds[0].scale,
        all(p.exact for p in folds),
        "; ".join(dict.fromkeys(p.note for p in folds if p.note)),
    )
    return rows[order], joined


def additivity_finding(attribution: Attribution, model: str, *, tolerance: float = TOLERANCE) -> Finding | None:
    """TB310 where the parts do not add up to the prediction of every row."""
    if attribution.error <= tolerance:
        return None
    return finding("TB310", f"SHAP values of {model} miss its predictions by up to {attribution.error:.1e}")


def _union(parts: Sequence[Attribution]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for p in parts for v in p.variables))


def _spread(part: Attribution, variables: tuple[str, ...]) -> Floats:
    """phi over all variables, 0 for those the member does not see."""
    if part.variables == variables:
        return part.phi
    wide = np.zeros((*part.phi.shape[:2], len(variables)))
    wide[:, :, [variables.index(v) for v in part.variables]] = part.phi
    return wide
