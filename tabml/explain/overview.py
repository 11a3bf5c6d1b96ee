"""What a report shows of an attribution: importances with a row-free picture of each effect, and single patients."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Variable
from tabml.core.privacy import SMALL_CELL
from tabml.core.results import Contribution, Importance
from tabml.core.weighting import patient_shares
from tabml.explain.attribution import Attribution, Floats

GROUPS = 5


def importances(
    attribution: Attribution,
    frame: pd.DataFrame,
    variables: Mapping[str, Variable],
    *,
    cls: int | None = None,
    patient: NDArray[np.int64] | None = None,
    small_cell: int = SMALL_CELL,
) -> tuple[Importance, ...]:
    """Mean |phi| over the patients of `frame` (original units, same order), most important first.

    The rows of a patient count as one together. `bins` give the mean contribution of quantile groups of a number, or of each level, where at least
    `small_cell` patients (`patient` (n,): whose row it is; rows without it) stand behind it; cut points are shown, never a minimum or
    maximum. With several classes: of class `cls`, or without it the mean over classes and no bins.
    """
    people = np.arange(len(frame)) if patient is None else np.asarray(patient)
    only = 0 if attribution.phi.shape[1] == 1 else cls
    share = patient_shares(people) if len(people) else None
    apart = np.abs(attribution.phi if only is None else attribution.phi[:, [only]])
    size = apart.mean(axis=(0, 1)) if share is None else np.average(apart.mean(axis=1), axis=0, weights=share)
    found = []
    for v, name in enumerate(attribution.variables):
        bins = (
            () if only is None else _bins(frame[name], attribution.phi[:, only, v], variables[name], people, small_cell)
        )
        found.append(Importance(name, variables[name].title, float(size[v]), bins))
    return tuple(sorted(found, key=lambda i: (-i.mean_abs, i.variable)))


def contributions(
    attribution: Attribution,
    position: int,
    row: Mapping[str, object],
    variables: Mapping[str, Variable],
    *,
    cls: int = 0,
    imputed: Mapping[str, object] | None = None,
) -> tuple[Contribution, ...]:
    """One row's parts, largest first; values in original units, missing ones as `missing (imputed 3.2)`.

    `row`: the patient's cells by variable; `imputed`: what the model saw instead of missing ones.
    """
    found = []
    for v, name in enumerate(attribution.variables):
        variable = variables[name]
        shown = variable.show(row[name])
        if shown == "missing" and imputed and name in imputed:
            shown = f"missing (imputed {variable.show(imputed[name])})"
        part = float(attribution.phi[position, cls, v])
        found.append(Contribution(name, variable.title, shown, part))
    return tuple(sorted(found, key=lambda c: (-abs(c.contribution), c.variable)))


def _bins(
    values: pd.Series, phi: Floats, variable: Variable, patient: NDArray[np.int64], small_cell: int
) -> tuple[tuple[str, float, int], ...]:
    missing = values.isna().to_numpy(dtype=bool)
    groups = _number_groups(values, missing, variable) if variable.kind in ("number", "integer") else []
    if not groups:
        groups = [
            (variable.show(level), (values == level).fillna(False).to_numpy(dtype=bool)) for level in _levels(values)
        ]
    groups.append(("missing", missing))
    counted = [(label, here, len(np.unique(patient[here]))) for label, here in groups]
    weight = patient_shares(patient) if len(patient) else None
    part = np.ones(len(patient)) if weight is None else weight
    return tuple(
        (label, float(np.average(phi[here], weights=part[here])), n) for label, here, n in counted if n >= small_cell
    )


def _number_groups(
    values: pd.Series, missing: NDArray[np.bool_], variable: Variable
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Quantile groups labelled by their cut points; none where a number has as few values as a category."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if len(np.unique(numbers[~missing])) <= GROUPS:
        return []
    cuts = np.unique(np.quantile(numbers[~missing], np.arange(1, GROUPS) / GROUPS))
    place = np.searchsorted(cuts, numbers, side="left")
    text = [variable.show(c) if variable.decimals is not None else f"{c:.4g}" for c in cuts]
    labels = [f"≤ {text[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(text)), f"> {text[-1]}"]
    return [(label, (place == g) & ~missing) for g, label in enumerate(labels)]


def _levels(values: pd.Series) -> list[object]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.categories)
    return sorted(values.dropna().unique().tolist())
