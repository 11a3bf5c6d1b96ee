"""What the cells of one column say: kind, unit, levels, missing words. Nothing is decided from a sample."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tabml.core.cohort import Kind
from tabml.ingest.detectors import Tier, classify_identifier, is_birth_date, looks_like_free_text
from tabml.ingest.layout import Table
from tabml.ingest.propose.told import NOTHING, kind_of, label_of, levels_of, stated_by
from tabml.ingest.propose.words import (
    DATE_PARTS,
    NEGATIVE_SENTINELS,
    ROW_NUMBER,
    SEX,
    YES_NO,
    name_key,
    sex_words,
)
from tabml.ingest.propose.writing import TableStyle
from tabml.ingest.read import Stated
from tabml.ingest.units import canonical_unit, split_unit
from tabml.ingest.values import (
    fold,
    is_missing,
    parse_bound,
    parse_number,
    read_date,
    split_unit_cell,
)

#: Share of the filled cells that must be numbers, or dates, for a column to be taken as such.
MOSTLY = 0.9
#: The same for numbers of many values: the texts beside them are remarks, and are said to be lost (TB110).
REMARKS = 0.8
MOST_LEVELS = 20
#: A number, whatever follows it: `3.1 quux`, `12 (haem.)`.
_NUMBER_LIKE = re.compile(r"[<>≤≥~+\-\u2212 ]*[0-9]+(?:[.,][0-9]+)?(?![0-9.,/:-])(?:\s?[^0-9\s].*)?")


@dataclass(frozen=True)
class Profile:
    """One column over all stacked tables; `texts` are its cells in row order, '' where blank."""

    header: str
    texts: tuple[str, ...]
    decimals: tuple[str, ...]
    """Decimal mark of each cell's source."""
    stated_unit: str | None = None
    stated: Stated = NOTHING
    """What the file says of the column besides its cells."""
    also_missing: frozenset[str] = frozenset()
    """Texts that a code list says mean missing."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """Code -> meaning, from a code list."""
    label: str = ""
    """What a code list calls the column."""

    @property
    def key(self) -> str:
        return name_key(self.header)

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Cells that say something: neither blank nor a missing word nor a sentinel."""
        said = {*self.also_missing, *self.stated.missing}
        gone = {*self.sentinels, *map(fold, said)}
        mark = self.decimals[0] if self.decimals else "."
        numbers = {v for t in said if not np.isnan(v := _number(t, mark))}
        known = {
            t: bool(t) and not is_missing(t, gone) and (not numbers or _number(t, mark) not in numbers)
            for t in set(self.texts)
        }
        return np.array([known[t] for t in self.texts], dtype=bool)

    @cached_property
    def sentinels(self) -> tuple[str, ...]:
        """Negative numbers that can only mean missing: all other values are zero or more."""
        mark = self.decimals[0] if self.decimals else "."
        read = {t: _number(t, mark) for t in set(self.texts) if t}
        values = {t: v for t, v in read.items() if not np.isnan(v)}
        negative = {t: v for t, v in values.items() if v < 0}
        if len(values) - len(negative) < 2 or not negative or not set(negative.values()) <= set(NEGATIVE_SENTINELS):
            return ()
        # -1 alone is a plausible measurement of a column that goes below zero.
        return () if set(negative.values()) == {-1.0} else tuple(sorted(negative))

    @cached_property
    def missing_words(self) -> tuple[str, ...]:
        """Words of this column that mean missing, as written."""
        return tuple(sorted({t for t in set(self.texts) if t and is_missing(t)}))

    @cached_property
    def counts(self) -> Counter[str]:
        """Filled texts and how often they stand."""
        return Counter(t for t, said in zip(self.texts, self.filled, strict=True) if said)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Cells as numbers, NaN where they hold none: (n_rows,)."""
        read = {pair: _number(*pair) for pair in set(zip(self.texts, self.decimals, strict=True))}
        values = np.array([read[p] for p in zip(self.texts, self.decimals, strict=True)], dtype=np.float64)
        return np.where(self.filled, values, np.nan)

    @cached_property
    def is_numeric(self) -> bool:
        n = int(self.filled.sum())
        read = self.numbers[~np.isnan(self.numbers)]
        least = REMARKS if len(read) and len(np.unique(read)) > MOST_LEVELS else MOSTLY
        return n > 0 and len(read) >= least * n

    @property
    def looks_numeric(self) -> bool:
        """Whether nearly all cells begin with a number, though they cannot be read as such."""
        like = sum(n for t, n in self.counts.items() if _NUMBER_LIKE.fullmatch(t))
        return bool(like) and like >= REMARKS * sum(self.counts.values())

    @cached_property
    def is_date(self) -> bool:
        if self.is_numeric or not self.counts:
            return False
        dates = sum(n for t, n in self.counts.items() if read_date(t).fault in (None, "order"))
        return dates >= MOSTLY * sum(self.counts.values())

    @cached_property
    def distinct(self) -> int:
        """Distinct values: numbers by value, texts folded."""
        if self.is_numeric:
            return len(np.unique(self.numbers[~np.isnan(self.numbers)]))
        return len({fold(t) for t in self.counts})

    @cached_property
    def kind(self) -> Kind:
        """Number, integer, boolean, category, date, or text where there are too many levels."""
        if told := kind_of(self.stated, self.counts):
            return told
        if self.is_date:
            return "date"
        if self.is_numeric:
            return self._numeric_kind()
        folded = {fold(t) for t in self.counts}
        if folded and folded <= set(YES_NO) and len({YES_NO[t] for t in folded}) == len(folded) == 2:
            return "boolean"
        n = sum(self.counts.values())
        return "category" if self.distinct <= MOST_LEVELS and (n < 20 or self.distinct <= n / 2) else "text"

    def _numeric_kind(self) -> Kind:
        values = self.numbers[~np.isnan(self.numbers)]
        distinct = set(np.unique(values).tolist()) if self.distinct <= 3 else set()
        if distinct == {0.0, 1.0}:
            return "boolean"
        if self.distinct <= MOST_LEVELS and all(f"{v:.15g}" in self.meanings for v in np.unique(values)):
            return "category"
        if distinct and len(distinct) == 2 and all(float(v).is_integer() for v in distinct):
            return "category"
        return "integer" if bool(np.all(values == np.round(values))) else "number"

    @cached_property
    def levels(self) -> dict[str, str]:
        """Level codes as written, each spelling once; numbers by size, texts by alphabet."""
        if self.stated.levels:
            return levels_of(self.stated, self.counts)
        if self.is_numeric:
            codes = [f"{v:.15g}" for v in sorted(set(self.numbers[~np.isnan(self.numbers)].tolist()))]
            return {code: self.meanings.get(code, code) for code in codes}
        if self.sex_words:
            return {"female": "female", "male": "male"}
        best: dict[str, str] = {}
        for text, _ in sorted(self.counts.items(), key=lambda item: (-item[1], item[0])):
            best.setdefault(fold(text), text)
        return {code: self.meanings.get(code, code) for code in sorted(best.values())}

    @property
    def recode(self) -> dict[str, str | None]:
        """Yes/no words to 1 and 0 of a boolean text column; words for the sexes to female and male."""
        if self.sex_words:
            return dict(self.sex_words)
        if self.kind != "boolean" or self.is_numeric:
            return {}
        return {t: YES_NO[t] for t in sorted({fold(t) for t in self.counts})}

    @cached_property
    def sex_words(self) -> dict[str, str]:
        """Folded text -> female or male, where a column named sex holds nothing else."""
        folded = {fold(t) for t in self.counts}
        return sex_words(self.key, folded) if self.key in SEX and not self.is_numeric else {}

    @property
    def label_and_unit(self) -> tuple[str, str | None]:
        """The measurement's name and its unit (UCUM), from header or units row; the unit of numbers only."""
        leaf = self.header.rsplit(" / ", 1)[-1]
        told = label_of(self.stated)
        if self.kind not in ("number", "integer"):
            return self.stated.label or self.label or leaf, None
        if told is not None:
            return told if told[1] else (told[0], self.cell_unit)
        label, unit = split_unit(leaf)
        code = canonical_unit(self.stated_unit or unit or "")
        return (self.label or label, code) if code else (self.label or leaf, self.cell_unit)

    @cached_property
    def identifier(self) -> Tier | None:
        if self.stated.identifier:
            return "verified"
        # Ja and Nein look like names.
        return None if self.kind == "boolean" else classify_identifier(self.header, list(self.counts))

    @property
    def is_birth_date(self) -> bool:
        if not is_birth_date(self.header):
            return False
        return self.is_date or bool(set(self.key.split()) & DATE_PARTS)

    @property
    def is_empty(self) -> bool:
        return not self.counts

    @property
    def is_constant(self) -> bool:
        """One value in every cell: it tells nothing (with gaps, the gaps may tell)."""
        return self.distinct == 1 and bool(self.filled.all())

    @property
    def is_free_text(self) -> bool:
        return self.kind == "text" and looks_like_free_text(list(self.counts.elements()))

    @property
    def is_row_number(self) -> bool:
        """1, 2, 3... down the rows."""
        values = self.numbers
        return len(values) > 1 and bool(np.all(np.diff(values) == 1)) and values[0] in (0.0, 1.0)

    @property
    def numbers_rows(self) -> bool:
        """Whether the column only numbers the rows: 1, 2, 3... without a name, or distinct under such a name."""
        if self.key in ROW_NUMBER:
            return self.distinct == len(self.texts)
        return self.header.startswith("#") and self.is_row_number

    @cached_property
    def cell_unit(self) -> str | None:
        """The one unit (UCUM) that number cells carry inside, all or some of them; None where none or several do.

        Bare numbers beside them are taken to be in that unit: a column is written in one, and sometimes says so.
        """
        units: Counter[str | None] = Counter()
        for text, n in self.counts.items():
            if unit := split_unit_cell(text)[1]:
                units[canonical_unit(unit)] += n
        return next(iter(units)) if len(units) == 1 else None


def profiles(tables: Sequence[Table], styles: Mapping[int, TableStyle]) -> tuple[Profile, ...]:
    """One profile per column of tables with equal headers, in the order of the first."""
    first = tables[0]
    made = []
    for header in first.headers:
        texts: list[str] = []
        decimals: list[str] = []
        for i, table in enumerate(tables):
            mark = styles[i].mark(header)
            cells = table.texts(header)
            if mark == "," and (numbers := table.column(header).is_kind("number")).any():
                cells = [t.replace(".", ",") if is_number else t for t, is_number in zip(cells, numbers, strict=True)]
            texts.extend(cells)
            decimals.extend([mark] * len(cells))
        made.append(Profile(header, tuple(texts), tuple(decimals), first.units.get(header), stated_by(tables, header)))
    return tuple(made)


def _number(text: str, decimal: str) -> float:
    value = parse_number(text, decimal)
    if value is None:
        bound = parse_bound(text, decimal)
        number, unit = split_unit_cell(text)
        value = bound[1] if bound is not None else parse_number(number, decimal) if unit else None
    return np.nan if value is None else value
