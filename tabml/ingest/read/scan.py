"""One look through a worksheet part: bounds, errors, formulas never calculated, what is hidden or merged.

Cells are found by patterns over blocks of bytes, and only what hits is parsed: a sheet of three million
cells takes about a second.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.read.child import KNOWN_ERRORS
from tabml.ingest.read.errorwords import ADDRESSES_KEPT, ERROR_WORDS
from tabml.ingest.read.records import Range, address, column_number

Numbers = NDArray[np.int64]

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
    has_declarations: bool = False
    """The last piece holds `<!`: a comment, CDATA, or what no workbook may hold."""

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

    quick: re.Pattern[bytes]
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
            re.compile(rb'<%sc r="[A-Z]+[0-9]+"' % p),
            re.compile(rb"<%sc(?=[\s/>])" % p),
            re.compile(rb"<%sc(?=[\s/>])([^<>]*?)(/?)>" % p),
            re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]+)([0-9]+)["']"""),
            re.compile(rb"<%srow(?=[\s/>])([^<>]*)>" % p),
            p,
        )

    def read(self, piece: bytes, facts: SheetFacts) -> None:
        """Add one piece of the sheet to its facts."""
        tags = Tags.of(piece)
        facts.has_declarations = tags.some_begin(b"!")
        if self.prefix or facts.has_declarations:  # comments and CDATA may hold what looks like cells
            facts.is_plain = False
        self._bounds(piece, tags, facts)
        if b't="e"' in piece or b"t='e'" in piece:
            self._errors(piece, facts)
        if self.prefix or tags.some_begin(b"f"):
            self._formulas(piece, facts)
        if b"hidden" in piece:
            self._hidden(piece, facts)
        if (self.prefix or tags.some_begin(b"m")) and b"mergeCell" in piece:
            facts.merged.extend(_merged(piece))

    def _bounds(self, piece: bytes, tags: Tags, facts: SheetFacts) -> None:
        """Farthest row and column: from all references at once where cells look alike, else one by one."""
        found = tags.references() if not self.prefix else None
        if found is not None:
            facts.cells += len(found[0])
            _stretch(facts, *found)
            return
        cells = len(self.cell_start.findall(piece))
        facts.cells += cells
        # An address as a library writes it, but beyond what was read at once: only its place is odd.
        facts.is_plain &= not self.prefix and len(self.quick.findall(piece)) == cells
        self._bounds_slowly(piece, facts)

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


@dataclass(frozen=True, eq=False)
class Tags:
    """Where the tags of a piece begin: bytes, positions of `<`, and the letter after each."""

    data: NDArray[np.uint8]
    at: Numbers
    letters: NDArray[np.uint8]

    @classmethod
    def of(cls, piece: bytes) -> Tags:
        data = np.frombuffer(piece + bytes(20), dtype=np.uint8)
        at = np.flatnonzero(data == ord("<"))
        return cls(data, at, data[at + 1])

    def some_begin(self, letter: bytes) -> bool:
        """Whether some tag begins with this letter."""
        return bool((self.letters == letter[0]).any())

    def references(self) -> tuple[Numbers, Numbers] | None:
        """Row and column of every cell, where all begin `<c r="AB12"`; None where some are written otherwise."""
        tags = self.at[self.letters == ord("c")]
        tags = tags[np.isin(self.data[tags + 2], list(b" \t\r\n/>"))]
        if any((self.data[tags + place] != letter).any() for place, letter in enumerate(b'<c r="')):
            return None
        column, at = _run(self.data, tags + 6, 3, base=26, zero=64)
        row, end = _run(self.data, at, 8, base=10, zero=47)
        is_odd = (at == tags + 6) | (end == at) | (self.data[end] != ord('"'))
        return None if is_odd.any() else (row, column)


def _run(data: NDArray[np.uint8], at: Numbers, longest: int, *, base: int, zero: int) -> tuple[Numbers, Numbers]:
    """The number that a run of letters or digits stands for, and where it ends; `zero` is the byte before the first."""
    value = np.zeros(len(at), dtype=np.int64)
    shift = 1 if base == 26 else 0
    is_on = np.ones(len(at), dtype=bool)
    for _ in range(longest):
        digit = data[at].astype(np.int64) - zero
        is_on &= (digit >= 1) & (digit <= base)
        if not is_on.any():
            break
        value = np.where(is_on, value * base + digit - 1 + shift, value)
        at = at + is_on
    return value, at


def _stretch(facts: SheetFacts, rows: Numbers, columns: Numbers) -> None:
    if not len(rows):
        return
    wide, deep = int(columns.argmax()), int(rows.argmax())
    if columns[wide] > facts.last_column:
        facts.last_column, facts.widest = int(columns[wide]), address(int(rows[wide]), int(columns[wide]))
    if rows[deep] > facts.last_row:
        facts.last_row, facts.deepest = int(rows[deep]), address(int(rows[deep]), int(columns[deep]))


def _is_hidden(attributes: bytes) -> bool:
    return re.search(rb"""\shidden=["'](?:1|true)["']""", attributes) is not None


def _number(attributes: bytes, name: bytes) -> int:
    found = re.search(rb"""\s%s=["']([0-9]+)["']""" % name, attributes)
    return int(found[1][:12]) if found else MAX_COLUMN + 1


def _merged(piece: bytes) -> Iterator[Range]:
    for found in re.finditer(rb"""mergeCell\s[^<>]*?ref=["']([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)["']""", piece):
        first_column, last_column = (column_number(found[i][:6].decode()) for i in (1, 3))
        yield int(found[2][:12]), first_column, int(found[4][:12]), last_column
