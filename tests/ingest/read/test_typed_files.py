"""Files that carry types: Parquet, Arrow, SPSS, Stata and SAS; nothing they say of a column is lost."""

from __future__ import annotations

import builtins
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pyreadstat
import pytest

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.layout import Table, find_table
from tabml.ingest.read import RawSheet, Stated, list_files, read_file, statchild
from tabml.ingest.read.sniff import SAS_CATALOGUE, SAS_DATA

TYPED = pa.table(
    {
        "id": ["0012", "P2", ""],
        "age": [63, None, 71],
        "chol": [233.5, float("nan"), 12.0],
        "born": pa.array([date(1986, 8, 22), None, date(1850, 1, 1)]),
        "seen": pa.array([datetime(2020, 1, 2, 13, 5), None, None]),
        "dead": [True, False, None],
        "sex": pa.array(["m", "f", "m"]).dictionary_encode(),
        "big": pa.array([9_007_199_254_740_993, 2, 3], pa.int64()),
    }
)


def one(path: Path, data: Data = Data()) -> RawSheet:
    (sheet,) = read_file(path, data)
    return sheet


class TestArrow:
    @pytest.fixture(params=["parquet", "feather"])
    def path(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        file = tmp_path / "export.csv"  # whatever the suffix says
        write = {"parquet": pq.write_table, "feather": pyarrow.feather.write_feather}[request.param]
        write(TYPED, str(file))
        return file

    def test_types_are_kept(self, path: Path) -> None:
        sheet = one(path)
        assert sheet.rows(1, 2) == (
            tuple(TYPED.column_names),
            ("0012", 63.0, 233.5, date(1986, 8, 22), datetime(2020, 1, 2, 13, 5), True, "m", 9_007_199_254_740_993.0),
        )
        assert sheet.rows(3)[0][:5] == ("P2", None, None, None, None)
        assert sheet.rows(4)[0][0] is None
        assert (sheet.sheet, sheet.is_text, sheet.header_rows) == (None, False, (1,))

    def test_whole_numbers_beyond_a_doubles_reach_keep_their_digits(self, path: Path) -> None:
        assert one(path).text(2, 8) == "9007199254740993"

    def test_levels_of_a_column_stored_by_level(self, path: Path) -> None:
        assert one(path).stated == {7: Stated(levels={"m": "m", "f": "f"}, kind="category")}

    def test_header_is_believed_though_all_cells_are_texts(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"a": ["x", "y"], "b": ["u", "v"]}), tmp_path / "t.parquet")
        table = find_table(one(tmp_path / "t.parquet"))
        assert isinstance(table, Table)
        assert (table.headers, len(table)) == (("a", "b"), 2)

    def test_nested_and_binary_columns_are_refused_by_name(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"id": ["a"], "image": [b"x"], "visits": [[1, 2]]}), tmp_path / "t.parquet")
        with pytest.raises(InputError, match=r"2 columns hold lists, records or bytes .*'image', 'visits'"):
            one(tmp_path / "t.parquet")

    def test_more_cells_or_bytes_than_the_limit(self, path: Path) -> None:
        with pytest.raises(InputError, match=r"24 cells, above the limit of 10|unpacks to"):
            one(path, Data(max_cells=10, max_unpacked=10))

    @pytest.mark.parametrize("keep", [0.2, 0.7, 0.97])
    def test_cut_short(self, path: Path, keep: float) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(keep * len(content))])
        with pytest.raises(InputError, match="damaged"):
            one(path)

    def test_noise_never_aborts(self, path: Path) -> None:
        import random

        content = path.read_bytes()
        for seed in range(40):
            noise = random.Random(seed)
            broken = bytearray(content)
            for _ in range(10):
                broken[noise.randrange(12, len(broken))] = noise.randrange(256)
            path.write_bytes(broken)
            try:
                one(path)
            except InputError as error:
                assert str(path.parent) not in str(error)


PATIENTS = pd.DataFrame(
    {
        "id": ["0012", "P2", ""],
        "sex": [1.0, 2.0, 9.0],
        "age": [63.0, -99.0, np.nan],
        "born": [date(1986, 8, 22), None, date(1850, 1, 1)],
        "seen": [datetime(2020, 1, 2, 13, 5), None, None],
        "at": [time(13, 5), None, time(1)],
        "grade": [1.0, 2.0, 3.0],
        "note": ["x", "NA", "y"],
    }
)


def write_sav(path: Path, *, compress: bool = False) -> Path:
    pyreadstat.write_sav(
        PATIENTS, str(path), compress=compress, column_labels={"sex": "Kjønn", "age": "Alder (år)"},
        variable_value_labels={"sex": {1: "mann", 2: "kvinne", 9: "ukjent"}, "grade": {1: "low", 2: "mid", 3: "high"}},
        missing_ranges={"sex": [9], "age": [{"lo": -99, "hi": -90}], "note": ["NA"]},
        variable_measure={"sex": "nominal", "grade": "ordinal", "age": "scale"},
    )  # fmt: skip
    return path


class TestSpss:
    @pytest.mark.parametrize("compress", [False, True])
    def test_cells(self, tmp_path: Path, compress: bool) -> None:
        sheet = one(write_sav(tmp_path / "export.xlsx", compress=compress))
        first = ("0012", 1.0, 63.0, date(1986, 8, 22), datetime(2020, 1, 2, 13, 5), time(13, 5), 1.0, "x")
        assert sheet.rows(1, 2) == (tuple(PATIENTS.columns), first)
        assert sheet.text(2, 2) == "1"  # as its label is keyed
        assert sheet.rows(4)[0][:4] == (None, 9.0, None, date(1850, 1, 1))

    def test_labels_levels_and_declared_missing_values(self, tmp_path: Path) -> None:
        stated = one(write_sav(tmp_path / "a.sav")).stated
        assert stated[2] == Stated(
            label="Kjønn", levels={"1": "mann", "2": "kvinne"}, missing=("9",), missing_labels={"9": "ukjent"},
            kind="category",
        )  # fmt: skip
        assert stated[3] == Stated(label="Alder (år)", missing=("-99",))
        assert (stated[7].ordered, stated[7].levels) == (True, {"1": "low", "2": "mid", "3": "high"})
        assert stated[8].missing == ("NA",)

    def test_portable_file(self, tmp_path: Path) -> None:
        pyreadstat.write_por(PATIENTS[["id", "age", "born"]], str(tmp_path / "a.por"))
        assert one(tmp_path / "a.por").rows(1, 2) == (("ID", "AGE", "BORN"), ("0012", 63.0, date(1986, 8, 22)))

    def test_text_of_an_old_file_without_encoding(self, tmp_path: Path) -> None:
        path = tmp_path / "a.sav"
        pyreadstat.write_sav(pd.DataFrame({"ort": ["Tr~~ms", "Bod~~"]}), str(path))
        content = path.read_bytes()
        assert b"Tr~~ms" in content
        path.write_bytes(content.replace(b"Tr~~ms", "Trøyms".encode("cp1252")))
        sheet = one(path)
        assert sheet.text(2, 1) == "Trøyms"
        assert [f.code for f in sheet.said] == ["TB105"]


class TestStata:
    def write(self, path: Path, version: int = 15) -> Path:
        frame = PATIENTS[["id", "sex", "born"]].assign(dose=["a", 1.5, 2.0])
        pyreadstat.write_dta(
            frame, str(path), version=version, column_labels={"sex": "Kjonn"},
            variable_value_labels={"sex": {1: "mann", 2: "kvinne", 9: "annet"}}, missing_user_values={"dose": ["a"]},
        )  # fmt: skip
        return path

    @pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
    def test_cells_and_labels_of_every_version(self, tmp_path: Path, version: int) -> None:
        sheet = one(self.write(tmp_path / "a.csv", version))
        assert sheet.rows(2, 1)[0][:3] == ("0012", 1.0, date(1986, 8, 22))
        assert sheet.stated[2] == Stated(
            label="Kjonn", levels={"1": "mann", "2": "kvinne", "9": "annet"}, kind="category"
        )

    def test_own_missing_marks_are_told_from_values(self, tmp_path: Path) -> None:
        sheet = one(self.write(tmp_path / "a.dta"))
        assert [sheet.text(row, 4) for row in (2, 3, 4)] == [".a", "1.5", "2"]
        assert sheet.stated[4].missing == (".a",)


class TestSas:
    def test_transport_file(self, tmp_path: Path) -> None:
        frame = PATIENTS[["id", "sex", "born", "seen"]]
        pyreadstat.write_xport(frame, str(tmp_path / "a.csv"), column_labels={"sex": "Sex at birth"})
        sheet = one(tmp_path / "a.csv")
        assert sheet.rows(2, 1) == (("0012", 1.0, date(1986, 8, 22), datetime(2020, 1, 2, 13, 5)),)
        assert sheet.stated[2].label == "Sex at birth"

    def test_damaged_data_set_is_told_from_a_catalogue(self, tmp_path: Path) -> None:
        path = tmp_path / "a.sas7bdat"
        path.write_bytes(SAS_DATA + bytes(5000))
        with pytest.raises(InputError, match="the SAS file is damaged"):
            one(path)
        path.write_bytes(SAS_CATALOGUE + bytes(5000))
        with pytest.raises(InputError, match="a SAS catalogue of formats"):
            one(path)


class TestBadInput:
    @pytest.mark.parametrize(("suffix", "called"), [("sav", "SPSS"), ("dta", "Stata"), ("xpt", "SAS")])
    @pytest.mark.parametrize("keep", [0.1, 0.5])
    def test_cut_short(self, tmp_path: Path, suffix: str, called: str, keep: float) -> None:
        path = tmp_path / f"a.{suffix}"
        many = pd.concat([PATIENTS[["id", "sex"]]] * 200)
        {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport}[suffix](
            many, str(path)
        )
        content = path.read_bytes()
        path.write_bytes(content[: int(keep * len(content))])
        if suffix == "xpt" and keep == 0.5:  # records without a count: what is there is read
            assert one(path).n_rows > 1
            return
        with pytest.raises(InputError, match=f"the {called} file is damaged"):
            one(path)

    def test_noise_never_aborts(self, tmp_path: Path) -> None:
        import random

        path = write_sav(tmp_path / "a.sav")
        content = path.read_bytes()
        for seed in range(6):
            noise = random.Random(seed)
            broken = bytearray(content)
            for _ in range(15):
                broken[noise.randrange(4, len(broken))] = noise.randrange(256)
            path.write_bytes(broken)
            try:
                one(path)
            except InputError as error:
                assert str(tmp_path) not in str(error)

    def test_more_cells_than_the_limit(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="24 cells, above the limit of 5"):
            one(write_sav(tmp_path / "a.sav"), Data(max_cells=5))

    def test_missing_library_is_named_with_the_command(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(statchild, "__file__", str(tmp_path / "child.py"))
        real = Path(builtins.__import__("tabml.ingest.read.statchild", fromlist=["x"]).__spec__.origin)
        absent = "import sys\nsys.modules['pyreadstat'] = None\n"
        (tmp_path / "child.py").write_text(
            real.read_text(encoding="utf-8").replace("import json\n", absent + "import json\n", 1), encoding="utf-8"
        )
        with pytest.raises(InputError, match=r"an SPSS file, and what reads it is not installed") as caught:
            one(write_sav(tmp_path / "a.sav"))
        assert "pip install 'tabml[formats]'" in str(caught.value.hint)

    def test_folder_with_them_is_read(self, tmp_path: Path) -> None:
        for name in ("a.sav", "b.sas7bdat", "c.dta", "formats.sas7bcat", "d.parquet", "run.sas"):
            (tmp_path / name).write_bytes(b"x")
        files, (told,) = list_files([tmp_path])
        assert [f.name for f in files] == ["a.sav", "b.sas7bdat", "c.dta", "d.parquet"]
        assert "formats.sas7bcat, run.sas" in told.evidence


def test_columns_of_several_types_become_texts() -> None:
    cells: list[Any] = ["a", 1.5, None, 2.0]
    assert statchild.array(cells).to_pylist() == [".a", "1.5", None, "2"]
