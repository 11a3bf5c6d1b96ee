"""Rotating nested cross-validation: every test fold is predicted by models chosen without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import StudyConfig
from tabml.core.splits import SplitPlan
from tabml.learn.calibrate import Teacher
from tabml.learn.contenders import choosers
from tabml.learn.ensemble import blend_links, decide
from tabml.learn.loss import Floats, Link, LossRule
from tabml.learn.trials import Trial, field_of


@dataclass(frozen=True)
class Outer:
    """Outer predictions of one model: raw and calibrated links (n, ...), and the fold of each row."""

    raw: Link
    link: Link
    fold: NDArray[np.int64]


def nested(
    trials: Sequence[Trial], plan: SplitPlan, rule: LossRule, lesson: Teacher, config: StudyConfig
) -> dict[str, Outer]:
    """Rotating nested CV: for each test fold the choice is made on the other folds, by models that never saw it.

    In repeat r the rows of fold t stand predicted by the model that saw neither t nor its validation fold. Read the
    other way round it is that model's answer on validation, so 10 fits fill 20 roles. The test prediction is the
    mean link of the four pair models.
    """
    tests = {f.test.tobytes(): f.test for f in plan.folds}
    number = {key: i for i, key in enumerate(tests)}
    role = {(number[f.test.tobytes()], number[f.validation.tobytes()]): f.repeat for f in plan.folds}
    rows = [plan.rows(test) for test in tests.values()]
    out: dict[str, Outer] = {}
    for t, here in enumerate(rows):
        repeat = np.zeros(len(plan.patient_of_row), dtype=np.int64)
        for v, there in enumerate(rows):
            if v != t:
                repeat[there] = role[v, t]  # tested as v by the model that also left t out
        seen = np.ones(plan.n_patients)
        seen[plan.patient_of_row[here]] = 0.0
        field = field_of([_validated(trial, rule, repeat, here, seen) for trial in trials], _at_repeat(rule, repeat))
        decision = decide(field, config.final.choice, seen[None, :])
        for name, choose in choosers(field, trials).items():
            members = choose(decision)[0]
            validation = field.link(members)[0]
            learnt = seen[plan.patient_of_row]
            calibrator = lesson.fit(np.nan_to_num(validation), learnt)
            tests_of = [trials[field.trial[c]].link for c in members]
            means = [x[:, field.checkpoint[c]][:, here].mean(axis=0) for x, c in zip(tests_of, members, strict=True) if x is not None]  # fmt: skip
            raw = blend_links(np.stack(means), rule.task)
            held = out.setdefault(name, _empty(len(plan.patient_of_row), raw.shape[1:]))
            held.raw[here] = raw
            held.link[here] = raw if name == "null" else calibrator.apply(raw)
            held.fold[here] = t
    return out


def _validated(trial: Trial, rule: LossRule, repeat: NDArray[np.int64], here: NDArray[np.int64], seen: Floats) -> Trial:
    """The trial as one repeat: each row by the model that left the outer test fold out too."""
    if trial.link is None or trial.losses is None:
        raise ValueError("a failed trial has no predictions")
    row = np.arange(len(repeat))
    link = np.moveaxis(trial.link[repeat, :, row], 0, 1)[None].copy()
    link[:, :, here] = np.nan
    of_patient = np.zeros(rule.n_patients, dtype=np.int64)
    of_patient[rule.patient] = repeat
    losses = np.moveaxis(trial.losses[of_patient, :, np.arange(rule.n_patients)], 0, 1)[None].copy()
    losses[:, :, seen == 0] = np.nan
    return replace(trial, link=link, losses=losses)


def _at_repeat(rule: LossRule, repeat: NDArray[np.int64]) -> LossRule:
    if rule.grid is None:
        return rule
    return replace(rule, weights=rule.weights[repeat, np.arange(len(repeat))][None])


def _empty(n: int, shape: tuple[int, ...]) -> Outer:
    return Outer(np.full((n, *shape), np.nan), np.full((n, *shape), np.nan), np.full(n, -1, dtype=np.int64))
