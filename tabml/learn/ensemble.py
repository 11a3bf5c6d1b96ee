"""The blend: an equal-weight mean of the links of a few models that differ in kind, and the choice of the final model.

No weight is estimated, so nothing overfits. A chosen model is a tuple of candidates whose links are averaged;
a single model is a blend of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.core.target import Task
from tabml.learn.loss import Link, LossRule, tidy
from tabml.learn.select import Choice, Floats, paired, select

Members = tuple[int, ...]
Rule = Literal["blend", "simple", "best"]

#: Who blends: every good subset of nine models held a lasso and a shallow boosting; the plateau is flat.
BLEND: dict[Task, tuple[str, ...]] = {
    "binary": ("ridge", "elastic_net", "extra_trees", "xgboost_shallow"),
    "multiclass": ("ridge", "elastic_net", "extra_trees", "xgboost_shallow"),
    "regression": ("ridge", "elastic_net", "extra_trees", "xgboost_shallow"),
    "survival": ("cox", "elastic_cox", "xgboost_cox"),
}
MIN_MEMBERS = 2


@dataclass(frozen=True)
class Field:
    """All candidates of one selection.

    `loss` (C, N) per patient, averaged over repeats; `simplicity` (C,); `trial` and `checkpoint` (C,): where each
    candidate's link (R, n, ...) stands in `links[trial][:, checkpoint]`; `blend`: the trials that blend; `rule`:
    the loss (R, N) of any link; `barred` (C,): candidates without a saved form, scored and never chosen.
    """

    task: Task
    loss: Floats
    simplicity: NDArray[np.int64]
    trial: NDArray[np.int64]
    checkpoint: NDArray[np.int64]
    links: Sequence[Link]
    blend: tuple[int, ...]
    rule: LossRule
    barred: NDArray[np.bool_] | None = None
    _losses: dict[Members, Floats] = field(default_factory=dict, compare=False, repr=False)

    def link(self, members: Members) -> Link:
        """The averaged link (R, n, ...) of these candidates."""
        parts = [self.links[self.trial[c]][:, self.checkpoint[c]] for c in members]
        return parts[0] if len(parts) == 1 else blend_links(np.stack(parts), self.task)

    def loss_of(self, members: Members) -> Floats:
        """Loss per patient (N,) of the averaged link."""
        if len(members) == 1:
            return np.asarray(self.loss[members[0]])
        if members not in self._losses:
            self._losses[members] = self.rule(self.link(members)).mean(axis=0)
        return self._losses[members]

    def of_trial(self, trial: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.trial == trial)


@dataclass(frozen=True)
class Decision:
    """What is chosen under each weighting: `final` and `simple` as members, `best` single candidate (B,)."""

    final: tuple[Members, ...]
    simple: tuple[Members, ...]
    choice: Choice


def blend_links(links: NDArray[np.float64], task: Task) -> Link:
    """Mean over the first axis (members), made lawful again."""
    return tidy(np.asarray(links.mean(axis=0)), task)


def decide(candidates: Field, rule: Rule = "blend", weight: Floats | None = None) -> Decision:
    """The blend, unless a single candidate beats it by more than 1 SE; `rule` overrides.

    Each blend member stands at its own checkpoint of least mean loss under the same weights, so that inside a
    bootstrap draw the whole choice is made again.
    """
    choice = _choice(candidates, weight)
    w = np.ones((1, candidates.loss.shape[1])) if weight is None else np.atleast_2d(np.asarray(weight, dtype=float))
    single: tuple[tuple[Members, ...], tuple[Members, ...]] = (
        tuple((int(c),) for c in choice.best),
        tuple((int(c),) for c in choice.simple),
    )
    if rule != "blend" or len(candidates.blend) < MIN_MEMBERS:
        return Decision(single[1] if rule == "simple" else single[0], single[1], choice)
    blends = best_members(candidates, choice.means)
    final = list(blends)
    rivals: dict[tuple[Members, int], list[int]] = {}
    for b, members in enumerate(blends):
        rivals.setdefault((members, int(choice.best[b])), []).append(b)
    for (members, winner), rows in sorted(rivals.items()):
        mean, se = paired(candidates.loss_of(members) - candidates.loss[winner], w[rows])
        for b, beaten in zip(rows, mean > se, strict=True):
            if beaten:
                final[b] = (winner,)
    return Decision(tuple(final), single[1], choice)


def _choice(candidates: Field, weight: Floats | None) -> Choice:
    """`select` among the candidates that can be shipped, with the mean losses of all."""
    every = select(candidates.loss, candidates.simplicity, weight)
    if candidates.barred is None or not candidates.barred.any():
        return every
    shippable = np.where(candidates.barred[:, None], np.nan, candidates.loss)
    return replace(select(shippable, candidates.simplicity, weight), means=every.means)


def best_members(candidates: Field, means: Floats) -> tuple[Members, ...]:
    """For each row of mean losses (B, C): every blend member at its checkpoint of least mean loss."""
    columns = []
    for trial in candidates.blend:
        own = candidates.of_trial(trial)
        columns.append(own[means[:, own].argmin(axis=1)])
    return tuple(tuple(int(c) for c in row) for row in np.stack(columns, axis=1))
