"""Progress of long steps: moving bars on a terminal, else one line per stage, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tabml.cli.front import Front
from tabml.cli.text import clean, name
from tabml.core.progress import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

#: Least seconds between two lines of one stage where bars cannot move.
LINE_EVERY_S = 30.0
#: Seconds before the first line: what goes wrong at once is told alone, and a short command needs no progress.
SILENT_S = 2.0


@contextmanager
def shown(front: Front) -> Iterator[Callable[[Progress], None]]:
    """A reporter for the time of a `with` block; what it shows goes to stderr."""
    if front.quiet or front.as_json:
        yield silent
    elif front.animated:
        with _bars() as report:
            yield report
    else:
        yield Lines()


class Lines:
    """One line when a stage begins, then at most one per `LINE_EVERY_S`; none in the first `SILENT_S`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._stage: str | None = None
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now - self._start < SILENT_S:
            return
        if progress.stage == self._stage and now - self._last < LINE_EVERY_S:
            return
        self._stage, self._last = progress.stage, now
        click.echo(clean(line(progress)), err=True)


def line(progress: Progress) -> str:
    """One step in words.

    >>> line(Progress("search", 12, 40, "best log loss 0.412"))
    'search 12/40, best log loss 0.412'
    """
    count = f" {progress.done}/{progress.total}" if progress.total > 1 else ""
    return f"{name(progress.stage)}{count}" + (f", {name(progress.text)}" if progress.text else "")


@contextmanager
def _bars() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[text]}"))  # fmt: skip
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=Console(stderr=True)) as bars:

        def report(progress: Progress) -> None:
            stage = progress.stage
            if stage not in tasks:
                tasks[stage] = bars.add_task(escape(name(stage)), total=max(1, progress.total), text="")
            bars.update(tasks[stage], completed=progress.done, total=max(1, progress.total),
                        text=escape(name(progress.text)))  # fmt: skip

        with _asking_paused(bars):
            yield report


@contextmanager
def _asking_paused(bars: Bars) -> Iterator[None]:
    """A password is asked for while the bars stand still: moving ones would draw over the prompt."""
    from tabml.core.password import asker

    ask = asker.get()

    def paused(file: str) -> str | None:
        bars.stop()
        try:
            return ask(file) if ask is not None else None
        finally:
            bars.start()

    token = asker.set(paused)
    try:
        yield
    finally:
        asker.reset(token)
