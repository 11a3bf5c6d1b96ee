"""Several files or sheets of one kind are one source; one sheet may hold the tables of two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.errors import ConfigError, InputError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook
from tabml.ingest.sources import match_sources
from tabml.ingest.trace import trace
from tests.ingest.exports import codes, cohort, csv, sheets, written
from tests.ingest.workbooks import sheet_xml, write_xlsx

BOOK = """
codebook: 1
sources:
  north: {file: "north_*.csv", id: {column: nr}}
variables:
  age: {kind: integer, from: {north: {column: age, status: accepted}}}
  hb: {kind: number, from: {north: {column: hb, status: accepted}}}
"""


def years(folder: Path, **text: str) -> list[Path]:
    return [csv(folder, f"north_{name[1:]}.csv", rows) for name, rows in text.items()]


def test_a_pattern_names_many_files_and_provenance_names_the_one(tmp_path):
    files = years(tmp_path, y2019="nr,age,hb\n1,50,13.1\n2,60,12", y2020="nr,age,hb\n3,70,11\n4,80,9.5")
    got = cohort(BOOK, *files)
    assert got.raw_ids == ("1", "2", "3", "4") and got.frame["hb"].tolist() == [13.1, 12, 11, 9.5]
    assert got.rows["source"].unique().tolist() == ["north"]
    assert [r["source_file"] for r in written(got)] == ["north_2019.csv"] * 2 + ["north_2020.csv"] * 2
    answer = trace(got.provenance, 3, "hb", parse_codebook(BOOK), [tmp_path])
    assert (answer.file, answer.row, answer.cells, answer.raw) == ("north_2020.csv", 3, ("C3",), ("9.5",))


def test_a_list_of_files_and_of_sheets(tmp_path):
    rows = [["nr", "age", "hb"], *[[f"A{i}", 40 + i, 10.5 + i] for i in range(4)]]
    more = [["nr", "age", "hb"], *[[f"B{i}", 50 + i, 11.5 + i] for i in range(4)]]
    file = write_xlsx(
        tmp_path / "n.xlsx", {"2019": sheet_xml(rows), "2020": sheet_xml(more), "Notes": sheet_xml([["x"]])}
    )
    book = BOOK.replace('file: "north_*.csv"', "file: n.xlsx, sheet: [2019, 2020], other_sheets: {Notes: remarks}")
    got = cohort(book, file)
    assert got.n_patients == 8 and len(got.provenance.sources) == 2
    answer = trace(got.provenance, 7, "age", parse_codebook(book), [tmp_path])
    assert (answer.sheet, answer.cells, answer.raw) == ("2020", ("B5",), ("53",))
    names = BOOK.replace('"north_*.csv"', "[north_a.csv, north_b.csv]")
    assert cohort(names, *years(tmp_path, _a="nr,age,hb\n1,5,1", _b="nr,age,hb\n2,6,2")).n_patients == 2
    assert dump_codebook(parse_codebook(names)) == dump_codebook(parse_codebook(dump_codebook(parse_codebook(names))))


def test_columns_in_another_order_are_found_by_name_and_traced_to_their_own_letter(tmp_path):
    files = years(tmp_path, y2019="nr,age,hb\n1,50,13", y2020="hb,nr,age\n11,2,70")
    got = cohort(BOOK, *files)
    assert got.frame.to_numpy().tolist() == [[50, 13.0], [70, 11.0]]
    assert trace(got.provenance, 1, "hb", parse_codebook(BOOK), [tmp_path]).cells == ("A2",)


def test_a_column_that_one_year_lacks_is_missing_there_and_counted(tmp_path):
    files = years(tmp_path, y2019="nr,age\n1,50\n2,60", y2020="nr,age,hb\n3,70,11")
    got = cohort(BOOK, *files)
    assert got.frame["hb"].isna().tolist() == [True, True, False]
    [said] = [f for f in got.findings if f.code == "TB151"]
    assert said.count == 2 and "1 of 2 tables of north have no column 'hb'" in said.evidence


def test_a_year_without_ids_is_refused(tmp_path):
    with pytest.raises(InputError, match="'nr'") as caught:
        cohort(BOOK, *years(tmp_path, y2019="nr,age,hb\n1,50,13", y2020="age,hb\n70,11"))
    assert caught.value.where == "north_2020.csv, source 'north'"


def test_a_patient_of_two_years_is_one_patient_and_the_conflict_names_both_files(tmp_path):
    book = BOOK.replace("id: {column: nr}", "id: {column: nr}, repeats: {conflict: missing}")
    got = cohort(book, *years(tmp_path, y2019="nr,age,hb\n1,50,13\n2,60,12", y2020="nr,age,hb\n1,51,13"))
    assert got.n_patients == 2 and got.frame["age"].isna().tolist() == [True, False]
    assert got.conflicts["rows"].tolist() == ["2 in north_2019.csv, 2 in north_2020.csv"]


def test_a_patient_of_two_years_may_be_visits(tmp_path):
    book = BOOK.replace("id: {column: nr}", "id: {column: nr}, repeats: {conflict: visits}")
    got = cohort(book, *years(tmp_path, y2019="nr,age,hb\n1,50,13", y2020="nr,age,hb\n1,51,13"))
    assert got.rows["patient"].tolist() == [0, 0] and got.frame["age"].tolist() == [50, 51]


def test_two_hundred_exports_are_one_source_with_findings_told_once(tmp_path):
    files = [
        csv(tmp_path, f"north_{i:03d}.csv", f"nr,age,hb\n{i}a,{40 + i % 40},{10 + i / 50}\n{i}b,61,x\n\nTotal,,")
        for i in range(200)
    ]
    got = cohort(BOOK, *files)
    assert got.n_patients == 400 and len(got.findings) < 12
    [aside] = [f for f in got.findings if f.code == "TB103"]
    assert aside.count == len(aside.where) and "north_000.csv and 199 more" in aside.evidence
    [words] = [f for f in got.findings if f.code == "TB110"]
    assert words.count == 200 and words.where[199] == "north_199.csv, cell C3"


def test_rows_stated_for_one_file_do_not_hold_for_several():
    with pytest.raises(ConfigError, match="several files or sheets: data_rows and set_aside hold for one only"):
        parse_codebook(BOOK.replace("id:", "data_rows: [2, 5], id:"))


TWO = """
codebook: 1
sources:
  a: {file: a.xlsx, sheet: S, table: TABLE_A, id: {column: id}}
  lab: {file: a.xlsx, sheet: S, table: TABLE_B, join: {to: a, on: pid}}
variables:
  age: {kind: integer, from: {a: {column: age, status: accepted}}}
  hb: {kind: number, from: {lab: {column: hb, status: accepted}}}
"""


def stacked_sheet(folder: Path) -> Path:
    rows = [
        ["id", "age"],
        *[[f"P{i}", 40 + i] for i in range(5)],
        [],
        ["pid", "hb"],
        *[[f"P{i}", 10.5 + i] for i in range(5)],
    ]
    return write_xlsx(folder / "a.xlsx", {"S": sheet_xml(rows)})


@pytest.mark.parametrize("names", [("A1:B6", "A8:B13"), ('"1"', '"2"')])
def test_two_tables_of_one_sheet_are_two_sources(tmp_path, names):
    book = TWO.replace("TABLE_A", names[0]).replace("TABLE_B", names[1])
    got = cohort(book, stacked_sheet(tmp_path))
    assert got.frame["hb"].tolist() == [10.5, 11.5, 12.5, 13.5, 14.5]
    assert trace(got.provenance, 2, "hb", parse_codebook(book), [tmp_path]).cells == ("B11",)
    assert not [f for f in got.findings if f.code == "TB104"]


def test_a_renamed_sheet_of_two_tables_is_found_for_both_sources(tmp_path):
    stacked_sheet(tmp_path).rename(tmp_path / "b.xlsx")
    got = cohort(TWO.replace("TABLE_A", "A1:B6").replace("TABLE_B", "A8:B13"), tmp_path / "b.xlsx")
    assert got.frame["hb"].tolist() == [10.5, 11.5, 12.5, 13.5, 14.5]
    assert [f.source for f in got.findings if f.code == "TB107"] == ["a", "lab"]


def test_a_second_table_that_nobody_names_is_said(tmp_path):
    book = (
        TWO.replace(", table: TABLE_A", "").split("  lab:")[0]
        + "variables:\n  age: {kind: integer, from: {a: {column: age, status: accepted}}}\n"
    )
    got = cohort(book, stacked_sheet(tmp_path))
    [said] = [f for f in got.findings if f.code == "TB104"]
    assert said.evidence == "a.xlsx, sheet S, A8:B13: another table, not in the codebook" and said.count == 5
    explained = book.replace("id: {column: id}", 'id: {column: id}, other_sheets: {"S!A8:B13": by hand}')
    [said] = [f for f in cohort(explained, stacked_sheet(tmp_path)).findings if f.code == "TB104"]
    assert said.severity == "info"


def test_a_table_number_that_the_sheet_lacks(tmp_path):
    with pytest.raises(InputError, match="the sheet holds 2 tables, no table 3 of source 'lab'"):
        cohort(TWO.replace("TABLE_A", '"1"').replace("TABLE_B", '"3"'), stacked_sheet(tmp_path))
    with pytest.raises(ConfigError, match="'B3-F40' is no range of cells: a range such as B3:F40, or a number from 1"):
        parse_codebook(TWO.replace("TABLE_A", "B3-F40").replace("TABLE_B", '"2"'))


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4), totals=st.booleans(), doubles=st.integers(0, 2))
def test_rows_in_are_rows_out_and_rows_set_aside(tmp_path_factory, sizes, totals, doubles):
    folder = tmp_path_factory.mktemp("stack")
    lines, number = 0, 0
    for k, n in enumerate(sizes):
        rows = ["nr,age,hb"]
        for _ in range(n):
            number += 1
            rows.append(f"P{number},{40 + number},{10 + number / 10}")
        rows += rows[-1:] * doubles + (["", "Total,,99"] if totals else [])
        lines += len(rows)
        (folder / f"north_{k}.csv").write_text("\n".join(rows) + "\n")
    got = cohort(BOOK, *sorted(folder.glob("*.csv")))
    read = next(s.rows for s in got.flow if s.label.startswith("rows of north"))
    aside = sum(s.rows for s in got.flow if s.kind == "aside")
    assert (read, len(got.frame), read - aside) == (lines, sum(sizes), sum(sizes))
    assert ("TB120" in codes(got)) == (doubles > 0) and not pd.isna(got.frame["hb"]).any()


def test_a_missing_cell_of_the_second_file_or_table_says_why(tmp_path):
    files = years(tmp_path, y2019="nr,age,hb\n1,50,13\n2,60,12", y2020="hb,nr,age\n11,3,70\n,4,80")
    answer = trace(cohort(BOOK, *files).provenance, 3, "hb", parse_codebook(BOOK), [tmp_path])
    assert (answer.file, answer.cells, answer.why) == ("north_2020.csv", ("A3",), "the cell is empty")


def test_a_pattern_does_not_take_the_file_that_explains_the_export(tmp_path):
    files = years(tmp_path, y2019="nr,age,hb\n1,50,13\n2,60,12")
    book = parse_codebook(BOOK)
    explains = replace(sheets(*years(tmp_path, y2020="nr,age,hb\n3,70,11"))[0], aside="the labels of another file")
    tables, findings = match_sources([*sheets(*files), explains], book)
    assert len(tables["north"].parts) == 1
    assert [f.evidence for f in findings if f.code == "TB104"] == ["north_2020.csv: the labels of another file"]
