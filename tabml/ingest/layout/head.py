"""The head of a table: which row names the columns, which rows above it group them, which row holds units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tabml.core.errors import InputError
from tabml.ingest.layout.grid import HEAD_ROWS, Grid
from tabml.ingest.units import canonical_unit
from tabml.ingest.values import fold

MIN_SCORE = 0.7
NEARLY = 0.02  # of two rows as good as each other the upper one names the columns
MIN_COVER = 0.5  # a header may leave columns unnamed, but not most of them
JOINT = " / "


@dataclass(frozen=True)
class Head:
    """Header rows (counted from 1), the name and its last part for every column of the grid, and how sure that is.

    `rows` is empty for a table without header. `units`: column number -> text of the units row.
    """

    rows: tuple[int, ...]
    names: tuple[str, ...]
    leaves: tuple[str, ...]
    score: float
    stated: bool = False
    units_row: int | None = None
    units: Mapping[int, str] = field(default_factory=dict)

    @property
    def last_row(self) -> int:
        return self.units_row or max(self.rows, default=0)

    def moved(self, down: int, right: int) -> Head:
        """The head of a part of a sheet, addressed in the sheet."""
        blank = ("",) * right
        return replace(
            self,
            rows=tuple(row + down for row in self.rows),
            names=(*blank, *self.names),
            leaves=(*blank, *self.leaves),
            units_row=None if self.units_row is None else self.units_row + down,
            units={column + right: text for column, text in self.units.items()},
        )


def stated_head(grid: Grid, rows: Sequence[int]) -> Head:
    """The head at the rows that a codebook or `--header-row` names."""
    rows = tuple(sorted(rows))
    if rows[0] < 1 or rows[-1] > grid.n_rows:
        raise InputError(
            f"header row {rows[-1] if rows[0] >= 1 else rows[0]} is not in the sheet, which has {grid.n_rows} rows",
            where=grid.sheet.name,
            hint="check header_rows: or --header-row",
        )
    return _joined(grid, rows, score=1.0, stated=True)


def find_head(grid: Grid) -> Head | None:
    """The head found by rule; a head without rows where a table of numbers has none; None where there is no table."""
    scores = {row: _score(grid, row) for row in range(1, min(HEAD_ROWS, len(grid.head), grid.n_rows - 1) + 1)}
    top = max(scores.values(), default=0.0)
    best = min((row for row, score in scores.items() if score >= top - NEARLY), default=0)
    if not best or scores[best] < MIN_SCORE:
        return _headless(grid)
    rows: tuple[int, ...] = (best,)
    while len(rows) < 3 and _groups(grid, rows[0] - 1, rows[0]):
        rows = (rows[0] - 1, *rows)
    return _joined(grid, rows, score=scores[best])


def _score(grid: Grid, row: int) -> float:
    """How much a row looks like names of columns (0-1): it covers them, is text, has no repeats, differs from below."""
    named = [c for c in range(1, grid.width + 1) if grid.filled[row - 1][c - 1]]
    below = grid.main_kinds(row)
    has_values = any(below[c - 1] != "blank" for c in named)
    if not named or not has_values:
        return 0.0
    used = grid.used or tuple(named)
    cover = len(set(named) & set(used)) / len(used)
    if cover < MIN_COVER or (len(named) == 1 and len(used) > 1):
        return 0.0
    kinds = [grid.kinds[row - 1][c - 1] for c in named]
    is_data = sum(k in ("number", "date") and k == below[c - 1] for k, c in zip(kinds, named, strict=True))
    if is_data > 0.2 * len(named):
        return 0.0
    texts = [fold(grid.filled[row - 1][c - 1]) for c in named]
    text = sum(k not in ("number", "date") for k in kinds) / len(named)
    unique = len(set(texts)) / len(texts)
    contrast = 1 - len(_standing_below(grid, row) & set(named)) / len(named)
    brief = sum(len(t) <= 120 for t in texts) / len(texts)
    return brief * (0.4 * cover + 0.3 * text + 0.15 * unique + 0.15 * contrast)


def _standing_below(grid: Grid, row: int) -> set[int]:
    """Columns whose name is one of the values below it; the head printed again on a later page does not count."""
    head = [fold(text) for text in grid.filled[row - 1]]
    found: set[int] = set()
    for below in grid.folded[row : row + 60]:
        equal = [c for c, (a, b) in enumerate(zip(head, below, strict=True), start=1) if a == b]
        if len(head) - len(equal) > 0.2 * len(head):
            found.update(equal)
    return found


def _groups(grid: Grid, row: int, leaf: int) -> bool:
    """Whether a row groups the columns of the row below it: several labels, each over some of the columns."""
    if row < 1 or not any(grid.head[row - 1]):
        return False
    raw, leaves = grid.head[row - 1], grid.head[leaf - 1]
    labels = [c for c in range(1, grid.width + 1) if raw[c - 1]]
    if any(grid.kinds[row - 1][c - 1] in ("number", "date") for c in labels):
        return False
    merged = [m for m in grid.sheet.merged if m[0] <= row <= m[2]]
    over_all = any(m[3] - m[1] + 1 >= 0.9 * sum(map(bool, grid.filled[leaf - 1])) for m in merged)
    spans = [m for m in merged if m[0] == row and m[1] in labels and (m[3] > m[1] or m[2] >= leaf)]
    if spans and not over_all:
        return len(labels) > 1 or any(leaves[c - 1] for c in labels)
    gaps = sum(c < grid.width and not raw[c] and bool(leaves[c]) for c in labels)
    return len(labels) > 1 and 2 * gaps >= len(labels) and bool(leaves[labels[0] - 1] or leaves[labels[-1] - 1])


def _joined(grid: Grid, rows: tuple[int, ...], *, score: float, stated: bool = False) -> Head:
    layers = [_spread(grid, row, rows[-1]) if row != rows[-1] else grid.filled[row - 1] for row in rows]
    names, leaves = [], []
    for parts in zip(*layers, strict=True):
        kept: list[str] = []
        for part in parts:
            if part and (not kept or kept[-1] != part):
                kept.append(part)
        names.append(JOINT.join(kept))
        leaves.append(kept[-1] if kept else "")
    units_row, units = _units(grid, rows[-1])
    return Head(rows, tuple(names), tuple(leaves), score, stated, units_row, units)


def _spread(grid: Grid, row: int, leaf: int) -> tuple[str, ...]:
    """A group row with each label over its columns: by merged ranges, else to the right as far as columns are named."""
    if any(m[0] <= row <= m[2] for m in grid.sheet.merged):
        return grid.filled[row - 1]
    texts, label = [], ""
    for text, below in zip(grid.head[row - 1], grid.head[leaf - 1], strict=True):
        label = text or label
        texts.append(label if below or text else "")
    return tuple(texts)


def _units(grid: Grid, row: int) -> tuple[int | None, dict[int, str]]:
    """The row below the header, if it holds nothing but units over columns of numbers."""
    if row >= len(grid.head):
        return None, {}
    cells = {c: text for c, text in enumerate(grid.head[row], start=1) if text}
    found = {c: u for c, text in cells.items() if canonical_unit(u := re.sub(r"^[\[(]|[\])]$", "", text)) is not None}
    over_numbers = sum(grid.main_kind(row + 1, c) == "number" for c in found)
    plain = sum(text in ("-", "–", "1", "[]", "()") for c, text in cells.items() if c not in found)
    if len(found) < 2 or len(found) + plain < len(cells) or 2 * over_numbers < len(found):
        return None, {}
    return row + 1, found


def _headless(grid: Grid) -> Head | None:
    """A dense rectangle of values without a header; its columns are named by their numbers."""
    rows = [k for k in grid.kinds if any(kind != "blank" for kind in k)]
    cells = [kind for row in rows for kind in row]
    if len(rows) < 5 or grid.width < 2 or sum(k == "blank" for k in cells) > 0.4 * len(cells):
        return None
    if sum(k in ("number", "date") for k in cells) < 0.3 * len(cells):
        return None
    empty = ("",) * grid.width
    return Head((), empty, empty, score=0.5)
