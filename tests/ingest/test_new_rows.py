"""New patients for a model: the convention is found by headers, and every row comes back in its place."""

from __future__ import annotations

import pandas as pd
import pytest

from tabml.core.errors import InputError, QuestionError
from tabml.ingest.codebook_file import parse_codebook, portable
from tabml.ingest.harmonise import new_rows
from tests.ingest.exports import csv, sheets

BOOK = parse_codebook("""
codebook: 1
sources:
  a: {file: a.csv, id: {column: Nr}, missing: ["?"], unused: {ward: no}}
  b: {file: b.csv, id: {column: no}, decimal: ","}
  b_lab: {file: lab.csv, decimal: ",", join: {to: b, on: no, rule: digits}}
variables:
  nr: {kind: id, role: patient_id, from: {a: {column: Nr, status: accepted}, b: {column: no, status: accepted}}}
  centre: {kind: category, role: centre, levels: {a: Aa, b: Bb}, from: {a: {constant: a, status: accepted}, b: {constant: b, status: accepted}}}
  age: {kind: integer, from: {a: {column: Age, status: accepted}, b: {column: alder, status: accepted}}}
  sex: {kind: category, levels: {"0": female, "1": male}, from: {a: {column: Sex, recode: {f: 0, m: 1}, status: accepted}, b: {column: kjønn, recode: {kvinne: 0, mann: 1}, status: accepted}}}
  hb: {kind: number, from: {a: {column: Hb, status: accepted}, b_lab: {column: hb g/dl, status: accepted}}}
  dead: {kind: boolean, role: outcome, timing: outcome, from: {a: {column: Dead, recode: {"y": 1, "n": 0}, status: accepted}, b: {column: død, recode: {ja: 1, nei: 0}, status: accepted}}}
""")
FEATURES = ["age", "sex", "hb"]


def read(*paths, variables=FEATURES):
    return new_rows(sheets(*paths), portable(BOOK), variables)


def values(rows) -> list[list]:
    return [[None if pd.isna(v) else v for v in row] for row in rows.frame.astype(object).to_numpy()]


def test_rows_come_back_in_their_order_with_repeats_and_without_the_outcome(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\nx2,60,m,12\nx1,?,f,\nx2,60,m,12"))
    assert (rows.source, rows.raw_ids, rows.row_numbers) == ("a", ("x2", "x1", "x2"), (2, 3, 4))
    assert values(rows) == [[60, "1", 12.0], [None, "0", None], [60, "1", 12.0]]
    assert rows.centre == ("Aa", "Aa", "Aa") and rows.absent == ()
    assert "x2" not in repr(rows)


def test_totals_and_titles_are_no_rows(tmp_path):
    text = "Export of today\n\nNr,Age,Sex,Hb\n1,60,m,12\n2,61,f,13\n3,62,f,11\nTotal,3,,"
    assert len(read(csv(tmp_path, "new.csv", text)).frame) == 3


def test_a_joined_table_is_joined_and_a_missing_partner_is_missing(tmp_path):
    base = csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne\n12;62;mann")
    lab = csv(tmp_path, "l.csv", "no;hb g/dl\n0012;9,5\n0001;12,5\n0001;12,5")
    rows = read(base, lab)
    assert rows.source == "b"
    assert values(rows) == [[60, "1", 12.5], [61, "0", None], [62, "1", 9.5]]


def test_a_missing_joined_table_leaves_its_variables_absent(tmp_path):
    rows = read(csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne"))
    assert rows.absent == ("hb",)
    assert rows.frame["hb"].isna().all()
    assert [f.code for f in rows.findings] == ["TB702"]


def test_headers_that_are_the_variables_names_are_understood(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "nr,age,sex,hb\n5,60,male,12\n6,61,0,k.A."))
    assert (rows.source, rows.raw_ids) == ("canonical", ("5", "6"))
    assert values(rows) == [[60, "1", 12.0], [61, "0", None]]


def test_an_id_column_is_not_needed(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Age,Sex,Hb\n60,m,12\n61,f,13"))
    assert rows.raw_ids == ("", "") and rows.source == "a"


def test_a_column_too_few_is_absent_and_a_strange_one_ignored(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Nr,Age,Sex,Shoe\n1,60,m,42\n2,61,f,40"))
    assert rows.absent == ("hb",)


def test_one_patient_is_a_table(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\n1,60,m,12"))
    assert values(rows) == [[60, "1", 12.0]]


def test_a_file_in_no_convention_is_refused_with_the_nearest_headers(tmp_path):
    with pytest.raises(InputError, match=r"'kjønn' \(nearest: 'kjonn'\)"):
        read(csv(tmp_path, "new.csv", "nummer;alderen;kjonn\n1;60;mann\n2;61;kvinne"))


def test_two_conventions_that_read_the_same_headers_differently_are_asked_about(tmp_path):
    twin = BOOK.sources["a"].model_copy(update={"decimal": ","})
    variables = {
        n: v.model_copy(update={"from_": {**v.from_, "c": v.from_["a"]}}) if "a" in v.from_ else v
        for n, v in BOOK.variables.items()
    }
    book = BOOK.model_copy(update={"sources": {**BOOK.sources, "c": twin}, "variables": variables})
    path = csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\n1,60,m,12\n2,61,f,13")
    with pytest.raises(QuestionError, match="fits 2 conventions equally well: a, c"):
        new_rows(sheets(path), book, FEATURES)
    same = book.model_copy(update={"sources": {**book.sources, "c": BOOK.sources["a"]}})
    assert new_rows(sheets(path), same, FEATURES).centre == (None, None)
