"""Why the final model says what it says: each patient explained by the fold that left them out, and the example patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tabml.core.errors import DependencyError
from tabml.core.findings import Finding, finding
from tabml.core.results import Example, Explanation
from tabml.core.splits import derive_seed
from tabml.core.target import SURVIVAL_TASKS, horizon_text

if TYPE_CHECKING:
    from tabml.explain.attribution import Attribution
    from tabml.learn.fit import LearnResult
    from tabml.learn.pipeline import FittedPipeline
    from tabml.learn.ship import FoldModel
    from tabml.study.known import Known

#: Rows explained at most; a picture of mean effects gains nothing from more, and time is the clinician's.
MAX_EXPLAINED = 2000
INEXACT = "read the pictures of reasons as approximate; predictions and their measures are not affected"


@dataclass(frozen=True)
class Reasons:
    """Explanations of the final model on held-out rows, and what could not be explained."""

    explanations: tuple[Explanation, ...]
    findings: tuple[Finding, ...]


def explain(known: Known, learned: LearnResult, *, remaining: Callable[[], float] = lambda: float("inf")) -> Reasons:
    """SHAP of the final model, each row by the fold that left it out; a failure is a finding, not a crash.

    `remaining` (seconds): folds that time does not reach are not explained, which is said too (TB208).
    """
    from tabml.explain.attribution import additivity_finding
    from tabml.explain.pipeline import HeldOut, explain_folds, explanation

    frame, patients = learned.material.frame, learned.material.patients
    folds = [
        HeldOut(m.final, m.train, rows)
        for m, rows in _explained_rows(learned.fold_models, len(frame), known.config.seed)
    ]  # fmt: skip
    if not folds:
        return Reasons((), (finding("TB310", "the time limit left no model of a fold to explain"),))
    try:
        rows, attribution = explain_folds(
            folds, frame, seed=derive_seed(known.config.seed, "explain"), enough=lambda: remaining() <= 0
        )
    except (ValueError, FloatingPointError, DependencyError, ImportError) as error:
        return Reasons((), (_unexplained(error),))
    shown = frame.iloc[rows].reset_index(drop=True)
    record = explanation(
        "final", attribution, shown, known.cohort.variables, patient=patients.of_row[rows],
        small_cell=known.config.privacy.small_cell, examples=_examples(known, learned, rows, attribution),
    )  # fmt: skip
    missed = additivity_finding(attribution, "the final model")
    said = [replace(missed, remedy=INEXACT)] if missed is not None else []
    whole = sum(len(f.rows) for f in folds)
    if len(rows) < whole:
        said.append(finding("TB208", f"reasons are shown of {len(rows)} of {whole} rows", count=whole - len(rows)))
    return Reasons((record,), tuple(said))


def _unexplained(error: Exception) -> Finding:
    """TB310 with what helps: the library that is missing, else that only the explanation is."""
    if isinstance(error, DependencyError):
        return finding("TB310", f"the final model could not be explained: {error.what}", remedy=error.hint)
    return finding("TB310", f"the final model could not be explained ({type(error).__name__})")


def _explained_rows(models: Sequence[FoldModel], n_rows: int, seed: int) -> list[tuple[FoldModel, np.ndarray]]:
    """Each row once, at most MAX_EXPLAINED in all; a nested plan tests a row in several roles: its first is taken."""
    chosen = np.ones(n_rows, dtype=bool)
    if n_rows > MAX_EXPLAINED:
        chosen[:] = False
        chosen[np.random.default_rng(derive_seed(seed, "explained")).permutation(n_rows)[:MAX_EXPLAINED]] = True
    out = []
    for model in models:
        rows = model.rows[chosen[model.rows]]
        chosen[rows] = False
        if len(rows):
            out.append((model, rows))
    return out


def _examples(known: Known, learned: LearnResult, rows: np.ndarray, attribution: Attribution) -> tuple[Example, ...]:
    """The patients a local report tells about."""
    from tabml.explain.overview import contributions
    from tabml.explain.pipeline import example_positions, imputed_values

    frame, target = learned.material.frame, known.target
    last = attribution.phi.shape[1] - 1
    pseudonyms = known.cohort.rows["pseudonym"].to_numpy()
    examples = []
    for position in example_positions(attribution, cls=last)[: known.config.report.example_patients]:
        row = int(rows[position])
        model = next(m.final for m in learned.fold_models if row in m.rows)
        prep = next((m.prep for m in model.members if m.prep.recipe.complete), None)  # what this model imputes
        cls = int(attribution.link[position].argmax()) if last else 0  # of several classes: the predicted one
        parts = contributions(
            attribution, position, {str(k): v for k, v in frame.iloc[row].items()}, known.cohort.variables, cls=cls,
            imputed=imputed_values(prep) if prep is not None else None,
        )  # fmt: skip
        examples.append(
            Example(
                pseudonym=str(pseudonyms[target.rows[row]]),
                predicted=_predicted(model, learned, row), observed=_observed(known, row),
                base=float(attribution.base[position, cls]), link=float(attribution.link[position, cls]),
                contributions=parts,
                note=f"The parts are those of the class {target.class_labels[cls]}." if target.task == "multiclass" else "",
            )
        )  # fmt: skip
    return tuple(examples)


def _predicted(model: FittedPipeline, learned: LearnResult, row: int) -> str:
    said = model.predict(learned.material.frame.iloc[[row]])
    target = learned.material.target
    if said.value is not None:
        return f"{said.value[0]:.3g}" + (f" {target.unit}" if target.unit else "")
    if said.risk is not None:
        return f"{100 * said.risk[0, -1]:.0f} % by {horizon_text(target.horizons[-1])}"
    p = np.atleast_1d(np.asarray(said.probability)[0])
    if target.task == "binary":
        return f"{100 * p[0]:.0f} %"
    return f"{target.class_labels[int(p.argmax())]} ({100 * p.max():.0f} %)"


def _observed(known: Known, row: int) -> str:
    target = known.target
    y = target.y[row]
    if target.task in SURVIVAL_TASKS:
        return f"{'event' if y['event'] else 'no event'} at {y['time']:.0f} days"
    if target.task == "regression":
        return f"{y:.4g}" + (f" {target.unit}" if target.unit else "")
    return target.class_labels[int(y)]
