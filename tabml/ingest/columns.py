"""A source's columns as its codebook says they are written: missing words, decimal sign, order of dates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.ingest.expressions import Numbers
from tabml.ingest.read import Column
from tabml.ingest.readings import parsed_numbers, read_dates
from tabml.ingest.source_table import SourceTable
from tabml.ingest.values import fold, parse_number, plain_numbers, starts_with_digit

#: What a text means: a value, a missing word of the source, or one of this column alone.
_SAYS, _WORD, _OWN_WORD = range(3)


class SourceColumns:
    """A source's columns as texts, and how this source writes numbers and dates."""

    def __init__(self, at: SourceTable, missing: Iterable[str] = (), decimal: Literal[".", ","] | None = None) -> None:
        """`missing`, `decimal`: what a mapping says of its own column."""
        self.at = at
        self.decimal = decimal or at.source.decimal
        words = [*at.source.missing, *missing]
        self._words = {fold(w) for w in words}
        own = {fold(w) for w in missing} - {fold(w) for w in at.source.missing}
        self._own_words = own
        self._numeric_words = {v: fold(w) in own for w in words if (v := parse_number(w, self.decimal)) is not None}
        self._digits_can_be_words = any(c.isdigit() for w in self._words for c in w)
        self.words_met = 0
        self.own_words_met: NDArray[np.bool_] = np.zeros(len(at), dtype=bool)

    def texts(self, header: str) -> Column:
        """Cell texts, empty where missing."""
        cells = self.at.column(header)
        if self.decimal == "," and not self.at.is_text:
            cells = _as_written(cells)
        distinct = cells.arrow_distinct
        at = np.flatnonzero(~self._says_something(distinct))
        rest = distinct.take(pa.array(at)).dictionary_encode()
        meanings = np.array([self._missing(text) for text in rest.dictionary.to_pylist()], dtype=np.int8)
        meaning = np.zeros(len(distinct), dtype=np.int8)
        meaning[at] = meanings[np.asarray(rest.indices)]
        if not meaning.any():
            return cells
        met = cells.spread(meaning, _SAYS)
        self.words_met += int(np.count_nonzero(met))
        self.own_words_met |= met == _OWN_WORD
        return cells.where(met == _SAYS)

    def numbers(self, texts: Column) -> Numbers:
        return parsed_numbers(texts, self.decimal)

    def dates(self, texts: Column) -> NDArray[np.datetime64]:
        return read_dates(texts, self.at.source.dates, self.at.source.century).numbers

    def fold(self, text: str) -> str:
        return fold(text)

    def _says_something(self, texts: pa.Array) -> NDArray[np.bool_]:
        """Texts that need no look at the missing words: numbers that are none of them, or digits no word has."""
        if not self._digits_can_be_words:
            return starts_with_digit(texts)
        values, read = plain_numbers(texts, self.decimal)
        return read & ~np.isin(values, list(self._numeric_words))

    def _missing(self, text: str) -> int:
        """Whether a cell says something, or is missing by a word of the source or of this column."""
        folded = fold(text)
        if folded in self._words:
            return _OWN_WORD if folded in self._own_words else _WORD
        value = parse_number(text, self.decimal) if self._numeric_words else None
        if value is not None and value in self._numeric_words:
            return _OWN_WORD if self._numeric_words[value] else _WORD
        return _SAYS


def _as_written(cells: Column) -> Column:
    """A number cell of a workbook has no decimal sign: write it with the source's comma."""
    is_number = cells.is_kind("number")
    if not is_number.any():
        return cells
    numbers = cells.where(is_number)
    commas = Column(pc.replace_substring(numbers.texts, ".", ","), numbers.codes, cells.kinds)
    return commas.or_else(cells)
