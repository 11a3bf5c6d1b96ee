"""Tables for people: owner-only, never overwritten, and no cell that a spreadsheet would run."""

import io
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from tabml.core.errors import ConfigError
from tabml.study.table_file import csv_bytes, write_table, xlsx_bytes

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
