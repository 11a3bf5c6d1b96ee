"""Numbers that may mean missing: which ones are asked about, and what --yes makes of them."""

from __future__ import annotations

import pytest

from tabml.core.config import Data
from tabml.ingest.propose import propose
from tests.ingest.exports import sheets
from tests.ingest.test_propose import BASE, DEAD, N, codes, cohort_of, kinds, table


def ask(folder, **columns):
    """What is asked about these columns beside an ordinary cohort."""
    return propose(sheets(table(folder, {**BASE, **columns, "dead": DEAD})), Data()).questions


def column(value, *, at=(3, 9), others=range(60, 90)) -> list:
    cells = list(others)[:N]
    return [value if i in at else v for i, v in enumerate(cells)]


@pytest.mark.parametrize(
    ("name", "cells", "safe"),
    [
        ("Heart rate", column(999), "missing"),
        ("score_x", column(999), "missing"),
        ("score_x", column(9999, at=(4,)), "missing"),
        ("Haemoglobin (g/dL)", column(0, others=[11 + i / 10 for i in range(N)]), "missing"),
        ("Zentin", column(9, at=(1, 2), others=[i % 2 for i in range(N)]), "missing"),
        ("Weight (kg)", column(99, at=range(12)), "a real value"),
    ],
    ids=[
        "beyond what is possible",
        "far from all others",
        "once, and very far",
        "zero where none can be",
        "a third code",
        "a spike",
    ],
)
def test_a_suspect_number_is_asked_about(tmp_path, name, cells, safe):
    [question] = ask(tmp_path, **{name: cells})
    assert question.key == "data.missing" and question.safe == safe
    assert repr(name) in question.text


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Heart rate", column(99, at=(1,))),
        ("CRP", column(0, others=range(1, 31))),
        ("Zentin", column(9, at=(1, 2), others=[i % 9 for i in range(N)])),
        ("pack years", column(0, others=range(0, 30))),
        ("score_x", column(120, at=(1,))),
    ],
)
def test_an_ordinary_number_is_not(tmp_path, name, cells):
    assert ask(tmp_path, **{name: cells}) == ()


def test_negative_codes_are_missing_without_a_question(tmp_path):
    assert ask(tmp_path, puls=column(-9)) == ()


def test_an_outcome_of_0_and_1_with_a_stray_9_is_yes_or_no(tmp_path):
    dead = [9 if i == 5 else i % 2 for i in range(N)]
    path = table(tmp_path, {**BASE, "dead": dead})
    found = propose(sheets(path), Data())
    [question] = found.questions
    assert (
        question.commands == ("--missing dead=9", "--not-missing dead=9") or '--missing "dead=9"' in question.commands
    )
    assert kinds(found)["dead"] == "boolean"
    told = propose(sheets(path), Data(missing=("dead=9",)))
    assert told.questions == () and cohort_of(told, path).frame["dead"].isna().sum() == 1


def test_what_is_said_to_be_real_is_kept(tmp_path):
    path = table(tmp_path, {**BASE, "score_x": column(999), "dead": DEAD})
    kept = propose(sheets(path), Data(not_missing=("score_x=999",)))
    assert kept.questions == () and cohort_of(kept, path).frame["score_x"].max() == 999
    assert next(f.evidence for f in kept.findings if f.code == "TB113").endswith("kept as a value")


def test_impossible_values_become_missing_by_the_plausible_range(tmp_path):
    path = table(tmp_path, {**BASE, "Heart rate": column(640, at=(2,)), "dead": DEAD})
    found = propose(sheets(path), Data())
    assert found.questions == () and found.codebook.variables["Heart rate"].outside == "missing"
    got = cohort_of(found, path)
    assert got.frame["Heart rate"].isna().sum() == 1 and "TB112" in {f.code for f in got.findings}


def test_dates_of_two_orders_in_one_column_are_asked_about_and_said(tmp_path):
    seen = ["13/01/2020", "01/14/2020", "03/04/2020"] * 10
    path = table(tmp_path, {**BASE, "Visit date": seen, "dead": DEAD})
    found = propose(sheets(path), Data())
    [question] = found.questions
    assert "two orders" in question.text and question.safe == "undecided" and "TB115" in codes(found)
    told = propose(sheets(path), Data(date_order="undecided"))
    assert told.questions == ()
    dates = cohort_of(told, path).frame["Visit date"]
    assert dates.isna().sum() == 10  # only 03/04/2020 fits both
