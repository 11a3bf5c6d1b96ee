"""Every variable of the summary says from which column of which file it comes, and what was done to it."""

from __future__ import annotations

from dataclasses import replace

from tabml.core.cohort import Provenance
from tabml.core.config import StudyConfig
from tabml.core.outcome import make_target
from tabml.report.render import render_summary
from tabml.summary.describe import describe
from tabml.summary.origin import origins
from tests.ingest.exports import heart4
from tests.summary.cohorts import cohort, noise


def test_each_source_gives_file_column_and_steps() -> None:
    found = origins(heart4(), ["chol", "sex", "age", "center", "num"])
    assert [r["source"] for r in found["chol"]] == ["cleveland", "budapest", "zuerich", "oslo_examinations"]
    oslo = found["chol"][-1]
    assert (oslo["file"], oslo["sheet"], oslo["header"]) == (
        "oslo_sykehus.xlsx",
        "Undersøkelser",
        "Kolesterol (mmol/L)",
    )
    assert oslo["unit_step"] == "mmol/L to mg/dL: x 38.67" and oslo["column"].isalpha()
    assert [r["recoded"] for r in found["sex"]] == [4, 2, 2, 2]
    assert found["age"][1]["rule"].startswith("completed_years(")
    assert found["center"][0]["rule"] == "constant cleveland" and found["center"][0]["column"] == ""
    assert [r["source"] for r in found["num"]] == ["cleveland", "zuerich", "oslo"]


def test_rows_of_all_sources_add_up_to_the_known_values() -> None:
    made = heart4()
    for name, records in origins(made, list(made.frame.columns)).items():
        assert sum(r["rows"] for r in records) == int(made.frame[name].notna().sum()), name


def test_a_cohort_without_rules_has_no_origins() -> None:
    made = cohort(noise(20, 2))
    assert origins(made, list(made.frame.columns)) == {}
    assert origins(replace(made, provenance=None), ["x"]) == {}
    assert isinstance(made.provenance, Provenance)


def test_the_page_shows_them_below_each_variable_and_the_outcome() -> None:
    made = heart4()
    target, _ = make_target(made, StudyConfig())
    page = render_summary({**describe(made, target), "findings": []})
    assert "<summary>Where it comes from (4 sources)</summary>" in page
    assert "I “Serum cholesterol (mg/dl)”" in page and "mmol/L to mg/dL: x 38.67" in page
    assert "<summary>Where disease comes from (4 sources)</summary>" in page
    assert "CC-00001" not in page


def test_values_of_stacked_files_and_of_laboratory_rows_are_counted_and_placed(tmp_path) -> None:
    from tests.ingest import exports, test_long, test_stacks

    years = test_stacks.years(tmp_path, y2019="nr,age,hb\n1,50,13.1\n2,60,", y2020="nr,age,hb\n3,70,11")
    [record] = origins(exports.cohort(test_stacks.BOOK, *years), ["hb"])["hb"]
    assert (record["file"], record["sheet"], record["rows"]) == ("north_2019.csv and 1 more", "", 2)
    [record] = origins(test_long.made(tmp_path, test_long.spec("aggregate: mean,")), ["x"])["x"]
    assert (record["source"], record["rows"]) == ("lab", 2) and "mean" in record["rule"]
