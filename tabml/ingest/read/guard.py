"""The guard: a workbook is looked through, in blocks, before a reader may build its cells.

It refuses what would exhaust memory or mislead (archive bombs, DTDs, cells at the far end of the sheet)
and counts what the reader cannot see: error cells, formulas never calculated, hidden rows and columns.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read.document import Document
from tabml.ingest.read.ole import Ole
from tabml.ingest.read.scan import MAX_COLUMN, MAX_ROW, Patterns, SheetFacts
from tabml.ingest.read.scan_ods import scan_ods
from tabml.ingest.read.scan_xls import scan_xls, workbook_stream
from tabml.ingest.read.scan_xlsb import scan_xlsb
from tabml.ingest.read.sniff import RESAVE, Content

BLOCK = 1 << 20
LONGEST_PIECE = 64 << 20  # a row of 16,384 full cells is far shorter
RATIO_FROM = 20 << 20  # small archives may pack well; they harm nobody
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, ValueError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True)
class Guarded:
    """A workbook that may be read: its sheets in order, and its unpacked size in bytes."""

    sheets: tuple[SheetFacts, ...]
    unpacked: int

    @property
    def is_clean(self) -> bool:
        """Nothing unusual, and no sheet much larger than the cells it holds."""
        return all(s.is_plain and s.box <= 50 * s.cells + 100_000 for s in self.sheets)


def guard(document: Document, content: Content, data: Data) -> Guarded:
    """Look through a workbook; InputError names file, sheet and cell of what is refused."""
    try:
        if content == "xls":
            facts = scan_xls(workbook_stream(Ole.of(document.read())) or b"")
            unpacked = document.size
        else:
            with document.open() as stream, zipfile.ZipFile(stream) as archive:
                check_archive(archive, document, data)
                unpacked = sum(part.file_size for part in archive.infolist())
                facts = _LOOKS[content](archive, document.name, data)
        for sheet in facts:
            _check_bounds(sheet, f"{document.name}, sheet {sheet.name}", data)
    except (*DAMAGE, ElementTree.ParseError):
        raise damaged(document.name) from None
    return Guarded(tuple(facts), unpacked)


def damaged(file: str, sheet: str | None = None) -> InputError:
    """The InputError for a workbook whose parts cannot be unpacked or parsed."""
    where = f"{file}, sheet {sheet}" if sheet else file
    return InputError("the workbook is damaged: a part of it cannot be read", where=where, hint=RESAVE)


def _look_xlsx(archive: zipfile.ZipFile, file: str, data: Data) -> list[SheetFacts]:
    for part in _xml_parts(archive):
        _refuse_dtd(archive, part, file)
    return [_scan_sheet(archive, part, facts, file, data) for part, facts in _sheets(archive)]


def _look_xlsb(archive: zipfile.ZipFile, file: str, data: Data) -> list[SheetFacts]:
    for part in _xml_parts(archive):
        _refuse_dtd(archive, part, file)
    return scan_xlsb(archive)


def _look_ods(archive: zipfile.ZipFile, file: str, data: Data) -> list[SheetFacts]:
    for part in _xml_parts(archive):
        _refuse_dtd(archive, part, file)
    with archive.open("content.xml") as content:
        return scan_ods(content)


_LOOKS: Mapping[str, Callable[[zipfile.ZipFile, str, Data], list[SheetFacts]]] = {
    "xlsx": _look_xlsx, "xlsb": _look_xlsb, "ods": _look_ods,
}  # fmt: skip


def check_archive(archive: zipfile.ZipFile, document: Document, data: Data) -> None:
    """Refuse archives that unpack to far more than they are, or that hold a part twice."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, document.size)
    if unpacked > data.max_unpacked:
        raise InputError(
            f"the workbook unpacks to {unpacked / 1e9:.1f} GB, above the limit of {data.max_unpacked / 1e9:.1f} GB",
            where=document.name,
            hint="export the sheet as CSV, or --set data.max_unpacked=BYTES",
        )
    if unpacked > RATIO_FROM and unpacked / packed > data.max_ratio:
        raise InputError(
            f"the workbook unpacks to {unpacked / packed:.0f} times its size, as an archive bomb would",
            where=document.name,
            hint="delete empty formatted rows and columns and save it again, or --set data.max_ratio=NUMBER",
        )
    if len({part.filename.casefold() for part in parts}) < len(parts):
        raise InputError("the workbook holds one part twice", where=document.name, hint=RESAVE)


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
        raise damaged(file, facts.name) from None
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
