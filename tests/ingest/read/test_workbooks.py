"""Workbooks of every kind: the same facts whatever the format, and no file that can abort or exhaust us."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlwt

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import RawSheet, read_file
from tests.ingest.writers import ods_cell, ods_rows, write_ods, write_xlsb, xlsb_sheet

TABLE = [["id", "age", "chol"], ["P1", 63.0, 233.5], ["P2", 67.0, 286.0]]


def write_xls(path: Path, *, far: tuple[int, int] | None = None) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for r, row in enumerate(TABLE):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    sheet.write(1, 3, date(1986, 8, 22), day)
    sheet.row(2).set_cell_error(3, 42)
    sheet.write(1, 4, xlwt.Formula("B2*2"))
    sheet.write_merge(3, 3, 0, 2, "note")
    sheet.row(2).hidden = True
    sheet.col(1).hidden = True
    if far:
        sheet.write(far[0] - 1, far[1] - 1, 1)
    old = book.add_sheet("Old")
    old.visibility = 1
    old.write(1, 1, "x")
    book.save(str(path))
    return path


def two(path: Path) -> tuple[RawSheet, RawSheet]:
    first, second = read_file(path, Data())
    return first, second


def filled(sheet: RawSheet) -> int:
    return sum(column.n_filled for column in sheet.columns)


class TestXls:
    def test_cells_and_facts(self, tmp_path: Path) -> None:
        sheet, old = two(write_xls(tmp_path / "a.xls"))
        assert sheet.rows(1, 2) == (("id", "age", "chol", None, None), ("P1", 63.0, 233.5, date(1986, 8, 22), None))
        assert (sheet.error_cells, sheet.error_at) == ({"#N/A": 1}, ("D3",))
        assert (sheet.uncached, sheet.uncached_at) == (1, ("E2",))
        assert (sheet.hidden_rows, sheet.hidden_columns, sheet.merged) == ({3}, {2}, ((4, 1, 4, 3),))
        assert (sheet.hidden, old.hidden) == (False, True)

    def test_every_cell_is_read_an_error_or_uncalculated(self, tmp_path: Path) -> None:
        sheet, _ = two(write_xls(tmp_path / "a.xls"))
        assert filled(sheet) + sum(sheet.error_cells.values()) + sheet.uncached == 13  # 9 + date, error, formula, note

    def test_stray_cell_is_named(self, tmp_path: Path) -> None:
        path = write_xls(tmp_path / "a.xls", far=(65536, 256))
        with pytest.raises(InputError, match="spans 16,777,216 cells, above the limit of 1,000,000") as caught:
            read_file(path, Data(max_cells=1_000_000))
        assert caught.value.where == "a.xls, sheet Data, cell IV65536"

    @pytest.mark.parametrize("keep", [0.1, 0.4, 0.9])
    def test_cut_short(self, tmp_path: Path, keep: float) -> None:
        content = write_xls(tmp_path / "a.xls").read_bytes()
        path = tmp_path / "b.xls"
        path.write_bytes(content[: int(keep * len(content))])
        with pytest.raises(InputError, match="damaged"):
            read_file(path, Data())

    def test_chain_of_sectors_in_a_circle(self, tmp_path: Path) -> None:
        content = bytearray(write_xls(tmp_path / "a.xls").read_bytes())
        table = 512 * (1 + int.from_bytes(content[76:80], "little"))
        for at in range(table, table + 512, 4):
            content[at : at + 4] = (1).to_bytes(4, "little")
        (tmp_path / "a.xls").write_bytes(content)
        with pytest.raises(InputError, match=r"damaged|ran out of memory"):
            read_file(tmp_path / "a.xls", Data())


class TestXlsb:
    def write(self, path: Path, **how: object) -> Path:
        rows = [*TABLE, ["P3", ("error", 0x2A), True]]
        sheet = xlsb_sheet(rows, hidden_rows=[3], hidden_columns=[2], merged=[(5, 1, 5, 3)], **how)  # type: ignore[arg-type]
        return write_xlsb(path, {"Data": sheet, "Old": xlsb_sheet([["x"]])}, hidden=["Old"])

    def test_cells_and_facts(self, tmp_path: Path) -> None:
        sheet, old = two(self.write(tmp_path / "a.xlsx"))
        assert sheet.rows(1, 4) == (*map(tuple, TABLE), ("P3", None, True))
        assert (sheet.error_cells, sheet.error_at) == ({"#N/A": 1}, ("B4",))
        assert (sheet.hidden_rows, sheet.hidden_columns, sheet.merged) == ({3}, {2}, ((5, 1, 5, 3),))
        assert (sheet.hidden, old.hidden) == (False, True)
        assert filled(sheet) + sum(sheet.error_cells.values()) == 12

    @pytest.mark.parametrize(
        ("far", "cell"), [((1_048_576, 16_384), "XFD1048576"), ((4_000_000_000, 1), "A4000000000")]
    )
    def test_stray_cell_is_named(self, tmp_path: Path, far: tuple[int, int], cell: str) -> None:
        with pytest.raises(InputError, match=r"outside the sheet|spans .* cells") as caught:
            read_file(self.write(tmp_path / "a.xlsb", stray=far), Data())
        assert caught.value.where == f"a.xlsb, sheet Data, cell {cell}"

    def test_sheet_cut_short(self, tmp_path: Path) -> None:
        path = write_xlsb(tmp_path / "a.xlsb", {"Data": xlsb_sheet(TABLE)[:40]})
        with pytest.raises(InputError, match="damaged"):
            read_file(path, Data())


ERROR = (
    'table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"',
    "#DIV/0!",
)


class TestOds:
    def test_cells_and_facts(self, tmp_path: Path) -> None:
        rows = [
            ["id", "age", "stay", "x"],
            ["P1", 63, ('office:value-type="time" office:time-value="PT30H05M00S"', "30:05:00"), ERROR],
        ]
        columns = '<table:table-column/><table:table-column table:visibility="collapse"/>'
        hidden = (
            '<table:table-row table:visibility="filter">'
            + ods_cell("P2")
            + ods_cell(('table:formula="of:=A1"', None))
            + "</table:table-row>"
        )
        wide = "<table:table-row>" + ods_cell("note", more='table:number-columns-spanned="3"') + "</table:table-row>"
        (sheet,) = read_file(write_ods(tmp_path / "a.ods", {"Ark1": columns + ods_rows(rows) + hidden + wide}), Data())
        assert sheet.rows(2, 2) == (("P1", 63.0, timedelta(hours=30, minutes=5), None), ("P2", None, None, None))
        assert (sheet.error_cells, sheet.error_at) == ({"#DIV/0!": 1}, ("D2",))
        assert (sheet.uncached, sheet.uncached_at) == (1, ("B3",))
        assert (sheet.hidden_rows, sheet.hidden_columns, sheet.merged) == ({3}, {2}, ((4, 1, 4, 3),))
        assert filled(sheet) + 1 + 1 == 11

    def test_formula_that_gave_an_empty_text_is_blank(self, tmp_path: Path) -> None:
        body = ods_rows([["id", "x"], ["P1", ('table:formula="of:=&quot;&quot;"', "")]])
        (sheet,) = read_file(write_ods(tmp_path / "a.ods", {"A": body}), Data())
        assert (sheet.uncached, sheet.rows(2, 1)) == (0, (("P1", None),))

    def test_empty_rows_repeated_to_the_end_cost_nothing(self, tmp_path: Path) -> None:
        tail = '<table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        (sheet,) = read_file(write_ods(tmp_path / "a.ods", {"A": ods_rows(TABLE) + tail}), Data())
        assert (sheet.n_rows, sheet.width) == (3, 3)

    @pytest.mark.parametrize(
        "bomb",
        [
            '<table:table-row table:number-rows-repeated="1000000000">' + ods_cell(1) + "</table:table-row>",
            "<table:table-row>" + ods_cell(1, more='table:number-columns-repeated="999999999"') + "</table:table-row>",
            '<table:table-row table:number-rows-repeated="4000000000"/><table:table-row>'
            + ods_cell(1)
            + "</table:table-row>",
            '<table:table-row table:number-rows-repeated="60000">'
            + ods_cell(1, more='table:number-columns-repeated="16000"')
            + "</table:table-row>",
        ],
    )
    def test_repeated_cells_beyond_the_sheet_are_refused(self, tmp_path: Path, bomb: str) -> None:
        path = write_ods(tmp_path / "a.ods", {"A": ods_rows(TABLE) + bomb})
        with pytest.raises(InputError, match=r"outside the sheet|spans .* cells"):
            read_file(path, Data())

    def test_document_type_definition_is_refused(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path / "a.ods", {"A": ods_rows(TABLE)}, before='<!DOCTYPE a [<!ENTITY b "x">]>')
        with pytest.raises(InputError, match="document type definition"):
            read_file(path, Data())

    def test_archive_bomb_is_refused(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path / "a.ods", {"A": ods_rows(TABLE) + " " * 30_000_000})
        with pytest.raises(InputError, match="as an archive bomb would"):
            read_file(path, Data())

    def test_malformed_content(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path / "a.ods", {"A": ods_rows(TABLE) + "<table:table-row>"})
        with pytest.raises(InputError, match="damaged"):
            read_file(path, Data())


@pytest.mark.parametrize(
    "write", [write_xls, lambda p: write_xlsb(p, {"D": xlsb_sheet(TABLE), "E": xlsb_sheet(TABLE)})]
)
def test_noise_in_a_workbook_never_aborts(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    import random

    path = write(tmp_path / "a")
    content = path.read_bytes()
    for seed in range(12):
        noise = random.Random(seed)
        broken = bytearray(content)
        for _ in range(20):
            broken[noise.randrange(len(broken))] = noise.randrange(256)
        path.write_bytes(broken)
        try:
            read_file(path, Data())
        except InputError as error:
            assert str(tmp_path) not in f"{error} {error.hint}"


def test_zip_of_another_program_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(InputError, match="zip archive without a workbook"):
        read_file(tmp_path / "a.xlsx", Data())
