"""Trace: from a value of the cohort back to its cell, and never to an identifier."""

from __future__ import annotations

import pytest

from tabml.core.errors import ConfigError
from tabml.ingest.trace import find_rows, trace
from tests.ingest.exports import HEART4, KEY, heart4, heart4_codebook, heart4_exports

BOOK = heart4_codebook()


@pytest.fixture(scope="module")
def cohort():
    return heart4()


def answer(cohort, raw_id: str, variable: str, folders=(HEART4,)):
    [row] = find_rows(cohort.rows, raw_id, BOOK, KEY)
    return trace(cohort.provenance, row, variable, BOOK, folders)


def test_a_value_leads_to_its_cell(cohort):
    got = answer(cohort, "CC-00003", "chol")
    assert (got.file, got.sheet, got.cells, got.raw) == ("cleveland_clinic.xlsx", "Patients", ("I7",), ("229",))
    assert got.rule == "column 'Serum cholesterol (mg/dl)'" and got.unit_step == "" and got.note == ""


def test_a_converted_value_of_a_joined_sheet_names_its_unit_step(cohort):
    rows = find_rows(cohort.rows, "12", BOOK, KEY)
    assert len(rows) == 1
    got = trace(cohort.provenance, rows[0], "chol", BOOK, [HEART4])
    assert got.sheet == "Undersøkelser" and got.unit_step == "mmol/L to mg/dL: x 38.67"


def test_a_worked_out_value_names_its_cells_and_hides_the_birth_date(cohort):
    got = answer(cohort, "B0003", "age")
    assert got.cells == ("D7", "E7") and got.headers == ("Geburtsdatum", "Untersuchungsdatum")
    assert got.raw == (None, "24.06.1986") and "not shown" in got.note
    assert got.rule.startswith("completed_years(")


def test_a_merged_patient_says_which_rows(cohort):
    assert answer(cohort, "CC-00031", "trestbps").events == (
        "rows 35, 38 of cleveland: conflict: most complete row kept",
    )


def test_without_the_file_everything_but_the_raw_text_is_answered(cohort, tmp_path):
    (tmp_path / "cleveland_clinic.xlsx").write_bytes(b"another file of that name")
    got = answer(cohort, "CC-00003", "chol", [tmp_path])
    assert got.cells == ("I7",) and got.raw == (None,) and "not found unchanged" in got.note


def test_a_missing_value_of_a_source_that_lacks_the_variable(cohort):
    got = answer(cohort, "B0001", "num")
    assert got.source is None and got.note == "no source fills this cell"


def test_an_identifier_is_refused_and_a_near_miss_named(cohort):
    for name in ("local_id", "SSN"):
        with pytest.raises(ConfigError, match="identifies people and is not traced"):
            trace(cohort.provenance, 0, name, BOOK, [])
    with pytest.raises(ConfigError, match="no variable 'cholest'") as caught:
        trace(cohort.provenance, 0, "cholest", BOOK, [])
    assert caught.value.hint == "did you mean 'chol'?"


def test_patients_are_found_by_pseudonym_and_by_raw_id(cohort):
    pseudonym = cohort.rows["pseudonym"].iloc[5]
    assert find_rows(cohort.rows, pseudonym.lower(), BOOK) == (5,)
    assert find_rows(cohort.rows, "zh5", BOOK, KEY) == find_rows(cohort.rows, " ZH5 ", BOOK, KEY)
    assert len(find_rows(cohort.rows, "0012", BOOK, KEY)) == 1
    assert find_rows(cohort.rows, "nobody", BOOK, KEY) == ()


def test_every_tenth_cell_of_every_variable_is_answered(cohort):
    """Replayed from the sheets: the address of the rule holds the text the value came from."""
    sheets = {(s.file, s.sheet or ""): s for s in heart4_exports()}
    sources = cohort.provenance.sources.set_index("source")
    checked = 0
    for name in cohort.frame.columns:
        for row in range(0, len(cohort.frame), 10):
            position = cohort.provenance.rule_of(row, name)
            if position < 0:
                continue
            rule = cohort.provenance.rules.iloc[position]
            if rule["expr"]:
                continue
            sheet = sheets[(sources.at[rule["source"], "file"], sources.at[rule["source"], "sheet"])]
            number = int(cohort.provenance.rows_in(rule["source"])[row])
            column = sum((ord(c) - 64) * 26**i for i, c in enumerate(reversed(rule["column"])))
            text = sheet.text(number, column)
            value = cohort.frame[name].iloc[row]
            if value is not None and str(value) not in ("nan", "<NA>", "NaT"):
                assert text != ""
            checked += 1
    assert checked > 1000
