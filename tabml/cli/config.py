"""`tabml config`: every setting with its default and meaning, or what a study file resolves to and why."""

from __future__ import annotations

import os
from typing import Any

import click

from tabml.cli.front import Front, pass_front, shared_options
from tabml.cli.text import paragraph, table


@click.command()
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--set", "assignments", multiple=True, metavar="PATH=VALUE", help="A setting, as for fit.")
@click.option("--origin", is_flag=True, help="Print every value and where it comes from.")
@shared_options
@pass_front
def command(front: Front, file: str | None, assignments: tuple[str, ...], origin: bool) -> None:
    """List every setting; with a study FILE (or quick, standard, publication, survival), what it resolves to."""
    if file is None and not assignments and not origin:
        _list(front)
    else:
        _resolve(front, file, assignments, origin=origin)


def _list(front: Front) -> None:
    from tabml.core.config import settings

    result = [{"path": path, "default": _plain(default), "meaning": doc} for path, default, doc in settings()]
    blocks = [f"{r['path']}  [{_show(r['default'])}]\n" + paragraph(r["meaning"], indent="    ") for r in result]
    front.answer("config", result, "\n".join(blocks))


def _resolve(front: Front, file: str | None, assignments: tuple[str, ...], *, origin: bool) -> None:
    from pathlib import Path

    from tabml.core.config import load_config, resolve
    from tabml.core.strictyaml import dump_yaml

    path = Path(file) if file else None
    layers = {
        "study file": load_config(path, environment={}),
        "environment": load_config(path),
        "--set": load_config(path, assignments=assignments),
    }
    tree = resolve(layers["--set"]).model_dump(mode="json")
    if not origin:
        front.answer("config", tree, dump_yaml(tree).rstrip())
        return
    given = {name: _flat(config.model_dump(mode="json")) for name, config in layers.items()}
    default = _flat(load_config(environment={}).model_dump(mode="json"))
    rows = [(p, _show(v), _origin(p, v, default, given, tree["preset"])) for p, v in _flat(tree).items()]
    result = [{"path": p, "value": v, "origin": row[2]} for row, (p, v) in zip(rows, _flat(tree).items(), strict=True)]
    front.answer("config", result, table(("setting", "value", "from"), rows))


def _origin(path: str, value: Any, default: dict[str, Any], given: dict[str, dict[str, Any]], preset: str) -> str:
    """The first layer, from the strongest down, that changed the value below it."""
    if value != given["--set"][path]:
        return f"preset {preset}"
    below = {"--set": given["environment"], "environment": given["study file"], "study file": default}
    for layer in below:
        if given[layer][path] != below[layer][path]:
            return f"environment {_variable(path)}" if layer == "environment" else layer
    return "default"


def _variable(path: str) -> str:
    name = "TABML_" + path.upper().replace(".", "__")
    return name if name in os.environ else "variable"


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat.update(_flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value})
    return flat


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _show(value: Any) -> str:
    if value is None or value == [] or value == ():
        return "empty"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
