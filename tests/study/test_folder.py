"""A study is whole or not there; row-level files are readable by their owner only."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from tabml.core.errors import ConfigError, InputError, StoreError
from tabml.study import folder as folders
from tabml.study.folder import StudyFolder, building, check_out, default_out, write_bytes, write_json

posix = pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX's")


def left_in(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir())


def test_study_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "a study"
    with building(out) as study:
        write_json(study.results, {"a": 1})
        assert not out.exists()
    assert StudyFolder.open(out).read_document() == {"a": 1}
    assert left_in(tmp_path) == ["a study"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error, match="early"), building(tmp_path / "new" / "s") as study:
        write_json(study.results, {})
        raise error("early")
    assert left_in(tmp_path) == []


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".s.unfinished").mkdir()
    (tmp_path / ".s.unfinished" / "old.txt").write_text("x", encoding="utf-8")
    with building(tmp_path / "s") as study:
        write_json(study.results, {})
    assert left_in(tmp_path / "s") == ["private", "results.json"]


def test_two_runs_with_one_place_exclude_each_other(tmp_path: Path) -> None:
    with building(tmp_path / "s"):
        with pytest.raises(StoreError, match="being made by another process"), building(tmp_path / "s"):
            pass
        assert ".s.unfinished.lock" in left_in(tmp_path)
    assert left_in(tmp_path) == ["s"]


def test_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty") as caught, building(tmp_path):
        pass
    assert "--out" in caught.value.hint
    assert "tabml report" in caught.value.hint
    assert left_in(tmp_path) == ["notes.txt"]


def test_the_folder_is_named_as_it_was_typed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my s").mkdir()
    (tmp_path / "my s" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty") as caught:
        check_out(Path("..") / tmp_path.name / "my s")
    assert caught.value.where == f'--out "../{tmp_path.name}/my s"'
    assert f'tabml report "../{tmp_path.name}/my s"' in str(caught.value.hint)


def test_empty_folder_is_taken(tmp_path: Path) -> None:
    out = tmp_path / "s"
    out.mkdir()
    with building(out) as study:
        write_json(study.results, {})
    assert StudyFolder.open(out).results.is_file()


def test_place_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match="is a file"), building(tmp_path / "s"):
        pass


def test_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="study folder cannot be written"), building(tmp_path / "f" / "s"):
        pass


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="permission denied"), building(tmp_path / "s"):
            pass
    finally:
        tmp_path.chmod(0o700)


@posix
def test_private_folder_is_closed_to_others(tmp_path: Path) -> None:
    with building(tmp_path / "s") as study:
        study.write_inputs([tmp_path / "a.xlsx"])
        write_json(study.results, {})
    study = StudyFolder.open(tmp_path / "s")
    assert stat.S_IMODE(study.private.stat().st_mode) == 0o700
    assert stat.S_IMODE(study.inputs.stat().st_mode) == 0o600
    assert study.read_inputs() == ((tmp_path / "a.xlsx").resolve(),)


@posix
def test_mode_is_set_before_the_name_appears(tmp_path: Path) -> None:
    write_bytes(tmp_path / "cohort.parquet", b"x", mode=0o600)
    assert stat.S_IMODE((tmp_path / "cohort.parquet").stat().st_mode) == 0o600


@pytest.mark.parametrize("call", ["fsync", "replace", "write"])
def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch, call: str) -> None:
    path = tmp_path / "results.json"
    write_bytes(path, b"old")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "replace":
        monkeypatch.setattr(Path, "replace", full)
    elif call == "fsync":
        monkeypatch.setattr(folders.os, "fsync", full)
    else:
        monkeypatch.setattr(folders.os, "fdopen", _failing_stream(full))
    with pytest.raises(StoreError, match="the disk is full: 3 bytes needed"):
        write_bytes(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert left_in(tmp_path) == ["results.json"]


def _failing_stream(full):
    real = os.fdopen

    class Stream:
        def __init__(self, handle: int, mode: str) -> None:
            self.stream = real(handle, mode)
            self.write = full

        def __enter__(self):
            return self

        def __exit__(self, *args: object) -> None:
            self.stream.close()

    return Stream


def test_documents_hold_finite_numbers_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert left_in(tmp_path) == []


def test_folder_without_results_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished study"):
        StudyFolder.open(tmp_path)
    with pytest.raises(InputError, match="no such study folder"):
        StudyFolder.open(tmp_path / "absent")


def test_default_place_is_named_after_the_first_input(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    assert default_out([exports, tmp_path / "b.csv"]) == Path("exports-study")
    assert default_out([tmp_path / "cohort v2.xlsx"]) == Path("cohort v2-study")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc, where even root makes no file")
def test_a_place_that_takes_no_file_is_not_called_busy() -> None:
    with pytest.raises(StoreError, match="study folder cannot be written") as caught, building(Path("/proc/x")):
        pass
    assert "--out" in caught.value.hint


def test_a_place_that_cannot_be_looked_into_is_refused_with_a_hint(tmp_path: Path, monkeypatch) -> None:
    def refused(self: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(StoreError, match="cannot be written: permission denied") as caught, building(tmp_path):
        pass
    assert "--out" in caught.value.hint


def test_a_study_that_cannot_be_looked_into_is_an_input_error(tmp_path: Path, monkeypatch) -> None:
    def refused(self: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(InputError, match="the study folder cannot be read: permission denied"):
        StudyFolder.open(tmp_path)
