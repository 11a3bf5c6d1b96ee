"""Laws of every run store: what `put` has returned from is there for ever, and comes back as the same bytes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabml.core.errors import StoreError
from tabml.study import store as stores
from tabml.study.store import SqliteStore, Store, canonical

OPENERS: dict[str, Callable[[Path], Store]] = {"sqlite": lambda folder: SqliteStore(folder / "study.db", "s1")}

HOSTILE = {
    "Größe": "naïve \u202e 年齢 \x1b[31m \\u0000 '); DROP TABLE documents; --",
    "empty": {"a": [], "b": {}, "c": "", "d": None, "e": True},
    "numbers": [0, -1, 2**53, 1e-308, 1.7976931348623157e308, 0.1, -2.5],
    "deep": {"x": [{"y": [{"z": [1, [2, [3]]]}]}]},
    " spaces ": "\t\r\n",
    "long": "ä" * 100_000,
}


@pytest.mark.parametrize("kind", sorted(OPENERS))
class TestStoreLaws:
    @pytest.fixture
    def reopen(self, kind: str, tmp_path: Path) -> Callable[[], Store]:
        return lambda: OPENERS[kind](tmp_path)

    def test_hostile_document_comes_back_as_it_was(self, reopen: Callable[[], Store]) -> None:
        store = reopen()
        assert store.put("trial", "a' b\"", HOSTILE)
        store.close()
        again = reopen()
        found = again.get("trial", "a' b\"")
        assert canonical(found) == canonical(HOSTILE)
        again.close()

    def test_absent_document_is_none(self, reopen: Callable[[], Store]) -> None:
        store = reopen()
        assert store.get("trial", "x") is None
        assert store.find("trial") == []
        store.close()

    def test_put_twice_changes_nothing(self, reopen: Callable[[], Store]) -> None:
        store = reopen()
        assert store.put("trial", "x", {"a": 1, "b": 2}) is True
        assert store.put("trial", "x", {"b": 2, "a": 1}) is False
        assert len(store.find("trial")) == 1
        store.close()

    def test_same_key_with_other_content_is_refused(self, reopen: Callable[[], Store]) -> None:
        store = reopen()
        store.put("trial", "x", {"a": 1})
        with pytest.raises(StoreError, match="another content"):
            store.put("trial", "x", {"a": 2})
        assert store.get("trial", "x")["a"] == 1
        store.close()

    def test_kinds_do_not_meet(self, reopen: Callable[[], Store]) -> None:
        store = reopen()
        store.put("trial", "x", {"a": 1})
        store.put("fold", "x", {"a": 2})
        assert store.get("fold", "x") == {"a": 2}
        store.close()

    def test_find_keeps_the_order_written_and_filters(self, reopen: Callable[[], Store]) -> None:
        store = reopen()
        for i in (3, 1, 2, 10):
            store.put("fold", f"k{i}", {"trial": "a" if i < 3 else "b", "i": i, "none": None})
        assert [key for key, _ in store.find("fold")] == ["k3", "k1", "k2", "k10"]
        assert [key for key, _ in store.find("fold", {"trial": "a"})] == ["k1", "k2"]
        assert store.find("fold", {"absent": None}) == []
        assert [key for key, _ in store.find("fold", {"none": None, "i": 3})] == ["k3"]
        store.close()

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ({"a": float("nan")}, "not finite"),
            ({"a": [float("inf")]}, "not finite"),
            ({"a": "x\x00y"}, "NUL"),
            ({"a": "\ud800"}, "not valid Unicode"),
            ({"a.b": 1}, "without dots"),
            ({"$a": 1}, "without dots"),
            ({"": 1}, "without dots"),
            ({1: 1}, "without dots"),
            ({"a": b"x"}, "cannot hold a bytes"),
            ({"a": "x" * 1_000_001}, "larger than 1 MB"),
        ],
    )
    def test_what_a_database_would_change_is_refused(self, reopen: Callable[[], Store], document, message) -> None:
        store = reopen()
        with pytest.raises(StoreError, match=message):
            store.put("trial", "x", document)
        assert store.get("trial", "x") is None
        store.close()

    def test_two_studies_in_one_place_do_not_meet(self, reopen: Callable[[], Store], tmp_path: Path, kind: str) -> None:
        if kind != "sqlite":
            pytest.skip("one file per study is SQLite's")
        first, second = SqliteStore(tmp_path / "study.db", "s1"), SqliteStore(tmp_path / "study.db", "s2")
        first.put("trial", "x", {"a": 1})
        assert second.get("trial", "x") is None
        assert second.put("trial", "x", {"a": 2})
        first.close()
        second.close()


WRITER = """
import sys
from pathlib import Path
from tabml.study.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]) / "study.db", "s1")
for i in range(100_000):
    store.put("fold", f"k{i}", {"i": i, "text": "x" * 700})
    print(i, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("after", [1, 20, 60])
def test_killed_writer_loses_no_acknowledged_document(tmp_path: Path, after: int) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    acknowledged = [int(writer.stdout.readline()) for _ in range(after)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    writer.stdout.close()
    store = SqliteStore(tmp_path / "study.db", "s1")
    for i in acknowledged:
        document = store.get("fold", f"k{i}")
        assert document == {"i": i, "text": "x" * 700}
    assert len(store.find("fold")) in (len(acknowledged), len(acknowledged) + 1)
    store.close()


def test_closed_store_is_one_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "study.db", "s1")
    store.put("trial", "x", {"a": 1})
    store.close()
    assert [p.name for p in tmp_path.iterdir()] == ["study.db"]


def test_damaged_and_newer_stores_are_refused(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        SqliteStore(tmp_path / "study.db", "s1")
    import sqlite3

    with sqlite3.connect(tmp_path / "new.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer tabml"):
        SqliteStore(tmp_path / "new.db", "s1")


def test_network_drive_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(stores, "file_system", lambda folder: "nfs4")
    with pytest.raises(StoreError, match=r"network drive \(nfs4\)"):
        SqliteStore(tmp_path / "study.db", "s1")


def test_deepest_mount_decides() -> None:
    partitions = [
        SimpleNamespace(mountpoint="/", fstype="ext4", opts="rw"),
        SimpleNamespace(mountpoint="/mnt/share", fstype="NFS4", opts="rw"),
        SimpleNamespace(mountpoint="/mnt/share/disk", fstype="xfs", opts="rw"),
        SimpleNamespace(mountpoint="/mnt/drive", fstype="NTFS", opts="rw,remote"),
    ]
    mounts = stores._mounts(partitions)
    kinds = {p: stores._deepest_mount(Path(p), mounts) for p in
             ("/home/x", "/mnt/share/study", "/mnt/share/disk/s", "/mnt/drive/s", "/mnt/shared")}  # fmt: skip
    assert kinds == {"/home/x": "ext4", "/mnt/share/study": "nfs4", "/mnt/share/disk/s": "xfs",
                     "/mnt/drive/s": "smb", "/mnt/shared": "ext4"}  # fmt: skip


def test_numpy_numbers_are_plain_numbers() -> None:
    assert canonical({"a": np.float64(0.5), "b": np.int64(3), "c": np.bool_(True)}) == '{"a":0.5,"b":3,"c":true}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00.$"), min_size=1), inner,
                      max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_canonical_text_reads_back_as_itself(value: object) -> None:
    import json

    text = canonical({"v": value})
    assert canonical(json.loads(text)) == text
