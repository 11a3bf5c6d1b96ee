"""One look through a worksheet part: bounds, errors, formulas never calculated, what is hidden or merged.

Cells are found by patterns over blocks of bytes, and only what hits is parsed: a sheet of three million
cells takes about a second.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tabml.ingest.read.child import KNOWN_ERRORS
from tabml.ingest.read.errorwords import ADDRESSES_KEPT, ERROR_WORDS
from tabml.ingest.read.records import Range, address, column_number

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384  # the sheet sizes of Excel


@dataclass
class SheetFacts:
    """What the guard saw of one sheet; addresses are kept for the first hundred of a kind."""

    name: str
    hidden: bool = False
    cells: int = 0
    last_row: int = 0
    last_column: int = 0
    widest: str = "A1"
    deepest: str = "A1"
    errors: Counter[str] = field(default_factory=Counter)
    error_at: list[str] = field(default_factory=list)
    uncached: int = 0
    uncached_at: list[str] = field(default_factory=list)
    empty_texts: int = 0
    """Formulas that were calculated and gave an empty text; only formats read without the xlsx scan count them."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Range] = field(default_factory=list)
    is_plain: bool = True
    """Written the way Excel and its libraries write; anything else is read in a child process."""

    has_odd_errors: bool = False
    """Some error word is not one of Excel's old ones; the reader must not see it."""

    def saw(self, row: int, column: int, times: int = 1) -> None:
        """A cell with a value at this place, or `times` of them up to it."""
        self.cells += times
        if column > self.last_column:
            self.last_column, self.widest = column, address(row, column)
        if row > self.last_row:
            self.last_row, self.deepest = row, address(row, column)

    def add_error(self, word: str, row: int, column: int, times: int = 1) -> None:
        self.errors[word if word in ERROR_WORDS else "#ERROR"] += times
        if len(self.error_at) < ADDRESSES_KEPT:
            self.error_at.append(address(row, column))

    def add_uncached(self, row: int, column: int) -> None:
        self.uncached += 1
        if len(self.uncached_at) < ADDRESSES_KEPT:
            self.uncached_at.append(address(row, column))

    @property
    def farthest(self) -> str:
        """The cell that stretches the sheet most."""
        return self.widest if self.last_column / MAX_COLUMN > self.last_row / MAX_ROW else self.deepest

    @property
    def box(self) -> int:
        """Cells of the rectangle from A1 that a reader would build."""
        return self.last_row * self.last_column


@dataclass(frozen=True)
class Patterns:
    """The patterns of one sheet, which depend on its namespace prefix (`<c` or `<x:c`)."""

    quick_columns: re.Pattern[bytes]
    quick_rows: re.Pattern[bytes]
    cell_start: re.Pattern[bytes]
    cell: re.Pattern[bytes]
    reference: re.Pattern[bytes]
    row: re.Pattern[bytes]
    prefix: bytes

    @classmethod
    def of(cls, head: bytes) -> Patterns:
        """Patterns for the prefix that the sheet's root element has."""
        found = re.search(rb"<(\w+:)?worksheet[\s>]", head)
        p = (found[1] or b"") if found else b""
        return cls(
            re.compile(rb'<%sc r="([A-Z]+)' % p),
            re.compile(rb'<%sc r="[A-Z]+([0-9]+)"' % p),
            re.compile(rb"<%sc(?=[\s/>])" % p),
            re.compile(rb"<%sc(?=[\s/>])([^<>]*?)(/?)>" % p),
            re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]+)([0-9]+)["']"""),
            re.compile(rb"<%srow(?=[\s/>])([^<>]*)>" % p),
            p,
        )

    def read(self, piece: bytes, facts: SheetFacts) -> None:
        """Add one piece of the sheet to its facts."""
        if self.prefix or b"<!" in piece:  # comments and CDATA may hold what looks like cells
            facts.is_plain = False
        self._bounds(piece, facts)
        if b't="e"' in piece or b"t='e'" in piece:
            self._errors(piece, facts)
        if b"<%sf" % self.prefix in piece:
            self._formulas(piece, facts)
        if b"hidden" in piece:
            self._hidden(piece, facts)
        if b"mergeCell" in piece:
            facts.merged.extend(_merged(piece))

    def _bounds(self, piece: bytes, facts: SheetFacts) -> None:
        """Farthest row and column: from distinct letters and digits where all cells look alike, else one by one."""
        columns = self.quick_columns.findall(piece)
        # `<c` also begins `<cols`: only where the plain count differs are the tags looked at
        cells = piece.count(b"<%sc" % self.prefix)
        if cells != len(columns):
            cells = len(self.cell_start.findall(piece))
        facts.cells += cells
        if len(columns) == cells:
            far_column = max(set(columns), key=lambda c: (len(c), c), default=b"")
            rows = set(self.quick_rows.findall(piece))
            far_row = max(rows, key=lambda r: (len(r), r), default=b"0")
            if int(far_row[:12]) <= facts.last_row and column_number(far_column[:6].decode()) <= facts.last_column:
                return
            self._far_cell(piece, facts, far_column, far_row)
            return
        facts.is_plain = False
        self._bounds_slowly(piece, facts)

    def _far_cell(self, piece: bytes, facts: SheetFacts, far_column: bytes, far_row: bytes) -> None:
        column, row = column_number(far_column[:6].decode()), int(far_row[:12])
        if column > facts.last_column:
            facts.last_column = column
            facts.widest = self._address_of(piece, far_column + rb"[0-9]+") or facts.widest
        if row > facts.last_row:
            facts.last_row = row
            if row > MAX_ROW or facts.box > 1_000_000:  # not needed before, and every piece is deeper than the last
                facts.deepest = self._address_of(piece, rb"[A-Z]+" + far_row) or facts.deepest

    def _address_of(self, piece: bytes, reference: bytes) -> str | None:
        found = re.search(rb'r="(%s)"' % reference, piece)
        return found[1].decode("ascii") if found else None

    def _bounds_slowly(self, piece: bytes, facts: SheetFacts) -> None:
        row, column = facts.last_row, 0
        for tag in re.finditer(rb"<%s(c|row)(?=[\s/>])([^<>]*)>" % self.prefix, piece):
            if tag[1] == b"row":
                stated = re.search(rb"""\sr\s*=\s*["']([0-9]+)["']""", tag[2])
                row, column = (int(stated[1][:12]) if stated else row + 1), 0
                continue
            reference = self.reference.search(tag[2])
            if reference:
                column, row = column_number(reference[1][:6].decode()), int(reference[2][:12])
            else:
                column += 1
            if column > facts.last_column:
                facts.widest = address(row, column)
            if row > facts.last_row:
                facts.deepest = address(row, column)
            facts.last_row, facts.last_column = max(facts.last_row, row), max(facts.last_column, column)

    def _cells(self, piece: bytes, mark: bytes) -> Iterator[tuple[bytes, bytes, str]]:
        """(attributes, body, address) of the cells in which `mark` stands."""
        close, opening = b"</%sc>" % self.prefix, b"<%sc" % self.prefix
        position = piece.find(mark)
        while position >= 0:
            start = piece.rfind(opening + b" ", 0, position + 1)
            end = piece.find(close, position)
            tag = self.cell.match(piece, start) if start >= 0 else None
            if tag and end >= 0 and not tag[2]:
                reference = self.reference.search(tag[1])
                place = (reference[1] + reference[2]).decode() if reference else "?"
                yield tag[1], piece[tag.end() : end], place
            position = piece.find(mark, max(end, position + 1))

    def _errors(self, piece: bytes, facts: SheetFacts) -> None:
        for mark in (b't="e"', b"t='e'"):
            for attributes, body, place in self._cells(piece, mark):
                if mark not in attributes:
                    continue
                value = re.search(rb"<%sv>([^<]*)<" % self.prefix, body)
                word = value[1].decode("ascii", "replace") if value else "#ERROR"
                facts.errors[word if word in ERROR_WORDS else "#ERROR"] += 1
                facts.has_odd_errors |= word.encode() not in KNOWN_ERRORS
                if len(facts.error_at) < ADDRESSES_KEPT:
                    facts.error_at.append(place)

    def _formulas(self, piece: bytes, facts: SheetFacts) -> None:
        stored = re.compile(rb"<%sv(?:\s[^<>]*)?>[^<]" % self.prefix)
        for attributes, body, place in self._cells(piece, b"<%sf" % self.prefix):
            # t="str" with an empty value is a formula that was calculated and gave an empty text
            is_empty_text = re.search(rb"""t=["']str["']""", attributes) and b"<%sv" % self.prefix in body
            if not is_empty_text and not stored.search(body):
                facts.uncached += 1
                if len(facts.uncached_at) < ADDRESSES_KEPT:
                    facts.uncached_at.append(place)

    def _hidden(self, piece: bytes, facts: SheetFacts) -> None:
        for row in self.row.finditer(piece):
            number = re.search(rb"""\sr=["']([0-9]+)["']""", row[1])
            if number and _is_hidden(row[1]):
                facts.hidden_rows.add(int(number[1][:12]))
        for column in re.finditer(rb"<%scol(?=[\s/>])([^<>]*)>" % self.prefix, piece):
            if _is_hidden(column[1]):
                first, last = (_number(column[1], name) for name in (b"min", b"max"))
                facts.hidden_columns.update(range(first, min(last, MAX_COLUMN) + 1))


def _is_hidden(attributes: bytes) -> bool:
    return re.search(rb"""\shidden=["'](?:1|true)["']""", attributes) is not None


def _number(attributes: bytes, name: bytes) -> int:
    found = re.search(rb"""\s%s=["']([0-9]+)["']""" % name, attributes)
    return int(found[1][:12]) if found else MAX_COLUMN + 1


def _merged(piece: bytes) -> Iterator[Range]:
    for found in re.finditer(rb"""mergeCell\s[^<>]*?ref=["']([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)["']""", piece):
        first_column, last_column = (column_number(found[i][:6].decode()) for i in (1, 3))
        yield int(found[2][:12]), first_column, int(found[4][:12]), last_column
