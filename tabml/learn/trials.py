"""Trials: what each configuration did on all folds, and the field of candidates they make for the choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.core.findings import Finding
from tabml.core.spec import Configuration
from tabml.learn.ensemble import BLEND, Field
from tabml.learn.loss import Floats, Link, LossRule

Status = Literal["done", "failed", "skipped"]


@dataclass(frozen=True)
class Trial:
    """One configuration on all folds.

    `link` (R, C, n, ...): out-of-fold links by repeat and checkpoint; `losses` (R, C, N): loss per patient. Both
    None unless `done`; then `failure` says why. A checkpoint that lost a prediction holds NaN.
    """

    order: int
    config: Configuration
    stage: int
    status: Status
    family: str
    simplicity: int
    checkpoints: tuple[float | None, ...] = ()
    link: Link | None = None
    losses: Floats | None = None
    failure: str | None = None
    saved: bool = True
    """Whether its fitted models have a saved form; without one it is scored and never chosen."""

    @property
    def loss(self) -> Floats:
        """Loss per checkpoint and patient (C, N), the mean over repeats."""
        if self.losses is None:
            raise ValueError(f"trial {self.order} has no score")
        return np.asarray(self.losses.mean(axis=0))

    @property
    def curve(self) -> Floats:
        """Mean loss at each checkpoint (C,); infinite where it lost a prediction."""
        mean = self.loss.mean(axis=1)
        return np.where(np.isfinite(mean), mean, np.inf)

    @property
    def best(self) -> int:
        """Place of the checkpoint of least mean loss."""
        return int(self.curve.argmin())


@dataclass(frozen=True)
class SearchResult:
    """All trials in order, and the losses' rule on this plan."""

    trials: tuple[Trial, ...]
    rule: LossRule
    findings: tuple[Finding, ...]
    truncated: bool = False

    @property
    def done(self) -> tuple[Trial, ...]:
        return tuple(t for t in self.trials if t.status == "done")


def mean_loss(trial: Trial) -> tuple[float, float]:
    """Least mean loss of a trial and its standard error over patients."""
    loss: NDArray[np.float64] = trial.loss[trial.best]
    return float(loss.mean()), float(loss.std() / math.sqrt(len(loss)))


def field_of(trials: Sequence[Trial], rule: LossRule) -> Field:
    """All candidates of the finished trials, for selection; `trial` counts finished trials only."""
    rows = [(i, c) for i, t in enumerate(trials) for c in range(len(t.checkpoints))]
    names = BLEND.get(rule.task, ())
    first = {t.config.model: i for i, t in reversed(list(enumerate(trials))) if t.config.origin != "tpe"}
    return Field(
        task=rule.task,
        loss=np.concatenate([t.loss for t in trials]),
        simplicity=np.array([trials[i].simplicity for i, _ in rows], dtype=np.int64),
        trial=np.array([i for i, _ in rows], dtype=np.int64),
        checkpoint=np.array([c for _, c in rows], dtype=np.int64),
        links=[t.link for t in trials if t.link is not None],
        blend=tuple(first[name] for name in names if name in first),
        rule=rule,
        barred=np.array([not trials[i].saved for i, _ in rows], dtype=bool),
    )
