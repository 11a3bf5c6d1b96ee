"""`tabml models`: every model tabml knows, whether it can run here, and what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tabml.cli.front import Front, pass_front, shared_options
from tabml.cli.text import name, paragraph, table

if TYPE_CHECKING:
    from tabml.core.spec import ModelSpec


@click.command()
@click.option("--explain", "explained", metavar="NAME", help="Describe one model: tasks, needs and search space.")
@click.option("--plugin", "plugins", multiple=True, metavar="FILE.py", help="File with a further model.")
@shared_options
@pass_front
def command(front: Front, explained: str | None, plugins: tuple[str, ...]) -> None:
    """List the models tabml can fit, and why one is not available."""
    from tabml.models.registry import get, load_plugin, specs, unavailable

    for plugin in plugins:
        load_plugin(Path(plugin))
    if explained is not None:
        record = _record(get(explained))
        front.answer("models", record, _explain(record))
        return
    records = [_record(spec) for spec in specs()]
    failed = [{"name": n, "available": False, "reason": reason} for n, reason in unavailable().items()]
    rows = [(r["name"], r["family"], " ".join(r["tasks"]), _state(r)) for r in records]
    rows += [(f["name"], "", "", _state(f)) for f in failed]
    front.answer("models", [*records, *failed], table(("model", "family", "tasks", "about"), rows))


def _record(spec: ModelSpec) -> dict[str, Any]:
    from tabml.models.registry import available

    able, reason = available(spec.name)
    return {
        "name": spec.name,
        "family": spec.family,
        "tasks": sorted(spec.tasks),
        "about": spec.doc,
        "needs": sorted(spec.needs),
        "space": {key: repr(dimension) for key, dimension in spec.space.items()},
        "extra": spec.extra,
        "available": able,
        "reason": reason or None,
        "origin": spec.origin,
    }


def _state(record: dict[str, Any]) -> str:
    return str(record["about"]) if record["available"] else f"not available ({record['reason']})"


def _explain(record: dict[str, Any]) -> str:
    lines = [f"{name(record['name'])} ({record['family']})", paragraph(record["about"], indent="  ")]
    if not record["available"]:
        lines.append(paragraph(f"not available: {record['reason']}", indent="  "))
    lines.append(paragraph(f"tasks: {', '.join(record['tasks'])}", indent="  "))
    lines.append(paragraph(f"needs: {', '.join(record['needs']) or 'nothing'}", indent="  "))
    rows = [(f"  {key}", dimension) for key, dimension in record["space"].items()]
    lines.append("  search space:\n" + table(("", ""), rows) if rows else "  no search space")
    return "\n".join(lines)
