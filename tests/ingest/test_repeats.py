"""Several rows of one patient: copies merged, conflicts settled as stated, visits kept, all of it listed."""

from __future__ import annotations

import pandas as pd
import pytest

from tabml.core.errors import QuestionError
from tests.ingest.exports import codes, cohort, csv

BOOK = """
codebook: 1
sources:
  a: {{file: a.csv, id: {{column: nr}}, dates: ymd, repeats: {repeats}}}
variables:
  day: {{kind: date, role: index_date, from: {{a: {{column: day, status: accepted}}}}}}
  x: {{kind: number, from: {{a: {{column: x, status: accepted}}}}}}
  y: {{kind: category, from: {{a: {{column: y, status: accepted}}}}}}
"""
ROWS = """nr,day,x,y
1,2020-01-01,5,a
2,2020-01-01,,b
2,2020-03-01,7,b
2,2020-02-01,8,b
3,2020-01-01,1,c
3,2020-01-01,1,c"""


def harmonised(tmp_path, repeats: str, rows: str = ROWS, *, yes: bool = False):
    return cohort(BOOK.format(repeats=repeats), csv(tmp_path, "a.csv", rows), yes=yes)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("most_complete", {"x": 7.0, "day": "2020-03-01", "row": 4}),
        ("latest", {"x": 7.0, "day": "2020-03-01", "row": 4}),
        ("missing", {"x": None, "day": None, "row": 3}),
    ],
)
def test_a_conflict_is_settled_by_its_policy(tmp_path, policy, kept):
    got = harmonised(tmp_path, f"{{conflict: {policy}}}")
    assert got.raw_ids == ("1", "2", "3")
    row = got.frame.iloc[1]
    assert (None if pd.isna(row["x"]) else row["x"]) == kept["x"]
    assert (None if pd.isna(row["day"]) else str(row["day"].date())) == kept["day"]
    assert row["y"] == "b"
    assert got.provenance is not None and got.provenance.rows_in("a")[1] == kept["row"]
    assert {"TB120", "TB122"} <= codes(got)
    assert got.conflicts is not None
    assert set(got.conflicts["variable"]) == {"x", "day"} and set(got.conflicts["rows"]) == {"3, 4, 5"}
    assert set(got.conflicts["row"]) == {1}


def test_latest_takes_the_last_date_wherever_it_stands(tmp_path):
    rows = "nr,day,x,y\n1,2020-05-01,5,a\n1,2020-01-01,6,a"
    assert harmonised(tmp_path, "{conflict: latest}", rows).frame["x"].tolist() == [5.0]


def test_a_conflict_left_open_is_asked_and_yes_takes_the_safe_answer(tmp_path):
    with pytest.raises(QuestionError, match="conflicting rows") as caught:
        harmonised(tmp_path, "{conflict: ask}")
    assert caught.value.questions == (
        "source 'a': 1 patient with rows that differ; in the codebook set sources.a.repeats.conflict to "
        "most_complete, latest, missing or visits",
    )
    assert harmonised(tmp_path, "{conflict: ask}", yes=True).frame["x"].tolist() == [5.0, pd.NA, 1.0]


def test_rows_that_only_fill_each_others_gaps_are_no_conflict(tmp_path):
    rows = "nr,day,x,y\n1,2020-01-01,,a\n1,2020-01-01,6,"
    got = harmonised(tmp_path, "{conflict: ask}", rows)
    assert got.frame.iloc[0].tolist() == [pd.Timestamp("2020-01-01"), 6.0, "a"]
    assert "TB122" in codes(got)


def test_visits_are_all_kept_and_share_their_patient(tmp_path):
    got = harmonised(tmp_path, "{conflict: visits}")
    assert got.rows["patient"].tolist() == [0, 1, 1, 1, 2]
    assert got.rows["group"].tolist() == [0, 1, 1, 1, 2]
    assert got.n_patients == 3
    assert {"TB120", "TB123"} <= codes(got)


def test_copies_are_kept_where_the_codebook_says_so(tmp_path):
    got = harmonised(tmp_path, "{exact: keep, conflict: visits}")
    assert len(got.frame) == 6 and "TB120" not in codes(got)


def test_every_row_that_left_is_in_the_flow(tmp_path):
    got = harmonised(tmp_path, "{conflict: most_complete}")
    left = {s.reason: s.rows for s in got.flow if s.kind == "aside"}
    assert left == {
        "header": 1, "identical rows of one patient merged": 1, "conflicting rows of one patient settled": 2,
    }  # fmt: skip
