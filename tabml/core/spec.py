"""What a model is: its typed space, its needs, the scores it gives and the state it is saved as."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tabml.core.target import Task

Need = Literal["complete", "numeric", "scaled", "dense", "volumes"]
NEEDS: tuple[str, ...] = ("complete", "numeric", "scaled", "dense", "volumes")
Family = Literal["baseline", "linear", "tree", "forest", "boosting", "neural", "other"]
Array = NDArray[np.floating]


@dataclass(frozen=True)
class Float:
    """A number between low and high, drawn on a log scale where `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Int:
    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    options: tuple[Any, ...]


Space = Mapping[str, Float | Int | Choice]


@dataclass(frozen=True)
class Scores:
    """What a model says about n rows. Higher link always means: event more likely, or earlier.

    `link`: logit (n,) for binary, log-probabilities (n, K) for multiclass, the value (n,) for
    regression, log hazard or another risk score (n,) for survival. Survival also has `times` (T,) in
    days and `curves` (n, T), the probability of being event-free at each time.
    """

    link: Array
    times: Array | None = None
    curves: Array | None = None


@dataclass(frozen=True)
class State:
    """A fitted thing as plain data: what the bundle writes, from the first day. No pickle."""

    json: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


class Model(Protocol):
    """A model of one file: fits on a float array and answers with `Scores`.

    A model with checkpoints (spec.path is set) also has `checkpoints: tuple[float, ...]`, fixed before
    fitting, `predict_path(X) -> list[Scores]`, one per checkpoint, and `at(checkpoint) -> Model`, the fitted
    model cut down to that checkpoint; `predict_path(X)[j]` equals `at(checkpoints[j]).predict(X)`.
    """

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> Model: ...

    def predict(self, X: Array) -> Scores: ...

    def dump(self) -> State: ...


@dataclass(frozen=True)
class ModelSpec:
    """One registered model. `simplicity` orders families when two models are as good (search.md section 8)."""

    name: str
    family: Family
    tasks: frozenset[Task]
    needs: frozenset[Need]
    space: Space
    build: Callable[..., Any]
    restore: Callable[[State], Any]
    doc: str
    simplicity: int
    path: str | None = None
    extra: str | None = None
    stores_rows: bool = False
    version: int = 1
    origin: str = "tabml"


@dataclass(frozen=True)
class Configuration:
    """A model with its parameters: one line of the portfolio, or one trial."""

    model: str
    params: Mapping[str, Any] = field(default_factory=dict)
    missing_flags: bool = False
    features: tuple[str, ...] | None = None
    """Variables this line may see; None: all features."""
    origin: Literal["baseline", "portfolio", "tpe", "user"] = "portfolio"
    spec_version: int = 1

    @property
    def config_id(self) -> str:
        """Sixteen hex digits that name model, parameters and preprocessing."""
        body = {"model": self.model, "params": dict(self.params), "flags": self.missing_flags,
                "features": self.features, "version": self.spec_version}  # fmt: skip
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Candidate:
    """A configuration at one checkpoint: what selection chooses between."""

    config: Configuration
    checkpoint: float | None = None

    @property
    def key(self) -> str:
        return self.config.config_id if self.checkpoint is None else f"{self.config.config_id}@{self.checkpoint:g}"
