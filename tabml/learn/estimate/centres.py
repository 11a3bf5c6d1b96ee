"""Each centre left out once: how the whole procedure does where it has never been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import StudyConfig
from tabml.core.findings import Finding, finding
from tabml.core.progress import Report
from tabml.core.target import SURVIVAL_TASKS
from tabml.learn.budget import Remaining
from tabml.learn.calibrate import Teacher
from tabml.learn.contenders import choosers
from tabml.learn.ensemble import Decision, Field, blend_links, decide
from tabml.learn.executor import Executor
from tabml.learn.folds import gather, run_folds
from tabml.learn.loss import Floats, Link, loss_rule
from tabml.learn.material import Material
from tabml.learn.patients import effective_events
from tabml.learn.plan import CentrePlan
from tabml.learn.trial import FoldResult
from tabml.learn.trials import Trial, field_of

MOST_CENTRES_TO_RESELECT = 5
FEW = 10  # of either class: such a centre is shown and not pooled


@dataclass(frozen=True)
class LeftOut:
    """One centre, predicted by models of the others: links by model name, on the centre's `rows`.

    `reselected`: candidate and calibration were chosen without the centre too; else by out-of-fold predictions of the
    other centres, made by models that had it among their training patients.
    """

    centre: str
    rows: NDArray[np.int64]
    raw: Mapping[str, Link]
    link: Mapping[str, Link]
    events: int
    others: int
    few: bool
    one_class: bool
    reselected: bool = True


def leave_centres_out(
    material: Material,
    plan: CentrePlan,
    trials: Sequence[Trial],
    main: Field,
    lesson: Teacher,
    config: StudyConfig,
    executor: Executor,
    *,
    progress: Report,
    remaining: Remaining,
) -> tuple[tuple[LeftOut, ...], tuple[Finding, ...]]:
    """Choose, refit and calibrate on all centres but one, and predict that one; the centre is no predictor.

    With inner folds the whole portfolio is chosen from again; above five centres the choice rests on the study's own
    out-of-fold predictions, and each result says so.
    """
    configs = [t.config for t in trials if t.stage < 2 or not plan.inner]
    # all folds of a centre together: where time runs out, the centres before it stand
    folds = [f for outer in plan.outer.folds for f in (outer, *plan.inner.get(str(outer.centre), ()))]
    results = run_folds(
        material, plan.outer, folds, configs, executor, progress=progress, remaining=remaining, stage="centres"
    )
    out: list[LeftOut] = []
    findings: list[Finding] = []
    for fold in plan.outer.folds:
        centre = str(fold.centre)
        outer = {c.config_id: results[fold.fold_id, c.config_id] for c in configs}
        if any(r is None for r in outer.values()):
            findings.append(finding("TB208", f"{centre} could not be left out in time", source=centre))
            continue
        rows = plan.outer.rows(fold.test)
        kept = [t for t in trials if t.config.config_id in outer and _worked(outer[t.config.config_id])]
        seen = np.ones(material.patients.n)
        seen[fold.test] = 0.0
        rule = main.rule
        if centre in plan.inner:
            inner = replace(plan.outer, folds=plan.inner[centre])
            rule = loss_rule(material.target, inner, material.grid)
            again = [gather(material, inner, inner.folds, t.config, results, rule, t.order, t.stage) for t in kept]
            kept = [t for t in again if t.status == "done"]
        if not kept:  # the time limit came before any model had all its inner folds
            findings.append(finding("TB208", f"{centre} could not be left out in time", source=centre))
            continue
        field = field_of(kept, rule)
        decision = decide(field, config.final.choice, seen[None, :])
        left = _predict_centre(field, decision, kept, outer, _lesson_of(lesson, seen, material), seen, rows, material)
        out.append(replace(_left_out(centre, rows, left, material), reselected=centre in plan.inner))
        findings += _one_class(out[-1])
    return tuple(out), tuple(findings)


def _worked(result: FoldResult | None) -> bool:
    return result is not None and result.link is not None


def _lesson_of(lesson: Teacher, seen: Floats, material: Material) -> Teacher:
    """The lesson with the events of the remaining centres only."""
    return replace(lesson, events=effective_events(material.patients, np.flatnonzero(seen)))


def _predict_centre(
    field: Field, decision: Decision, trials: Sequence[Trial], outer: Mapping[str, FoldResult | None], lesson: Teacher,
    seen: Floats, rows: NDArray[np.int64], material: Material,
) -> dict[str, tuple[Link, Link]]:  # fmt: skip
    """Raw and calibrated links of the centre's rows by every named model."""
    learnt = seen[material.patients.of_row]
    answers = {}
    for name, choose in choosers(field, trials).items():
        members = choose(decision)[0]
        parts = []
        for c in members:
            result = outer[trials[field.trial[c]].config.config_id]
            if result is not None and result.link is not None:
                parts.append(result.link[field.checkpoint[c]])
        raw = blend_links(np.stack(parts), field.task)
        inner = field.link(members)[0]
        calibrator = lesson.fit(np.nan_to_num(inner), learnt)
        answers[name] = (raw, raw if name == "null" else calibrator.apply(raw))
    return answers


def _left_out(
    centre: str, rows: NDArray[np.int64], links: Mapping[str, tuple[Link, Link]], material: Material
) -> LeftOut:
    patients = np.unique(material.patients.of_row[rows])
    outcome = material.patients.outcome[patients].astype(str)
    if material.task == "regression":
        events, others = len(patients), len(patients)
    elif material.task in SURVIVAL_TASKS or material.task == "binary":
        events, others = int((outcome == "1").sum()), int((outcome != "1").sum())
    else:
        counts = np.sort(np.unique(outcome, return_counts=True)[1])
        events, others = int(counts[-1]), int(counts[:-1].sum())
    survival = material.task in SURVIVAL_TASKS
    few = events < FEW or (others < FEW and not survival)
    one_class = events == 0 or (others == 0 and not survival)
    raw, link = ({n: pair[i] for n, pair in links.items()} for i in (0, 1))
    return LeftOut(centre, rows, raw, link, events, others, few, one_class)


def _one_class(left: LeftOut) -> list[Finding]:
    if not left.one_class:
        return []
    said = f"{left.centre}: {left.events} patients with the outcome, {left.others} without"
    return [finding("TB203", said, source=left.centre, count=left.events + left.others)]
