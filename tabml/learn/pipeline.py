"""The fitted whole: members, each with its preparation, averaged and calibrated; the fold's model and the shipped one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.spec import Configuration, State
from tabml.core.target import SURVIVAL_TASKS, Target, Task
from tabml.learn.calibrate import Calibrator
from tabml.learn.ensemble import blend_links
from tabml.learn.loss import Floats, Link, TimeGrid, rank_score, survival_of, to_link
from tabml.learn.trial import FittedState, on_grid
from tabml.models import get
from tabml.prep.recipe import FittedPrep

VERSION = 1


@dataclass(frozen=True)
class Member:
    """One fitted model with the preparation it was fitted on."""

    config: Configuration
    checkpoint: float | None
    prep: FittedPrep
    model: Any

    def link(self, frame: pd.DataFrame, task: Task, grid: TimeGrid | None) -> Link:
        """Links (n, ...) of these rows."""
        names = list(self.config.features) if self.config.features is not None else list(frame.columns)
        scores = self.model.predict(self.prep.transform(frame[names]).X)
        return to_link(on_grid(scores, grid.times) if grid is not None else scores, task)


@dataclass(frozen=True)
class Prediction:
    """What the pipeline says about n rows; fields that the task lacks are None.

    `link`: calibrated logit (n,), log-probabilities (n, K), value (n,), or cloglog of survival at the longest
    horizon (n,): higher means event more likely, or earlier. `probability`: of the positive class (n,), or of each
    class (n, K). `value` (n,). `risk` (n, H): probability of the event by each horizon. `curves` (n, T): survival
    on `times` (days). `member_links` (n, M, ...): the members' links before calibration, for their disagreement.
    """

    link: Link
    member_links: Link
    probability: Floats | None = None
    value: Floats | None = None
    risk: Floats | None = None
    times: Floats | None = None
    curves: Floats | None = None


@dataclass(frozen=True)
class FittedPipeline:
    """Members averaged with equal weight on the link scale, then calibrated."""

    task: Task
    members: tuple[Member, ...]
    calibrator: Calibrator
    classes: tuple[str, ...] = ()
    class_labels: tuple[str, ...] = ()
    positive: str | None = None
    horizons: tuple[int, ...] = ()
    grid: TimeGrid | None = None
    features: tuple[str, ...] = ()

    def raw_link(self, frame: pd.DataFrame) -> tuple[Link, Link]:
        """Averaged links (n, ...) before calibration, and those of the members (M, n, ...)."""
        frame = frame[list(self.features)]
        links = np.stack([m.link(frame, self.task, self.grid) for m in self.members])
        return (links[0] if len(links) == 1 else blend_links(links, self.task)), links

    def predict(self, frame: pd.DataFrame) -> Prediction:
        """Predict rows of a frame that holds the features, typed as in the cohort."""
        raw, members = self.raw_link(frame)
        return read_link(self.calibrator.apply(raw), self.task, self.grid, np.moveaxis(members, 0, 1))

    def dump(self) -> State:
        """Plain data: JSON, arrays, and the model libraries' own files, each under its member's name."""
        head: dict[str, Any] = {
            "version": VERSION, "task": self.task, "classes": list(self.classes),
            "class_labels": list(self.class_labels), "positive": self.positive, "horizons": list(self.horizons),
            "features": list(self.features), "calibrator": self.calibrator.dump().json,
            "grid": {k: v.tolist() for k, v in asdict(self.grid).items()} if self.grid is not None else None,
            "members": [],
        }  # fmt: skip
        arrays: dict[str, NDArray[Any]] = {}
        files: dict[str, bytes] = {}
        for i, member in enumerate(self.members):
            states = {"prep": member.prep.dump(), "model": member.model.dump()}
            body = {"config": _config_json(member.config), "checkpoint": member.checkpoint}
            head["members"].append({**body, **{part: state.json for part, state in states.items()}})
            for part, state in states.items():
                arrays |= {f"m{i}.{part}.{k}": v for k, v in state.arrays.items()}
                files |= {f"m{i}.{part}.{k}": v for k, v in state.files.items()}
        return State(head, arrays, files)

    @classmethod
    def restore(cls, state: State) -> FittedPipeline:
        """The pipeline that was dumped; its predictions are the same."""
        body = state.json
        members = tuple(
            restore_member(_member_state(body["members"][i], i, state)) for i in range(len(body["members"]))
        )
        return cls(
            task=body["task"], members=members, calibrator=Calibrator.restore(State(body["calibrator"])),
            classes=tuple(body["classes"]), class_labels=tuple(body["class_labels"]),
            positive=body["positive"], horizons=tuple(body["horizons"]), grid=_grid(body["grid"]),
            features=tuple(body["features"]),
        )  # fmt: skip


def build_pipeline(
    states: Sequence[FittedState],
    calibrator: Calibrator,
    target: Target,
    grid: TimeGrid | None,
    features: Sequence[str],
) -> FittedPipeline:
    """Put fitted members, calibrator and target together."""
    return FittedPipeline(
        target.task, tuple(restore_member(s) for s in states), calibrator, target.classes,
        target.class_labels, target.positive, target.horizons, grid, tuple(features),
    )  # fmt: skip


def restore_member(state: FittedState) -> Member:
    """A fitted member from plain data."""
    model = get(state.config.model).restore(state.model)
    return Member(state.config, state.checkpoint, FittedPrep.restore(state.prep), model)


def read_link(link: Link, task: Task, grid: TimeGrid | None, members: Link) -> Prediction:
    """A calibrated link (n, ...) in the words of its task."""
    if task in SURVIVAL_TASKS and grid is not None:
        curves = survival_of(link)
        risk = 1 - curves[:, grid.horizons]
        return Prediction(rank_score(link, task, grid), members, risk=risk, times=grid.times, curves=curves)
    if task == "regression":
        return Prediction(link, members, value=link)
    return Prediction(link, members, probability=probability_of(link, task))


def probability_of(link: Link, task: Task) -> Floats:
    """Probability of the positive class (n,), or of each class (n, K)."""
    if task == "multiclass":
        p = np.exp(link)
        return np.asarray(p / p.sum(axis=-1, keepdims=True), dtype=float)
    return np.asarray(0.5 * (1 + np.tanh(0.5 * link)), dtype=float)


def output_names(task: Task, classes: Sequence[str], positive: str | None, horizons: Sequence[int]) -> tuple[str, ...]:
    """Columns that hold what a model says: a probability, one per class, a prediction, or a risk per horizon."""
    if task == "binary":
        return (f"probability_{_word(positive or classes[-1])}",)
    if task == "multiclass":
        return tuple(f"probability_{_word(c)}" for c in classes)
    if task == "regression":
        return ("prediction",)
    return tuple(f"risk_{h}_d" for h in horizons)


def _word(text: str) -> str:
    """A class as part of a column name."""
    return "_".join(text.split())


def _config_json(config: Configuration) -> dict[str, Any]:
    body = asdict(config)
    body["features"] = None if config.features is None else list(config.features)
    return {**body, "params": dict(config.params)}


def _member_state(body: Mapping[str, Any], i: int, state: State) -> FittedState:
    def part(name: str) -> State:
        prefix = f"m{i}.{name}."
        arrays = {k.removeprefix(prefix): v for k, v in state.arrays.items() if k.startswith(prefix)}
        files = {k.removeprefix(prefix): v for k, v in state.files.items() if k.startswith(prefix)}
        return State(dict(body[name]), arrays, files)

    config = Configuration(**{**body["config"], "features": _names(body["config"]["features"])})
    return FittedState(config, body["checkpoint"], part("prep"), part("model"))


def _names(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _grid(body: Mapping[str, Any] | None) -> TimeGrid | None:
    if body is None:
        return None
    times = np.array(body["times"], dtype=float)
    return TimeGrid(times, *(np.array(body[k], dtype=np.int64) for k in ("deciles", "horizons", "steps")))
