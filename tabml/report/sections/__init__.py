"""The sections of the reports, in the order their readers need them."""

from __future__ import annotations

from tabml.report.blocks import Page, Section
from tabml.report.document import View
from tabml.report.sections import annex, belief, description, limits, patients, reasons, separation, verdict
from tabml.report.words import count


def report_page(view: View) -> Page:
    """The report: seven questions of a clinician, then the statistician's annex."""
    found = (
        verdict.section(view),
        patients.section(view),
        separation.section(view),
        belief.section(view),
        belief.usefulness(view),
        reasons.section(view),
        limits.section(view),
        *annex.sections(view),
    )
    return Page(_title(view), _subtitle(view), "Prediction model report", _numbered(found), _foot(view))


def summary_page(view: View) -> Page:
    """The description of the data, findings first, before any model."""
    return Page(_data_title(view), _subtitle(view), "Data summary", _numbered(description.sections(view)), _foot(view))


def _numbered(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Sections with their numbers: 1, 2, 3... and letters for the annex (keys that start with `annex`)."""
    numbered, figure, letter = [], 0, 0
    for section in sections:
        if section.key.startswith("annex"):
            number = chr(ord("A") + letter)
            letter += 1
        else:
            figure += 1
            number = str(figure)
        numbered.append(Section(section.key, section.title, section.blocks, number))
    return tuple(numbered)


def _title(view: View) -> str:
    stated = view.part("study").get("title")
    return str(stated) if stated else f"Predicting {view.event_words}"


def _data_title(view: View) -> str:
    stated = view.part("study").get("title")
    return f"The data: {stated or view.outcome}"


def _subtitle(view: View) -> str:
    parts = [count(view.count("usable_patients", "patients"), "patient")]
    if view.events is not None:
        parts.append(f"{view.events} with the outcome")
    centres = view.count("centres")
    if centres and centres > 1:
        parts.append(count(centres, "centre"))
    features = view.count("features")
    if features:
        parts.append(count(features, "candidate predictor"))
    return " · ".join(parts)


def _foot(view: View) -> str:
    software = view.part("provenance").get("software") or {}
    version = software.get("tabml") if hasattr(software, "get") else None
    return (
        f"Made with tabml{f' {version}' if version else ''}. This page holds no name, no identifier and no date of birth; "
        "patients shown as examples carry pseudonyms, which are still personal data."
    )
