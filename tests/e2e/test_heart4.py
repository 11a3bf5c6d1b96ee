"""Four hospitals' exports, in four languages: one study, honest numbers, no identifier anywhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import heart4_truth, identifiers
from tests.e2e.running import EXAMPLES, Run, call

HEART4 = EXAMPLES / "heart4"
CODEBOOK = HEART4 / "codebook.yaml"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """The folder in which the main job ran, preset quick, and what it said."""
    here = tmp_path_factory.mktemp("heart4") / "here"
    here.mkdir()
    run = call(here, "fit", HEART4 / "exports", "--codebook", CODEBOOK, "--preset", "quick", "--out", "heart4-study")
    assert run.code == 0, run.said
    return here, run


@pytest.fixture(scope="module")
def document(study: tuple[Path, Run]) -> dict[str, Any]:
    return json.loads((study[0] / "heart4-study" / "results.json").read_text(encoding="utf-8"))


def auroc(document: dict[str, Any], estimate_type: str) -> dict[str, dict[str, Any]]:
    """AUROC records of the final model by population."""
    return {
        e["population"]: e for e in document["estimates"]
        if (e["key"], e["model"], e["estimate_type"]) == ("auroc", "final", estimate_type)
    }  # fmt: skip


def test_harmonised_cells_equal_the_reference_table(tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    run = call(here, "harmonise", HEART4 / "exports", "--codebook", CODEBOOK, "--apply", "--keep-ids", "--out", "clean")
    assert run.code == 0, run.said
    assert "ORIGINAL" in run.out
    compared = heart4_truth.compare(here / "clean")
    assert compared.rows == 920
    assert compared.different == []
    assert compared.cells == 920 * len(heart4_truth.COLUMNS)


def test_every_patient_is_in(document):
    assert document["counts"]["patients"] == 920


def test_corrected_auroc_is_what_these_data_give(document):
    [headline] = auroc(document, "corrected_bbc").values()
    assert 0.87 <= headline["value"] <= 0.90
    assert headline["lower"] < headline["value"] < headline["upper"]


def test_fall_at_a_centre_that_was_left_out_is_shown_by_name(document, study):
    left_out = {p: e["value"] for p, e in auroc(document, "internal_external").items() if p.startswith("centre:")}
    page = (study[0] / "heart4-study" / "report.html").read_text(encoding="utf-8")
    for centre in ("Cleveland", "Hungary", "Switzerland", "VA Long Beach"):
        assert centre in page
    assert len(left_out) == 4
    low, *_, high = sorted(left_out.values())
    assert low < 0.78 and high > 0.86


def test_no_planted_identifier_in_any_file(study):
    texts = identifiers.planted(HEART4 / "exports", CODEBOOK)
    assert sum(map(len, texts.values())) > 2000
    assert identifiers.search(study[0] / "heart4-study", texts) == []


def test_search_for_identifiers_finds_them_where_they_are():
    texts = identifiers.planted(HEART4 / "exports", CODEBOOK)
    assert len(identifiers.search(HEART4 / "exports", texts)) >= 11


@pytest.mark.parametrize(
    ("export", "rows"),
    [
        ("cleveland_clinic.xlsx", 308),
        ("budapest_herzzentrum.csv", 295),
        ("zuerich_basel.xlsx", 123),
        ("oslo_sykehus.xlsx", 200),
    ],
)
def test_model_applies_to_a_file_in_each_convention(study, export, rows):
    here, _ = study
    run = call(here, "predict", "heart4-study/model.tabml", HEART4 / "exports" / export, "-o", f"{export}.risk.csv")
    assert run.code == 0, run.said
    with (here / f"{export}.risk.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    assert len(table) == rows
    assert sum(line["flag"] == "refuse" for line in table) <= rows / 10  # rows that miss most of what the model uses


def test_two_files_are_each_read_in_their_own_convention(study):
    here, _ = study
    files = [HEART4 / "exports" / name for name in ("budapest_herzzentrum.csv", "cleveland_clinic.xlsx")]
    run = call(here, "predict", "heart4-study/model.tabml", *files, "-o", "two.csv")
    assert run.code == 0, run.said
    with (here / "two.csv").open(encoding="utf-8", newline="") as lines:
        rows = [line["file"] for line in csv.DictReader(lines)]
    assert {name: rows.count(name) for name in set(rows)} == {f.name: n for f, n in zip(files, (295, 308), strict=True)}


def test_trace_by_raw_id_shows_file_sheet_cell_and_rule(study):
    here, _ = study
    run = call(here, "trace", "heart4-study", "-", "chol", stdin="CC-00001\n")
    assert run.code == 0, run.said
    for word in ("cleveland_clinic.xlsx", "Patients", "I5", "233"):
        assert word in run.out, run.said


def test_trace_refuses_an_identifier_column(study):
    here, _ = study
    run = call(here, "trace", "heart4-study", "-", "SSN", stdin="CC-00001\n")
    assert run.code == 2, run.said
