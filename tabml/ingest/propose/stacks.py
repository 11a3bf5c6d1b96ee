"""Files or sheets of one kind, one for each year or month: read below each other, they are one source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tabml.ingest.layout import Table
from tabml.ingest.propose.words import name_key
from tabml.ingest.propose.writing import TableStyle, table_style
from tabml.ingest.read import Column, RawSheet

_MONTHS = (
    "jan feb mar mär apr may mai maj jun jul aug sep sept oct okt nov dec dez des ene abr ago dic "
    "january february march april june july august september october november december "
    "januar februar mars juni juli oktober desember januari februari augusti marts märz dezember "
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
)
_MONTHS_ANY = "|".join(sorted(set(_MONTHS.split()), key=len, reverse=True))
#: Years, quarters, months and parts: what differs between the names of exports of one kind. Other numbers tell hospitals apart.
_PERIOD = re.compile(
    rf"(?<!\d)(?:19|20)\d\d(?:[-_. ]?(?:0[1-9]|1[0-2]))?(?:[-_. ]?[0-3]\d)?(?!\d)"
    rf"|(?<![^\W_])(?:[qk][1-4]|[1-4]\.? ?(?:quarter|kvartal|quartal|trimestre)|(?:part|del|teil|parte|osa)[ _-]?\d+|{_MONTHS_ANY})(?![^\W_])",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stack(Table):
    """Tables with equal headers below each other, as one table; `parts` are the tables as they stand in their files."""

    parts: tuple[Table, ...] = ()

    @property
    def name(self) -> str:
        """The place in words, for messages."""
        return f"{self.parts[0].name} and {len(self.parts) - 1} more"


def stacked(tables: Sequence[Table]) -> list[Table]:
    """The tables, those that are one kind of export for several periods put together, in the order of their firsts.

    Equal headers and names that differ in nothing but years, quarters, months or part numbers make a stack, where
    all its tables write numbers and dates alike. Two hospitals with one export program differ in another word.
    """
    kinds: dict[tuple[Any, ...], list[Table]] = {}
    for i, table in enumerate(tables):
        kinds.setdefault(_kind(table) or (i,), []).append(table)
    return [_together(same) if len(same) > 1 and _write_alike(same) else table
            for same in kinds.values() for table in (same[:1] if len(same) > 1 and _write_alike(same) else same)]  # fmt: skip


def parts_of(table: Table) -> tuple[Table, ...]:
    """The tables behind a stack, or the table itself."""
    return table.parts if isinstance(table, Stack) else (table,)


def stem(table: Table) -> str:
    """The words that the names of a stack's files share, else of its sheets' file."""
    file = re.sub(r"\.[^.]+$", "", table.sheet.file)
    return _without_period(file) or file if isinstance(table, Stack) else file


def place_of(table: Table, styles: TableStyle) -> dict[str, Any]:
    """How a codebook names a table's place and layout; of a stack, what all its tables have in common."""
    parts = parts_of(table)
    sheets = [part.sheet for part in parts]

    def common(fact: Callable[[Table], Any], other: Any) -> Any:
        found = {repr(fact(part)): fact(part) for part in parts}
        return next(iter(found.values())) if len(found) == 1 else other

    return {
        "file": common(lambda t: t.sheet.file, tuple(s.file for s in sheets)),
        "sha256": common(lambda t: t.sheet.sha256, None),
        "sheet": common(lambda t: t.sheet.sheet, tuple(dict.fromkeys(s.sheet for s in sheets if s.sheet is not None)) or None),
        "table": common(lambda t: t.region.name if t.region is not None else None, None),
        "encoding": common(lambda t: t.sheet.encoding, None),
        "delimiter": common(lambda t: t.sheet.delimiter, None),
        "header_rows": common(lambda t: t.header_rows, ()),
        "missing": styles.missing,
        "decimal": "," if styles.decimal == "," else ".",
        "dates": styles.order if styles.order in ("dmy", "mdy", "ymd") else None,
    }  # fmt: skip


def _kind(table: Table) -> tuple[Any, ...] | None:
    """What tables of one stack have in common; None for a table whose names tell no period."""
    file, sheet = re.sub(r"\.[^.]+$", "", table.sheet.file), table.sheet.sheet or ""
    if not (_PERIOD.search(file) or _PERIOD.search(sheet)):
        return None
    headers = tuple(sorted(name_key(h) or h for h in table.headers))
    units = tuple(sorted(table.units.items()))
    return _without_period(file), _without_period(sheet), table.sheet.sheet is None, headers, units


def _without_period(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", _PERIOD.sub(" ", name))).casefold()


def _write_alike(tables: Sequence[Table]) -> bool:
    """Whether the headers are the same to the letter, and numbers and dates are written in one way."""
    styles = [table_style(table, None) for table in tables]
    orders = {s.order for s in styles if s.order is not None}
    same = all(set(t.headers) == set(tables[0].headers) for t in tables)
    return same and len({s.decimal for s in styles}) == 1 and len(orders) <= 1


def _together(tables: Sequence[Table]) -> Stack:
    first = tables[0]
    headers = first.headers
    cells = tuple(Column.concat([t.column(header) for t in tables]) for header in headers)
    stated = {
        j: said for j, header in enumerate(headers, start=1) for said in [_stated(tables, header)] if said is not None
    }
    sheet: RawSheet = replace(
        first.sheet, columns=cells, usual=None, merged=(), hidden_rows=frozenset(), hidden_columns=frozenset(), ragged=(),
        header_rows=(), stated=stated, said=(), origin=None,
    )  # fmt: skip
    facts: Mapping[str, Any] = {
        f: getattr(first, f) for f in ("headers", "leaves", "units", "header_rows", "header_score")
    }
    numbers = np.arange(1, sheet.n_rows + 1, dtype=np.int32)
    return Stack(
        sheet,
        columns=tuple(range(1, len(headers) + 1)),
        row_numbers=numbers,
        set_aside={},
        parts=tuple(tables),
        **facts,
    )


def _stated(tables: Sequence[Table], header: str) -> Any:
    return next((s for t in tables if (s := t.sheet.stated.get(t.columns[t.position(header)])) is not None), None)
