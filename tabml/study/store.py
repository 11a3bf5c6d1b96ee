"""The run store: documents of a study, each written once.

A document that `put` has returned from is on the disk and survives a crash. Documents are canonical JSON, so
that every database gives back the same bytes. SQLite is the store of this release.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tabml.core.errors import StoreError
from tabml.study.folder import ROW_LEVEL_MODE

SCHEMA_VERSION = 1
MAX_DOCUMENT_BYTES = 1_000_000
LARGEST_EXACT = 2**53
MAX_DEPTH = 32
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "sshfs", "fuse.sshfs", "afpfs", "webdav", "davfs"}
)  # fmt: skip

Document = dict[str, Any]


class Store(Protocol):
    """What every run store promises."""

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> bool:
        """Write a document; False where it stood there already. The same key with another content is a StoreError."""

    def get(self, kind: str, key: str) -> Document | None: ...

    def find(self, kind: str, where: Mapping[str, Any] | None = None) -> list[tuple[str, Document]]:
        """(key, document) of a kind whose top-level fields equal `where`, in the order written."""

    def close(self) -> None: ...


def canonical(document: Mapping[str, Any]) -> str:
    """The one JSON text of a document: sorted keys, finite numbers, large integers as text.

    Refused: NaN and infinity, NUL and half surrogate pairs, keys that are empty, hold a dot or begin with
    a dollar sign, and anything beyond 1 MB.

    >>> canonical({"b": (1, 2**60), "a": -0.0})
    '{"a":0.0,"b":[1,"1152921504606846976"]}'
    """
    text = json.dumps(_plain(document, 0), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if len(text.encode("utf-8")) > MAX_DOCUMENT_BYTES:
        raise StoreError("a document is larger than 1 MB", hint="arrays stand in files of their own")
    return text


def _plain(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise StoreError(f"a document is nested deeper than {MAX_DEPTH} levels")
    if hasattr(value, "item") and not isinstance(value, str):  # numpy scalars
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_EXACT else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreError("a document holds a number that is not finite")
        return value + 0.0  # -0.0 becomes 0.0, as in databases that keep no sign of zero
    if isinstance(value, Mapping):
        return {_key(k): _plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, depth + 1) for v in value]
    raise StoreError(f"a document cannot hold a {type(value).__name__}")


def _text(value: str) -> str:
    if "\x00" in value:
        raise StoreError("a document holds a NUL character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise StoreError("a document holds text that is not valid Unicode") from None
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key or "." in key or key.startswith("$"):
        raise StoreError("a document's keys are text without dots that does not begin with $")
    return _text(key)


class SqliteStore:
    """Documents of one study in one SQLite file (write-ahead log, every commit flushed to the disk)."""

    def __init__(self, path: Path, study_id: str) -> None:
        """Open or create; a folder on a network drive is refused, for SQLite loses data there."""
        refuse_network_drive(path.parent)
        self._study = study_id
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            if self._db.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
                raise StoreError("this store was written by a newer tabml", where=path.name, hint="upgrade tabml")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
            path.chmod(ROW_LEVEL_MODE)
        except sqlite3.DatabaseError as error:
            raise _store_error(error, path.name) from error

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> bool:
        body = canonical(document)
        digest = hashlib.sha256(body.encode("utf-8")).hexdigest()
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                return self._insert(kind, _text(key), body, digest)
        except sqlite3.DatabaseError as error:
            raise _store_error(error, f"{kind} {key}") from error

    def _insert(self, kind: str, key: str, body: str, digest: str) -> bool:
        row = self._db.execute(
            "SELECT sha256 FROM documents WHERE study_id=? AND kind=? AND id=?", (self._study, kind, key)
        ).fetchone()
        if row is not None:
            if row[0] != digest:
                raise StoreError(
                    "a document with this key but another content is stored already", where=f"{kind} {key}"
                )
            return False
        self._db.execute(
            "INSERT INTO documents (study_id, kind, id, body, sha256) VALUES (?, ?, ?, ?, ?)",
            (self._study, kind, key, body, digest),
        )
        return True

    def get(self, kind: str, key: str) -> Document | None:
        row = self._db.execute(
            "SELECT body FROM documents WHERE study_id=? AND kind=? AND id=?", (self._study, kind, key)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def find(self, kind: str, where: Mapping[str, Any] | None = None) -> list[tuple[str, Document]]:
        wanted = json.loads(canonical(where or {}))
        rows = self._db.execute(
            "SELECT id, body FROM documents WHERE study_id=? AND kind=? ORDER BY seq", (self._study, kind)
        )
        found = ((key, dict(json.loads(body))) for key, body in rows)
        return [(key, doc) for key, doc in found if all(k in doc and doc[k] == v for k, v in wanted.items())]

    def close(self) -> None:
        """Close; the write-ahead log is folded into the one file."""
        self._db.close()


_TABLES = f"""
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, study_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    body TEXT NOT NULL, sha256 TEXT NOT NULL, UNIQUE (study_id, kind, id));
PRAGMA user_version = {SCHEMA_VERSION};
"""


def _store_error(error: sqlite3.DatabaseError, where: str) -> StoreError:
    text = str(error)
    if "full" in text:
        return StoreError("the disk is full", where=where, hint="free some space, or write elsewhere with --out")
    return StoreError(f"the run store failed: {text}", where=where)


def refuse_network_drive(folder: Path) -> None:
    """StoreError where a folder lies on a network drive: SQLite's write-ahead log fails there."""
    kind = file_system(folder)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(f"study folder is on a network drive ({kind})", where=folder.name.removeprefix("."),
                         hint="give a local path with --out and copy the finished study afterwards")  # fmt: skip


def file_system(folder: Path) -> str | None:
    """Name of the file system a folder lies on, such as `ext4` or `nfs4`; None where it cannot be told."""
    import psutil

    path = folder.resolve()
    if str(path).startswith("\\\\"):
        return "smb"
    return _deepest_mount(path, _mounts(psutil.disk_partitions(all=True)))


def _mounts(partitions: Iterable[Any]) -> list[tuple[Path, str]]:
    """(mount point, file system); a mapped network letter of Windows says so in its options."""
    return [(Path(p.mountpoint), "smb" if "remote" in p.opts.split(",") else p.fstype.casefold()) for p in partitions]


def _deepest_mount(path: Path, mounts: Iterable[tuple[Path, str]]) -> str | None:
    holding = [(len(point.parts), kind) for point, kind in mounts if path.is_relative_to(point)]
    # The last of several mounts on one point is the one that is seen.
    return max(enumerate(holding), key=lambda found: (found[1][0], found[0]))[1][1] if holding else None
