"""Small tables with a known signal, for laws: the first column raises the outcome, the rest is noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.target import SURVIVAL_TASKS, Task, survival

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """`X` (n, p) float32, `y` as in `Target.y`, and the true score `signal` (n,): higher, more likely or earlier."""

    X: NDArray[np.float32]
    y: NDArray[Any]
    signal: Floats


def signal_rows(task: Task, *, n: int = 120, p: int = 5, seed: int = 0, strength: float = 1.5) -> Rows:
    """Rows of one task; three classes for multiclass, about 40 % censored for survival, times in days."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)).astype(np.float32)
    signal = strength * X[:, 0].astype(np.float64)
    if task in SURVIVAL_TASKS:
        event_at, censored_at = 400 * rng.exponential(np.exp(-signal)), 700 * rng.exponential(size=n)
        time = np.ceil(np.minimum(event_at, censored_at)).clip(1)
        return Rows(X, survival(time, (event_at <= censored_at).astype(np.int64)), signal)
    if task == "regression":
        return Rows(X, 10 + signal + 0.5 * rng.normal(size=n), signal)
    latent = signal + rng.logistic(size=n)
    cuts = [0.0] if task == "binary" else [-1.0, 1.0]
    return Rows(X, np.digitize(latent, cuts).astype(np.int64), signal)


def concordance(link: Floats, y: NDArray[Any], task: Task) -> float:
    """Share of comparable pairs that `link` (n,) orders rightly, ties half: AUC, or Harrell's C for survival."""
    if task in SURVIVAL_TASKS:
        sooner = (y["event"] == 1)[:, None] & (y["time"][:, None] < y["time"][None, :])
    else:
        sooner = y[:, None] > y[None, :]
    ahead = np.sign(link[:, None] - link[None, :])
    return float(0.5 + 0.5 * ahead[sooner].mean())


def risk_score(link: NDArray[Any], task: Task) -> Floats:
    """One score (n,) of a link: for multiclass the log odds of the last class against the first."""
    return np.asarray(link[:, -1] - link[:, 0] if task == "multiclass" else link, dtype=np.float64)
