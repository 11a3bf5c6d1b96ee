"""What looks like a table and holds no patients: code lists, pivot tables, notes."""

from __future__ import annotations

from tabml.ingest.layout.grid import Grid
from tabml.ingest.layout.head import Head
from tabml.ingest.layout.words import CODE_SHEETS, EXPLAINED, EXPLANATION, PIVOT_WORDS
from tabml.ingest.values import fold

WIDEST_CODE_LIST = 8  # REDCap's data dictionary, the widest in use, is known by its own headers
WIDEST_NOTES = 3
PIVOT_ROWS = 12
LONGEST_NAME = 60
NO_ROWS = "no rows below the header"
PIVOT = "a pivot or cross table: its cells count patients, they are no patients; export the rows it was made from"


def why_refused(grid: Grid, head: Head | None) -> str | None:
    """The reason why a sheet is no table of patients, or None."""
    if _is_pivot(grid):
        return PIVOT
    if _only_names(grid):
        return NO_ROWS
    if head is None:
        return "free text: no row of column names above rows of values"
    names = {fold(name) for name in head.names if name}
    if _is_code_list(grid, names):
        return "a list of codes: it explains columns of another table"
    if grid.n_rows <= head.last_row:
        return NO_ROWS
    if _is_cross_table(grid, head):
        return PIVOT
    return "free text: a list of remarks" if _is_notes(grid, head) else None


def _only_names(grid: Grid) -> bool:
    """One full row of different short texts under titles, nothing below it: the head of an export without patients."""
    filled = [row for row, texts in enumerate(grid.head) if any(texts)]
    last = [c for c, text in enumerate(grid.head[filled[-1]]) if text] if filled else []
    names = [fold(grid.head[filled[-1]][c]) for c in last]
    above = [sum(map(bool, grid.head[row])) for row in filled[:-1]]
    is_text = all(grid.kinds[filled[-1]][c] == "text" and len(grid.head[filled[-1]][c]) <= LONGEST_NAME for c in last)
    return (
        grid.n_rows <= len(grid.head)
        and len(names) > 1
        and len(set(names)) == len(names)
        and is_text
        and max(above, default=0) <= len(names) / 2
    )


def _is_code_list(grid: Grid, names: set[str]) -> bool:
    is_narrow = len(names) <= WIDEST_CODE_LIST
    if is_narrow and grid.sheet.sheet is not None and fold(grid.sheet.sheet) in CODE_SHEETS:
        return True
    explains = bool(names & EXPLAINED) and bool(names & EXPLANATION)
    return explains and (is_narrow or "field type" in names)


def _is_pivot(grid: Grid) -> bool:
    """Row labels named below the labels of the value columns, as only a cross tabulation has them."""
    top = grid.head[:PIVOT_ROWS]
    if any(fold(text) in PIVOT_WORDS for row in top for text in row if text):
        return True
    return any(_names_only_row_labels(grid, row) for row in range(2, min(PIVOT_ROWS, len(top), grid.n_rows - 2) + 1))


def _names_only_row_labels(grid: Grid, row: int) -> bool:
    here, above = grid.head[row - 1], grid.filled[row - 2]
    if sum(not text for text in here[1:]) < 2:  # the columns of counts are not named here
        return False
    values = [c for c in range(2, grid.width + 1) if _holds_counts(grid, row, c)]
    if len(values) < 2:
        return False
    stubs = [c for c in range(1, values[0]) if here[c - 1]]
    labelled = sum(bool(above[c - 1]) for c in values)
    return (
        bool(stubs)
        and not any(here[c - 1] for c in values)
        and labelled >= 0.8 * len(values)
        and not any(above[c - 1] for c in stubs)
    )


def _holds_counts(grid: Grid, row: int, column: int) -> bool:
    cells = [r[column - 1] for r in grid.sample[row : row + 60] if r[column - 1] is not None]
    return bool(cells) and all(isinstance(v, float | int) and v >= 0 and v == int(v) for v in map(_as_number, cells))


def _as_number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


def _is_cross_table(grid: Grid, head: Head) -> bool:
    """A few labelled rows of counts under an empty corner."""
    row = head.last_row
    if not head.rows or head.names[0] or not grid.width or grid.n_rows - row > PIVOT_ROWS or grid.width > 7:
        return False
    labels = grid.texts_below(row, 1)
    named = [c for c in range(2, grid.width + 1) if head.names[c - 1]]
    return (
        len(labels) > 1
        and len(set(labels)) == len(labels)
        and grid.main_kind(row, 1) == "text"
        and bool(named)
        and all(_holds_counts(grid, row, c) for c in named)
    )


def _is_notes(grid: Grid, head: Head) -> bool:
    """Few columns of nothing but ever new texts."""
    used = [c for c in range(1, grid.width + 1) if grid.main_kind(head.last_row, c) != "blank"]
    if len(used) > WIDEST_NOTES or any(grid.main_kind(head.last_row, c) != "text" for c in used):
        return False
    columns = [grid.texts_below(head.last_row, c) for c in used]
    words = [len(text.split()) for column in columns for text in column]
    is_varied = all(len(set(column)) >= 0.8 * len(column) for column in columns)
    return is_varied and (sum(words) >= 2 * len(words) or len(used) == 1)
