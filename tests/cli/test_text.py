"""Printed names cannot steer a terminal."""

from tabml.cli import text


def test_controls_and_reordering_marks_are_stripped() -> None:
    assert text.clean("a\x1b[2Jb\u202ec\x9bd\u2066e\x00") == "a[2Jbcde"


def test_a_name_stays_on_one_line() -> None:
    assert text.name("Patient\r\n Alter\t(Jahre)") == "Patient Alter (Jahre)"


def test_umlauts_and_greek_stay() -> None:
    assert text.clean("Größe β2 年齢") == "Größe β2 年齢"


def test_table_aligns_columns_and_wraps_the_last(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = text.table(("code", "meaning"), [("a", "short"), ("bbb", "word " * 20)]).splitlines()
    assert lines[2] == "a     short"
    assert all(len(line) <= 60 for line in lines)
    assert lines[4].startswith("      word")


def test_row_with_equal_cells_keeps_both() -> None:
    assert text.table(("", ""), [("x", "x")]) == "x  x"
