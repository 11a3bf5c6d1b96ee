"""One look through a sheet of an .xlsb workbook: bounds, errors, what is hidden or merged."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from tabml.ingest.read.scan import SheetFacts
from tabml.ingest.read.scan_xls import ERRORS

ROW, CELL_ERROR, FORMULA_TEXT, FORMULA_ERROR, COLUMN, MERGE, SHEET = 0, 3, 8, 11, 60, 176, 156
VALUES = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11})  # cells that hold something; 1 is a blank with a style


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, body) of the records of a part."""
    at = 0
    while at < len(content):
        kind = content[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | ((content[at] & 0x7F) << 7)
            at += 1
        size = shift = 0
        while shift < 28:
            byte = content[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, content[at : at + size]
        at += size


def scan_xlsb(archive: zipfile.ZipFile) -> list[SheetFacts]:
    """Facts of every worksheet, in the workbook's order."""
    names = {part.filename.casefold(): part.filename for part in archive.infolist()}
    targets = {}
    for link in ElementTree.fromstring(archive.read(names["xl/_rels/workbook.bin.rels"])):
        target = link.get("Target", "")
        targets[link.get("Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = []
    for kind, body in records(archive.read(names["xl/workbook.bin"])):
        if kind != SHEET:
            continue
        link_id, at = _text(body, 8)
        name, _ = _text(body, at)
        facts = SheetFacts(name, hidden=struct.unpack_from("<I", body)[0] != 0)
        part = targets[link_id]
        if "/worksheets/" in part.casefold():
            _scan_sheet(archive.read(names[part.casefold()]), facts)
            found.append(facts)
    return found


def _text(body: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", body, at)
    end = at + 4 + 2 * length
    return body[at + 4 : end].decode("utf-16-le", errors="replace"), end


def _scan_sheet(content: bytes, facts: SheetFacts) -> None:
    row = 0
    for kind, body in records(content):
        if kind == ROW and len(body) >= 12:
            row = struct.unpack_from("<I", body)[0] + 1
            if body[11] & 0x10:
                facts.hidden_rows.add(row)
        elif kind in VALUES and len(body) >= 8:
            column = struct.unpack_from("<I", body)[0] + 1
            facts.saw(row, column)
            if kind in (CELL_ERROR, FORMULA_ERROR):
                facts.add_error(ERRORS.get(body[8], "#ERROR"), row, column)
            elif kind == FORMULA_TEXT and struct.unpack_from("<I", body, 8)[0] == 0:
                facts.empty_texts += 1
        elif kind == COLUMN and len(body) >= 18 and body[16] & 1:
            first, last = struct.unpack_from("<II", body)
            facts.hidden_columns.update(range(first + 1, min(last, 16383) + 2))
        elif kind == MERGE and len(body) >= 16:
            a, b, c, d = struct.unpack_from("<4I", body)
            facts.merged.append((a + 1, c + 1, b + 1, d + 1))
