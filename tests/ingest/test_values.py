"""Values: what a single cell says, by the rule of its source."""

from __future__ import annotations

import doctest
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabml.ingest.values import (
    MISSING_WORDS,
    cell_text,
    cells,
    date_evidence,
    dates,
    day_first,
    decimal_mark,
    fold,
    from_excel_serial,
    full_year,
    is_missing,
    numbers,
    parse_bound,
    parse_date,
    parse_number,
    read_date,
    split_bound,
    split_pair,
    split_unit_cell,
    words,
)


@pytest.mark.parametrize("module", [cells, dates, numbers, words])
def test_examples_in_docstrings_run(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


class TestWords:
    def test_folding_evens_accents_spaces_and_case(self) -> None:
        assert fold(" A\u030asa\u00a0 STRASSE\n") == fold("Åsa straße") == "åsa strasse"

    @pytest.mark.parametrize(
        "word",
        [
            "k.A.",
            "NA",
            "",
            "?",
            "-",
            "Ukjent",
            "ikke utført",
            "okänt",
            "ikke oplyst",
            "ei tiedossa",
            "unbekannt",
            "desconocido",
        ],
    )
    def test_missing_words_of_every_language(self, word: str) -> None:
        assert is_missing(word)

    @pytest.mark.parametrize("answer", ["0", "none", "nei", "ingen", "no", "-9", "kein", "normal"])
    def test_answers_are_not_missing(self, answer: str) -> None:
        assert not is_missing(answer)

    def test_list_is_folded(self) -> None:
        assert all(word == fold(word) for word in MISSING_WORDS)


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "decimal", "value"),
        [
            ("3,41", ",", 3.41),
            ("1.234,5", ",", 1234.5),
            ("1.234", ",", 1234.0),
            ("1.234.567", ",", 1234567.0),
            ("0.125", ",", 0.125),
            ("12.5", ",", 12.5),
            ("1,234", ".", 1234.0),
            ("1,234.5", ".", 1234.5),
            ("1\u00a0234,5", ",", 1234.5),
            ("1\u202f234", ".", 1234.0),
            ("1’234.5", ".", 1234.5),
            ("\u22129", ".", -9.0),
            ("- 9", ".", -9.0),
            ("+5", ".", 5.0),
            (".7", ".", 0.7),
            ("5.", ".", 5.0),
            ("3.38e-005", ".", 3.38e-5),
            ("1,5E3", ",", 1500.0),
            (" 12 ", ".", 12.0),
        ],
    )
    def test_number_in_its_source_style(self, text: str, decimal: str, value: float) -> None:
        assert parse_number(text, decimal) == value

    @pytest.mark.parametrize(
        "text",
        ["", "-", ".", "nan", "inf", "1 2", "12 mg", "1.2.3", "3,41", "1,23,456", "0x1F", "1e", "٣", "1_000", "5-6"],
    )
    def test_what_is_no_number(self, text: str) -> None:
        assert parse_number(text, ".") is None

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_point_numbers_come_back_exactly(self, value: float) -> None:
        assert parse_number(repr(value), ".") == value

    @given(st.integers(-(10**9), 10**9), st.integers(0, 99))
    def test_grouped_and_plain_writing_agree(self, whole: int, cents: int) -> None:
        plain = f"{whole}.{cents:02d}"
        english = f"{whole:,}.{cents:02d}"
        german = english.replace(",", " ").replace(".", ",").replace(" ", ".")
        assert parse_number(english, ".") == parse_number(german, ",") == float(plain)

    def test_bounds(self) -> None:
        assert [split_bound(t) for t in ("<5", "<= 5", "≥90", ">90 ", "5")] == [
            ("<", "5"), ("≤", "5"), ("≥", "90"), (">", "90"), (None, "5"),
        ]  # fmt: skip
        assert parse_bound("<0,5", ",") == ("<", 0.5)
        assert parse_bound("<low") is None

    def test_unit_in_the_cell(self) -> None:
        assert split_unit_cell("145 mmHg") == ("145", "mmHg")
        assert split_unit_cell("1 234,5 mg/dl") == ("1 234,5", "mg/dl")
        assert split_unit_cell("37,2°C") == ("37,2", "°C")
        assert split_unit_cell("63 år") == ("63", "år")
        assert split_unit_cell("-9") == ("-9", None)
        assert split_unit_cell("19 but poor collection") == ("19 but poor collection", None)
        assert split_unit_cell("3 vessels") == ("3 vessels", None)

    def test_pairs(self) -> None:
        assert split_pair("167/92") == ("167", "92")
        assert split_pair("84,5 / 82") == ("84,5", "82")
        assert split_pair("12/12/2020") is None

    def test_decimal_mark_is_decided_by_what_only_one_mark_explains(self) -> None:
        assert decimal_mark(["6,10", "12", "?"]).mark == ","
        assert decimal_mark(["6.10", "1,234"]).mark == "."
        assert decimal_mark(["1,234", "5"]).mark is None
        mixed = decimal_mark(["6,1", "6.15", "7,2"])
        assert (mixed.mark, mixed.is_mixed) == (",", True)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "order", "century", "day"),
        [
            ("17.01.83", "dmy", 1999, date(1983, 1, 17)),
            ("07/21/1985", "mdy", None, date(1985, 7, 21)),
            ("21/07/1985", None, None, date(1985, 7, 21)),
            ("1986-08-22", "dmy", None, date(1986, 8, 22)),
            ("1986-08-22 00:00:00", None, None, date(1986, 8, 22)),
            ("2020/1/5", None, None, date(2020, 1, 5)),
            ("20200131", None, None, date(2020, 1, 31)),
            ("85-07-21", "ymd", 1999, date(1985, 7, 21)),
            ("5. mai 1970", None, None, date(1970, 5, 5)),
            ("may 5 1970", None, None, date(1970, 5, 5)),
            ("05-Dez-70", None, 1999, date(1970, 12, 5)),
            ("1. märz 2001", None, None, date(2001, 3, 1)),
            ("3.4.2020 13:05", "dmy", None, date(2020, 4, 3)),
            ("29.02.2000", "dmy", None, date(2000, 2, 29)),
        ],
    )
    def test_day(self, text: str, order: str | None, century: int | None, day: date) -> None:
        assert parse_date(text, order, century) == day

    @pytest.mark.parametrize(
        ("text", "order", "fault"),
        [
            ("31.02.2020", "dmy", "impossible"),
            ("29.02.1900", "dmy", "impossible"),
            ("13/13/2020", None, "impossible"),
            ("21/07/1985", "mdy", "impossible"),
            ("2020-02-30", None, "impossible"),
            ("03/04/2020", None, "order"),
            ("2020", "dmy", "partial"),
            ("05.2020", "dmy", "partial"),
            ("mai 2020", "dmy", "partial"),
            ("yesterday", "dmy", "no_date"),
            ("120/80", "dmy", "no_date"),
        ],
    )
    def test_why_a_cell_names_no_day(self, text: str, order: str | None, fault: str) -> None:
        reading = read_date(text, order)
        assert (reading.fault, reading.day) == (fault, None)

    def test_partial_date_keeps_both_ends(self) -> None:
        reading = read_date("02.2020")
        assert (reading.first, reading.last) == (date(2020, 2, 1), date(2020, 2, 29))

    def test_two_digit_years_end_at_the_century_rule(self) -> None:
        assert [full_year(y, 1999) for y in (0, 85, 99)] == [1900, 1985, 1999]
        assert [full_year(y) for y in (29, 30)] == [2029, 1930]
        assert read_date("17.01.83", "dmy", 1999).short_year

    @given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
    def test_every_order_gives_the_day_back(self, day: date) -> None:
        assert parse_date(day.isoformat()) == day
        assert parse_date(day.strftime("%d.%m.%Y"), "dmy") == day
        assert parse_date(day.strftime("%m/%d/%Y"), "mdy") == day

    def test_order_is_told_by_days_above_twelve(self) -> None:
        assert day_first(["03.04.2020", "25.04.2020"]) is True
        assert day_first(["04/03/2020", "04/25/2020"]) is False
        assert day_first(["03/04/2020"]) is None
        mixed = date_evidence(["25/04/2020", "04/25/2020"])
        assert (mixed.order, mixed.is_mixed, mixed.dates) == (None, True, 2)
        assert date_evidence(["2020-01-05", "x"]).order == "ymd"

    def test_excel_day_number(self) -> None:
        assert from_excel_serial(43831) == date(2020, 1, 1)


class TestCellText:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (12.0, "12"),
            (-9.0, "-9"),
            (524.7940719572033, "524.7940719572033"),
            (1e22, "10000000000000000000000"),
            (7, "7"),
            (True, "TRUE"),
            (None, ""),
            ("  0012 ", "0012"),
            ("\u00a0x\u00a0", "x"),
            (date(1986, 8, 22), "1986-08-22"),
            (datetime(1986, 8, 22), "1986-08-22"),
            (datetime(1986, 8, 22, 13, 5, 1), "1986-08-22 13:05:01"),
            (time(7, 30), "07:30:00"),
            (timedelta(hours=30, minutes=5), "30:05:00"),
            (timedelta(minutes=-5), "-0:05:00"),
        ],
    )
    def test_canonical_text(self, value: object, text: str) -> None:
        assert cell_text(value) == text

    def test_texts_read_back(self) -> None:
        assert parse_number(cell_text(0.1 + 0.2), ".") == 0.1 + 0.2
        assert parse_date(cell_text(datetime(1986, 8, 22, 13, 5)), "dmy") == date(1986, 8, 22)
