"""Progress: what long steps tell the front door, which decides whether a bar, a line or nothing is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps of a stage such as `search`; `text` is a short remark without cell values."""

    stage: str
    done: int
    total: int
    text: str = ""


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Show nothing."""
