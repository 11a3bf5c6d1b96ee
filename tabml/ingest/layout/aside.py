"""Rows of a table that are no patients: blank rows, totals, repeated headers, notes below the table."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.ingest.layout.body import Body, Texts
from tabml.ingest.values import fold, parse_number

LONGEST_LABEL = 40
#: Rows by which the usual filling of a row is told.
SAMPLE = 500
#: What a totals label may look like; ids and measurements do not.
_LABEL = r"^[^0-9]*(?:[\s:=(（：/]+(?:n\s*=\s*)?[0-9.,]+[)）]?)?\s*$"


def rows_aside(
    body: Body, heads: Sequence[Texts], totals_words: Container[str], *, is_text_column: Sequence[bool]
) -> dict[int, str]:
    """Row number -> reason, for the rows below the header that hold no patient.

    `heads`: the header rows' texts in the same columns. A totals word that heads many rows is a value (a
    resection may be total), and so is one in a row as full as the others.
    """
    aside = dict.fromkeys(np.flatnonzero(body.filled == 0).tolist(), "blank")
    typical = _typical(body)
    totals = [
        i
        for i in _may_be_totals(body, typical, is_text_column)
        if _is_totals(body.row(i), totals_words, typical, is_text_column)
    ]
    if len(totals) <= max(3, 0.05 * len(body)):
        aside.update(dict.fromkeys(totals, "totals"))
    folded = [{j: fold(text) for j, text in enumerate(head) if text} for head in heads]
    repeats = {i for head in folded for i in _may_repeat(body, head) if _repeats(body.row(i), head)}
    aside.update((i, "repeated header") for i in sorted(repeats) if i not in aside)
    aside.update(dict.fromkeys(_titles(body, aside), "title"))
    aside.update(dict.fromkeys(_notes(body, aside, typical, is_text_column), "note"))
    return {i + body.first: reason for i, reason in sorted(aside.items())}


def _titles(body: Body, aside: Mapping[int, str]) -> list[int]:
    """A lone text over a head that is printed again: the year or ward of the next page."""
    titles = []
    for i in (i for i, reason in aside.items() if reason == "repeated header"):
        above = i - 1
        while aside.get(above) == "blank":
            above -= 1
        if above >= 0 and above not in aside and body.filled[above] == 1 and len(body.columns) > 2:
            titles.append(above)
    return titles


def _typical(body: Body) -> float:
    counts = body.filled[:SAMPLE]
    return float(np.median(counts[counts > 0])) if (counts > 0).any() else 0.0


def _may_be_totals(body: Body, typical: float, is_text_column: Sequence[bool]) -> list[int]:
    """Rows sparse enough for a sum, whose first text could be a label; the words decide."""
    texts = [j for j, is_text in enumerate(is_text_column) if is_text]
    sparse = body.filled <= max(2, 0.6 * typical)
    if texts:
        is_text = np.append(np.array(is_text_column, dtype=bool), False)
        sparse |= body.filled_among(texts) - is_text[body.leading] <= 0
    found: list[int] = []
    for j, column in enumerate(body.columns[:3]):
        labels = column.arrow_distinct
        is_label = pc.match_substring_regex(labels, _LABEL).to_numpy(zero_copy_only=False)
        rows = column.spread(is_label, False) & sparse & (body.leading == j)
        found.extend(np.flatnonzero(rows).tolist())
    return sorted(set(found) | set(_labelled_within(body, sparse)))


def _labelled_within(body: Body, sparse: NDArray[np.bool_]) -> list[int]:
    """Sparse rows without an id that hold a text of letters further right, as a sum's label may stand."""
    rows = np.flatnonzero(sparse & (body.leading > 2) & (body.filled > 0))
    found: set[int] = set()
    for column in body.columns[3:]:
        some = column.take(rows)
        labels = pc.match_substring_regex(some.arrow_distinct, _LABEL).to_numpy(zero_copy_only=False)
        found.update(rows[some.spread(labels, False)].tolist())
    return sorted(found)


def _is_totals(texts: Texts, words: Container[str], typical: float, is_text_column: Sequence[bool]) -> bool:
    filled = [j for j, text in enumerate(texts) if text]
    # Where the cells of the id are blank the label may stand anywhere, most often beside the sum.
    labels = filled if filled[0] > 2 else filled[:1]
    if not any(_is_totals_word(texts[j], words) for j in labels):
        return False
    lacks_text = any(is_text_column) and not any(is_text_column[j] for j in filled[1:])
    return len(filled) <= max(2, 0.6 * typical) or lacks_text


def _is_totals_word(label: str, words: Container[str]) -> bool:
    """A totals word, alone or with a number: `Total`, `n = 12`, `合计 (12)`."""
    if len(label) > LONGEST_LABEL:
        return False
    return re.sub(r"(?:[\s:=(（：/]+(?:n\s*=\s*)?[0-9.,]+[)）]?|[\s:.=：]+)$", "", fold(label)) in words


def _repeats(texts: Texts, head: Mapping[int, str]) -> bool:
    if not head:
        return False
    first = next(iter(head))
    if len(texts[first]) != len(head[first]) and fold(texts[first]) != head[first]:
        return False
    same = sum(fold(texts[j]) == text for j, text in head.items())
    return same >= max(2, 0.8 * len(head)) or same == len(head) == 1


def _may_repeat(body: Body, head: Mapping[int, str]) -> list[int]:
    """Rows in which most cells begin like the header's: what `_repeats` looks at."""
    if not head:
        return []
    needed = max(2, 0.8 * len(head)) if len(head) > 1 else 1
    alike = np.zeros(len(body), dtype=np.int32)
    for seen, (j, text) in enumerate(head.items(), start=1):
        alike += _begins_like(body, j, text)
        if not (alike + (len(head) - seen) >= needed).any():
            return []
    return np.flatnonzero(alike >= needed).tolist()


def _begins_like(body: Body, j: int, text: str) -> NDArray[np.bool_]:
    """Rows whose cell starts with the letter of a folded text; all of them where letters have several forms."""
    if not text[0].isascii():
        return np.ones(len(body), dtype=bool)
    column = body.columns[j]
    alike = pc.starts_with(column.arrow_distinct, text[0], ignore_case=True)
    return column.spread(alike.to_numpy(zero_copy_only=False), False)


def _notes(body: Body, aside: Mapping[int, str], typical: float, is_text_column: Sequence[bool]) -> list[int]:
    """Nearly empty rows after the last full one: remarks and legends, but not a patient of whom only the id is known."""
    if typical < 4:
        return []
    tail = _tail(body, aside, most=max(1, 0.4 * typical))
    if not tail:
        return []
    full = np.flatnonzero(body.filled[:200] > typical / 2).tolist()
    shapes = {_shape(text) for i in full if (text := body.columns[0].text(i))}
    known = [{column.text(i) for i in full} for column in body.columns]
    notes: list[int] = []
    after_blank = False
    for i in tail:
        if i in aside:
            after_blank = after_blank or aside[i] == "blank"
            continue
        texts = body.row(i)
        is_sparse = sum(map(bool, texts)) <= max(1, 0.25 * typical)
        is_remark = any(len(text.split()) >= 4 for text in texts) or texts[0].startswith("*")
        is_legend = not texts[0] and all(
            _is_word(t) and not (is_text_column[j] and t in known[j]) for j, t in enumerate(texts) if t
        )
        is_patient = bool(texts[0]) and _shape(texts[0]) in shapes
        if not is_patient and (is_legend or (is_sparse and (after_blank or is_remark))):
            notes.append(i)
    return notes


def _tail(body: Body, aside: Mapping[int, str], most: float) -> list[int]:
    """The last rows with at most so many filled cells, in order."""
    i = len(body)
    while i and (body.filled[i - 1] <= most or i - 1 in aside):
        i -= 1
    return list(range(i, len(body)))


def _is_word(text: str) -> bool:
    return any(c.isalpha() for c in text) and parse_number(text) is None


def _shape(text: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"[0-9]+", "9", text))
