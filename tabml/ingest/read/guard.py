"""The guard: an xlsx workbook is looked through, in blocks, before a reader may build its cells.

It refuses what would exhaust memory or mislead (archive bombs, DTDs, cells at the far end of the sheet)
and counts what the reader cannot see: error cells, formulas never calculated, hidden rows and columns.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read.scan import MAX_COLUMN, MAX_ROW, Patterns, SheetFacts
from tabml.ingest.read.sniff import RESAVE

BLOCK = 1 << 20
LONGEST_PIECE = 64 << 20  # a row of 16,384 full cells is far shorter
RATIO_FROM = 20 << 20  # small archives may pack well; they harm nobody
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, ValueError, NotImplementedError)


@dataclass(frozen=True)
class Guarded:
    """A workbook that may be read: its sheets in order, and its unpacked size in bytes."""

    sheets: tuple[SheetFacts, ...]
    unpacked: int

    @property
    def is_clean(self) -> bool:
        """Nothing unusual, and no sheet much larger than the cells it holds."""
        return all(s.is_plain and s.box <= 50 * s.cells + 100_000 for s in self.sheets)


def guard(path: Path, data: Data) -> Guarded:
    """Look through an xlsx workbook; InputError names file, sheet and cell of what is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, path, data)
            for part in _xml_parts(archive):
                _refuse_dtd(archive, part, path.name)
            facts = [_scan_sheet(archive, part, facts, path.name, data) for part, facts in _sheets(archive)]
    except (*DAMAGE, ElementTree.ParseError):
        raise damaged(path) from None
    return Guarded(tuple(facts), unpacked_size(path))


def damaged(path: Path, sheet: str | None = None) -> InputError:
    """The InputError for a workbook whose parts cannot be unpacked or parsed."""
    where = f"{path.name}, sheet {sheet}" if sheet else path.name
    return InputError("the workbook is damaged: a part of it cannot be read", where=where, hint=RESAVE)


def unpacked_size(path: Path) -> int:
    """Bytes the archive's directory declares for all parts."""
    with zipfile.ZipFile(path) as archive:
        return sum(part.file_size for part in archive.infolist())


def check_archive(archive: zipfile.ZipFile, path: Path, data: Data) -> None:
    """Refuse archives that unpack to far more than they are, or that hold a part twice."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, path.stat().st_size)
    if unpacked > data.max_unpacked:
        raise InputError(
            f"the workbook unpacks to {unpacked / 1e9:.1f} GB, above the limit of {data.max_unpacked / 1e9:.1f} GB",
            where=path.name,
            hint="export the sheet as CSV, or --set data.max_unpacked=BYTES",
        )
    if unpacked > RATIO_FROM and unpacked / packed > data.max_ratio:
        raise InputError(
            f"the workbook unpacks to {unpacked / packed:.0f} times its size, as an archive bomb would",
            where=path.name,
            hint="delete empty formatted rows and columns and save it again, or --set data.max_ratio=NUMBER",
        )
    if len({part.filename.casefold() for part in parts}) < len(parts):
        raise InputError("the workbook holds one part twice", where=path.name, hint=RESAVE)


def _xml_parts(archive: zipfile.ZipFile) -> list[str]:
    names = [part.filename for part in archive.infolist()]
    return [n for n in names if n.casefold().endswith((".xml", ".rels")) and "/worksheets/sheet" not in n]


def _refuse_dtd(archive: zipfile.ZipFile, part: str, file: str) -> None:
    with archive.open(part) as stream:
        tail = b""
        while block := stream.read(BLOCK):
            _check_markup(tail + block, file)
            tail = block[-16:]


def _check_markup(block: bytes, file: str) -> None:
    if b"<!" in block and (b"<!DOCTYPE" in block or b"<!ENTITY" in block):
        raise InputError(
            "the workbook holds a document type definition, which no Excel writes", where=file, hint=RESAVE
        )
    _refuse_wide(block, file)


def _refuse_wide(block: bytes, file: str) -> None:
    if block.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")):
        raise InputError("a part of the workbook is not UTF-8", where=file, hint=RESAVE)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, SheetFacts]]:
    """(part name, empty facts) of every sheet, in the workbook's order, whatever kind its link claims."""
    names = {part.filename.casefold(): part.filename for part in archive.infolist()}
    targets = {}
    for link in ElementTree.fromstring(archive.read(names["xl/_rels/workbook.xml.rels"])):
        target = link.get("Target", "")
        targets[link.get("Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    for sheet in ElementTree.fromstring(archive.read(names["xl/workbook.xml"])).iter():
        if _local(sheet.tag) != "sheet":
            continue
        link_id = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
        hidden = sheet.get("state", "visible") != "visible"
        yield names[targets[link_id].casefold()], SheetFacts(sheet.get("name", ""), hidden)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _scan_sheet(archive: zipfile.ZipFile, part: str, facts: SheetFacts, file: str, data: Data) -> SheetFacts:
    where = f"{file}, sheet {facts.name}"
    try:
        with archive.open(part) as stream:
            head = stream.read(BLOCK)
            patterns = Patterns.of(head)
            for piece in _pieces(head, stream, patterns.prefix, where):
                _refuse_wide(piece, where)
                patterns.read(piece, facts)
                if facts.has_declarations:
                    _check_markup(piece, where)
                _check_bounds(facts, where, data)
    except DAMAGE:
        raise damaged(Path(file), facts.name) from None
    facts.hidden_columns = {c for c in facts.hidden_columns if c <= facts.last_column}
    return facts


def _pieces(head: bytes, stream: IO[bytes], prefix: bytes, where: str) -> Iterator[bytes]:
    """The part in pieces that end where a row, or in a long row a cell, ends."""
    ends = (b"</%srow>" % prefix, b"</%sc>" % prefix)
    rest, block = b"", head
    while block:
        rest += block
        cut = max(rest.rfind(end) + len(end) if end in rest else 0 for end in ends)
        if len(rest) - cut > LONGEST_PIECE:
            raise InputError("the sheet holds a cell or head of more than 64 MB", where=where, hint=RESAVE)
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        block = stream.read(BLOCK)
    yield rest


def _check_bounds(facts: SheetFacts, where: str, data: Data) -> None:
    too_far = facts.last_row > MAX_ROW or facts.last_column > MAX_COLUMN
    if not too_far and facts.box <= data.max_cells:
        return
    what = "a cell lies outside the sheet" if too_far else (
        f"the sheet spans {facts.box:,} cells, above the limit of {data.max_cells:,}"
    )  # fmt: skip
    raise InputError(
        what,
        where=f"{where}, cell {facts.farthest[:16]}",
        hint="delete the stray cell with its row and column, or export the table as CSV",
    )
