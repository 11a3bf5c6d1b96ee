"""One column as matching sees it: its names, kind, unit, values and levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.concepts import Match
from tabml.ingest.values import fold

#: How a column is written: measured on a scale, a few whole numbers, two levels, named levels, dates, anything else.
Form = Literal["measure", "coded", "boolean", "category", "date", "text"]
MOST_CODES = 10
#: From this certainty on a name means a concept.
NAMED = 0.85


@dataclass(frozen=True, eq=False)
class Column:
    """One column of one hospital. `numbers`: (n_rows,), NaN where none; `counts`: filled texts, as written."""

    hospital: str
    source: str
    header: str
    form: Form
    numbers: NDArray[np.float64]
    counts: Mapping[str, int]
    unit: str | None = None
    """UCUM code that header, cells or code list state."""
    label: str = ""
    """What a code list calls it."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """Code -> meaning, from a code list."""
    missing: float = 0.0
    """Share of rows without a value."""
    matches: tuple[Match, ...] = ()
    """Concepts the name may mean, best first."""
    rows: NDArray[np.float64] | None = None
    """The numbers in the order of the hospital's patients, where the column stands in a table that is joined."""
    told_timing: str | None = None
    """When it was measured, where the file or the columns beside it say so."""
    is_endpoint: bool = False
    """Whether it is the only column of its hospital whose name or meanings tell an outcome."""

    @property
    def leaf(self) -> str:
        """The last part of a header of several rows."""
        return self.header.rsplit(" / ", 1)[-1]

    @property
    def aligned(self) -> NDArray[np.float64]:
        """The numbers by patient of the hospital: (n_patients,)."""
        return self.numbers if self.rows is None else self.rows

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """The numbers that are there, sorted."""
        return np.sort(self.numbers[~np.isnan(self.numbers)])

    @cached_property
    def words(self) -> dict[str, int]:
        """Folded level words with their counts; a code stands for its meaning where a code list gives one."""
        told = {fold(code): fold(meaning) for code, meaning in self.meanings.items()}
        words: dict[str, int] = {}
        for text, n in self.counts.items():
            word = told.get(fold(text), fold(text))
            words[word] = words.get(word, 0) + n
        return words

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the column is called: its header's last part, and its label where a code list gives one."""
        return tuple(name for name in dict.fromkeys((self.leaf, self.label)) if name)

    @cached_property
    def meant(self) -> dict[str, float]:
        """Concept key -> how surely the name means it."""
        return {m.concept.key: m.score for m in self.matches}

    @property
    def concept(self) -> str | None:
        """The concept the name means beyond doubt."""
        return self.matches[0].concept.key if self.matches and self.matches[0].score >= NAMED else None

    @property
    def timing(self) -> str | None:
        """When it was measured, as the file says, else as the name says."""
        return self.told_timing or (self.matches[0].timing if self.matches else None)

    @property
    def units(self) -> tuple[str, ...]:
        """Units in which its likeliest concept is measured."""
        best = self.matches[0].concept if self.matches else None
        return () if best is None or best.unit is None else (best.unit, *best.units)

    @property
    def analyte(self) -> str | None:
        """The substance its likeliest concept measures."""
        return self.matches[0].concept.analyte if self.matches else None

    @property
    def n(self) -> int:
        """Rows with a value."""
        return sum(self.counts.values())
