"""Neural nets along their epochs: what a trained batch of members predicts, and its safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import DependencyError
from tabml.core.spec import Array, Scores, State
from tabml.core.target import Task
from tabml.nets.mlp import Loss, Nets, Training, train

Floats = NDArray[np.float64]
LOSSES: dict[Task, Loss] = {"binary": "logistic", "multiclass": "softmax", "regression": "squared"}
WEIGHTS = ("w1", "b1", "w2", "b2")


@dataclass(frozen=True)
class NeuralPath:
    """Members after each epoch of `checkpoints`; regression outputs are `centre + scale * output`."""

    task: Task
    members: tuple[Nets, ...]
    checkpoints: tuple[float, ...]
    centre: float = 0.0
    scale: float = 1.0

    def predict(self, X: Array) -> Scores:
        return self._scores(X, self.members[-1])

    def predict_path(self, X: Array) -> list[Scores]:
        return [self._scores(X, m) for m in self.members]

    def at(self, checkpoint: float) -> NeuralPath:
        """The same nets after one epoch only."""
        j = self.checkpoints.index(checkpoint)
        return replace(self, members=self.members[j : j + 1], checkpoints=(checkpoint,))

    def dump(self) -> State:
        tensors = {f"{j}.{w}": getattr(m, w) for j, m in enumerate(self.members) for w in WEIGHTS}
        body = {"task": self.task, "checkpoints": list(self.checkpoints), "centre": self.centre, "scale": self.scale}
        return State(body, files={"members.safetensors": _safetensors().save(tensors)})

    @classmethod
    def restore(cls, state: State) -> NeuralPath:
        body, tensors = state.json, _safetensors().load(state.files["members.safetensors"])
        members = tuple(Nets(*(tensors[f"{j}.{w}"] for w in WEIGHTS)) for j in range(len(body["checkpoints"])))
        return cls(body["task"], members, tuple(body["checkpoints"]), body["centre"], body["scale"])

    def _scores(self, X: Array, members: Nets) -> Scores:
        outputs = members.outputs(X)
        if self.task == "multiclass":
            return Scores(outputs - np.logaddexp.reduce(outputs, axis=1, keepdims=True))
        return Scores(self.centre + self.scale * outputs[:, 0])


@dataclass(frozen=True)
class NeuralLearner:
    """Fits a `NeuralPath`; `hidden` None: 64 units, from 1000 rows 128."""

    task: Task
    seed: int
    checkpoints: tuple[int, ...]
    settings: Mapping[str, Any]
    hidden: int | None = None
    n_classes: int | None = None

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> NeuralPath:
        case = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        hidden = self.hidden or (64 if len(X) < 1000 else 128)
        training = Training(LOSSES[self.task], hidden=hidden, epochs=self.checkpoints[-1], **self.settings)
        centre, scale, outcome, prior = self._outcome(y, case)
        members = train(np.asarray(X, dtype=np.float32), outcome, training, checkpoints=self.checkpoints, prior=prior,
                        seed=self.seed, weight=weight)  # fmt: skip
        return NeuralPath(self.task, tuple(members), tuple(float(c) for c in self.checkpoints), centre, scale)

    def _outcome(self, y: NDArray[Any], case: Floats) -> tuple[float, float, NDArray[Any], Floats]:
        """Centre, scale, what the nets learn, and the outputs they start from."""
        if self.task == "regression":
            centre = float(np.average(y, weights=case))
            scale = float(np.sqrt(np.average((y - centre) ** 2, weights=case))) or 1.0
            return centre, scale, (y - centre) / scale, np.zeros(1)
        counts = np.maximum(np.bincount(y.astype(np.int64), case, minlength=self.n_classes or 2), 0.5)
        share = np.log(counts / counts.sum())
        return 0.0, 1.0, y, share if self.task == "multiclass" else share[1:] - share[:1]


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise DependencyError("this model needs safetensors", hint="pip install 'tabml[nn]'") from None
    return safetensors.numpy
