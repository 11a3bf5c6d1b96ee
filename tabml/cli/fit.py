"""`tabml fit`: files in, study out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tabml.cli.configure import SETTINGS, from_options, inputs_argument, setting_options, yes_option
from tabml.cli.front import Front, count_findings, finding_lines, pass_front, shared_options
from tabml.cli.text import name, paragraph

if TYPE_CHECKING:
    from tabml.study.run import StudyOutcome

#: Grave findings printed after a fit; the report has all.
SHOWN_GRAVE = 8


@click.command()
@inputs_argument
@setting_options(*SETTINGS)
@yes_option
@shared_options
@pass_front
def command(front: Front, /, inputs: tuple[Path, ...], yes: bool, **options: Any) -> None:
    """Make a study from INPUT (files or folders): cohort, models, honest estimates, report, model file.

    On one clean workbook no option is needed. With a codebook nothing is guessed.
    """
    config = from_options(options)
    from tabml.cli.ask import asker
    from tabml.cli.progress import shown
    from tabml.study.run import fit

    with shown(front) as progress:
        outcome = fit(inputs, config, ask=asker(front, yes=yes), yes=yes, progress=progress)
    front.answer("fit", result_record(outcome), result_text(outcome), outcome.findings)


def result_record(outcome: StudyOutcome) -> dict[str, Any]:
    """What a program gets from a fit; the full document stands in results.json."""
    document = outcome.document
    return {
        "folder": outcome.folder.name,
        "headline": outcome.headline,
        "target": document["target"],
        "counts": document["counts"],
        "estimates": document["estimates"],
        "run": document["run"],
    }


def result_text(outcome: StudyOutcome) -> str:
    """What a person reads after a fit: who, how well, what to worry about, where the files are."""
    document = outcome.document
    grave = [f for f in outcome.findings if f.severity == "grave"]
    parts = [paragraph(line) for line in _who(document)]
    parts.append(paragraph(outcome.headline))
    parts.append(f"Findings: {count_findings(outcome.findings)}")
    if grave:
        parts.append(finding_lines(grave[:SHOWN_GRAVE], severities=("grave",)))
    if len(grave) > SHOWN_GRAVE:
        parts.append(f"  ... {len(grave) - SHOWN_GRAVE} more grave findings in the report")
    parts.append(_where(outcome.folder))
    return "\n".join(parts)


def _who(document: dict[str, Any]) -> list[str]:
    counts, target = document["counts"], document["target"]
    shown = {key: value for key, value in counts.items() if isinstance(value, int | float | str)}
    label = target.get("label") or target.get("name") or "outcome"
    return [f"Outcome: {name(label)} ({target.get('task', '')})",
            "Data: " + ", ".join(f"{name(k).replace('_', ' ')} {v}" for k, v in shown.items())]  # fmt: skip


def _where(folder: Path) -> str:
    from tabml.study.folder import StudyFolder

    files = StudyFolder(folder).files()
    place = name(folder)
    lines = [f"Written to {place}: " + ", ".join(f.name for f in files)]
    lines.append(f"Next: open {place}/report.html")
    if any(f.name == "model.tabml" for f in files):
        lines.append(f"      tabml predict {place}/model.tabml NEW.xlsx -o risk.xlsx")
    lines.append(f"      tabml trace {place} PATIENT VARIABLE")
    return "\n".join(lines)
