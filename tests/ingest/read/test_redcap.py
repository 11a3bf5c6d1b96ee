"""REDCap exports: events side by side, repeats as long tables, labels and dictionary as what columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tabml.core.config import Data
from tabml.ingest.layout import NoTable, Table, find_table
from tabml.ingest.read import RawSheet, Stated, read_file, read_files
from tabml.ingest.read.redcap.dictionary import COLUMNS, parse_choices

HEADERS = [
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
]  # fmt: skip
#: name, form, type, label, choices, note, validation, min, max, identifier
FIELDS = [
    ("record_id", "demographics", "text", "Record ID", "", "", "", "", "", ""),
    ("name", "demographics", "text", "Full name", "", "", "", "", "", "y"),
    ("sex", "demographics", "radio", "<b>Sex</b> at birth", "1, Male | 2, Female | 9, Unknown", "", "", "", "", ""),
    ("age", "demographics", "text", "Age", "", "years", "integer", "18", "110", ""),
    ("comorb", "demographics", "checkbox", "Comorbidities", "1, Diabetes | 2, COPD | -9, Other", "", "", "", "", ""),
    ("sbp", "visit", "text", "Systolic BP (mmHg)", "", "", "number", "50", "300", ""),
    ("smoker", "visit", "yesno", "Smoker", "", "", "", "", "", ""),
    ("crp", "labs", "text", "CRP (mg/L)", "", "", "number_1dp", "0", "", ""),
    ("taken", "labs", "text", "Date of sample", "", "", "date_dmy", "", "", ""),
    ("scan", "outcome", "file", "Scan", "", "", "", "", "", ""),
    ("dead", "outcome", "yesno", "Dead at one year", "", "", "", "", "", ""),
]


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    lines = [",".join(f'"{text}"' if "," in text or text == "" else text for text in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def dictionary(folder: Path, headers: Sequence[str] = HEADERS) -> Path:
    order = ("name", "form", "type", "label", "choices", "note", "validation", "low", "high", "identifier")
    rows = [list(headers)]
    for field in FIELDS:
        told = dict(zip(order, field, strict=True))
        by_place = {
            HEADERS.index(next(h for h in HEADERS if h.casefold() == COLUMNS[k][0])): v for k, v in told.items()
        }
        rows.append([by_place.get(j, "") for j in range(len(HEADERS))])
    return write(folder / "Study_DataDictionary.csv", rows)


CLASSIC = [
    ["record_id", "name", "sex", "age", "comorb___1", "comorb___2", "comorb____9", "demographics_complete", "sbp", "smoker", "visit_complete"],
    ["1", "Ola N", "1", "63", "1", "0", "0", "2", "130", "1", "2"],
    ["2", "Kari N", "2", "71", "0", "0", "1", "2", "145", "0", "1"],
    ["3", "Per N", "9", "55", "0", "1", "0", "2", "", "0", "0"],
]  # fmt: skip
LABELLED = [
    ["Record ID", "Full name", "Sex at birth", "Age", "Comorbidities (choice=Diabetes)", "Comorbidities (choice=COPD)",
     "Comorbidities (choice=Other)", "Complete?", "Systolic BP (mmHg)", "Smoker", "Complete?"],
    ["1", "Ola N", "Male", "63", "Checked", "Unchecked", "Unchecked", "Complete", "130", "Yes", "Complete"],
    ["2", "Kari N", "Female", "71", "Unchecked", "Unchecked", "Checked", "Complete", "145", "No", "Unverified"],
    ["3", "Per N", "Unknown", "55", "Unchecked", "Checked", "Unchecked", "Complete", "", "No", "Incomplete"],
]  # fmt: skip
EVENTS = [
    ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "sex", "sbp", "crp", "taken", "dead"],
    ["1", "baseline_arm_1", "", "", "1", "130", "", "", ""],
    ["1", "baseline_arm_1", "labs", "1", "", "", "5.5", "2020-01-01", ""],
    ["1", "baseline_arm_1", "labs", "2", "", "", "7.1", "2020-01-09", ""],
    ["1", "month_6_arm_1", "", "", "", "128", "", "", ""],
    ["1", "year_1_arm_1", "", "", "", "", "", "", "0"],
    ["2", "baseline_arm_1", "", "", "2", "145", "", "", ""],
    ["2", "year_1_arm_1", "", "", "", "", "", "", "1"],
    ["2", "month_6_arm_1", "labs", "1", "", "", "99", "2020-06-01", ""],
]  # fmt: skip


def by_name(sheets: Sequence[RawSheet]) -> dict[str, RawSheet]:
    return {s.sheet or s.file: s for s in sheets}


class TestDictionary:
    def test_choices_may_hold_commas_bars_and_line_breaks(self) -> None:
        assert parse_choices("0,No|1, Yes, mild | 2 , Yes, severe") == {"0": "No", "1": "Yes, mild", "2": "Yes, severe"}
        assert parse_choices("a, Alpha\nb, Beta") == {"a": "Alpha", "b": "Beta"}

    @pytest.mark.parametrize("order", ["dictionary first", "export first"])
    def test_it_says_what_the_columns_of_the_export_mean(self, tmp_path: Path, order: str) -> None:
        files = [write(tmp_path / "raw.csv", CLASSIC), dictionary(tmp_path)]
        sheets = read_files(files if order == "export first" else files[::-1], Data())
        raw = by_name(sheets)["raw.csv"]
        told = {raw.text(1, number): said for number, said in raw.stated.items()}
        assert told["sex"] == Stated(
            label="Sex at birth", levels={"1": "Male", "2": "Female"}, missing=("9",), missing_labels={"9": "Unknown"},
            kind="category",
        )  # fmt: skip
        assert told["age"] == Stated(label="Age", kind="integer", range=(18, 110), note="years")
        assert told["name"].identifier
        assert told["comorb___1"].label == "Comorbidities: Diabetes"
        assert told["comorb____9"].label == "Comorbidities: Other"  # REDCap writes -9 as _9
        assert (told["smoker"].kind, told["smoker"].levels) == ("boolean", {"1": "Yes", "0": "No"})
        assert told["visit_complete"].unused == "state of a form"
        assert raw.rows(1, 1)[0] == tuple(CLASSIC[0])

    def test_it_is_listed_and_is_no_table(self, tmp_path: Path) -> None:
        sheets = read_files([write(tmp_path / "raw.csv", CLASSIC), dictionary(tmp_path)], Data())
        found = find_table(by_name(sheets)["Study_DataDictionary.csv"])
        assert isinstance(found, NoTable)
        assert found.reason == "the REDCap data dictionary of raw.csv: read with it"
        assert [f.severity for f in found.findings] == ["info"]

    def test_headers_of_the_interface_for_programs(self, tmp_path: Path) -> None:
        names = {v[0]: v[1] for v in COLUMNS.values()}
        headers = [names.get(h.casefold(), h) for h in HEADERS]
        raw = by_name(read_files([write(tmp_path / "raw.csv", CLASSIC), dictionary(tmp_path, headers)], Data()))[
            "raw.csv"
        ]
        assert raw.stated[3].label == "Sex at birth"

    def test_dictionary_of_another_project_is_not_used(self, tmp_path: Path) -> None:
        other = write(tmp_path / "raw.csv", [["id", "weight"], ["1", "80"], ["2", "75"]])
        assert by_name(read_files([other, dictionary(tmp_path)], Data()))["raw.csv"].stated == {}


class TestLabels:
    def test_pair_of_exports_without_dictionary(self, tmp_path: Path) -> None:
        files = [write(tmp_path / "labels.csv", LABELLED), write(tmp_path / "raw.csv", CLASSIC)]
        sheets = by_name(read_files(files, Data()))
        stated = sheets["raw.csv"].stated
        assert stated[3] == Stated(
            label="Sex at birth", levels={"1": "Male", "2": "Female"}, missing=("9",), missing_labels={"9": "Unknown"},
            kind="category",
        )  # fmt: skip
        assert (stated[5].label, stated[5].kind) == ("Comorbidities: Diabetes", "boolean")
        assert (stated[9].levels, stated[10].levels) == ({}, {"0": "No", "1": "Yes"})
        assert sheets["labels.csv"].aside == "the labels of the REDCap export raw.csv: read with it"

    def test_dictionary_wins_over_labels(self, tmp_path: Path) -> None:
        files = [write(tmp_path / "a.csv", CLASSIC), write(tmp_path / "b.csv", LABELLED), dictionary(tmp_path)]
        sheets = by_name(read_files(files, Data()))
        assert sheets["a.csv"].stated[4].range == (18, 110)
        assert sheets["b.csv"].aside

    def test_export_of_other_patients_is_no_label_export(self, tmp_path: Path) -> None:
        other = [LABELLED[0], *([str(int(row[0]) + 5), *row[1:]] for row in LABELLED[1:])]
        sheets = by_name(read_files([write(tmp_path / "a.csv", CLASSIC), write(tmp_path / "b.csv", other)], Data()))
        assert (sheets["a.csv"].stated, sheets["b.csv"].aside) == ({}, "")


class TestEvents:
    @pytest.fixture()
    def sheets(self, tmp_path: Path) -> dict[str, RawSheet]:
        return by_name(read_files([write(tmp_path / "raw.csv", EVENTS), dictionary(tmp_path)], Data()))

    def test_one_row_per_record_and_one_column_per_event_that_holds_the_field(
        self, sheets: dict[str, RawSheet]
    ) -> None:
        assert sheets["records"].rows() == (
            ("record_id", "sex", "sbp", "month_6 / sbp", "dead"),
            ("1", "1", "130", "128", "0"),
            ("2", "2", "145", None, "1"),
        )

    def test_repeating_instrument_is_a_long_table(self, sheets: dict[str, RawSheet]) -> None:
        assert sheets["labs"].rows() == (
            ("record_id", "redcap_event_name", "redcap_repeat_instance", "crp", "taken"),
            ("1", "baseline_arm_1", "1", "5.5", "2020-01-01"),
            ("1", "baseline_arm_1", "2", "7.1", "2020-01-09"),
            ("2", "month_6_arm_1", "1", "99", "2020-06-01"),
        )

    def test_every_row_is_counted(self, sheets: dict[str, RawSheet]) -> None:
        (told,) = sheets["records"].said
        assert (told.code, told.count) == ("TB109", 8)
        assert told.evidence.endswith(
            "8 rows laid out as tables: 5 rows of 3 events side by side (2 records, 5 columns); "
            "3 rows of 'labs' as a table of their own"
        )

    def test_dictionary_reaches_the_tables_laid_out(self, sheets: dict[str, RawSheet]) -> None:
        records, labs = sheets["records"], sheets["labs"]
        assert records.stated[2].levels == {"1": "Male", "2": "Female"}
        assert [records.stated[n].timing for n in (3, 4, 5)] == [None, "later", "later"]
        assert records.stated[4].label == "Systolic BP (mmHg)"
        assert (labs.stated[4].label, labs.stated[5].kind) == ("CRP (mg/L)", "date")

    def test_addresses_are_those_of_the_file(self, sheets: dict[str, RawSheet]) -> None:
        assert sheets["records"].at(2, 4) == "raw.csv, cell F5"
        assert sheets["records"].at(3, 5) == "raw.csv, cell I8"
        assert sheets["records"].at(3, 4) == "raw.csv, no cell for 'month_6 / sbp'"
        assert sheets["labs"].at(4, 4) == "raw.csv, cell G9"

    def test_the_file_alone_gives_the_same_tables(self, sheets: dict[str, RawSheet], tmp_path: Path) -> None:
        alone = by_name(read_file(tmp_path / "raw.csv", Data()))
        assert {name: sheet.rows() for name, sheet in alone.items()} == {
            name: sheets[name].rows() for name in ("records", "labs")
        }

    def test_tables_are_found_without_setting_rows_aside(self, sheets: dict[str, RawSheet]) -> None:
        table = find_table(sheets["records"])
        assert isinstance(table, Table)
        assert (len(table), dict(table.set_aside)) == (2, {})
        assert [f.code for f in table.findings] == ["TB109"]

    def test_arms_share_events_and_become_a_column(self, tmp_path: Path) -> None:
        rows = [
            ["record_id", "redcap_event_name", "age"], ["1", "visit_arm_1", "60"], ["2", "visit_arm_2", "70"],
        ]  # fmt: skip
        (sheet,) = read_file(write(tmp_path / "raw.csv", rows), Data())
        assert sheet.rows() == (("record_id", "redcap_arm", "age"), ("1", "1", "60"), ("2", "2", "70"))

    def test_record_in_two_arms_keeps_both_apart(self, tmp_path: Path) -> None:
        rows = [["record_id", "redcap_event_name", "age"], ["1", "visit_arm_1", "60"], ["1", "visit_arm_2", "61"]]
        (sheet,) = read_file(write(tmp_path / "raw.csv", rows), Data())
        assert sheet.rows()[1:] == (("1", "1", "60", "61"),)
        assert sheet.rows()[0] == ("record_id", "redcap_arm", "age", "visit_arm_2 / age")

    def test_rows_that_fit_no_order_are_kept_as_they_are(self, tmp_path: Path) -> None:
        rows = [["record_id", "redcap_event_name", "age"], ["1", "visit", "60"], ["1", "visit", "61"]]
        (sheet,) = read_file(write(tmp_path / "raw.csv", rows), Data())
        assert sheet.rows() == tuple(map(tuple, rows))
        assert [(f.code, f.severity) for f in sheet.said] == [("TB109", "warn")]

    def test_repeats_without_events(self, tmp_path: Path) -> None:
        rows = [
            ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "age", "crp"],
            ["1", "", "", "60", ""], ["1", "labs", "1", "", "5"], ["2", "", "", "70", ""],
        ]  # fmt: skip
        sheets = by_name(read_file(write(tmp_path / "raw.csv", rows), Data()))
        assert sheets["records"].rows() == (("record_id", "age"), ("1", "60"), ("2", "70"))
        assert sheets["labs"].rows() == (("record_id", "redcap_repeat_instance", "crp"), ("1", "1", "5"))

    def test_labels_of_a_longitudinal_export(self, tmp_path: Path) -> None:
        labels = [
            ["Record ID", "Event Name", "Repeat Instrument", "Repeat Instance", "Sex", "BP", "CRP", "Taken", "Dead"],
            *([r[0], r[1].replace("_arm_1", ""), r[2], r[3], {"1": "Male", "2": "Female"}.get(r[4], ""), *r[5:]] for r in EVENTS[1:]),
        ]  # fmt: skip
        files = [write(tmp_path / "raw.csv", EVENTS), write(tmp_path / "labels.csv", labels)]
        sheets = by_name(read_files(files, Data()))
        assert sheets["records"].stated[2].levels == {"1": "Male", "2": "Female"}
        assert sheets["labels.csv"].aside
