"""How a table writes numbers and dates: its decimal signs, column by column, and its order of day and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tabml.ingest.layout import Table
from tabml.ingest.propose.words import CENTRE, name_key
from tabml.ingest.read import Column
from tabml.ingest.values import Decimal, date_evidence, decimal_mark, fold, is_missing, parse_number

#: A column of more values names no centres.
MOST_CENTRES = 20
#: A level of fewer rows is not named in a question.
SMALL_CELL = 5


@dataclass(frozen=True)
class TableStyle:
    """How one table writes numbers and dates."""

    decimal: str
    order: str | None
    order_is_certain: bool
    missing: tuple[str, ...] = field(default=())
    mixed: tuple[str, ...] = field(default=())
    """Columns whose dates contradict each other: 13/01/2020 and 01/13/2020."""
    by_centre: tuple[str, ...] = field(default=())
    """Which centres write those dates in which order, in words."""
    other_marks: Mapping[str, Decimal] = field(default_factory=dict)
    """Column -> its decimal mark, where it is not the table's."""

    def mark(self, header: str) -> str:
        """The decimal mark of a column."""
        return self.other_marks.get(header, self.decimal)


def table_style(table: Table, order: str | None) -> TableStyle:
    """Decimal mark and order of dates from all cells of a table; `order` answers where no cell decides."""
    columns = {header: list(table.column(header).counts()) for header in table.headers}
    # A number cell of a workbook has no mark: it is shown with whatever mark the viewer likes.
    marks = {header: _mark(_typed(table.column(header))) for header in table.headers}
    said = list(marks.values())
    decimal: Decimal = "," if said.count(",") > said.count(".") else "."
    others = {header: mark for header, mark in marks.items() if mark is not None and mark != decimal}
    evidence = {header: date_evidence(cells) for header, cells in columns.items() if cells}
    dates = {header: e for header, e in evidence.items() if e.dates > e.other}
    mixed = tuple(header for header, e in dates.items() if e.is_mixed)
    decided = {e.order for e in dates.values() if e.order in ("dmy", "mdy")}
    undecided = bool(mixed) or any(e.undecided and e.order is None for e in dates.values())
    found = decided.pop() if len(decided) == 1 and not mixed else None
    missing = sorted({fold(t) for cells in columns.values() for t in cells if is_missing(t)})
    certain = bool(order or found or not undecided)
    stated = None if order == "undecided" else order
    return TableStyle(decimal, stated or found, certain, tuple(missing), mixed, _by_centre(table, mixed), others)


def _by_centre(table: Table, mixed: Sequence[str]) -> tuple[str, ...]:
    """Where every centre of a column of centres keeps to one order of dates: which one writes the month first."""
    said = []
    centres = [h for h in table.headers if name_key(h) in CENTRE and 2 <= table.column(h).n_distinct <= MOST_CENTRES]
    for header in mixed if centres else ():
        names, cells = table.texts(centres[0]), table.texts(header)
        written = {
            n: date_evidence([c for m, c in zip(names, cells, strict=True) if m == n])
            for n in sorted({n for n in names if n})
        }
        orders = {n: e.order for n, e in written.items() if e.dates >= SMALL_CELL and e.order in ("dmy", "mdy")}
        if len(orders) == len(written) and len(set(orders.values())) == 2:
            first = ", ".join(repr(n) for n, order in orders.items() if order == "mdy")
            others = ", ".join(repr(n) for n, order in orders.items() if order == "dmy")
            said.append(
                f"month first at {first}, day first at {others}: export each alone, or leave the doubtful ones out"
            )
    return tuple(said)


def _mark(texts: Sequence[str]) -> Decimal | None:
    """The decimal mark of a column's texts; where both are met and no point can group thousands, the comma reads both."""
    evidence = decimal_mark(texts)
    if evidence.is_mixed and all(parse_number(t, ".") in (None, parse_number(t, ",")) for t in texts):
        return ","
    return evidence.mark


def _typed(column: Column) -> list[str]:
    """The distinct texts of cells that somebody typed as text."""
    return list(column.where(~column.is_kind("number")).counts())
