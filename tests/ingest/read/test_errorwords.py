"""Error words of text exports, in the program's language: counted with their places, never values."""

from __future__ import annotations

from pathlib import Path

from tabml.core.config import Data
from tabml.ingest.layout import Table, find_table
from tabml.ingest.read import RawSheet, read_file


def read(tmp_path: Path, text: str) -> RawSheet:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    (sheet,) = read_file(path, Data())
    return sheet


def test_error_words_in_six_languages_are_counted_and_emptied(tmp_path: Path) -> None:
    sheet = read(tmp_path, "id;a;b\n1;#DIV/0!;#NV\n2;#VERDI!;5\n3;#N/A;#SAKNAS!\n")
    assert sheet.error_cells == {"#DIV/0!": 1, "#N/A": 3, "#VALUE!": 1}
    assert sheet.error_at == ("B2", "C2", "B3", "B4", "C4")
    assert sheet.rows(2) == (("1", None, None), ("2", None, "5"), ("3", None, None))


def test_they_are_a_finding_of_the_table(tmp_path: Path) -> None:
    table = find_table(read(tmp_path, "id;a\n" + "".join(f"{i};{i}\n" for i in range(9)) + "9;#REF!\n"))
    assert isinstance(table, Table)
    assert [(f.code, f.count, f.where) for f in table.findings if f.code == "TB100"] == [
        ("TB100", 1, ("export.csv, cell B11",))
    ]


def test_other_texts_with_a_hash_are_values(tmp_path: Path) -> None:
    sheet = read(tmp_path, "id;room\n1;#4\n2;# N/A\n")
    assert (sheet.error_cells, sheet.rows(2)) == ({}, (("1", "#4"), ("2", "# N/A")))
