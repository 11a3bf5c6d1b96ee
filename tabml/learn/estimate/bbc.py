"""BBC-CV: the choice made again on drawn patients and judged on those left out.

Tsamardinos, Greasidou, Borboudakis 2018, Machine Learning 107:1895. Drawn are patients; made again is the whole
choice: candidate and checkpoints of the blend. No model is fitted: out-of-fold links are enough. Calibration stays
cross-fitted over the folds, as in every reported prediction: it has not seen the patient it is applied to, so there is
no winner to correct. Learnt on the drawn and judged on the others it would look worse than it is, for the more events
are drawn, the fewer are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import StudyConfig
from tabml.core.errors import DataError
from tabml.core.findings import Finding, finding
from tabml.core.labels import LOSS_LABELS
from tabml.core.progress import Progress, Report, silent
from tabml.core.results import VerdictCode
from tabml.core.splits import derive_seed
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.learn.budget import Remaining, forever
from tabml.learn.calibrate import Teacher, cross_fit
from tabml.learn.contenders import Chooser
from tabml.learn.ensemble import Field, Members, decide
from tabml.learn.executor import Executor
from tabml.learn.judge import Ask, Judge
from tabml.learn.loss import Floats, Link, LossRule
from tabml.learn.material import Material
from tabml.learn.trial import LOST_WORKER, Worker
from tabml.metrics.intervals import Resamples, bootstrap_counts, z_of

#: Given the data an out-of-bag mean varies by SE^2 (1/.368 - 1), so its quantiles are 1.31 times too wide.
SHRINK = 0.763
MOST_SKIPPED = 0.05
LEAST_RESAMPLES, MOST_CELLS = 200, 5_000_000


def affordable(resamples: int, patients: int, repeats: int) -> int:
    """Resamples asked for, fewer (200 at least) where each costs much: many repeats, many patients."""
    return min(resamples, max(LEAST_RESAMPLES, min(resamples // repeats, MOST_CELLS // patients)))


def patient_weights(material: Material, resamples: int, *name: str) -> Resamples:
    """Bootstrap counts of patients (B, N); one matrix serves every metric.

    Patients are drawn as they came, not inside outcome strata: PPV, Brier score and net benefit depend on how many
    had the event, and the next cohort will have another number of them. A draw from which nothing can be learnt (one
    class, no event) or that leaves nobody out is made again.
    """
    patients = material.patients
    held = contrast(patients.outcome, material.task)
    return bootstrap_counts(
        np.arange(patients.n), resamples=resamples, seed=derive_seed(material.seed, *name),
        usable=lambda counts: held(counts) and not counts.all(),
    )  # fmt: skip


def contrast(outcome: NDArray[np.object_], task: Task) -> Callable[[NDArray[np.int32]], bool]:
    """Whether drawn patients (counts, one per label of `outcome`) hold what a metric compares: two classes, an event."""
    label = np.unique(outcome.astype(str), return_inverse=True)[1]
    if task == "regression":
        return lambda counts: bool(counts.any())
    if task in SURVIVAL_TASKS:
        event = outcome.astype(str) == "1"
        return lambda counts: bool(counts[event].any())
    return lambda counts: len(np.unique(label[counts > 0])) > 1


@dataclass(frozen=True)
class Corrected:
    """Out-of-bag draws of one model: each metric (B,), and the loss per left-out patient (B,)."""

    draws: Mapping[Ask, Floats]
    loss: Floats


@dataclass(frozen=True)
class OutOfBagTask:
    """All draws of one named model: groups of draws that chose the same candidates, with the link they share.

    `rows`: numbers of the draws of each group; `raw`: the group's link (R, n, ...); `weights` (B, N): patient counts.
    """

    asks: tuple[Ask, ...]
    rows: tuple[NDArray[np.int64], ...]
    raw: tuple[Link, ...]
    folds: NDArray[np.int64]
    weights: NDArray[np.int32]
    lesson: Teacher
    rule: LossRule
    calibrate: bool

    def run(self, worker: Worker) -> tuple[Corrected]:
        judge = Judge.of(worker.material)
        draws = {a: np.full(len(self.weights), np.nan) for a in self.asks}
        loss = np.full(len(self.weights), np.nan)
        for rows, raw in zip(self.rows, self.raw, strict=True):
            link = self._calibrated(raw)
            outside = self.weights[rows] == 0
            found = [
                judge.draws(
                    self.asks, outside[:, judge.patient].astype(float), raw[r], lambda i, at=link[r]: at,  # type: ignore[misc]
                    number=rows, fold=self.folds[r],
                )
                for r in range(len(self.folds))
            ]  # fmt: skip
            for ask in self.asks:
                draws[ask][rows] = np.mean([f[ask] for f in found], axis=0)
            patients = self.rule(link).mean(axis=0)
            loss[rows] = [patients[out].mean() for out in outside]
        return (Corrected(draws, loss),)

    def _calibrated(self, raw: Link) -> Link:
        return (
            np.stack([cross_fit(self.lesson, x, f) for x, f in zip(raw, self.folds, strict=True)])
            if self.calibrate
            else raw
        )

    def parts(self) -> tuple[OutOfBagTask, ...]:
        return (self,)

    def lost(self) -> tuple[Corrected]:
        raise DataError(f"the estimate cannot be made: {LOST_WORKER}", hint="fewer workers, or more memory")


def bias_corrected(
    field: Field,
    models: Mapping[str, Chooser],
    asks: Mapping[str, Sequence[Ask]],
    lesson: Teacher,
    folds: NDArray[np.int64],
    config: StudyConfig,
    weights: NDArray[np.int32],
    executor: Executor,
    progress: Report = silent,
    remaining: Remaining = forever,
) -> dict[str, Corrected]:
    """BBC-CV of every named model. `folds` (R, n) says in which fold a row was tested; `weights` (B, N) are the draws.

    A model that the time limit cuts off is left out.

    The null model is not calibrated: there is nothing to learn from a constant.
    """
    decision = decide(field, config.final.choice, weights.astype(float))
    tasks = []
    for name, choose in models.items():
        groups: dict[Members, list[int]] = {}
        for b, members in enumerate(choose(decision)):
            groups.setdefault(members, []).append(b)
        rows = tuple(np.array(groups[m], dtype=np.int64) for m in sorted(groups))
        raw = tuple(field.link(m) for m in sorted(groups))
        tasks.append(OutOfBagTask(tuple(asks[name]), rows, raw, folds, weights, lesson, field.rule, name != "null"))
    done = lambda n: progress(Progress("estimates", n, len(tasks)))  # noqa: E731
    answers = executor.run(tasks, done=done, remaining=remaining)
    return {name: answer[0] for name, answer in zip(models, answers, strict=True) if answer is not None}


@dataclass(frozen=True)
class Gain:
    """Loss saved against a reference: its mean on unseen patients, and the standard error of it over patients."""

    mean: float
    se: float

    @classmethod
    def of(cls, difference: Floats, mean: float | None = None) -> Gain:
        """From loss(reference) - loss(final) of each patient (N,), cross-fitted; `mean` where a corrected one is known."""
        se = float(difference.std(ddof=1) / math.sqrt(len(difference)))
        return cls(float(difference.mean()) if mean is None else mean, se)

    @property
    def lower(self) -> float:
        """One-sided 95 % lower bound."""
        return self.mean - z_of(0.90) * self.se


REFERENCES: tuple[tuple[str, VerdictCode, str, str], ...] = (
    ("null", "no_signal", "TB240", "giving everyone the same answer"),
    ("age_sex", "not_better", "TB230", "age and sex"),
)


def verdict(gains: Mapping[str, Gain], task: Task = "binary") -> tuple[VerdictCode, tuple[Finding, ...]]:
    """The code of the verdict, by the loss of unseen patients.

    Useful means that the one-sided 95 % lower bound of the gain is above 0 for every reference. The mean comes from
    patients outside each draw, so it pays for the choice; the standard error from the paired differences of all
    patients, for the draws themselves also vary because each learns calibration on fewer patients.
    """
    for name, word, code, title in REFERENCES:
        if name not in gains:
            continue
        gain = gains[name]
        if not gain.lower > 0:
            return word, (finding(code, _not_beaten(gain, title, LOSS_LABELS[task])),)
    return "useful", ()


def _not_beaten(gain: Gain, title: str, loss: str) -> str:
    """How far the mean loss of unseen patients lies from that of a simpler answer, and how it may truly lie."""
    if not gain.mean > 0:
        return f"on unseen patients the {loss} of the model is {-gain.mean:.3g} higher than that of {title}"
    return (
        f"on unseen patients the {loss} of the model is {gain.mean:.3g} lower than that of {title}, "
        f"but that may be chance: in truth it may be {-gain.lower:.3g} higher (one-sided 95 % bound)"
    )
