"""Tables for people: owner-only, never overwritten, and no cell that a spreadsheet would run."""

import io
import stat
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from tabml.core.errors import ConfigError
from tabml.study.csv_file import csv_bytes
from tabml.study.table_file import write_table, xlsx_bytes

TABLE = pd.DataFrame(
    {
        "row": [2, 3, 4],
        "patient_id": pd.array(["0012", "=cmd|' /C calc'!A0", pd.NA], dtype="string"),
        "risk": [0.25, float("nan"), -0.5],
        "link": ["http://x", "-3", "+1,5"],
    }
)


def test_csv_disarms_formulas_and_leaves_numbers() -> None:
    lines = csv_bytes(TABLE).decode().splitlines()
    assert lines == [
        "row,patient_id,risk,link",
        "2,0012,0.25,http://x",
        "3,'=cmd|' /C calc'!A0,,-3",
        '4,,-0.5,"\'+1,5"',
    ]


def test_csv_writes_whole_numbers_whole_beside_missing_ones() -> None:
    table = pd.DataFrame(
        {
            "n": pd.array([61, None, -3], dtype="Int64"),
            "x": pd.array([12.0, None, 1e16], dtype="Float64"),
            "said": pd.Categorical(['a "b"', None, "two\nlines"]),
        }
    )
    assert csv_bytes(table) == b'n,x,said\n61,12,"a ""b"""\n,,\n-3,1e+16,"two\nlines"\n'


def test_csv_reads_back_as_it_was_written() -> None:
    rng = np.random.default_rng(1)
    numbers = np.round(rng.lognormal(0, 8, 300), 6) * rng.choice([-1, 1], 300)
    table = pd.DataFrame({"x": numbers, "text": rng.choice(["", "a,b", "é", " x ", "1e5"], 300)})
    table.loc[::7, "x"] = np.nan
    back = pd.read_csv(
        io.BytesIO(csv_bytes(table)), float_precision="round_trip", keep_default_na=False, na_values={"x": [""]}
    )
    pd.testing.assert_frame_equal(back, table)


def test_an_empty_cell_of_a_single_column_is_no_blank_line() -> None:
    assert csv_bytes(pd.DataFrame({"x": ["a", None]})) == b'x\na\n""\n'


def test_workbook_holds_text_as_text_and_missing_as_blank() -> None:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_bytes(TABLE))).get_sheet_by_index(0).to_python()
    assert rows[1:] == [[2.0, "0012", 0.25, "http://x"], [3.0, "=cmd|' /C calc'!A0", "", "-3"], [4.0, "", -0.5, "+1,5"]]
    import zipfile

    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(TABLE))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower()


def test_equal_tables_are_equal_bytes() -> None:
    assert xlsx_bytes(TABLE) == xlsx_bytes(TABLE.copy())


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX's")
@pytest.mark.parametrize("name", ["r.csv", "r.XLSX"])
def test_table_is_for_its_owner_only(tmp_path: Path, name: str) -> None:
    write_table(tmp_path / name, TABLE)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_existing_file_other_suffix_and_absent_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("mine", encoding="utf-8")
    for path, message in [
        (tmp_path / "r.csv", "not overwritten"),
        (tmp_path / "r.ods", r"written as \.xlsx, \.csv or \.parquet"),
        (tmp_path / "no" / "r.csv", "does not exist"),
    ]:
        with pytest.raises(ConfigError, match=message):
            write_table(path, TABLE)
    assert (tmp_path / "r.csv").read_text(encoding="utf-8") == "mine"
