"""OLE2 containers (.xls, encrypted workbooks): which streams they hold, and the bytes of one stream."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FREE = 0xFFFFFFFA  # from here on a sector number is a mark, no sector
ENTRY = 128
SMALL_STREAM = 4096


class OleError(ValueError):
    """The container contradicts itself."""


@dataclass(frozen=True)
class Ole:
    """A container read into memory. `streams`: name -> (first sector, bytes)."""

    content: bytes
    sector: int
    table: tuple[int, ...]
    streams: dict[str, tuple[int, int]]
    small_table: tuple[int, ...]
    small: bytes

    @classmethod
    def of(cls, content: bytes) -> Ole:
        """Parse header, sector table and directory; OleError where they are damaged."""
        if not content.startswith(MAGIC) or len(content) < 512:
            raise OleError("no OLE2 header")
        (power,) = struct.unpack_from("<H", content, 30)
        if power not in (9, 12):
            raise OleError("odd sector size")
        sector = 1 << power
        table = _sector_table(content, sector)
        first_directory, first_small = (struct.unpack_from("<I", content, at)[0] for at in (48, 60))
        directory = _chain(content, sector, table, first_directory)
        streams: dict[str, tuple[int, int]] = {}
        root = (FREE, 0)
        for at in range(0, len(directory) - ENTRY + 1, ENTRY):
            (length,) = struct.unpack_from("<H", directory, at + 64)
            kind = directory[at + 66]
            name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", errors="replace")
            place = struct.unpack_from("<II", directory, at + 116)
            if kind == 5:
                root = place
            elif kind in (1, 2):
                streams.setdefault(name, place)
        small_table = _numbers(_chain(content, sector, table, first_small)) if first_small < FREE else ()
        small = _chain(content, sector, table, root[0]) if root[0] < FREE else b""
        return cls(content, sector, table, streams, small_table, small)

    def read(self, name: str) -> bytes:
        """The bytes of a stream; OleError where its chain is broken."""
        first, size = self.streams[name]
        if size < SMALL_STREAM:
            whole = _chain(self.small, 64, self.small_table, first, offset=0)
        else:
            whole = _chain(self.content, self.sector, self.table, first)
        if len(whole) < size:
            raise OleError("a stream is cut short")
        return whole[:size]


def _sector_table(content: bytes, sector: int) -> tuple[int, ...]:
    listed = list(struct.unpack_from("<109I", content, 76))
    (next_list,) = struct.unpack_from("<I", content, 68)
    per_sector = sector // 4
    seen = set()
    while next_list < FREE:
        if next_list in seen:
            raise OleError("a chain runs in a circle")
        seen.add(next_list)
        numbers = _numbers(_sector(content, sector, next_list))
        listed += numbers[: per_sector - 1]
        next_list = numbers[per_sector - 1]
    table: list[int] = []
    for number in listed:
        if number < FREE:
            table += _numbers(_sector(content, sector, number))
    return tuple(table)


def _sector(content: bytes, sector: int, number: int, offset: int | None = None) -> bytes:
    start = number * sector + (sector if offset is None else offset)
    piece = content[start : start + sector]
    if not piece:
        raise OleError("a sector lies beyond the end of the file")
    return piece.ljust(sector, b"\x00")


def _chain(content: bytes, sector: int, table: tuple[int, ...], first: int, *, offset: int | None = None) -> bytes:
    pieces: list[bytes] = []
    number = first
    while number < FREE:
        if len(pieces) > len(table) or number >= len(table):
            raise OleError("a chain of sectors is broken")
        pieces.append(_sector(content, sector, number, offset))
        number = table[number]
    return b"".join(pieces)


def _numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])
