"""Out-of-fold predictions of the named models, calibrated across folds, and the table that is written of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.splits import SplitPlan
from tabml.core.target import SURVIVAL_TASKS
from tabml.learn.calibrate import Teacher, cross_fit
from tabml.learn.contenders import choosers
from tabml.learn.ensemble import Decision, Field
from tabml.learn.estimate.centres import LeftOut
from tabml.learn.estimate.nested import Outer
from tabml.learn.loss import Link
from tabml.learn.material import Material
from tabml.learn.pipeline import output_names, read_link
from tabml.learn.trials import Trial

NAMED = ("final", "simple")


@dataclass(frozen=True)
class Scored:
    """One model's predictions of rows it did not learn from.

    `raw` and `link` (R, n, ...): before and after cross-fitted calibration; `fold` (R, n): the fold each row was
    tested in. Pairs are compared inside a fold only.
    """

    name: str
    raw: Link
    link: Link
    fold: NDArray[np.int64]


def fold_numbers(plan: SplitPlan) -> NDArray[np.int64]:
    """In which fold of its repeat each row was tested (R, n)."""
    repeats = 1 + max(f.repeat for f in plan.folds)
    out = np.full((repeats, len(plan.patient_of_row)), -1, dtype=np.int64)
    for fold in plan.folds:
        out[fold.repeat, plan.rows(fold.test)] = [f for f in plan.folds if f.repeat == fold.repeat].index(fold)
    return out


def out_of_fold(
    field: Field, trials: Sequence[Trial], decision: Decision, lesson: Teacher, fold: NDArray[np.int64]
) -> dict[str, Scored]:
    """Predictions of every named model; a null model stays as it is, there is nothing to calibrate."""
    out = {}
    for name, choose in choosers(field, trials).items():
        raw = field.link(choose(decision)[0])
        link = raw if name == "null" else np.stack([cross_fit(lesson, raw[r], fold[r]) for r in range(len(raw))])
        out[name] = Scored(name, raw, link, fold)
    return out


def of_outer(outer: Mapping[str, Outer]) -> dict[str, Scored]:
    """Nested predictions as one repeat."""
    return {name: Scored(name, o.raw[None], o.link[None], o.fold[None]) for name, o in outer.items()}


def predictions_table(
    scored: Mapping[str, Scored], left_out: Iterable[LeftOut], material: Material, plan: SplitPlan
) -> pd.DataFrame:
    """`predictions.csv`: one line per model, repeat and row; outputs as study files name them.

    `patient` and `row` are positions in the cohort. `kind` is `out_of_fold` or `left_out_centre`.
    """
    everyone = np.arange(len(material.y))
    parts = []
    for name in NAMED:
        for r in range(len(scored[name].link)):
            names = [f.fold_id for f in plan.folds if f.repeat == r]
            fold = [names[i] for i in scored[name].fold[r]]
            parts.append(_lines(name, everyone, scored[name].link[r], r, fold, "out_of_fold", material))
        for left in left_out:
            link = left.link[name]
            fold = [f"without {left.centre}"] * len(left.rows)
            parts.append(_lines(name, left.rows, link, 0, fold, "left_out_centre", material))
    return pd.concat(parts, ignore_index=True)


def _lines(
    name: str, rows: NDArray[np.int64], link: Link, repeat: int, fold: Sequence[str], kind: str, material: Material
) -> pd.DataFrame:
    target, patients = material.target, material.patients
    said = read_link(link, target.task, material.grid, link[:, None])
    parts: dict[str, Any] = {
        "model": name,
        "patient": patients.position[patients.of_row[rows]],
        "row": target.rows[rows],
        "repeat": repeat,
        "fold": fold,
        "centre": material.row_centre[rows],
    }
    y = target.y[rows]
    if target.task in SURVIVAL_TASKS:
        parts |= {"time": y["time"], "event": y["event"]}
    else:
        parts["truth"] = y if target.task == "regression" else [target.classes[int(c)] for c in y]
    outputs = next(x for x in (said.probability, said.value, said.risk) if x is not None)
    columns = np.reshape(outputs, (len(rows), -1))
    parts |= {
        column: columns[:, j]
        for j, column in enumerate(output_names(target.task, target.classes, target.positive, target.horizons))
    }
    return pd.DataFrame({**parts, "kind": kind})
