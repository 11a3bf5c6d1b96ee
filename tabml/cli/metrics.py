"""`tabml metrics`: the performance measures of each task, and which way is better."""

from __future__ import annotations

import click

from tabml.cli.front import Front, pass_front, shared_options
from tabml.cli.text import table


@click.command()
@click.option("--task", metavar="TASK", help="Only the measures of this task.")
@shared_options
@pass_front
def command(front: Front, task: str | None) -> None:
    """List the performance measures: their names, the tasks they serve, which way is better."""
    from tabml.core.errors import ConfigError, did_you_mean
    from tabml.core.target import TASKS
    from tabml.metrics.registry import METRICS

    if task is not None and task not in TASKS:
        raise ConfigError(f"unknown task {task!r}", hint=did_you_mean(task, TASKS))
    result = [
        {"key": key, "label": m.label, "direction": m.direction, "decimals": m.decimals, "tasks": list(m.tasks)}
        for key, m in METRICS.items()
        if task is None or task in m.tasks
    ]
    rows = [
        (r["key"], str(r["direction"]).replace("_", " "), " ".join(METRICS[str(r["key"])].tasks), r["label"])
        for r in result
    ]
    front.answer("metrics", result, table(("measure", "direction", "tasks", "name"), rows))
