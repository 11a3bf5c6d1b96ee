"""Workbooks in Excel's XML of 2003, usually named .xls: sheets, typed cells, what is hidden, merged or an error."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from xml.etree import ElementTree

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read.column import CellValue
from tabml.ingest.read.document import Document
from tabml.ingest.read.errorwords import ADDRESSES_KEPT, ERROR_WORDS
from tabml.ingest.read.records import Range, RawSheet, address
from tabml.ingest.read.scan import MAX_COLUMN, MAX_ROW
from tabml.ingest.read.sniff import RESAVE, Content

Element = ElementTree.Element
_DTD = re.compile(rb"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T|E\x00?N\x00?T)")


@dataclass
class _Sheet:
    """One worksheet as it is read."""

    name: str
    hidden: bool = False
    cells: dict[int, dict[int, CellValue]] = field(default_factory=dict)
    merged: list[Range] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    error_at: list[str] = field(default_factory=list)
    uncached: list[str] = field(default_factory=list)
    row: int = 0
    column: int = 0
    width: int = 0


def read_xml2003(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """Every worksheet; InputError for a document type definition, stray cells or damaged XML."""
    raw = document.read()
    if _DTD.search(raw):
        raise InputError(
            "the workbook holds a document type definition, which no Excel writes", where=document.name, hint=RESAVE
        )
    try:
        sheets = list(_sheets(raw, document.name, data))
    except (ElementTree.ParseError, ValueError, LookupError):
        raise InputError("the XML of the workbook is damaged", where=document.name, hint=RESAVE) from None
    if not sheets:
        raise InputError("the workbook holds no sheet", where=document.name, hint=RESAVE)
    return tuple(_raw(document, sheet) for sheet in sheets)


def _sheets(raw: bytes, file: str, data: Data) -> Iterator[_Sheet]:
    sheet: _Sheet | None = None
    for event, element in ElementTree.iterparse(io.BytesIO(raw), events=("start", "end")):
        tag = _local(element.tag)
        if event == "start":
            if tag == "Worksheet":
                sheet = _Sheet(_get(element, "Name"))
            elif tag == "Row" and sheet is not None:
                sheet.row, sheet.column = _index(element, sheet.row), 0
            continue
        if sheet is None:
            continue
        if tag == "Column":
            _note_column(sheet, element)
        elif tag == "Cell":
            _read_cell(sheet, element, file, data)
        elif tag == "Row":
            if _get(element, "Hidden") == "1":
                sheet.hidden_rows.add(sheet.row)
            sheet.row += _number(element, "Span")
            element.clear()
        elif tag == "Visible":
            sheet.hidden = (element.text or "").strip() in ("SheetHidden", "SheetVeryHidden")
        elif tag == "Worksheet":
            yield sheet
            sheet = None
            element.clear()


def _read_cell(sheet: _Sheet, element: Element, file: str, data: Data) -> None:
    sheet.column = _index(element, sheet.column)
    row, column = sheet.row, sheet.column
    across, down = _number(element, "MergeAcross"), _number(element, "MergeDown")
    if across or down:
        sheet.merged.append((row, column, row + down, column + across))
    content = next((child for child in element if _local(child.tag) == "Data"), None)
    text = "".join(content.itertext()) if content is not None else ""
    kind = _get(content, "Type") if content is not None else ""
    sheet.column += across
    if kind == "Error":
        sheet.errors[text if text in ERROR_WORDS else "#ERROR"] += 1
        sheet.error_at.append(address(row, column))
        return
    if content is None and _get(element, "Formula"):
        sheet.uncached.append(address(row, column))
    if not text:
        return
    sheet.width = max(sheet.width, column)
    if row > MAX_ROW or column > MAX_COLUMN or row * sheet.width > data.max_cells:
        raise InputError(
            "a cell lies outside the sheet, or stretches it beyond the limit of cells",
            where=f"{file}, sheet {sheet.name}, cell {address(row, column)[:16]}",
            hint="delete the stray cell with its row and column, or export the table as CSV",
        )
    sheet.cells.setdefault(row, {})[column] = _value(text, kind)


def _value(text: str, kind: str) -> CellValue:
    if kind == "Number":
        return float(text)
    if kind == "Boolean":
        return text.strip() == "1"
    if kind != "DateTime":
        return text
    moment = datetime.fromisoformat(text.strip())
    if moment.date() in (date(1899, 12, 31), date(1899, 12, 30)):
        return moment.time().replace(microsecond=0)
    return moment.date() if moment.time() == time() else moment.replace(microsecond=0)


def _note_column(sheet: _Sheet, element: Element) -> None:
    sheet.column = _index(element, sheet.column)
    last = sheet.column + _number(element, "Span")
    if _get(element, "Hidden") == "1":
        sheet.hidden_columns.update(range(sheet.column, min(last, MAX_COLUMN) + 1))
    sheet.column = last


def _raw(document: Document, sheet: _Sheet) -> RawSheet:
    last = max(sheet.cells, default=0)
    rows = [[sheet.cells.get(r, {}).get(c) for c in range(1, sheet.width + 1)] for r in range(1, last + 1)]
    return RawSheet.of_rows(
        document.name, document.sha256, sheet.name, rows, hidden=sheet.hidden, merged=tuple(sorted(sheet.merged)),
        hidden_rows=frozenset(sheet.hidden_rows), hidden_columns=frozenset(sheet.hidden_columns),
        error_cells=dict(sorted(sheet.errors.items())), error_at=tuple(sheet.error_at[:ADDRESSES_KEPT]),
        uncached=len(sheet.uncached), uncached_at=tuple(sheet.uncached[:ADDRESSES_KEPT]),
    )  # fmt: skip


def _index(element: Element, before: int) -> int:
    """The row or column number an element states, else the next one."""
    return _number(element, "Index") or before + 1


def _number(element: Element, name: str) -> int:
    text = _get(element, name)
    return int(text[:12]) if text.isdigit() else 0


def _get(element: Element, name: str) -> str:
    return next((v for k, v in element.attrib.items() if _local(k) == name), "")


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
