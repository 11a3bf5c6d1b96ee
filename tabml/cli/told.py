"""What a person reads after a study: what was found in whom, how well it is predicted, what to worry about, what next."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabml.cli.front import count_findings, finding_lines
from tabml.cli.text import name, paragraph, table
from tabml.core.wording import counted

if TYPE_CHECKING:
    from tabml.core.codebook import Codebook
    from tabml.study.run import StudyOutcome

#: Grave findings printed; the pages have all.
SHOWN_GRAVE = 8
#: Warnings about the model itself, printed beside the grave findings.
ABOUT_THE_MODEL = ("TB208", "TB230", "TB301", "TB302", "TB303")
#: Warnings that something of the exports was left out or emptied by rule: the best predictor may be among it.
ABOUT_LOSSES = ("TB104", "TB110", "TB112", "TB113", "TB115", "TB172")
SHOWN_LOSSES = 8
ROLE_WORDS = {"patient_id": "patient id", "centre": "centre", "index_date": "date", "visit": "visit", "outcome": "outcome",
              "time": "follow-up time", "event": "event", "entry": "entry time", "treatment": "treatment"}  # fmt: skip
#: Counts that the headline of a summary holds.
SAID_BEFORE = ("patients", "features")
COUNT_WORDS = {"patients": "patient", "rows": "row", "usable_patients": "with a usable outcome", "events": "event",
               "centres": "centre", "features": "predictor"}  # fmt: skip


def study_text(outcome: StudyOutcome) -> str:
    """The answer of `tabml fit`."""
    from tabml.ingest.propose.question import quoted

    document, place = outcome.document, name(outcome.folder)
    target = document.get("target", {})
    label = target.get("label") or target.get("name") or "outcome"
    parts = [
        roles_text(outcome.folder),
        paragraph(f"Outcome: {label} ({target.get('task', '')}). {_counts(document.get('counts', {}))}"),
        paragraph(outcome.headline),
        findings_text(outcome),
        _files(outcome.folder),
        "\n".join(["Next:", f"  open {quoted(place + '/report.html')}",
                   f"  tabml predict {quoted(place + '/model.tabml')} NEW.xlsx -o risk.xlsx",
                   f"  tabml trace {quoted(place)} PATIENT VARIABLE"]),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def summary_text(outcome: StudyOutcome) -> str:
    """The answer of `tabml summary`."""
    counts = _counts(outcome.document.get("counts", {}), but=SAID_BEFORE)
    from tabml.ingest.propose.question import quoted

    place = name(outcome.folder)
    parts = [roles_text(outcome.folder), paragraph(f"{outcome.headline}. {counts}".strip(" .")), findings_text(outcome),
             _files(outcome.folder), f"Next: open {quoted(place + '/summary.html')}"]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def result_line(outcome: StudyOutcome) -> str:
    """What is left of the answer under `-q`: the headline and where the study stands."""
    return f"{outcome.headline.rstrip('.')}. Written to {name(outcome.folder)}"


def verdict_text(manifest: Mapping[str, Any]) -> str:
    """What a model file's study concluded, where a prediction should not be read without it; else empty."""
    if manifest.get("verdict") == "no_signal":
        return (
            "No usable signal: in its study this model predicted no better than the same number for everybody. "
            "Do not use its predictions for decisions."
        )
    if manifest.get("verdict") == "not_better":
        columns = ((manifest.get("cohort") or {}).get("age_sex") or {}).values()
        known = " and ".join(map(name, columns)) or "age and sex"
        return f"Not clearly better than {known} alone, as its study found."
    return ""


def findings_text(outcome: StudyOutcome) -> str:
    """Counts by severity; in full the grave ones, those about the model, and what was left out or emptied."""
    grave = [f for f in outcome.findings if f.severity == "grave"]
    model = [f for f in outcome.findings if f.severity == "warn" and f.code in ABOUT_THE_MODEL]
    lost = [f for f in outcome.findings if f.severity == "warn" and f.code in ABOUT_LOSSES]
    lines = [f"Findings: {count_findings(outcome.findings)}"]
    if grave or model or lost:
        lines.append(finding_lines([*grave[:SHOWN_GRAVE], *model, *lost[:SHOWN_LOSSES]]))
    warnings = sum(f.severity == "warn" for f in outcome.findings)
    if more := warnings - len(model) - len(lost[:SHOWN_LOSSES]):
        lines.append(f"  ... and {counted(more, 'more warning')} in the pages")
    if len(grave) > SHOWN_GRAVE:
        lines.append(f"  ... and {len(grave) - SHOWN_GRAVE} more grave findings in the pages")
    return "\n".join(lines)


def roles_text(folder: Path) -> str:
    """Which columns were taken as id, centre, dates and outcome, by the codebook the study stored."""
    rows = [(word, ", ".join(columns)) for word, columns in roles_of(folder).items()]
    return "Columns taken as\n" + textwrap.indent(table(("", ""), rows), "  ") if rows else ""


def roles_of(folder: Path) -> dict[str, list[str]]:
    """Role in words -> headers of the sources' columns that fill it."""
    from tabml.ingest.codebook_file import load_codebook
    from tabml.study.folder import StudyFolder

    file = StudyFolder(folder).codebook
    if not file.is_file():
        return {}
    codebook = load_codebook(file)
    found = {word: _columns(codebook, role) for role, word in ROLE_WORDS.items()}
    return {word: columns for word, columns in found.items() if columns}


def _columns(codebook: Codebook, role: str) -> list[str]:
    columns: dict[str, None] = {}
    if role == "patient_id":
        columns.update({s.id.column: None for s in codebook.sources.values() if s.id is not None and s.join is None})
    for variable, spec in codebook.variables.items():
        if spec.role == role and role != "patient_id":
            read = [
                m.column or m.expr or variable for m in spec.from_.values() if m.status not in ("absent", "rejected")
            ]
            columns.update(dict.fromkeys(read))
    return list(columns)


def _counts(counts: Mapping[str, Any], but: tuple[str, ...] = ()) -> str:
    words = [_count(counts[key], key) for key in COUNT_WORDS if key not in but and _worth_telling(key, counts)]
    return ", ".join(words)


def _count(n: int, key: str) -> str:
    word = COUNT_WORDS[key]
    return f"{n} {word}" if key == "usable_patients" else counted(n, word)


def _worth_telling(key: str, counts: Mapping[str, Any]) -> bool:
    same_as_patients = key in ("rows", "usable_patients") and counts.get(key) == counts.get("patients")
    return key in counts and not same_as_patients and not (key == "centres" and counts[key] < 2)


def _files(folder: Path) -> str:
    from tabml.study.folder import StudyFolder

    return paragraph(f"Written to {name(folder)}: {', '.join(f.name for f in StudyFolder(folder).files())}")
