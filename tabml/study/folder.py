"""The study folder: its paths, atomic writes, and a study that is either whole or not there.

A study is made in a hidden folder beside its place and takes its name in one rename at the end, so a run
that fails, is interrupted or loses power leaves no half-written study behind.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabml.core.errors import ConfigError, InputError, StoreError

ROW_LEVEL_MODE = 0o600
PUBLIC_MODE = 0o644
PRIVATE_FOLDER_MODE = 0o700
#: Folders whose every file is row-level.
ROW_LEVEL_FOLDERS = ("private", "provenance")


@dataclass(frozen=True)
class StudyFolder:
    """Where everything of one study stands (foundations.md section 6)."""

    root: Path

    @property
    def study(self) -> Path:
        """Resolved settings, versions, data hashes and folds."""
        return self.root / "study.yaml"

    @property
    def codebook(self) -> Path:
        return self.root / "codebook.yaml"

    @property
    def cohort(self) -> Path:
        """One row per patient or visit; row-level."""
        return self.root / "cohort.parquet"

    @property
    def provenance(self) -> Path:
        """Folder with one parquet table per part of the provenance; row-level."""
        return self.root / "provenance"

    @property
    def summary(self) -> Path:
        return self.root / "summary.html"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    @property
    def results(self) -> Path:
        """Every number of the report."""
        return self.root / "results.json"

    @property
    def predictions(self) -> Path:
        """Out-of-fold predictions by patient; row-level."""
        return self.root / "predictions.csv"

    @property
    def bundle(self) -> Path:
        return self.root / "model.tabml"

    @property
    def store(self) -> Path:
        """Documents of the run: study, trials, folds."""
        return self.root / "study.db"

    @property
    def private(self) -> Path:
        """Row-level things and absolute paths; 0700."""
        return self.root / "private"

    @property
    def inputs(self) -> Path:
        """Absolute paths of the inputs: the only place for them."""
        return self.private / "inputs.json"

    @classmethod
    def open(cls, path: Path) -> StudyFolder:
        """A finished study; InputError where there is none."""
        folder = cls(Path(path))
        if not folder.root.is_dir():
            raise InputError("there is no such study folder", where=folder.root.as_posix())
        if not folder.holds(folder.results):
            raise InputError(
                "this folder holds no finished study (results.json is missing)",
                where=folder.root.name,
                hint="give the folder that tabml fit wrote",
            )
        return folder

    def holds(self, path: Path) -> bool:
        """Whether a file of the study is there; InputError where the folder may not be looked into."""
        try:
            return path.is_file()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise InputError(f"the study folder cannot be read: {reason}", where=self.root.name,
                             hint="check its permissions") from None  # fmt: skip

    def files(self) -> tuple[Path, ...]:
        """What a reader opens first, as far as it exists."""
        wanted = (self.report, self.summary, self.results, self.predictions, self.bundle, self.study, self.codebook)
        return tuple(path for path in wanted if path.is_file())

    def read_document(self) -> dict[str, Any]:
        """The results document."""
        try:
            document = json.loads(self.results.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError("results.json cannot be read", where=self.root.name) from error
        return dict(document)

    def read_inputs(self) -> tuple[Path, ...]:
        """Absolute paths of the files the study was made from; empty where they were cleared."""
        if not self.inputs.is_file():
            return ()
        return tuple(Path(p) for p in json.loads(self.inputs.read_text(encoding="utf-8"))["inputs"])

    def write_inputs(self, inputs: Sequence[Path]) -> None:
        """Write the absolute paths of the inputs: first of all files, and nowhere else."""
        paths = [str(Path(p).resolve()) for p in inputs]
        write_json(self.inputs, {"inputs": paths}, mode=ROW_LEVEL_MODE)


def default_out(inputs: Sequence[Path], kind: str = "study") -> Path:
    """The first input's name with `-study` (or another kind), in the current folder.

    >>> default_out([Path("data/cohort.xlsx")]).name
    'cohort-study'
    """
    first = Path(inputs[0]).resolve()
    name = first.name if first.is_dir() else first.stem
    return Path(f"{name}-{kind}")


def check_out(out: Path) -> None:
    """Refuse a place that holds something already, before any work is done."""
    from tabml.ingest.propose.question import quoted

    out = Path(out)
    typed = quoted(out.as_posix())
    try:
        is_filled = out.is_dir() and any(out.iterdir())
    except OSError as error:
        raise _cannot_create(out, error) from None
    if is_filled:
        raise ConfigError(
            "the folder for the study is not empty",
            where=f"--out {typed}",
            hint=f"give another --out; `tabml report {typed}` writes the pages of a finished study again",
        )
    if out.exists() and not out.is_dir():
        raise ConfigError("the place for the study is a file", where=f"--out {typed}", hint="give another --out")


@contextlib.contextmanager
def building(out: Path) -> Iterator[StudyFolder]:
    """A study folder to fill; it takes its place at `out` when the block ends well, else nothing is left.

    Two runs with one `out` exclude each other: the second is a StoreError.
    """
    check_out(out)
    typed, out = Path(out), Path(out).absolute()
    work = out.with_name(f".{out.name}.unfinished")
    parents = [parent for parent in out.parents if not parent.exists()]
    try:
        with _locked(work, out, typed):
            try:
                _make_folder(work / "private", PRIVATE_FOLDER_MODE, typed)
                yield StudyFolder(work)
            except BaseException:
                shutil.rmtree(work, ignore_errors=True)
                raise
            _take_place(work, out, typed)
    except BaseException:
        for parent in parents:  # made for this study only, and empty again
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise


@contextlib.contextmanager
def _locked(work: Path, out: Path, typed: Path) -> Iterator[None]:
    """Hold the lock of an unfinished study; what a killed run left there is cleared."""
    from filelock import FileLock, Timeout

    _make_folder(out.parent, 0o777, typed)
    lock_file = work.with_name(f"{work.name}.lock")
    lock = FileLock(lock_file, timeout=0)
    try:
        if not lock_file.exists():
            lock_file.touch()  # a place that takes no file is told apart from one that another process holds
        lock.acquire()
    except Timeout:
        raise StoreError("this study is being made by another process", where=f"--out {typed}",
                         hint="wait for it, or give another --out") from None  # fmt: skip
    except OSError as error:
        raise _cannot_create(typed, error) from None
    try:
        if work.exists():
            shutil.rmtree(work)
        _make_folder(work, 0o777, typed)
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows deletes no open file; it is deleted below
            lock_file.unlink()
        lock.release()
        with contextlib.suppress(OSError):
            lock_file.unlink()


def _make_folder(path: Path, mode: int, typed: Path | None = None) -> None:
    """Make a folder; an error names `typed`, the place as the user gave it."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise _cannot_create(typed or Path(path.name), error) from None


def _cannot_create(out: Path, error: OSError) -> StoreError:
    reason = (error.strerror or type(error).__name__).lower()
    return StoreError(f"the study folder cannot be written: {reason}", where=f"--out {out}",
                      hint="give a folder you may write to with --out")  # fmt: skip


def _take_place(work: Path, out: Path, typed: Path) -> None:
    try:
        if out.is_dir():  # empty, as check_out saw; a folder someone filled meanwhile is not replaced
            out.rmdir()
        work.replace(out)
        _sync_folder(out.parent)
    except OSError as error:
        raise StoreError(
            "the finished study could not be moved to its place",
            where=f"--out {typed}",
            hint=f"it stands in {work.name} beside it",
        ) from error


def write_bytes(path: Path, data: bytes, *, mode: int = PUBLIC_MODE, typed: Path | None = None) -> None:
    """Write a file so that a reader sees the old content or the new, never a mixture.

    An error names the file, or `typed`: the place as the user gave it.
    """
    said = typed or Path(path.name)
    _make_folder(path.parent, PRIVATE_FOLDER_MODE if path.parent.name in ROW_LEVEL_FOLDERS else 0o777)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise cannot_write(said, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise StoreError(f"the disk is full: {len(data):,} bytes needed", where=str(said),
                             hint="free some space, or write elsewhere with --out") from None  # fmt: skip
        raise cannot_write(said, error) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The error for a file that cannot be made or replaced; it names that file, not the temporary one."""
    reason = (error.strerror or type(error).__name__).lower()
    return StoreError(f"the file cannot be written: {reason}", where=str(path),
                      hint="write it to a folder where you may make files")  # fmt: skip


def write_text(path: Path, text: str, *, mode: int = PUBLIC_MODE) -> None:
    """Write UTF-8 text with `\\n` line ends, atomically."""
    write_bytes(path, text.encode("utf-8"), mode=mode)


def write_json(path: Path, document: Any, *, mode: int = PUBLIC_MODE) -> None:
    """Write a document with finite numbers, atomically; keys keep their order, so that pages made from it do too."""
    write_text(path, json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n", mode=mode)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; folders cannot be synced on Windows."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some shared folders refuse
            raise
    finally:
        os.close(handle)
