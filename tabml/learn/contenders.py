"""The models that are named in a report, and which candidates each of them stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tabml.core.spec import Configuration
from tabml.learn.ensemble import Decision, Field, Members
from tabml.learn.trials import Trial

#: Which candidates a named model stands for under each of B weightings.
Chooser = Callable[[Decision], Sequence[Members]]


def choosers(field: Field, trials: Sequence[Trial]) -> dict[str, Chooser]:
    """Final, simple, and every model at its own best line and checkpoint, by name in the order of the trials."""
    out: dict[str, Chooser] = {"final": lambda d: d.final, "simple": lambda d: d.simple}
    for name in dict.fromkeys(t.config.model for t in trials):
        out[name] = _best_of(
            np.concatenate([field.of_trial(i) for i, t in enumerate(trials) if t.config.model == name])
        )
    return out


def _best_of(own: NDArray[np.int64]) -> Chooser:
    return lambda d: [(int(c),) for c in own[d.choice.means[:, own].argmin(axis=1)]]


def configs_of(
    field: Field, trials: Sequence[Trial], members: Members
) -> tuple[tuple[Configuration, float | None], ...]:
    """Configuration and checkpoint of each chosen candidate."""
    return tuple(
        (trials[field.trial[c]].config, trials[field.trial[c]].checkpoints[field.checkpoint[c]]) for c in members
    )
