"""One clean workbook, no option: fitted, applied to new patients, traced and reported again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.running import EXAMPLES, Run, call

FILES = (
    "summary.html", "report.html", "results.json", "predictions.csv", "model.tabml", "study.yaml", "codebook.yaml",
    "cohort.parquet", "study.db",
)  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """The folder in which `tabml fit cohort.xlsx --preset quick` ran, and what it said."""
    here = tmp_path_factory.mktemp("clean") / "here"
    here.mkdir()
    shutil.copy(EXAMPLES / "clean" / "cohort.xlsx", here)
    return here, call(here, "fit", "cohort.xlsx", "--preset", "quick")


def results(folder: Path) -> dict:
    return json.loads((folder / "cohort-study" / "results.json").read_text(encoding="utf-8"))


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_fit_needs_no_option_and_leaves_a_whole_study(study):
    here, run = study
    assert run.code == 0, run.said
    assert [name for name in FILES if not (here / "cohort-study" / name).stat().st_size] == []


def test_roles_worked_out_are_shown(study):
    _, run = study
    for column in ("Patient ID", "Centre", "Death within 30 days"):
        assert column in run.out + run.err, run.said


def test_headline_finds_the_planted_signal_and_not_more(study):
    here, _ = study
    [headline] = [
        e for e in results(here)["estimates"]
        if e["key"] == "auroc" and e["estimate_type"] == "corrected_bbc" and e["population"] == "all" and e["model"] == "final"
    ]  # fmt: skip
    assert 0.70 < headline["lower"] < headline["value"] < headline["upper"] < 0.88
    assert 0.74 < headline["value"] < 0.82


def test_each_centre_is_left_out_once(study):
    here, _ = study
    left_out = {e["population"] for e in results(here)["estimates"] if e["estimate_type"] == "internal_external"}
    assert {"centre:Northfield", "centre:Riverside", "centre:Westbury"} <= left_out


def test_each_patient_is_predicted_out_of_fold_once_by_the_final_model(study):
    here, _ = study
    lines = rows_of(here / "cohort-study" / "predictions.csv")
    final = [r for r in lines if r["model"] == "final" and r["kind"] == "out_of_fold"]
    assert len(final) == 320
    assert len({r["patient"] for r in final}) == 320


def test_written_files_hold_no_patient_id_of_the_workbook(study):
    here, _ = study
    for name in ("report.html", "summary.html", "results.json", "predictions.csv", "study.yaml", "codebook.yaml"):
        text = (here / "cohort-study" / name).read_text(encoding="utf-8")
        assert "P0001" not in text and "P0320" not in text, name


def test_report_is_one_file_that_loads_nothing(study):
    here, _ = study
    page = (here / "cohort-study" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    for outside in ('src="http', 'href="http', "@import", "url(http"):
        assert outside not in page


def test_prediction_keeps_rows_and_order(study):
    here, _ = study
    run = call(here, "predict", "cohort-study/model.tabml", "cohort.xlsx", "-o", "risk.csv")
    assert run.code == 0, run.said
    lines = rows_of(here / "risk.csv")
    assert [r["patient_id"] for r in lines[:2]] == ["P0001", "P0002"] and len(lines) == 320
    risks = [float(r[next(c for c in r if c.startswith("probability"))]) for r in lines if r["flag"] != "refuse"]
    assert all(0 <= risk <= 1 for risk in risks) and len(set(risks)) > 100


def test_trace_by_raw_id_names_file_sheet_and_cell(study):
    here, _ = study
    run = call(here, "trace", "cohort-study", "-", "Creatinine (mg/dL)", stdin="P0001\n")
    assert run.code == 0, run.said
    for word in ("cohort.xlsx", "Patients", "I2", "0.65"):
        assert word in run.out, run.said


def test_report_is_rendered_again_without_fitting(study):
    here, _ = study
    page = here / "cohort-study" / "report.html"
    before = page.read_bytes()
    run = call(here, "report", "cohort-study")
    assert run.code == 0, run.said
    assert page.read_bytes() == before


def test_second_fit_into_the_same_folder_is_refused(study):
    here, _ = study
    before = (here / "cohort-study" / "results.json").read_bytes()
    run = call(here, "fit", "cohort.xlsx", "--preset", "quick")
    assert run.code == 2, run.said
    assert "cohort-study" in run.err and "--out" in run.err
    assert (here / "cohort-study" / "results.json").read_bytes() == before


def test_two_possible_outcomes_are_a_question_with_the_command_to_type(tabml):
    shutil.copy(EXAMPLES / "clean" / "ambiguous.xlsx", tabml.folder)
    run = tabml("fit", "ambiguous.xlsx", "--preset", "quick")
    assert run.code == 2, run.said
    for outcome in ("Death within 30 days", "Relapse within 1 year"):
        assert f'--target "{outcome}"' in run.err, run.said
    assert 'tabml fit ambiguous.xlsx --target "Death within 30 days"' in run.err, run.said
    assert sorted(p.name for p in tabml.folder.iterdir()) == ["ambiguous.xlsx"]


def test_yes_does_not_choose_an_outcome(tabml):
    shutil.copy(EXAMPLES / "clean" / "ambiguous.xlsx", tabml.folder)
    assert tabml("fit", "ambiguous.xlsx", "--yes").code == 2
