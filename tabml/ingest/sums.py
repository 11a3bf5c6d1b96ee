"""Rows of a new file that sum the others, known by a word in any column that the codebook cannot read there."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from tabml.core.codebook import Codebook
from tabml.ingest.layout import TOTALS_WORDS, Table
from tabml.ingest.values import fold, parse_number

LONGEST_LABEL = 40
REASON = "totals"
#: More rows, or a larger share of them, do not sum the others.
MOST_ROWS = 3
MOST_SHARE = 0.05


def summing_rows(table: Table, codebook: Codebook, source: str) -> dict[int, str]:
    """Position in the table -> reason, for rows that hold no patient but a word such as Total or Summa.

    Layout finds the ones that begin with the word; here it may stand in any column, for the codebook says
    which texts are values. Such a row has no id, or the count of the others in its place, or is nearly empty.
    A word that stands in many rows is a value that the codebook does not know.
    """
    node = codebook.sources[source]
    at = table.find(node.id.column) if node.id is not None else None
    columns = [table.column(header) for header in table.headers]
    values = {j: _values_of(header, codebook, source) for j, header in enumerate(table.headers)}
    words: dict[int, list[int]] = {}
    for j, column in enumerate(columns):
        known = values[j] or frozenset()
        totals = np.array([_says_total(t) and fold(t) not in known for t in column.distinct], dtype=bool)
        for i in np.flatnonzero(column.spread(totals, False)).tolist():
            words.setdefault(i, []).append(j)
    n = len(table)
    if not words or len(words) > max(MOST_ROWS, MOST_SHARE * n):
        return {}
    typical = float(np.median(np.sum([column.filled for column in columns], axis=0)))
    rows = {i: tuple(column.text(i) for column in columns) for i in words}
    return {i: REASON for i, row in rows.items() if _holds_no_patient(row, words[i], at, typical, n, values)}


def _values_of(header: str, codebook: Codebook, source: str) -> frozenset[str] | None:
    """Folded texts the codebook reads as values of a column; None where it does not read the column."""
    texts: set[str] = set()
    is_read = False
    for _, spec, mapping in codebook.mappings(source):
        if mapping.column is not None and fold(mapping.column) == fold(header):
            is_read = is_read or spec.kind != "text"
            texts |= {fold(t) for t in (*mapping.recode, *mapping.missing, *spec.levels, *spec.levels.values())}
    texts |= {fold(word) for word in codebook.sources[source].missing}
    return frozenset(texts) if is_read else None


def _says_total(text: str) -> bool:
    if len(text) > LONGEST_LABEL or not any(c.isalpha() for c in text):
        return False
    word = re.sub(r"(?:[\s:=(/]+(?:n\s*=\s*)?[0-9.,]+\)?|[\s:.]+)$", "", fold(text))
    return word in TOTALS_WORDS


def _holds_no_patient(
    row: tuple[str, ...],
    words: list[int],
    key: int | None,
    typical: float,
    n: int,
    columns: Mapping[int, frozenset[str] | None],
) -> bool:
    is_sparse = sum(map(bool, row)) <= max(2, 0.6 * typical)
    if key is None:
        return is_sparse or any(columns[j] is not None for j in words)
    if not row[key] or _says_total(row[key]):
        return True
    return is_sparse and parse_number(row[key]) in (n - 1, n)
