"""One look through an .xls workbook: what stands where, errors, formulas never calculated, what is hidden."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tabml.ingest.read.ole import Ole
from tabml.ingest.read.scan import SheetFacts

STREAMS = ("Workbook", "WORKBOOK", "Book", "BOOK")
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
BOF, EOF, FILEPASS, BOUNDSHEET = 0x0809, 0x0A, 0x2F, 0x85
FORMULA, BOOLERR, ROW, COLINFO, MERGED, MULRK = 0x06, 0x0205, 0x0208, 0x7D, 0xE5, 0xBD
#: Records that hold the value of one cell: number, short number, text (three ways), truth or error.
CELLS = frozenset({0x0203, 0x027E, 0xFD, 0x0204, 0xD6, BOOLERR, FORMULA})
WORKSHEET = 0
NO_TEXT = 3  # a formula's result: an empty text


def records(stream: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """(type, body) of the records from an offset on."""
    at = start
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def workbook_stream(container: Ole) -> bytes | None:
    """The stream that holds the sheets, None where there is none."""
    name = next((n for n in STREAMS if n in container.streams), None)
    return container.read(name) if name is not None else None


def is_locked(stream: bytes) -> bool:
    """Whether the sheets are encrypted with a password."""
    for kind, _ in records(stream):
        if kind in (FILEPASS, BOUNDSHEET):
            return kind == FILEPASS
    return False


def scan_xls(stream: bytes) -> list[SheetFacts]:
    """Facts of every worksheet, in the workbook's order.

    An empty text is what a formula gave, or what a program wrote that never calculates: the latter where no
    formula of the whole workbook has any other result.
    """
    found, empty = [], []
    valued = False
    for kind, body in records(stream):
        if kind == BOUNDSHEET and len(body) >= 8 and body[5] == WORKSHEET:
            (start,) = struct.unpack_from("<I", body)
            facts = SheetFacts(_name(stream, body), hidden=body[4] & 3 != 0)
            formulas = _scan_sheet(stream, start, facts)
            valued |= any(has_value for _, _, has_value in formulas)
            empty += [(facts, row, column) for row, column, has_value in formulas if not has_value]
            found.append(facts)
        if kind == EOF:
            break
    for facts, row, column in empty:
        if valued:
            facts.empty_texts += 1
        else:
            facts.add_uncached(row, column)
    return found


def _name(stream: bytes, body: bytes) -> str:
    is_old = struct.unpack_from("<H", stream, 4)[0] < 0x0600
    length = body[6]
    if is_old:
        return body[7 : 7 + length].decode("cp1252", errors="replace")
    wide = body[7] & 1
    raw = body[8 : 8 + length * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "latin-1", errors="replace")


def _scan_sheet(stream: bytes, start: int, facts: SheetFacts) -> list[tuple[int, int, bool]]:
    """Fill the facts of one sheet; gives row, column and whether there is a value of each formula."""
    depth = 0
    formulas: list[tuple[int, int, bool]] = []
    for kind, body in records(stream, start):
        depth += (kind == BOF) - (kind == EOF)
        if depth == 0:
            break
        if depth > 1:  # a chart within the sheet
            continue
        if kind in CELLS and len(body) >= 6:
            row, column = struct.unpack_from("<HH", body)
            facts.saw(row + 1, column + 1)
            if kind == FORMULA and len(body) >= 16:
                formulas.append((row + 1, column + 1, body[12:14] != b"\xff\xff" or body[6] != NO_TEXT))
            if word := _error(kind, body):
                facts.add_error(word, row + 1, column + 1)
        elif kind == MULRK and len(body) >= 6:
            row, first = struct.unpack_from("<HH", body)
            for column in range(first, first + (len(body) - 6) // 6):
                facts.saw(row + 1, column + 1)
        elif kind == ROW and len(body) >= 16 and body[12] & 0x20:
            facts.hidden_rows.add(struct.unpack_from("<H", body)[0] + 1)
        elif kind == COLINFO and len(body) >= 10 and body[8] & 1:
            first, last = struct.unpack_from("<HH", body)
            facts.hidden_columns.update(range(first + 1, min(last, 255) + 2))
        elif kind == MERGED:
            for a, b, c, d in struct.iter_unpack("<4H", body[2 : 2 + (len(body) - 2) // 8 * 8]):
                facts.merged.append((a + 1, c + 1, b + 1, d + 1))
    return formulas


def _error(kind: int, body: bytes) -> str | None:
    """The error word a cell holds, if any."""
    if kind == BOOLERR and len(body) >= 8 and body[7]:
        return ERRORS.get(body[6], "#ERROR")
    if kind == FORMULA and len(body) >= 16 and body[12:14] == b"\xff\xff" and body[6] == 2:
        return ERRORS.get(body[8], "#ERROR")
    return None
