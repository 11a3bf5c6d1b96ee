"""A source's columns as its codebook says they are written: missing words, decimal sign, order of dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.ingest.expressions import Numbers
from tabml.ingest.readings import distinct, read_dates, spread
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
        self.own_words_met: NDArray[np.bool_] = np.zeros(len(at.kept), dtype=bool)

    def texts(self, header: str) -> pd.Series:
        """Cell texts, missing as None: (n_rows,)."""
        cells = self.at.cells(header)
        if self.decimal == "," and self.at.table.sheet.delimiter is None:
            cells = _as_written(cells, self.at.raw_cells(header))
        codes, uniques = pd.factorize(np.array(cells, dtype=object))
        meanings = [self._missing(text) for text in uniques]
        keep = np.array([None if m is not None else t for t, m in zip(uniques, meanings, strict=True)], dtype=object)
        word = np.array([m in ("source", "column") for m in meanings], dtype=bool)
        own = np.array([m == "column" for m in meanings], dtype=bool)
        if len(uniques):
            self.words_met += int(word[codes].sum())
            self.own_words_met |= own[codes]
        return pd.Series(keep[codes] if len(uniques) else [], dtype=object)

    def numbers(self, texts: pd.Series) -> Numbers:
        return _by_text(texts, lambda t: parse_number(t, self.decimal), np.nan).astype(np.float64)

    def dates(self, texts: pd.Series) -> pd.Series:
        return pd.Series(read_dates(texts, self.at.source.dates, self.at.source.century)["values"])

    def fold(self, text: str) -> str:
        return fold(text)

    def _missing(self, text: str) -> str | None:
        """Why a cell is missing: blank, a word of the source, or a word of this column; None if it is not."""
        if not text or not text.strip():
            return "blank"
        folded = fold(text)
        if folded in self._words:
            return "column" if folded in self._own_words else "source"
        value = parse_number(text, self.decimal) if self._numeric_words else None
        if value is not None and value in self._numeric_words:
            return "column" if self._numeric_words[value] else "source"
        return None


def _by_text(texts: pd.Series, read: Callable[[str], float | None], missing: float) -> Numbers:
    codes, uniques = distinct(texts)
    values = [read(text) for text in uniques]
    return spread(np.array([missing if v is None else v for v in values], dtype=np.float64), codes, missing)


def _as_written(cells: list[str], raw: list[object]) -> list[str]:
    """A number cell of a workbook has no decimal sign: write it with the source's comma."""
    return [t.replace(".", ",") if isinstance(c, float) else t for t, c in zip(cells, raw, strict=True)]
