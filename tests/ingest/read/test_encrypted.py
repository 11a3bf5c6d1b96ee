"""Workbooks under a password: opened in memory with the right one, refused in words without it."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path

import msoffcrypto
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.core.password import VARIABLE, asker
from tabml.ingest.read import read_file
from tabml.ingest.read import workbook as workbook_module
from tests.ingest.read.test_workbooks import write_xls
from tests.ingest.workbooks import sheet_xml, write_xlsx
from tests.ingest.writers import encrypt_xls

TABLE = [["id", "age"], ["P1", 63], ["P2", 67]]
SECRET = "hemmelig Ø"


def locked_xlsx(path: Path, password: str = SECRET) -> Path:
    # the library that encrypts for us stumbles over packages below 4096 bytes
    filling = {"xl/media/image1.png": random.Random(0).randbytes(8000)}
    plain = write_xlsx(path.with_suffix(".plain"), {"Pasienter": sheet_xml(TABLE)}, extra=filling)
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(plain.read_bytes())).encrypt(password, out)
    path.write_bytes(out.getvalue())
    plain.unlink()
    return path


def locked_xls(path: Path, password: str = SECRET) -> Path:
    path.write_bytes(encrypt_xls(write_xls(path).read_bytes(), password))
    return path


@pytest.fixture(params=[locked_xlsx, locked_xls])
def locked(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file: Path = request.param(tmp_path / "export")
    return file


def test_password_of_the_environment_opens(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    assert read_file(locked, Data())[0].rows(2, 1)[0][:2] == ("P1", 63.0)


def test_cells_come_through_a_pipe_when_read_in_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    monkeypatch.setattr(workbook_module, "SMALL_WORKBOOK", -1)
    path = locked_xlsx(tmp_path / "export")
    (sheet,) = read_file(path, Data())
    assert sheet.rows(3) == (("P2", 67.0),)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export"]


def test_person_at_the_terminal_is_asked_for_the_file_by_name(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    asked = []
    token = asker.set(lambda file: asked.append(file) or SECRET)  # type: ignore[func-returns-value]
    try:
        assert read_file(locked, Data())[0].rows(2, 1)[0][0] == "P1"
    finally:
        asker.reset(token)
    assert asked == ["export"]


def test_without_a_password_both_ways_to_give_it_are_named(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match="encrypted with a password") as caught:
        read_file(locked, Data())
    assert VARIABLE in str(caught.value.hint)
    assert "terminal" in str(caught.value.hint)


def test_wrong_password_is_no_damage_and_is_never_repeated(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "feil passord")
    with pytest.raises(InputError, match="the password does not open the workbook") as caught:
        read_file(locked, Data())
    assert caught.value.exit_code == 3
    assert "feil" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("lock", [locked_xlsx, locked_xls])
def test_write_protected_workbook_opens_without_asking(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lock: type[locked_xlsx],  # type: ignore[valid-type]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    path = lock(tmp_path / "export", "VelvetSweatshop")  # type: ignore[operator]
    assert read_file(path, Data())[0].rows(2, 1)[0][0] == "P1"


def test_missing_library_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = locked_xlsx(tmp_path / "export")
    monkeypatch.setitem(sys.modules, "msoffcrypto", None)
    with pytest.raises(InputError, match="what opens it is not installed") as caught:
        read_file(path, Data())
    assert "pip install 'tabml[formats]'" in str(caught.value.hint)


@pytest.mark.parametrize("keep", [0.3, 0.8])
def test_cut_short(locked: Path, monkeypatch: pytest.MonkeyPatch, keep: float) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    content = locked.read_bytes()
    locked.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(InputError, match=r"damaged|does not open"):
        read_file(locked, Data())


def test_files_are_truly_encrypted(tmp_path: Path) -> None:
    for path in (locked_xlsx(tmp_path / "a"), locked_xls(tmp_path / "b")):
        with path.open("rb") as stream:
            assert msoffcrypto.OfficeFile(stream).is_encrypted()
        assert not any(word in path.read_bytes() for word in (b"chol", b"worksheet"))
