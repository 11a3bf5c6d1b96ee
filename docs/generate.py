"""Write the pages that come from the code: `python docs/generate.py`. A test compares them with the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tabml.core.config import PRESETS, settings
from tabml.core.findings import KINDS, RESERVED, FindingKind

DOCS = Path(__file__).resolve().parent


def settings_page() -> str:
    """Every setting with its default and its sentence, one table per group."""
    lines = [
        "# Settings", "", "Made by `docs/generate.py` from `tabml/core/config/tree.py`.", "",
        "Order of precedence: default < study file < environment < options and `--set`. In a study file a dotted",
        "path is nested (`split: {outer_folds: 10}`); in the environment it is `TABML_SPLIT__OUTER_FOLDS=10`; on the",
        "command line it is `--set split.outer_folds=10`. An unknown setting is refused, with the nearest known one.",
        "`tabml config FILE` shows what a study file resolves to.",
    ]  # fmt: skip
    group = None
    for path, default, text in settings():
        head = path.rpartition(".")[0] or "study"
        if head != group:
            group = head
            lines += ["", f"## {head}", "", "| setting | default | |", "|---|---|---|"]
        lines.append(f"| `{path}` | {_cell(default)} | {_escape(text)} |")
    lines += [
        "",
        "## What the presets fill",
        "",
        "| setting | " + " | ".join(PRESETS) + " |",
        "|---|" + "---|" * len(PRESETS),
    ]
    for path in sorted({path for values in PRESETS.values() for path in values}):
        lines.append(f"| `{path}` | " + " | ".join(_cell(values.get(path)) for values in PRESETS.values()) + " |")
    return "\n".join(lines) + "\n"


def findings_page() -> str:
    """Every finding code: how serious, when it fires, what a reader does."""
    lines = [
        "# Findings", "", "Made by `docs/generate.py` from `tabml/core/findings.py`.", "",
        "A finding is something a reader of the report must know. It carries its evidence in numbers and never a",
        "patient's value. `audit.mute` takes codes off the top of the report; the report lists that they were muted.",
        "", "| code | severity | when | what to do |", "|---|---|---|---|",
    ]  # fmt: skip
    lines += [_line(kind) for kind in KINDS.values() if kind.code not in RESERVED]
    lines += [
        "", "## Reserved", "", "These have their number and meaning; this release does not look for them.",
        "", "| code | severity | when | what to do |", "|---|---|---|---|",
    ]  # fmt: skip
    lines += [_line(KINDS[code]) for code in sorted(RESERVED)]
    return "\n".join(lines) + "\n"


def _line(kind: FindingKind) -> str:
    return f"| {kind.code} | {kind.severity} | {_escape(kind.trigger)} | {_escape(kind.remedy)} |"


PAGES: dict[str, Callable[[], str]] = {"settings.md": settings_page, "findings.md": findings_page}


def _cell(value: Any) -> str:
    if value is None or value == ():
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
