"""The sentences after a study: roles, counts, headline, grave findings, files, next commands."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tabml.cli.told import SHOWN_GRAVE, SHOWN_LOSSES, findings_text, result_line, roles_of, study_text, summary_text
from tabml.core.findings import finding

CODEBOOK = """
codebook: 1
sources:
  a: {file: a.xlsx, id: {column: Patient ID}}
  b: {file: b.xlsx, id: {column: Pasient}}
  lab: {file: b.xlsx, join: {to: b, on: Nr}}
variables:
  hospital: {kind: category, role: centre, from: {a: {column: Centre, status: accepted}, b: {constant: Oslo, status: accepted}}}
  dead: {kind: boolean, role: outcome, timing: outcome, from: {a: {column: Death within 30 days, status: accepted}, b: {expr: 'col("Utfall") > 0', status: accepted}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (tmp_path / "report.html").write_text("x", encoding="utf-8")
    return tmp_path


def outcome(folder: Path, *findings):
    document = {"target": {"label": "death", "task": "binary"},
                "counts": {"patients": 920, "rows": 920, "usable_patients": 919, "events": 411, "centres": 4, "features": 13}}  # fmt: skip
    return SimpleNamespace(
        folder=folder, document=document, headline="AUROC 0.88 (0.86 to 0.90), corrected.", findings=findings
    )


def test_roles_name_the_sources_columns(folder: Path) -> None:
    assert roles_of(folder) == {
        "patient id": ["Patient ID", "Pasient"],
        "centre": ["Centre", "hospital"],
        "outcome": ["Death within 30 days", 'col("Utfall") > 0'],
    }


def test_text_tells_who_how_well_and_what_next(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    text = study_text(outcome(folder))
    assert (
        "Outcome: death (binary). 920 patients, 919 with a usable outcome, 411 events, 4 centres, 13 predictors" in text
    )
    assert "AUROC 0.88 (0.86 to 0.90), corrected." in text
    assert "tabml predict" in text
    assert "report.html" in text


def test_only_so_many_grave_findings_are_printed(folder: Path) -> None:
    many = [finding("TB141", f"column {i} tells the outcome", columns=[str(i)]) for i in range(SHOWN_GRAVE + 2)]
    text = findings_text(outcome(folder, *many, finding("TB120", "4 rows merged")))
    assert "10 grave, 0 warnings, 1 note" in text
    assert "... and 2 more grave findings" in text
    assert "rows merged" not in text


def test_what_was_left_out_or_emptied_is_named(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    lost = [finding("TB104", "left out by rule: 'Laktat' (too many levels)", columns=["Laktat"])]
    emptied = [
        finding("TB112", f"{i} cells of 'x{i}' outside the plausible range", columns=[f"x{i}"])
        for i in range(SHOWN_LOSSES)
    ]
    noted = finding("TB104", "not used, as the codebook says: 'Kommentar'", severity="info")
    text = findings_text(outcome(folder, *lost, *emptied, noted))
    assert "'Laktat' (too many levels)" in text and "Kommentar" not in text
    assert "... and 1 more warning in the pages" in text


def test_warnings_that_are_not_printed_are_counted(folder: Path) -> None:
    drift, few = finding("TB161", "missing differs by centre"), finding("TB133", "few events")
    text = findings_text(outcome(folder, drift, few))
    assert "... and 2 more warnings in the pages" in text and "few events" not in text


def test_one_of_anything_is_singular(folder: Path) -> None:
    found = outcome(folder)
    found.document["counts"] = {"patients": 1, "rows": 2, "events": 1, "centres": 2, "features": 1}
    assert "1 patient, 2 rows, 1 event, 2 centres, 1 predictor" in study_text(found)


def test_the_quiet_line_is_headline_and_place(folder: Path) -> None:
    line = result_line(outcome(folder))
    assert line == f"AUROC 0.88 (0.86 to 0.90), corrected. Written to {folder}"


def test_a_summary_says_patients_and_predictors_once(folder: Path) -> None:
    made = outcome(folder)
    made.document = {"counts": made.document["counts"]}
    made.headline = "920 patients, 13 candidate predictors, outcome death"
    text = summary_text(made)
    assert "outcome death. 919 with a usable outcome, 411 events, 4 centres" in " ".join(text.split())
    assert text.count("920") == 1 and text.count("predictor") == 1
