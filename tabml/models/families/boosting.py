"""Gradient boosting by XGBoost: its own ubj file for the trees, our prior and baseline beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core import hazard
from tabml.core.spec import Array, Scores, State
from tabml.core.target import SURVIVAL_TASKS, Task

Floats = NDArray[np.float64]
OBJECTIVES: dict[Task, str] = {
    "binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror",
    "survival": "survival:cox",
}  # fmt: skip
#: XGBoost's own start on the response scale, chosen so that it adds nothing to the margin.
NO_BASE: dict[Task, float] = {"binary": 0.5, "multiclass": 0.0, "regression": 0.0, "survival": 1.0}


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted booster read at rounds `checkpoints`: margin = `offset` (K,) + sum of its trees.

    The offset is the prior: logit of the prevalence, log shares, mean, or 0. Trees are summed up to each round
    of `segments`, of which `checkpoints` are the ones reported. Survival models also hold `times` (T,) in days
    and the cumulative baseline hazard on it at each checkpoint, `baseline` (L, T).
    """

    task: Task
    booster: Any
    offset: Floats
    checkpoints: tuple[float, ...]
    segments: tuple[int, ...]
    times: Floats | None = None
    baseline: Floats | None = None

    def predict(self, X: Array) -> Scores:
        return self.predict_path(X)[-1]

    def predict_path(self, X: Array) -> list[Scores]:
        return [self._scores(margin, j) for j, margin in enumerate(self.margins(X))]

    def margins(self, X: Array) -> list[Floats]:
        """Margins (n, K) at each checkpoint: every tree is visited once, and its part added to what came before."""
        import xgboost

        data = xgboost.DMatrix(np.asarray(X, dtype=np.float32), nthread=1)
        total, start, margins = np.tile(self.offset, (len(X), 1)), 0, []
        for end in self.segments:
            part = self.booster.predict(data, output_margin=True, iteration_range=(start, end))
            total = total + part.astype(np.float64).reshape(total.shape)
            start = end
            if end in self.checkpoints:
                margins.append(total)
        return margins

    def contributions(self, X: Array) -> Floats:
        """Exact SHAP values on the margin at the last checkpoint: (n, K, p + 1), the last column the bias."""
        import xgboost

        data = xgboost.DMatrix(np.asarray(X, dtype=np.float32), nthread=1)
        rounds = (0, int(self.checkpoints[-1]))
        parts = self.booster.predict(data, pred_contribs=True, iteration_range=rounds).astype(np.float64)
        parts = parts.reshape(len(X), len(self.offset), -1)
        parts[:, :, -1] += self.offset
        return np.asarray(parts)

    def at(self, checkpoint: float) -> BoostedTrees:
        """The same booster, its first `checkpoint` rounds only."""
        j = self.checkpoints.index(checkpoint)
        baseline = None if self.baseline is None else self.baseline[j : j + 1]
        return replace(self, booster=self.booster[: int(checkpoint)], checkpoints=(checkpoint,), baseline=baseline,
                       segments=tuple(s for s in self.segments if s <= checkpoint))  # fmt: skip

    def dump(self) -> State:
        arrays = {"offset": self.offset}
        if self.times is not None and self.baseline is not None:
            arrays |= {"times": self.times, "baseline": self.baseline}
        files = {"booster.ubj": bytes(self.booster.save_raw("ubj"))}
        body = {"task": self.task, "checkpoints": list(self.checkpoints), "segments": list(self.segments)}
        return State(body, arrays, files)

    @classmethod
    def restore(cls, state: State) -> BoostedTrees:
        import xgboost

        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(state.files["booster.ubj"]))
        body = state.json
        return cls(body["task"], booster, state.arrays["offset"], tuple(body["checkpoints"]), tuple(body["segments"]),
                   state.arrays.get("times"), state.arrays.get("baseline"))  # fmt: skip

    def _scores(self, margin: Floats, j: int) -> Scores:
        if self.task == "multiclass":
            return Scores(margin - np.logaddexp.reduce(margin, axis=1, keepdims=True))
        link = margin[:, 0]
        if self.times is None or self.baseline is None:
            return Scores(link)
        return Scores(link, self.times, hazard.proportional_survival(self.baseline[j], link))


@dataclass(frozen=True)
class BoostedLearner:
    """Fits `BoostedTrees`. `parameters` are XGBoost's; `min_child_weight` is resolved from E unless it is there."""

    task: Task
    seed: int
    checkpoints: tuple[int, ...]
    parameters: Mapping[str, float] = field(default_factory=dict)
    n_classes: int | None = None
    times: Array | None = None

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> BoostedTrees:
        import xgboost

        case = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        offset = self._offset(y, case)
        margin = np.tile(offset, (len(y), 1)) if self.task == "multiclass" else np.full(len(y), offset[0])
        data = xgboost.QuantileDMatrix(np.asarray(X, dtype=np.float32), self._label(y), weight=weight,
                                       base_margin=margin, nthread=1)  # fmt: skip
        booster = xgboost.Booster(self._parameters(y, case), [data])
        own = cox_gradient(y, case) if self.task in SURVIVAL_TASKS and weight is not None else None
        for i in range(self.checkpoints[-1]):
            booster.update(data, i, own)
        marks = tuple(float(c) for c in self.checkpoints)
        fitted = BoostedTrees(self.task, booster, offset, marks, self.checkpoints)
        if self.task not in SURVIVAL_TASKS or self.times is None:
            return fitted
        times = np.asarray(self.times, dtype=np.float64)
        event = y["event"] == 1
        baseline = [
            hazard.baseline_hazard(y["time"], event, m[:, 0], entry=y["entry"], weight=case).at(times)
            for m in fitted.margins(X)
        ]
        return replace(fitted, times=times, baseline=np.array(baseline))

    def _parameters(self, y: NDArray[Any], case: Floats | None = None) -> dict[str, Any]:
        fixed = {"objective": OBJECTIVES[self.task], "base_score": NO_BASE[self.task], "tree_method": "hist",
                 "nthread": 1, "seed": self.seed, "verbosity": 0}  # fmt: skip
        if self.task == "multiclass":
            fixed["num_class"] = self.n_classes
        return {"min_child_weight": max(1.0, effective_events(y, self.task, case) / 50), **self.parameters, **fixed}

    def _offset(self, y: NDArray[Any], case: Floats) -> Floats:
        if self.task in SURVIVAL_TASKS:
            return np.zeros(1)
        if self.task == "regression":
            return np.array([np.average(y.astype(np.float64), weights=case)])
        counts = np.maximum(np.bincount(y.astype(np.int64), case, minlength=self.n_classes or 2), 0.5)
        share = np.log(counts / counts.sum())
        return np.asarray(share if self.task == "multiclass" else share[1:] - share[:1])

    def _label(self, y: NDArray[Any]) -> NDArray[np.float32]:
        if self.task not in SURVIVAL_TASKS:
            return y.astype(np.float32)
        # survival:cox reads a negative time as censored, so 0 cannot be coded; it uses the order alone
        rank = np.unique(y["time"], return_inverse=True)[1] + 1
        return np.where(y["event"] == 1, rank, -rank).astype(np.float32)


def cox_gradient(y: NDArray[Any], case: Floats) -> Callable[[Floats, Any], tuple[Floats, Floats]]:
    """Gradient and curvature of Cox's partial likelihood in the margins, as XGBoost's own (Breslow) but weighted.

    XGBoost's multiplies rows by their weight and leaves the risk sets unweighted: a patient of 100 rows would stand
    in them 100 times.
    """
    order = np.argsort(y["time"], kind="stable")
    time, event, w = y["time"][order], (y["event"][order] == 1).astype(np.float64), case[order]
    times, place = np.unique(time, return_inverse=True)
    starts = np.searchsorted(time, times, side="left")
    died = np.bincount(place, w * event, len(times))

    def gradient(margin: Floats, data: Any) -> tuple[Floats, Floats]:
        relative = np.exp(np.asarray(margin, dtype=np.float64).ravel()[order] - float(np.max(margin)))
        at_risk = np.cumsum((w * relative)[::-1])[::-1][starts]
        met, squared = np.cumsum(died / at_risk)[place], np.cumsum(died / at_risk**2)[place]
        first, second = np.empty(len(order)), np.empty(len(order))
        first[order] = w * (relative * met - event)
        second[order] = w * (relative * met - relative**2 * squared)
        return first, second

    return gradient


def effective_events(y: NDArray[Any], task: Task, case: Floats | None = None) -> float:
    """Weight of the smaller class, of the events, or for regression of all: what a fit has to learn from."""
    case = np.ones(len(y)) if case is None else case
    if task in SURVIVAL_TASKS:
        return float(case[y["event"] == 1].sum())
    if task == "regression":
        return float(case.sum())
    return min(float(case[y == k].sum()) for k in np.unique(y))
