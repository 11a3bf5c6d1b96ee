"""Small workbooks written part by part, for what no library will write: stray cells, odd XML, bombs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tabml.ingest.read import address

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell_xml(row: int, column: int, value: Any) -> str:
    """One cell: text inline, numbers as numbers, a tuple (attributes, body) as it is, None as nothing."""
    place = address(row, column)
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f'<c r="{place}" {value[0]}>{value[1]}</c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet_xml(
    rows: Iterable[Sequence[Any]], *, before: str = "", after: str = "", first: tuple[int, int] = (1, 1)
) -> str:
    """A worksheet part whose first cell stands at `first` (row, column)."""
    lines = []
    for number, values in enumerate(rows, start=first[0]):
        cells = "".join(cell_xml(number, column, value) for column, value in enumerate(values, start=first[1]))
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{"".join(lines)}</sheetData>{after}</worksheet>'


def write_xlsx(
    path: Path, sheets: Mapping[str, str], *, states: Mapping[str, str] = {}, extra: Mapping[str, bytes] = {}
) -> Path:
    """A workbook of the given worksheet parts, in order; `states` hides sheets, `extra` adds parts."""
    names = list(sheets)
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(names) + 1)
    )
    entries = "".join(
        f'<sheet name="{escape(n)}" sheetId="{i}" state="{states.get(n, "visible")}" r:id="rId{i}"/>'
        for i, n in enumerate(names, start=1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        **{f"xl/worksheets/sheet{i}.xml": sheets[n] for i, n in enumerate(names, start=1)},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*parts.items(), *extra.items()]:
            archive.writestr(name, content)
    return path
