"""Rows of a table that are no patients: blank rows, totals, repeated headers, notes below the table."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from statistics import median

from tabml.ingest.values import fold, parse_number

Texts = tuple[str, ...]
LONGEST_LABEL = 40


def rows_aside(
    rows: Mapping[int, Texts], heads: Sequence[Texts], totals_words: Container[str], *, is_text_column: Sequence[bool]
) -> dict[int, str]:
    """Row number -> reason, for the rows below the header that hold no patient.

    `rows`: number -> cell texts. `heads`: the header rows' texts in the same columns. A totals word that
    heads many rows is a value (a resection may be total), and so is one in a row as full as the others.
    """
    aside = {number: "blank" for number, texts in rows.items() if not any(texts)}
    typical = _typical(rows)
    totals = [n for n, t in rows.items() if n not in aside and _is_totals(t, totals_words, typical, is_text_column)]
    if len(totals) <= max(3, 0.05 * len(rows)):
        aside.update(dict.fromkeys(totals, "totals"))
    folded = [{j: fold(text) for j, text in enumerate(head) if text} for head in heads]
    for number, texts in rows.items():
        if number not in aside and any(_repeats(texts, head) for head in folded):
            aside[number] = "repeated header"
    aside.update(dict.fromkeys(_notes(rows, aside, typical, is_text_column), "note"))
    return aside


def _typical(rows: Mapping[int, Texts]) -> float:
    counts = [sum(map(bool, texts)) for texts in list(rows.values())[:500]]
    return median([c for c in counts if c] or [0])


def _is_totals(texts: Texts, words: Container[str], typical: float, is_text_column: Sequence[bool]) -> bool:
    first = next(j for j, text in enumerate(texts) if text)
    label = texts[first]
    if first > 2 or len(label) > LONGEST_LABEL:
        return False
    word = re.sub(r"(?:[\s:=(]+(?:n\s*=\s*)?[0-9.,]+\)?|[\s:.]+)$", "", fold(label))
    if word not in words:
        return False
    filled = [j for j, text in enumerate(texts) if text]
    lacks_text = any(is_text_column) and not any(is_text_column[j] for j in filled[1:])
    return len(filled) <= max(2, 0.6 * typical) or lacks_text


def _repeats(texts: Texts, head: Mapping[int, str]) -> bool:
    if not head:
        return False
    first = next(iter(head))
    if len(texts[first]) != len(head[first]) and fold(texts[first]) != head[first]:
        return False
    same = sum(fold(texts[j]) == text for j, text in head.items())
    return same >= max(2, 0.8 * len(head)) or same == len(head) == 1


def _notes(
    rows: Mapping[int, Texts], aside: Mapping[int, str], typical: float, is_text_column: Sequence[bool]
) -> list[int]:
    """Nearly empty rows after the last full one: remarks and legends, but not a patient of whom only the id is known."""
    if typical < 4:
        return []
    tail = _tail(rows, aside, most=max(1, 0.4 * typical))
    full = [texts for texts in list(rows.values())[:200] if sum(map(bool, texts)) > typical / 2]
    shapes = {_shape(texts[0]) for texts in full if texts[0]}
    notes: list[int] = []
    after_blank = False
    for number in tail:
        if number in aside:
            after_blank = after_blank or aside[number] == "blank"
            continue
        texts = rows[number]
        is_sparse = sum(map(bool, texts)) <= max(1, 0.25 * typical)
        is_remark = any(len(text.split()) >= 4 for text in texts) or texts[0].startswith("*")
        is_legend = not texts[0] and all(_is_word(t) and not is_text_column[j] for j, t in enumerate(texts) if t)
        is_patient = bool(texts[0]) and _shape(texts[0]) in shapes
        if not is_patient and (is_legend or (is_sparse and (after_blank or is_remark))):
            notes.append(number)
    return notes


def _tail(rows: Mapping[int, Texts], aside: Mapping[int, str], most: float) -> list[int]:
    """The last rows with at most so many filled cells, in order."""
    tail: list[int] = []
    for number in reversed(list(rows)):
        if number not in aside and sum(map(bool, rows[number])) > most:
            break
        tail.append(number)
    return tail[::-1]


def _is_word(text: str) -> bool:
    return any(c.isalpha() for c in text) and parse_number(text) is None


def _shape(text: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"[0-9]+", "9", text))
