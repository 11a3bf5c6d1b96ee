"""The container of a model file: a zip that is the same bytes for the same members, read without trust.

Nothing is extracted to disk and no path is taken from the file: a member's name must match a pattern that is
compiled in, and sizes are checked in the zip's directory before anything is inflated.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tabml.core.errors import BundleError

#: How a member may be called, and nothing else.
MEMBER_NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)?\.(json|npz|ubj|safetensors|txt)")
#: What every .xlsx and .docx, and every .ods, begins with.
OFFICE = ("[Content_Types].xml", "mimetype")
NO_MODEL = "give the model.tabml of a study folder, unchanged"
COMPRESSION = 6
EPOCH = (1980, 1, 1, 0, 0, 0)
END_RECORD = b"PK\x05\x06"
END_RECORD_BYTES = 22
FIRST_RECORD = b"PK\x03\x04"


@dataclass(frozen=True)
class Caps:
    """Most of everything a container may hold."""

    file_bytes: int = 1_000_000_000
    members: int = 500
    total_bytes: int = 2_000_000_000
    ratio: int = 200
    directory_bytes: int = 200_000


def pack(members: Mapping[str, bytes], *, compress: bool = True) -> bytes:
    """The members as one zip: sorted, dated 1980-01-01, so equal members give equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            deflate = compress and not _too_empty(members[name])
            entry.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, members[name], compresslevel=COMPRESSION)
    return stream.getvalue()


def _too_empty(data: bytes) -> bool:
    """Whether a member, such as a large array of zeros, would deflate beyond what a reader accepts."""
    return len(data) > Caps.ratio and len(data) > Caps.ratio * len(zlib.compress(data, COMPRESSION)) // 2


def read_file(path: Path, caps: Caps = Caps()) -> bytes:
    """The file's bytes, unless it is larger than a model file may be."""
    try:
        size = path.stat().st_size
        if size > caps.file_bytes:
            raise BundleError(f"the file is larger than {caps.file_bytes // 1_000_000:,} MB", where=path.name)
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleError("there is no such model file", where=path.as_posix()) from None
    except OSError as error:
        raise BundleError(f"the model file cannot be read: {(error.strerror or '').lower()}", where=path.name,
                          hint="close it elsewhere; check its permissions") from None  # fmt: skip


class Container:
    """An opened container: its names are safe and its sizes within the caps; members are read on demand."""

    def __init__(self, data: bytes, where: str, *, pattern: re.Pattern[str] = MEMBER_NAME, caps: Caps = Caps()) -> None:
        self._data, self._where, self._caps = data, where, caps
        self._check_end_record()
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise self._refuse("not a tabml model file") from error
        self._entries = self._checked_entries(pattern)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def read(self, name: str) -> bytes:
        """One member, inflated to exactly the size its directory entry states."""
        entry = self._entries[name]
        try:
            with self._archive.open(entry) as stream:
                data = stream.read(entry.file_size + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            ValueError,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise self._refuse(f"member {name} is damaged") from error
        if len(data) != entry.file_size:
            raise self._refuse(f"member {name} has another size than stated")
        return data

    def _check_end_record(self) -> None:
        """Bound the directory before it is parsed: a hostile one may list millions of members."""
        at = self._data.rfind(END_RECORD)
        if not self._data.startswith(FIRST_RECORD) or at != len(self._data) - END_RECORD_BYTES:
            raise self._refuse("not a tabml model file")
        count, size = struct.unpack("<10xHL", self._data[at : at + 16])
        if count > self._caps.members:
            raise self._refuse(f"more than {self._caps.members} members")
        if size > self._caps.directory_bytes:
            raise self._refuse("its directory is too large")

    def _checked_entries(self, pattern: re.Pattern[str]) -> dict[str, zipfile.ZipInfo]:
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._archive.infolist():
            name = entry.orig_filename
            if name in OFFICE:
                raise self._refuse("not a tabml model file but a workbook or document", NO_MODEL)
            if not pattern.fullmatch(name) or entry.filename != name:
                raise self._refuse("not a tabml model file: a member has a name that is not allowed", NO_MODEL)
            if name in entries:
                raise self._refuse(f"member {name} stands twice")
            self._check_entry(name, entry)
            entries[name] = entry
        if sum(e.file_size for e in entries.values()) > self._caps.total_bytes:
            raise self._refuse("its members are too large together")
        if sum(e.compress_size for e in entries.values()) > len(self._data):
            raise self._refuse("its members overlap")
        return entries

    def _check_entry(self, name: str, entry: zipfile.ZipInfo) -> None:
        mode = entry.external_attr >> 16
        if entry.flag_bits & 0x1:
            raise self._refuse(f"member {name} is encrypted")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise self._refuse(f"member {name} is a link or a device")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refuse(f"member {name} is packed in another way than tabml does")
        if entry.file_size > self._caps.ratio * max(1, entry.compress_size):
            raise self._refuse(f"member {name} inflates more than {self._caps.ratio} times")

    def _refuse(self, what: str, hint: str = "use a model file that tabml wrote, unchanged") -> BundleError:
        return BundleError(what, where=self._where, hint=hint)
