"""Losses of the linear models: value, gradient and Hessian in the coefficients, summed over weighted rows.

GLM losses see `A` (n, p + 1), the columns with a last one of ones; the intercept is not penalised. Cox's
partial likelihood has none. Float64 throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tabml.core.hazard import tied_patients

Floats = NDArray[np.float64]


class Loss(Protocol):
    """What the paths in `_paths` minimise. `penalised` (size,) is false for intercepts."""

    @property
    def size(self) -> int: ...

    @property
    def penalised(self) -> NDArray[np.bool_]: ...

    def value(self, b: Floats) -> float: ...

    def derivatives(self, b: Floats) -> tuple[Floats, Floats]: ...


@dataclass(frozen=True)
class _OneOutcome:
    """Rows A (n, p + 1), the intercept last and unpenalised, with one outcome y (n,) each."""

    A: Floats
    y: Floats
    weight: Floats

    @property
    def size(self) -> int:
        return int(self.A.shape[1])

    @property
    def penalised(self) -> NDArray[np.bool_]:
        return np.arange(self.size) < self.size - 1


@dataclass(frozen=True)
class Gaussian(_OneOutcome):
    """Half the squared error."""

    def value(self, b: Floats) -> float:
        return 0.5 * float(self.weight @ (self.y - self.A @ b) ** 2)

    def derivatives(self, b: Floats) -> tuple[Floats, Floats]:
        return -self.A.T @ (self.weight * (self.y - self.A @ b)), self._gram

    @cached_property
    def _gram(self) -> Floats:
        return np.asarray(self.A.T @ (self.weight[:, None] * self.A))


@dataclass(frozen=True)
class Logistic(_OneOutcome):
    """Negative log-likelihood of 0/1 outcomes."""

    def value(self, b: Floats) -> float:
        eta = self.A @ b
        return float(self.weight @ (np.logaddexp(0.0, eta) - self.y * eta))

    def derivatives(self, b: Floats) -> tuple[Floats, Floats]:
        risk = 1.0 / (1.0 + np.exp(-np.clip(self.A @ b, -500, 500)))
        curvature = self.weight * risk * (1.0 - risk)
        return self.A.T @ (self.weight * (risk - self.y)), self.A.T @ (curvature[:, None] * self.A)


@dataclass(frozen=True)
class Multinomial:
    """Negative log-likelihood of class codes, one block of p + 1 coefficients per class (symmetric)."""

    A: Floats
    y: NDArray[np.int64]
    weight: Floats
    n_classes: int

    @property
    def size(self) -> int:
        return int(self.n_classes * self.A.shape[1])

    @property
    def penalised(self) -> NDArray[np.bool_]:
        columns = self.A.shape[1]
        return np.asarray(np.arange(self.size) % columns < columns - 1)

    def value(self, b: Floats) -> float:
        eta = self.A @ b.reshape(self.n_classes, -1).T
        top = eta.max(axis=1)
        normaliser = top + np.log(np.exp(eta - top[:, None]).sum(axis=1))
        return float(self.weight @ (normaliser - eta[np.arange(len(eta)), self.y]))

    def derivatives(self, b: Floats) -> tuple[Floats, Floats]:
        eta = self.A @ b.reshape(self.n_classes, -1).T
        share = np.exp(eta - eta.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        gradient = (self.weight[:, None] * (share - np.eye(self.n_classes)[self.y])).T @ self.A
        columns = self.A.shape[1]
        hessian = np.empty((self.n_classes, columns, self.n_classes, columns))
        for a in range(self.n_classes):
            for c in range(a + 1):
                curvature = self.weight * share[:, a] * ((a == c) - share[:, c])
                hessian[a, :, c, :] = hessian[c, :, a, :] = self.A.T @ (curvature[:, None] * self.A)
        return gradient.ravel(), hessian.reshape(self.size, self.size)


class Cox:
    """Negative log partial likelihood with Efron's treatment of ties; late entry where `y["entry"]` is set."""

    def __init__(self, X: Floats, y: NDArray[Any], weight: Floats) -> None:
        order = np.argsort(y["time"], kind="stable")
        self.X, self.weight = X[order], weight[order]
        time, entry, event = y["time"][order], y["entry"][order], (y["event"][order] == 1) & (weight[order] > 0)
        self.size = int(X.shape[1])
        self.penalised: NDArray[np.bool_] = np.ones(self.size, dtype=bool)
        times, block, rows = np.unique(time[event], return_inverse=True, return_counts=True)
        self._event = np.flatnonzero(event)
        self._block = block  # event time of each event
        self._starts = np.searchsorted(time, times, side="left")  # first row still at risk at each event time
        self._until = np.searchsorted(times, time, side="right")  # event times each row lives to see
        self._late = np.argsort(entry, kind="stable") if entry.any() else None
        self._skipped = np.searchsorted(times, entry, side="right") if entry.any() else None
        self._entered = np.searchsorted(np.sort(entry, kind="stable"), times, side="left")
        # Efron: at a time with d patients step l = 0...d-1 leaves out l/d of those who have the event
        mass = np.bincount(block, weights=self.weight[self._event], minlength=len(times))
        ties = tied_patients(rows, mass)
        self._step_block = np.repeat(np.arange(len(times)), ties)
        step = np.arange(len(self._step_block)) - np.repeat(np.cumsum(ties) - ties, ties)
        self._left_out = step / ties[self._step_block] if len(block) else np.zeros(0)
        self._mass = (mass / np.maximum(ties, 1))[self._step_block]
        self._n_times = len(times)

    def value(self, b: Floats) -> float:
        eta = self.X @ b
        shift = float(eta.max())
        relative = self.weight * np.exp(eta - shift)
        s0 = self._step_sums(relative[:, None])[:, 0]
        return float(self._mass @ (np.log(s0) + shift) - self.weight[self._event] @ eta[self._event])

    def derivatives(self, b: Floats) -> tuple[Floats, Floats]:
        eta = self.X @ b
        relative = self.weight * np.exp(eta - eta.max())
        s0 = self._step_sums(relative[:, None])[:, 0]
        share = relative * self._hazard(self._mass / s0)
        gradient = self.X.T @ share - self.X[self._event].T @ self.weight[self._event]
        means = self._step_sums(relative[:, None] * self.X) * (np.sqrt(self._mass) / s0)[:, None]
        return gradient, self.X.T @ (share[:, None] * self.X) - means.T @ means

    def _step_sums(self, mass: Floats) -> Floats:
        """Sums of `mass` (n, q) over the risk set of each Efron step: (steps, q)."""
        at_risk = _tail_sums(mass)[self._starts]
        if self._late is not None:
            at_risk = at_risk - _tail_sums(mass[self._late])[self._entered]
        tied = np.zeros((self._n_times, mass.shape[1]))
        np.add.at(tied, self._block, mass[self._event])
        return np.asarray(at_risk[self._step_block] - self._left_out[:, None] * tied[self._step_block])

    def _hazard(self, terms: Floats) -> Floats:
        """Cumulative hazard each row has met, its own tied steps counted only in part."""
        whole = np.concatenate([[0.0], np.cumsum(np.bincount(self._step_block, terms, self._n_times))])
        hazard = whole[self._until]
        if self._skipped is not None:
            hazard = hazard - whole[np.minimum(self._skipped, self._until)]
        spared = np.bincount(self._step_block, terms * self._left_out, self._n_times)
        hazard[self._event] -= spared[self._block]
        return np.asarray(hazard)


def _tail_sums(mass: Floats) -> Floats:
    """Sums of the rows from each row on, and 0 after the last: (n + 1, q)."""
    return np.concatenate([np.cumsum(mass[::-1], axis=0)[::-1], np.zeros((1, mass.shape[1]))])
