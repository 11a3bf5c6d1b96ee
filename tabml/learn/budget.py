"""Time: how many seconds a study has left, and what each step leaves for those after it.

A limit is wall time of the whole command. What refit will need is estimated from the pace of the first fits; what
estimates need is a share, for they make do with fewer resamples. Without a limit nothing here changes anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

Remaining = Callable[[], float]

#: Share of learning's time kept for refit's successors: estimates take fewer resamples rather than none.
FOR_ESTIMATES = 0.25
#: Fits of the portfolio's first lines (baselines) are cheaper than those of the models that are refitted.
SLOWER = 1.5


def forever() -> float:
    """Seconds left without a time limit."""
    return math.inf


@dataclass
class Budget:
    """Seconds left for learning, and how much of them the search has to leave.

    `refits`: fits that come after the search at least, as (model, training part) pairs. `least`: fits of the first
    lines, without which there is nothing to refit: until they are done the search gives way to nothing.
    """

    remaining: Remaining
    refits: int
    least: int = 1
    _at_start: float = field(init=False)
    _fits: int = field(init=False, default=0)
    _spent: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._at_start = self.remaining()

    @property
    def is_limited(self) -> bool:
        return math.isfinite(self._at_start)

    def paced(self, fits: int) -> None:
        """So many fits are done since the start: what a fit costs in wall time."""
        self._fits, self._spent = fits, self._at_start - self.remaining()

    def for_search(self) -> float:
        """Seconds until the search has to give way to refit and estimates."""
        if not self.is_limited:
            return math.inf
        left = self.remaining()
        if self._fits < self.least:
            return left
        return left - SLOWER * self.refits * self._spent / self._fits - self._estimates

    def for_centres(self) -> float:
        """Seconds until the left-out centres have to give way to the estimates."""
        return self.remaining() - self._estimates if self.is_limited else math.inf

    @property
    def _estimates(self) -> float:
        return FOR_ESTIMATES * max(0.0, self._at_start)
