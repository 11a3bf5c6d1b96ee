"""One file on its way in: its base name, and its bytes on disk or, once decrypted, in memory only."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from tabml.core.errors import InputError


@dataclass(frozen=True)
class Document:
    """A file to read. `content` holds decrypted bytes, which never touch the disk; None: read from `path`."""

    path: Path
    content: bytes | None = None

    @property
    def name(self) -> str:
        """The base name, the only part of a path that messages show."""
        return self.path.name

    @cached_property
    def size(self) -> int:
        with self.open() as stream:
            return stream.seek(0, io.SEEK_END)

    @cached_property
    def sha256(self) -> str:
        """Hash of the file as it lies on disk, encrypted or not."""
        digest = hashlib.sha256()
        with Document(self.path).open() as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes as a stream; InputError where the operating system will not give them."""
        if self.content is not None:
            yield io.BytesIO(self.content)
            return
        try:
            stream = self.path.open("rb")
        except OSError as error:
            raise unreadable(self.path, error) from None
        with stream:
            yield stream

    def head(self, n_bytes: int) -> bytes:
        with self.open() as stream:
            return stream.read(n_bytes)

    def read(self) -> bytes:
        if self.content is not None:
            return self.content
        with self.open() as stream:
            return stream.read()


def unreadable(path: Path, error: OSError) -> InputError:
    """The InputError for a file the operating system will not give."""
    if isinstance(error, FileNotFoundError):
        return InputError("there is no such file", where=path.name, hint="check the path")
    reason = error.strerror or type(error).__name__
    return InputError(
        f"the file cannot be opened: {reason}", where=path.name, hint="close it elsewhere; check its permissions"
    )
