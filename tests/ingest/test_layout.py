"""Layout: where the table stands, what its columns are called, what is set aside, what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.layout import NoTable, Table, find_table
from tabml.ingest.read import RawSheet, read_files

EXPORTS = Path("examples/heart4/exports")
HEAD = ["id", "sex", "age", "chol", "sbp"]


def sheet(rows: Sequence[Sequence[Any]], name: str | None = "Data", **facts: Any) -> RawSheet:
    """A sheet of these rows; '' is blank, integers become floats as in a workbook."""
    width = max(map(len, rows), default=0)
    cells = tuple(
        tuple(float(v) if type(v) is int else (None if v == "" else v) for v in row) + (None,) * (width - len(row))
        for row in rows
    )
    return RawSheet.of_rows("export.xlsx" if name else "export.csv", "0" * 64, name, cells, **facts)


def patients(n: int = 12, start: int = 1) -> list[list[Any]]:
    return [[f"P{i:03d}", "m" if i % 2 else "f", 40 + i % 30, 150 + i, 110 + i % 40] for i in range(start, start + n)]


def table(raw: RawSheet, **how: Any) -> Table:
    found = find_table(raw, **how)
    assert isinstance(found, Table), found.reason
    return found


def refused(raw: RawSheet, **how: Any) -> NoTable:
    found = find_table(raw, **how)
    assert isinstance(found, NoTable), found.headers
    return found


def codes(found: Table | NoTable) -> list[str]:
    return [f.code for f in found.findings]


class TestHeart4:
    @pytest.fixture(scope="class")
    @classmethod
    def found(cls) -> dict[str, Table | NoTable]:
        return {s.name: find_table(s) for s in read_files([EXPORTS], Data())}

    @pytest.mark.parametrize(
        ("name", "header_rows", "rows", "aside"),
        [
            ("cleveland_clinic.xlsx, sheet Patients", (4,), (5, 312, 308), {"title": 2, "blank": 1, "totals": 1}),
            ("budapest_herzzentrum.csv", (4,), (5, 299, 295), {"title": 2, "blank": 1, "totals": 1}),
            ("zuerich_basel.xlsx, sheet Daten", (1, 2), (3, 127, 123), {"blank": 2}),
            ("oslo_sykehus.xlsx, sheet Pasienter", (3,), (4, 203, 200), {"title": 1, "blank": 1, "totals": 1}),
            ("oslo_sykehus.xlsx, sheet Undersøkelser", (1,), (2, 201, 200), {}),
        ],
    )
    def test_table_is_found(
        self,
        found: dict[str, Table | NoTable],
        name: str,
        header_rows: tuple[int, ...],
        rows: tuple[int, int, int],
        aside: dict[str, int],
    ) -> None:
        it = found[name]
        assert isinstance(it, Table)
        assert it.header_rows == header_rows
        assert (it.row_numbers[0], it.row_numbers[-1], len(it)) == rows
        assert Counter(it.set_aside.values()) == aside

    def test_code_sheets_are_refused(self, found: dict[str, Table | NoTable]) -> None:
        none = {name: it.reason for name, it in found.items() if isinstance(it, NoTable)}
        assert sorted(none) == [
            "cleveland_clinic.xlsx, sheet Codebook", "oslo_sykehus.xlsx, sheet Kodebok", "zuerich_basel.xlsx, sheet Codes",
        ]  # fmt: skip
        assert set(none.values()) == {"a list of codes: it explains columns of another table"}

    def test_two_row_header_is_joined_and_found_by_its_last_part(self, found: dict[str, Table | NoTable]) -> None:
        it = found["zuerich_basel.xlsx, sheet Daten"]
        assert isinstance(it, Table)
        assert it.headers[:2] == ("Patient / Pat-ID", "Patient / Name")
        assert it.headers[10] == "EKG / Belastung / EKG"
        assert it.column("RR syst.") == it.column("Klinik / RR syst.")
        assert it.at(0, "RR syst.") == "zuerich_basel.xlsx, sheet Daten, cell H3"
        hidden = next(f for f in it.findings if f.code == "TB102")
        assert hidden.columns == ("Patient / AHV-Nr.",)
        assert codes(it) == ["TB102", "TB103", "TB105"]

    def test_trailing_separator_makes_a_numbered_column(self, found: dict[str, Table | NoTable]) -> None:
        it = found["budapest_herzzentrum.csv"]
        assert isinstance(it, Table)
        assert it.headers[-1] == "#19"
        assert it.column("#19").n_filled == 0
        assert codes(it) == ["TB103", "TB105"]

    def test_findings_hold_no_cell_text(self, found: dict[str, Table | NoTable]) -> None:
        names = {
            c
            for it in found.values()
            if isinstance(it, Table)
            for h in ("Patient Name", "Navn", "Name")
            if it.find(h) is not None
            for c in it.texts(h)
        }
        said = " ".join(f.evidence + " ".join(f.where) for it in found.values() for f in it.findings)
        assert names and not any(name in said for name in names)


class TestHeader:
    def test_table_that_starts_at_c5(self) -> None:
        rows = [[], [], [], [], *(["", "", *row] for row in [HEAD, *patients()])]
        it = table(sheet(rows))
        assert (it.header_rows, it.columns, it.headers) == ((5,), (3, 4, 5, 6, 7), tuple(HEAD))
        assert it.at(0, "chol") == "export.xlsx, sheet Data, cell F6"

    def test_stated_header_rows_are_honoured(self) -> None:
        rows = [["Group", "Group", "x", "y", "z"], HEAD, *patients()]
        assert table(sheet(rows), header_rows=(2,)).headers == tuple(HEAD)
        assert table(sheet(rows), header_rows=(1, 2)).headers[0] == "Group / id"

    def test_stated_header_row_may_lie_far_down(self) -> None:
        assert table(sheet([*[["x"]] * 60, HEAD, *patients()]), header_rows=(61,)).headers == tuple(HEAD)

    def test_stated_header_row_outside_the_sheet(self) -> None:
        with pytest.raises(InputError, match="header row 99 is not in the sheet, which has 13 rows") as caught:
            find_table(sheet([HEAD, *patients()]), header_rows=(99,))
        assert caught.value.where == "export.xlsx, sheet Data"

    def test_three_header_rows_with_merged_cells(self) -> None:
        rows = [
            ["id", "Clinic", "", "", ""],
            ["", "History", "", "Lab", ""],
            ["", "sex", "age", "chol", "sbp"],
            *patients(),
        ]
        merged = ((1, 1, 3, 1), (1, 2, 1, 5), (2, 2, 2, 3), (2, 4, 2, 5))
        it = table(sheet(rows, merged=merged), header_rows=(1, 2, 3))
        assert it.headers == (
            "id",
            "Clinic / History / sex",
            "Clinic / History / age",
            "Clinic / Lab / chol",
            "Clinic / Lab / sbp",
        )
        assert table(sheet(rows, merged=merged)).headers == it.headers
        two = table(sheet([rows[1], rows[2], *patients()], merged=((1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 1, 5))))
        assert (two.header_rows, two.headers[1:3]) == ((1, 2), ("History / sex", "History / age"))

    def test_group_row_without_merged_cells_spreads_to_the_right(self) -> None:
        rows = [["Patient", "", "", "Klinik", ""], HEAD, *patients()]
        assert table(sheet(rows, None)).headers == (
            "Patient / id",
            "Patient / sex",
            "Patient / age",
            "Klinik / chol",
            "Klinik / sbp",
        )

    def test_title_rows_are_no_group_rows(self) -> None:
        rows = [["Export of 2024"], ["Character set", "Windows", "comma"], HEAD, *patients()]
        it = table(sheet(rows, merged=((1, 1, 1, 5),)))
        assert (it.header_rows, it.headers, dict(it.set_aside)) == ((3,), tuple(HEAD), {1: "title", 2: "title"})

    def test_repeated_and_empty_names(self) -> None:
        it = table(sheet([["id", "bp", "bp", "", "BP"], *patients()]))
        assert it.headers == ("id", "bp", "bp (2)", "#4", "BP (3)")
        assert it.findings[-1].columns == ("bp (2)", "BP (3)")

    def test_suffix_never_takes_a_name_that_stands_already(self) -> None:
        assert table(sheet([["id", "bp", "bp", "bp (2)", "x"], *patients()])).headers == (
            "id",
            "bp",
            "bp (3)",
            "bp (2)",
            "x",
        )

    def test_line_breaks_in_a_header_are_spaces(self) -> None:
        assert (
            table(sheet([["id", "sex", "age", "Resting BP\n(mmHg)", "x"], *patients()])).headers[3]
            == "Resting BP (mmHg)"
        )

    def test_table_of_numbers_without_header(self) -> None:
        rows = [[63.5 + i, 1, i % 4, 145 + i, "?" if i % 5 == 0 else 233 + i] for i in range(20)]
        it = table(sheet(rows, None))
        assert (it.header_rows, it.headers, len(it)) == ((), ("#1", "#2", "#3", "#4", "#5"), 20)
        assert codes(it) == ["TB105"]

    def test_first_patient_is_not_taken_for_a_header(self) -> None:
        assert table(sheet(patients(), None)).header_rows == ()

    def test_units_row_is_set_aside_and_kept_by_column(self) -> None:
        it = table(sheet([HEAD, ["", "", "years", "[mg/dl]", "mmHg"], *patients()]))
        assert it.set_aside == {2: "units"}
        assert it.units == {"age": "years", "chol": "mg/dl", "sbp": "mmHg"}
        assert it.row_numbers[0] == 3

    def test_unknown_column_gets_the_near_miss(self) -> None:
        it = table(sheet([HEAD, *patients()]))
        assert it.column(" CHOL ") == it.column("chol")
        with pytest.raises(InputError, match="there is no column 'cholest'") as caught:
            it.column("chols") if it.find("cholest") is not None else it.column("cholest")
        assert caught.value.hint is not None

    def test_last_part_must_be_unique(self) -> None:
        rows = [["id", "Visit 1", "", "Visit 2", ""], ["", "BP", "HR", "BP", "Pain"], *patients()]
        it = table(sheet(rows, merged=((1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 1, 5))))
        assert (it.find("Pain"), it.find("BP"), it.find("Visit 2 / BP")) == (4, None, 3)


class TestSetAside:
    @pytest.mark.parametrize(
        "word",
        [
            "TOTAL",
            "Totalt",
            "Summe",
            "Summa:",
            "Yhteensä",
            "I alt",
            "Suma",
            "n = 12",
            "Gesamt (12)",
            "Mean",
            "Mittelwert",
            "Sous-total",
            "TOTAL GÉNÉRAL / n = 300",
            "Totale",
            "Subtotaal",
            "Total geral",
            "合计",
            "平均值：",
            "总计（12）",
            "Gennemsnit",
        ],
    )
    def test_totals_row_in_many_languages(self, word: str) -> None:
        it = table(sheet([HEAD, *patients(), [word, 12]]))
        assert it.set_aside == {14: "totals"}

    @pytest.mark.parametrize("word", ["Sum:", "Summe", "Yhteensä", "合计", "n ="])
    def test_totals_word_beside_its_sum_wherever_it_stands(self, word: str) -> None:
        assert table(sheet([HEAD, *patients(), ["", "", "", word, 1420]])).set_aside == {14: "totals"}

    def test_totals_word_in_the_row_of_a_patient_is_a_value(self) -> None:
        rows = [[*HEAD, "resection"], *[[*p, "total"] for p in patients(4)], ["P9", "", "", "", "", "total"]]
        assert not table(sheet(rows)).set_aside

    def test_year_over_a_head_printed_again_is_a_title(self) -> None:
        rows = [["2019"], [], HEAD, *patients(6), [], ["2020"], HEAD, *patients(6, start=7)]
        it = table(sheet(rows))
        assert (len(it), dict(it.set_aside)) == (
            12, {1: "title", 2: "blank", 10: "blank", 11: "title", 12: "repeated header"},
        )  # fmt: skip

    def test_subtotals_between_patients_are_no_patients(self) -> None:
        blocks = [*patients(20), ["Sous-total", "", 55.2], *patients(20), ["Sous-total", "", 51.0]]
        it = table(sheet([HEAD, *blocks, ["TOTAL GÉNÉRAL", "n = 40"]]))
        assert sorted(it.set_aside.values()) == ["totals", "totals", "totals"]

    def test_full_row_of_averages_is_a_totals_row(self) -> None:
        assert table(sheet([HEAD, *patients(), ["Mean", "", 55.2, 156, 118]])).set_aside == {14: "totals"}

    def test_totals_word_as_a_value_is_kept(self) -> None:
        rows = [
            ["resection", "sex", "age", "chol", "sbp"],
            *([w, *p[1:]] for w, p in zip(["total", "partial"] * 10, patients(20), strict=True)),
        ]
        assert len(table(sheet(rows))) == 20
        once = [
            ["resection", "sex", "age", "chol", "sbp"],
            *([w, *p[1:]] for w, p in zip(["total", *["partial"] * 19], patients(20), strict=True)),
        ]
        assert len(table(sheet(once))) == 20

    def test_blank_rows_inside_and_repeated_headers_on_every_page(self) -> None:
        rows = [HEAD, *patients(5), [], HEAD, *patients(5, 6), ["Page 2"], HEAD, *patients(5, 11)]
        it = table(sheet(rows))
        assert {n: r for n, r in it.set_aside.items() if r != "note"} == {
            7: "blank",
            8: "repeated header",
            14: "title",
            15: "repeated header",
        }
        assert it.row_numbers[5] == 9

    def test_remarks_below_the_table_are_notes(self) -> None:
        rows = [HEAD, *patients(), [], ["", "Data collected from March to June"], ["* fasting"]]
        it = table(sheet(rows))
        assert it.set_aside == {14: "blank", 15: "note", 16: "note"}

    def test_legend_right_below_the_data_is_a_note(self) -> None:
        rows = [
            ["id", "race", "sex", "age", "chol"],
            *([f"P{i}", 1, 2, 40 + i, 200] for i in range(12)),
            ["", "1= White", "1=Male"],
            ["", "2= Black"],
        ]
        assert table(sheet(rows)).set_aside == {14: "note", 15: "note"}

    def test_last_patient_of_whom_only_the_id_is_known_stays(self) -> None:
        it = table(sheet([HEAD, *patients(), [], ["P099"]]))
        assert (it.row_numbers[-1], it.set_aside) == (15, {14: "blank"})

    def test_every_row_is_header_data_or_set_aside(self) -> None:
        rows = [["Title"], [], HEAD, *patients(), [], ["Total", 12]]
        it = table(sheet(rows))
        assert sorted([*it.header_rows, *it.row_numbers, *it.set_aside]) == list(range(1, len(rows) + 1))
        assert next(f for f in it.findings if f.code == "TB103").evidence == (
            "export.xlsx, sheet Data: 4 rows set aside (2 blank, 1 title, 1 totals)"
        )


class TestFindings:
    def test_errors_formulas_hidden_rows_and_ragged_records(self) -> None:
        raw = sheet(
            [HEAD, *patients()], error_cells={"#N/A": 2, "#DIV/0!": 1}, error_at=("C3",), uncached=1, uncached_at=("D4",), hidden_rows=frozenset({5, 99}),
            ragged=(1, 6),
        )  # fmt: skip
        it = table(raw)
        assert [(f.code, f.count) for f in it.findings] == [("TB100", 3), ("TB101", 1), ("TB102", 1), ("TB106", 1)]
        assert it.findings[0].evidence == "export.xlsx, sheet Data: 3 cells with an error (1 #DIV/0!, 2 #N/A)"
        assert it.findings[0].where == ("export.xlsx, sheet Data, cell C3",)

    def test_clean_table_has_no_finding(self) -> None:
        assert codes(table(sheet([HEAD, *patients()]))) == []

    def test_stated_two_row_header_is_only_information(self) -> None:
        rows = [["Patient", "", "", "Klinik", ""], HEAD, *patients()]
        severities = [[f.severity for f in table(sheet(rows), header_rows=h).findings] for h in ((1, 2), ())]
        assert severities == [["info"], ["warn"]]

    def test_doubtful_encoding_and_delimiter(self) -> None:
        raw = sheet(
            [HEAD, *patients()],
            None,
            encoding="cp1252",
            encoding_confidence=0.7,
            delimiter=";",
            delimiter_confidence=0.6,
        )
        assert codes(table(raw)) == ["TB105", "TB105"]


class TestRefused:
    def test_hidden_sheet_is_listed_and_read_only_when_named(self) -> None:
        raw = sheet([HEAD, *patients()], hidden=True)
        it = refused(raw)
        assert (it.reason, codes(it)) == ("the sheet is hidden", ["TB102"])
        assert len(table(raw, named=True)) == 12

    def test_empty_sheet_and_header_without_rows(self) -> None:
        assert refused(sheet([])).reason == "empty"
        assert refused(sheet([[], []])).reason == "empty"
        assert refused(sheet([HEAD])).reason.startswith(("no rows below", "free text"))
        assert refused(sheet([HEAD]), header_rows=(1,)).reason == "no rows below the header"

    def test_pivot_with_row_labels_below_the_value_labels(self) -> None:
        rows = [
            ["", "", "Age", "Under 18", "", "Adult", ""],
            ["", "", "Survived", "No", "Yes", "No", "Yes"],
            ["Type", "Sex", "", "", "", "", ""],
            ["Hepatitis C", "Male", "", 0, 2, 84, 311],
            ["", "Female", "", 0, 1, 37, 189],
            ["Hepatitis B", "Male", "", 3, 9, 14, 63],
            ["", "Female", "", 4, 11, 13, 77],
        ]
        assert "pivot" in refused(sheet(rows)).reason

    @pytest.mark.parametrize("word", ["Row Labels", "Zeilenbeschriftungen", "Radetiketter"])
    def test_pivot_made_by_excel(self, word: str) -> None:
        rows = [["Count of id", "Column Labels"], [word, "No", "Yes"], ["f", 4, 7], ["m", 3, 9], ["Grand Total", 7, 16]]
        assert "pivot" in refused(sheet(rows)).reason

    def test_two_by_two_table(self) -> None:
        assert "cross table" in refused(sheet([["", "dead", "alive"], ["treated", 5, 10], ["control", 7, 9]])).reason

    @pytest.mark.parametrize(
        ("name", "head"),
        [
            ("Codebook", ["Column", "Meaning", "Missing"]),
            ("Ark2", ["Variabel", "Beskrivelse", ""]),
            ("Tabelle2", ["Feld", "Code", "Bedeutung"]),
            ("Kodbok", ["a", "b", "c"]),
        ],
    )
    def test_code_lists_by_name_or_header(self, name: str, head: list[str]) -> None:
        rows = [head, ["sex", 1, "male"], ["sex", 2, "female"], ["cp", 1, "typical"], ["cp", 2, "atypical"]]
        assert refused(sheet(rows, name)).reason.startswith("a list of codes")

    def test_free_text(self) -> None:
        words = [
            ["This study compares three treatments"],
            ["with the endpoints of the score"],
            [],
            ["Assorted problems are found"],
            ["Please be careful"],
        ]
        assert refused(sheet(words, "Sheet1")).reason.startswith("free text")
        problems = [
            ["Problem", "Variables"],
            *([f"problem number {i} of the sheet", f"var {i}, var {i + 1}"] for i in range(10)),
        ]
        assert refused(sheet(problems, "Problems")).reason.startswith("free text")

    def test_small_tables_of_patients_are_not_refused(self) -> None:
        assert len(table(sheet([["id", "outcome"], *([f"P{i}", "yes" if i % 2 else "no"] for i in range(10))]))) == 10
        assert len(table(sheet([["", "age", "sex"], *([i, 40 + i, i % 2] for i in range(1, 20))]))) == 19
        assert len(table(sheet([["id", "seen"], *([f"P{i}", date(2020, 1, 1 + i)] for i in range(4))]))) == 4

    def test_one_new_patient_is_a_table(self) -> None:
        assert len(table(sheet([HEAD, *patients(1)]))) == 1
