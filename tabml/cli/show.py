"""`tabml show`: what a model file predicts, from what, how well, and what it is not for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tabml.cli.configure import AnyPath
from tabml.cli.front import Front, pass_front, shared_options
from tabml.cli.text import name, paragraph, table
from tabml.cli.told import verdict_text

#: Estimates shown to a person; those that selection made too good are in --json.
HONEST = ("corrected", "internal_external", "external")
#: Why a fitted model does not look at a variable it was given.
LEFT_OUT = {"missing": "too often missing in training", "constant": "the same in all of training"}
USE_WORDS = {"text": "Intended use", "population": "In whom", "not_for": "Not for"}


@click.command()
@click.argument("model", metavar="MODEL", type=AnyPath)
@shared_options
@pass_front
def command(front: Front, model: Path) -> None:
    """What the model file MODEL predicts, from which variables, and how well; nothing in it is run."""
    from tabml.study.bundle import read_bundle

    bundle = read_bundle(model)
    result = {key: value for key, value in bundle.manifest.items() if key != "members"}
    front.answer("show", {**result, "sha256": bundle.sha256}, _text(result, bundle.sha256))


def _text(manifest: dict[str, Any], sha256: str) -> str:
    target = manifest["target"]
    label = target.get("label") or target.get("name")
    parts = [f"{name(manifest['name'])} {name(manifest['version'])}  (sha256 {sha256})",
             paragraph(f"Predicts {label} ({target.get('task')}){_horizons(target)}")]  # fmt: skip
    if verdict := verdict_text(manifest):
        parts.append(paragraph(verdict))
    use = manifest.get("intended_use") or {}
    parts.append("\n".join(paragraph(f"{word}: {use[key]}") for key, word in USE_WORDS.items() if use.get(key)))
    used = [entry for entry in manifest["schema"] if entry["required"]]
    parts.append("Variables:\n" + table(("name", "kind", "unit", "range or levels"), map(_variable, used)))
    if unused := [_unused(entry) for entry in manifest["schema"] if not entry["required"]]:
        parts.append(paragraph(f"Not used by the model, so a file need not hold them: {', '.join(unused)}"))
    honest = [e for e in manifest["performance"] if str(e.get("estimate_type")).startswith(HONEST)]
    if honest:
        rows = [(_measure(e), str(e.get("estimate_type")).replace("_", " "), e.get("text")) for e in honest]
        parts.append("Performance:\n" + table(("measure", "estimate", "value"), rows))
    simpler = (manifest.get("cohort") or {}).get("age_sex")
    if simpler:
        columns = " and ".join(f"{key} ({column})" for key, column in simpler.items())
        parts.append(paragraph(f"Compared in its report with a model of {columns} only"))
    if manifest.get("plugins"):
        parts.append(paragraph(f"Needs for predict: {', '.join('--plugin ' + p['file'] for p in manifest['plugins'])}"))
    if manifest["software"]:
        parts.append(paragraph("Made with " + ", ".join(f"{k} {v}" for k, v in manifest["software"].items())))
    return "\n\n".join(parts)


def _horizons(target: dict[str, Any]) -> str:
    days = target.get("horizons") or []
    return f", at {', '.join(f'{d} days' for d in days)}" if days else ""


def _measure(estimate: dict[str, Any]) -> str:
    """The measure with what tells it from others of its name: a horizon, a class, a threshold."""
    said = {"horizon": "{} days", "cls": "class {}", "threshold": "threshold {:g}"}
    told = [form.format(estimate[key]) for key, form in said.items() if estimate.get(key) is not None]
    return f"{estimate.get('key')} ({', '.join(told)})" if told else str(estimate.get("key"))


def _unused(entry: dict[str, Any]) -> str:
    why = LEFT_OUT.get(entry.get("left_out") or "")
    return f"{entry['name']} ({why})" if why else str(entry["name"])


def _variable(entry: dict[str, Any]) -> tuple[str, str, str, str]:
    from tabml.core.cohort import unit_text

    if entry["levels"]:
        spread = ", ".join(f"{code} {label}" if code != label else code for code, label in entry["levels"].items())
    elif entry["quantiles"]:
        spread = f"{entry['quantiles']['p01']:g} to {entry['quantiles']['p99']:g}"
    else:
        spread = ""
    unit = entry["unit"] or ""
    return entry["name"], entry["kind"], "" if unit == "1" else unit_text(unit), spread
