"""What a report is made of, whatever its format: sections of texts, figures, tables and findings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "caution", "bad", "neutral"]


@dataclass(frozen=True)
class Text:
    """A paragraph. `lead` opens a section, `note` is small print."""

    text: str
    style: Literal["lead", "plain", "note"] = "plain"
    name: str = "text"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    name: str = "heading"


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]
    name: str = "bullets"


@dataclass(frozen=True)
class Figure:
    """A drawing with its caption. `svg` is complete and self-contained, made by `report.figures`."""

    svg: str
    caption: str
    title: str = ""
    name: str = "figure"


@dataclass(frozen=True)
class TableRow:
    """`head` opens a group, `level` is indented below it, `strong` is the row the page speaks of."""

    cells: tuple[str, ...]
    kind: Literal["plain", "head", "level", "strong"] = "plain"


@dataclass(frozen=True)
class Grid:
    """A table: caption, column heads, rows, footnote. Columns of numbers are right-aligned."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    note: str = ""
    name: str = "grid"

    @property
    def is_wide(self) -> bool:
        """Whether the cells are too long to stand side by side without breaking."""
        longest = [
            max((len(r.cells[j]) for r in self.rows if j < len(r.cells)), default=0) for j in range(len(self.columns))
        ]
        return len(self.columns) > 6 or sum(max(n, 6) for n in longest) > 112

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers: most of their filled cells start with a digit, a sign or a dash."""
        return tuple(
            j > 0 and _is_numeric([r.cells[j] for r in self.rows if j < len(r.cells)]) for j in range(len(self.columns))
        )


def _is_numeric(cells: list[str]) -> bool:
    filled = [c for c in cells if c]
    return sum(bool(re.match(r"[-+−–<]?\d|–$|not estimable", c)) for c in filled) * 2 > len(filled)


@dataclass(frozen=True)
class Verdict:
    """Page one: the answer in a sentence, the one number behind it and which estimate it is."""

    tone: Tone
    mark: str
    sentence: str
    details: tuple[str, ...]
    number: str
    number_label: str
    interval: str
    estimate: str
    reading: str
    unit: str = ""
    name: str = "verdict"


@dataclass(frozen=True)
class Notice:
    """Findings of one code as a reader meets them; `evidence` has a line each."""

    tone: Tone
    title: str
    evidence: tuple[str, ...]
    remedy: str
    code: str


@dataclass(frozen=True)
class Notices:
    title: str
    items: tuple[Notice, ...]
    name: str = "notices"


@dataclass(frozen=True)
class Facts:
    """A few large numbers side by side: (number, what it counts)."""

    items: tuple[tuple[str, str], ...]
    name: str = "facts"


@dataclass(frozen=True)
class SideBySide:
    """Blocks in two columns where the page is wide enough."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]
    name: str = "side_by_side"


@dataclass(frozen=True)
class Tiles:
    """Small figures, three in a row where the page is wide enough."""

    figures: tuple[Figure, ...]
    name: str = "tiles"


@dataclass(frozen=True)
class Folded:
    """A table that opens when its title is clicked."""

    title: str
    inside: Grid
    name: str = "folded"


Block = Text | Heading | Bullets | Figure | Grid | Verdict | Notices | Facts | SideBySide | Tiles | Folded


@dataclass(frozen=True)
class Section:
    """One question a reader has, answered. `key` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    number: str = ""


@dataclass(frozen=True)
class Page:
    """A whole report: title, one line below it, sections, closing line."""

    title: str
    subtitle: str
    kicker: str
    sections: tuple[Section, ...]
    foot: str = ""
