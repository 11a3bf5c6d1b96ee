"""A source's columns as its codebook says they are written: missing words, decimal sign, order of dates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.expressions import Numbers
from tabml.ingest.read import Column
from tabml.ingest.readings import read_dates
from tabml.ingest.sources import SourceTable
from tabml.ingest.values import fold, parse_number


class SourceColumns:
    """A source's columns as texts, and how this source writes numbers and dates."""

    def __init__(self, at: SourceTable, missing: Iterable[str] = ()) -> None:
        self.at = at
        self.decimal = at.source.decimal
        words = [*at.source.missing, *missing]
        self._words = {fold(w) for w in words}
        own = {fold(w) for w in missing} - {fold(w) for w in at.source.missing}
        self._own_words = own
        self._numeric_words = {v: fold(w) in own for w in words if (v := parse_number(w, self.decimal)) is not None}
        self.words_met = 0
        self.own_words_met: NDArray[np.bool_] = np.zeros(len(at), dtype=bool)

    def texts(self, header: str) -> Column:
        """Cell texts, empty where missing."""
        cells = self.at.column(header)
        if self.decimal == "," and not self.at.is_text:
            cells = _as_written(cells)
        meanings = np.array([self._missing(text) for text in cells.distinct], dtype=object)
        own = cells.spread(meanings == "column", False)
        word = own | cells.spread(meanings == "source", False)
        self.words_met += int(np.count_nonzero(word))
        self.own_words_met |= own
        return cells.where(~word) if word.any() else cells

    def numbers(self, texts: Column) -> Numbers:
        read = [parse_number(text, self.decimal) for text in texts.distinct]
        return texts.spread(np.array([np.nan if v is None else v for v in read], dtype=np.float64), np.nan)

    def dates(self, texts: Column) -> NDArray[np.datetime64]:
        return read_dates(texts, self.at.source.dates, self.at.source.century).values

    def fold(self, text: str) -> str:
        return fold(text)

    def _missing(self, text: str) -> str | None:
        """Why a cell is missing: a word of the source, or a word of this column; None if it is not."""
        folded = fold(text)
        if folded in self._words:
            return "column" if folded in self._own_words else "source"
        value = parse_number(text, self.decimal) if self._numeric_words else None
        if value is not None and value in self._numeric_words:
            return "column" if self._numeric_words[value] else "source"
        return None


def _as_written(cells: Column) -> Column:
    """A number cell of a workbook has no decimal sign: write it with the source's comma."""
    is_number = cells.is_kind("number")
    if not is_number.any():
        return cells
    numbers = cells.where(is_number)
    commas = numbers.mapped([text.replace(".", ",") for text in numbers.distinct])
    return commas if is_number.all() else Column(commas.or_else(cells).to_arrow(), None, cells.kinds)
