"""Web pages named .xls: many hospital systems export an HTML table and call it Excel. One plain table is read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read.column import CellValue
from tabml.ingest.read.document import Document
from tabml.ingest.read.encoding import detect_encoding
from tabml.ingest.read.errorwords import ADDRESSES_KEPT, ERROR_WORDS
from tabml.ingest.read.records import Range, RawSheet, address
from tabml.ingest.read.sniff import RESAVE, Content

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
#: Content of these is no text of a cell.
SILENT = frozenset(("script", "style", "title", "head"))
WIDEST = 16_384
#: First and last column, last row of a cell that covers several.
Span = tuple[int, int, int]
MOST_SPANS = 2000  # open at once: no table of patients has them, and each new cell is compared with all


@dataclass
class _Table(HTMLParser):
    """The cells of all tables of a page, with what spans several rows or columns."""

    rows: list[dict[int, CellValue]] = field(default_factory=list)
    merged: list[Range] = field(default_factory=list)
    tables: int = 0
    open_tables: int = 0
    is_nested: bool = False
    open_spans: list[Span] = field(default_factory=list)
    most_spans: int = 0
    text: list[str] | None = None
    column: int = 0
    number: float | None = None
    silent: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    error_at: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.most_spans > MOST_SPANS:
            return
        if tag in SILENT:
            self.silent += tag != "head"
        elif tag == "table":
            self.is_nested |= self.open_tables > 0
            self.open_tables += 1
            self.tables += 1
        elif tag == "tr" and self.open_tables:
            self._end_cell()
            self.rows.append({})
            self.column = 0
        elif tag in ("td", "th") and self.open_tables:
            self._end_cell()
            self._start_cell({name: value or "" for name, value in attrs})
        elif tag in ("br", "p", "div") and self.text:
            self.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - (tag != "head"))
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table":
            self._end_cell()
            self.open_tables = max(0, self.open_tables - 1)

    def handle_data(self, data: str) -> None:
        if self.text is not None and not self.silent:
            self.text.append(data)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if not self.rows:
            self.rows.append({})
        row = len(self.rows)
        self.column += 1
        self.open_spans = [span for span in self.open_spans if span[2] >= row]
        while covering := next((s for s in self.open_spans if s[0] <= self.column <= s[1]), None):
            self.column = covering[1] + 1
        down, across = (_span(attributes.get(name, "")) for name in ("rowspan", "colspan"))
        if down > 1 or across > 1:
            self.merged.append((row, self.column, row + down - 1, self.column + across - 1))
            self.open_spans.append((self.column, self.column + across - 1, row + down - 1))
            self.most_spans = max(self.most_spans, len(self.open_spans))
        self.text = []
        stored = attributes.get("x:num", "")
        self.number = float(stored) if re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", stored) else None

    def _end_cell(self) -> None:
        if self.text is None:
            return
        text = " ".join("".join(self.text).replace("\u00a0", " ").split())
        value: CellValue = self.number if self.number is not None else text or None
        if text in ERROR_WORDS:
            self.errors[text] += 1
            self.error_at.append(address(len(self.rows), self.column))
        elif value is not None:
            self.rows[-1][self.column] = value
        self.text = None


def _span(text: str) -> int:
    number = int(text) if text.isdigit() and len(text) < 6 else 1
    return min(max(number, 1), WIDEST)


def read_html(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """The one table of a web page; InputError where there is none, or several."""
    raw = document.read()
    encoding, confidence = _encoding(raw, document.name)
    page = _Table()
    page.feed(raw.decode(encoding, errors="replace"))
    page.close()
    _check(page, raw, document.name)
    rows = page.rows
    width = max((max(row) for row in rows if row), default=0)
    if width * len(rows) > data.max_cells:
        raise InputError(
            f"the table spans {width * len(rows):,} cells, above the limit of {data.max_cells:,}",
            where=document.name,
            hint=RESAVE,
        )
    cells = [[row.get(column) for column in range(1, width + 1)] for row in rows]
    return (
        RawSheet.of_rows(
            document.name, document.sha256, None, cells, merged=tuple(page.merged), encoding=encoding,
            encoding_confidence=confidence, error_cells=dict(sorted(page.errors.items())),
            error_at=tuple(page.error_at[:ADDRESSES_KEPT]),
        ),
    )  # fmt: skip


def _check(page: _Table, raw: bytes, name: str) -> None:
    if page.tables == 1 and any(page.rows) and page.most_spans <= MOST_SPANS:
        return
    what = "holds no table" if not page.tables or not any(page.rows) else f"holds {page.tables} tables"
    if page.most_spans > MOST_SPANS:
        what = "its table has thousands of cells that cover others"
    if page.is_nested:
        what = "holds tables within tables"
    hint = "its tables lie in files of their own beside it: " if b"<frame" in raw.lower() else ""
    raise InputError(f"the file is a web page (HTML) and {what}", where=name, hint=hint + RESAVE)


def _encoding(raw: bytes, name: str) -> tuple[str, float]:
    found, confidence = detect_encoding(raw, name)
    stated = _CHARSET.search(raw[:4096])
    if found.startswith("utf") or stated is None:
        return found, confidence
    try:
        raw.decode(stated[1].decode("ascii"))
    except (LookupError, UnicodeDecodeError):
        return found, confidence
    return stated[1].decode("ascii").lower(), 1.0
