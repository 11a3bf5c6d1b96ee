"""Ids: on a patient's first row only, eaten by a spreadsheet program, or written in two ways."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.errors import QuestionError
from tests.ingest.exports import codes, cohort, csv
from tests.ingest.workbooks import sheet_xml, write_xlsx

BOOK = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}, repeats: {conflict: visits}}
variables:
  day: {kind: integer, from: {a: {column: day, status: accepted}}}
"""
ROWS = "nr,day\n7,1\n,2\n,3\n8,1\n,2\n\n,9\n9,1"


def told(found, code: str) -> list[str]:
    return [f.evidence for f in found.findings if f.code == code]


def test_ids_on_first_rows_only_are_asked_about(tmp_path):
    with pytest.raises(QuestionError, match="ids that stand on the first row of a patient only") as caught:
        cohort(BOOK, csv(tmp_path, "a.csv", ROWS))
    assert "source 'a': do 3 rows without an id belong to the id above?" in caught.value.questions[0]


def test_yes_fills_them_down_and_never_over_a_blank_row(tmp_path):
    got = cohort(BOOK, csv(tmp_path, "a.csv", ROWS), yes=True)
    assert got.raw_ids == ("7", "7", "7", "8", "8", "9") and got.frame["day"].tolist() == [1, 2, 3, 1, 2, 1]
    assert [s.rows for s in got.flow if s.reason == "rows without id"] == [1]
    assert any("not confirmed" in text for text in told(got, "TB125"))


def test_the_codebook_decides(tmp_path):
    down = BOOK.replace("{column: nr}", "{column: nr, fill_down: true}")
    got = cohort(down, csv(tmp_path, "a.csv", ROWS))
    assert got.n_patients == 3 and told(got, "TB125") == [
        "the id 'nr' of a.csv stands on first rows only: 3 rows filled down"
    ]
    kept = cohort(BOOK.replace("{column: nr}", "{column: nr, fill_down: false}"), csv(tmp_path, "a.csv", ROWS))
    assert kept.raw_ids == ("7", "8", "9") and "TB125" not in codes(kept)


def test_a_totals_row_ends_a_patient_and_a_repeated_header_does_not(tmp_path):
    rows = "nr,day,hb\n7,1,5.5\n,2,6.5\nTotal,,12\n,3,7.5\n8,1,8.5\nnr,day,hb\n,2,9.5"
    book = BOOK.replace("{column: nr}", "{column: nr, fill_down: true}").replace(
        "repeats:", "unused: {hb: x}, repeats:"
    )
    got = cohort(book, csv(tmp_path, "a.csv", rows))
    assert got.raw_ids == ("7", "7", "8", "8") and got.frame["day"].tolist() == [1, 2, 1, 2]


@settings(max_examples=30, deadline=None)
@given(blocks=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=8))
def test_every_row_has_the_last_id_above_it_or_is_counted(tmp_path_factory, blocks):
    lines, wanted, lost = ["nr,day,x"], [], 0
    for i, (n, blank_before) in enumerate(blocks):
        if blank_before:
            lines += ["", ",99,1"]  # a row that belongs to nobody
            lost += 1
        lines += [f"{100 + i},0,1", *[f",{day},1" for day in range(1, n + 1)]]
        wanted += [str(100 + i)] * (n + 1)
    file = tmp_path_factory.mktemp("down") / "a.csv"
    file.write_text("\n".join(lines) + "\n")
    book = BOOK.replace("{column: nr}", "{column: nr, fill_down: true}").replace("repeats:", "unused: {x: x}, repeats:")
    got = cohort(book, file)
    assert list(got.raw_ids) == wanted
    assert sum(s.rows for s in got.flow if s.reason == "rows without id") == lost


@pytest.mark.parametrize(
    ("rows", "evidence"),
    [
        ("7,1\n007,2", "1 id of 'nr' (a) written differently but counted as equal: leading zeros, as 007 and 7 (1)"),
        ("ab1,1\nAB1,2", "1 id of 'nr' (a) written differently but counted as equal: upper and lower case (1)"),
        ("7.0,1\n7,2", "1 id of 'nr' (a) written differently but counted as equal: decimals, as 7.0 and 7 (1)"),
        ("1.23457E+11,1\n5,2", "1 id of 'nr' (a) written as 1.2E+11: the last digits of the number are lost"),
        ("1e5,1\n77,2", "1 id of 'nr' (a) written as 1.2E+11: the last digits of the number are lost"),
    ],
)
def test_doubtful_ids_are_named_with_the_reason(tmp_path, rows, evidence):
    got = cohort(BOOK, csv(tmp_path, "a.csv", f"nr,day\n{rows}"))
    assert told(got, "TB126") == [evidence]
    assert all(f.severity == "grave" for f in got.findings if f.code == "TB126")


def test_an_id_of_letters_and_digits_is_no_abbreviated_number(tmp_path):
    got = cohort(BOOK, csv(tmp_path, "a.csv", "nr,day\n1e5,1\n2f7,2\n3a1,3"))
    assert "TB126" not in codes(got) and got.raw_ids == ("1e5", "2f7", "3a1")


def test_ids_of_a_workbook_that_are_numbers(tmp_path):
    file = write_xlsx(
        tmp_path / "a.xlsx", {"S": sheet_xml([["nr", "day"], [12, 1], ["007", 2], [100000, 3], [1234567890123456, 4]])}
    )
    got = cohort(BOOK.replace("a.csv", "a.xlsx"), file)
    assert set(got.raw_ids) == {"12", "007", "100000", "1234567890123456"}
    assert told(got, "TB126") == ["1 id of 'nr' (a): numbers of more than 15 digits, Excel cut their end"]


def test_lost_leading_zeros_still_join(tmp_path):
    book = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}}
  lab: {file: lab.csv, join: {to: a, on: nr}}
variables:
  age: {kind: integer, from: {a: {column: age, status: accepted}}}
  hb: {kind: number, from: {lab: {column: hb, status: accepted}}}
"""
    got = cohort(book, csv(tmp_path, "a.csv", "nr,age\n007,50\n012,60"), csv(tmp_path, "lab.csv", "nr,hb\n7,13\n12,9"))
    assert got.frame["hb"].tolist() == [9.0, 13.0] and "TB126" not in codes(got)


def test_exact_ids_keep_their_zeros_apart(tmp_path):
    book = BOOK.replace("{column: nr}", "{column: nr, rule: exact}")
    got = cohort(book, csv(tmp_path, "a.csv", "nr,day\n7,1\n007,2"))
    assert got.n_patients == 2 and "TB126" not in codes(got)
