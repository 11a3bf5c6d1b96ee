"""One look through the content of an .ods workbook: bounds, errors, formulas never calculated, what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree

from tabml.ingest.read.scan import SheetFacts

Element = ElementTree.Element
_TABLE, _ROW, _COLUMN = "table", "table-row", "table-column"
_CELLS = ("table-cell", "covered-table-cell")


def scan_ods(content: IO[bytes]) -> list[SheetFacts]:
    """Facts of every sheet, in the workbook's order. The caller has refused document type definitions."""
    return list(_sheets(ElementTree.iterparse(content, events=("start", "end"))))


def _sheets(events: Iterator[tuple[str, Element]]) -> Iterator[SheetFacts]:
    facts: SheetFacts | None = None
    row = column = 0
    filled: list[tuple[int, Element, int]] = []
    for event, element in events:
        tag = _local(element.tag)
        if event == "start":
            if tag == _TABLE and facts is None:
                facts, row, column = SheetFacts(_get(element, "name")), 0, 0
            elif tag == _ROW:
                column, filled = 0, []
            continue
        if facts is None:
            continue
        if tag == _COLUMN:
            times = _times(element, "number-columns-repeated")
            if _is_hidden(element):
                facts.hidden_columns.update(range(column + 1, min(column + times, 16384) + 1))
            column += times
        elif tag in _CELLS:
            times = _times(element, "number-columns-repeated")
            if _says_something(element) or _spans(element):
                filled.append((column + 1, element, times))
            column += times
        elif tag == _ROW:
            row = _end_row(facts, element, row, filled)
            filled = []
            element.clear()
        elif tag == _TABLE and _get(element, "name") == facts.name:
            facts.hidden_columns = {c for c in facts.hidden_columns if c <= facts.last_column}
            facts.hidden_rows = {r for r in facts.hidden_rows if r <= facts.last_row}
            yield facts
            facts = None
            element.clear()


def _end_row(facts: SheetFacts, row: Element, before: int, filled: list[tuple[int, Element, int]]) -> int:
    """Count a row's cells, each as often as the row repeats; gives the number of the last row it stands for."""
    times = _times(row, "number-rows-repeated")
    for column, cell, wide in filled:
        _count(facts, cell, before + 1, column, times=times, wide=wide)
    if _is_hidden(row):
        facts.hidden_rows.update(range(before + 1, before + 1 + min(times, 1_048_576)))
    return before + times


def _count(facts: SheetFacts, cell: Element, row: int, column: int, *, times: int, wide: int) -> None:
    spans = _spans(cell)
    if spans:
        facts.merged.append((row, column, row + spans[0] - 1, column + spans[1] - 1))
    if not _says_something(cell):
        return
    number = times * wide
    facts.saw(row + times - 1, column + wide - 1, number)
    text = "".join(cell.itertext()).strip()
    kind = _get(cell, "value-type", "calcext") or _get(cell, "value-type")
    if kind == "error":
        facts.add_error(text, row, column, number)
    elif not kind and not text:
        has_text = any(_local(child.tag) == "p" for child in cell)
        if has_text:
            facts.empty_texts += number
        else:
            facts.add_uncached(row, column)


def _says_something(cell: Element) -> bool:
    return any(_local(name) in ("value-type", "formula") for name in cell.attrib)


def _spans(cell: Element) -> tuple[int, int] | None:
    rows, columns = _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned")
    return (rows, columns) if rows > 1 or columns > 1 else None


def _is_hidden(element: Element) -> bool:
    return _get(element, "visibility") in ("collapse", "filter")


def _times(element: Element, name: str) -> int:
    text = _get(element, name)
    return int(text[:12]) if text.isdigit() else 1


def _get(element: Element, name: str, within: str = "") -> str:
    """An attribute by its local name, whatever prefix the file gives its namespaces."""
    return next((v for k, v in element.attrib.items() if _local(k) == name and within in k), "")


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
