"""Columns that say who a patient is: record numbers, national numbers, names, by header and by shape."""

from __future__ import annotations

import re

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.ingest.detectors import Tier, is_national_number, looks_like_full_names, looks_like_names
from tabml.ingest.propose.meaning import certain_concept, matches_of
from tabml.ingest.propose.profile import Profile
from tabml.ingest.propose.words import CENTRE
from tabml.ingest.values import fold, read_date

#: Fewer distinct numbers than these tell nothing of their shape.
FEWEST = 10
#: Share of a column's cells with a number of their own from which on it numbers people, or samples, one by one.
OWN_NUMBER = 0.95
#: The same for names of two words and more.
OWN_NAME = 0.5
#: What a header ends with that numbers people or records: `Ward ledger no`, `Journalnr`.
_NUMBER_WORD = re.compile(
    r"(?:^|\s)(?:no|nr|nro|num|number|numero|número|numéro|id|n°|nº|№)$|(?:nr|nummer|numero|nummeret)$"
)
_RECORD = re.compile(r"[0-9A-Za-z]+(?:[-/_. ][0-9A-Za-z]+)*")


def identifying(column: Profile) -> Tier | None:
    """Whether a column names people: by its header and values, its meaning, or the shape of what it holds."""
    if column.identifier is not None or column.is_date or column.is_empty:
        return column.identifier
    texts = list(column.counts)
    concept = certain_concept(matches_of(column))
    if concept is not None and concept.role == "identifier" and not (column.kind == "boolean" or column.is_numeric):
        return "shape"
    if column.kind == "text" and looks_like_full_names(texts) and column.distinct >= OWN_NAME * _filled(column):
        return "shape"
    is_number = has_record_shape(column) or is_called_a_number(column)
    return "shape" if is_number and _distinct(column) >= OWN_NUMBER * _filled(column) else None


def has_record_shape(column: Profile) -> bool:
    """Whether the cells are numbers of one pattern that nobody measures: `000123`, `P-0001`, `2020/00417`.

    All have the same length and the same letters at the same places; plain numbers must begin with zeros somewhere.
    """
    texts = [t.strip() for t in column.counts]
    if len(set(texts)) < FEWEST or column.is_date or column.key in CENTRE or len({len(t) for t in texts}) != 1:
        return False
    first = texts[0]
    # Of two numbers one must be longer than a pressure.
    if not _RECORD.fullmatch(first) or not re.search(r"[0-9]{4}" if "/" in first else r"[0-9]{3}", first):
        return False
    pattern = re.sub(r"[0-9]", "0", first)
    if any(re.sub(r"[0-9]", "0", t) != pattern for t in texts) or all(read_date(t).fault == "partial" for t in texts):
        return False
    if pattern.isdigit():
        return len(pattern) >= 4 and any(t.startswith("0") for t in texts)
    return not column.is_numeric


def is_called_a_number(column: Profile) -> bool:
    """Whether whole numbers stand under a header that ends with `no`, `number` or the like and names no measurement."""
    if column.kind != "integer" or not _NUMBER_WORD.search(column.key) or _distinct(column) < FEWEST:
        return False
    concept = certain_concept(matches_of(column))
    return concept is None or concept.role in ("patient_id", "identifier", "row_number")


def is_persons_number(column: Profile) -> bool:
    """Whether a column holds a national number, or a number of the patient by its meaning; names are none."""
    texts = list(column.counts)
    if column.is_date or sum(bool(re.search(r"[0-9]{3}", t)) for t in texts) < 0.9 * len(texts):
        return False
    if column.stated.identifier or is_national_number(column.header, texts):
        return True
    concept = certain_concept(matches_of(column))
    return concept is not None and concept.key in ("national_id", "patient_id")


def holds_names(column: Profile) -> bool:
    """Whether the cells are names of people, and no numbers."""
    return looks_like_names(list(column.counts))


def repeats(column: Profile) -> bool:
    """Whether a number stands in several rows; compared as texts, for long numbers lose their last digits."""
    return _distinct(column) < _filled(column)


def set_aside(column: Profile) -> Finding:
    """TB171 for a column that was taken for one that identifies people."""
    evidence = f"{column.header!r} looks like it identifies people; set aside"
    return finding("TB171", evidence, columns=[column.header], count=1)


def _distinct(column: Profile) -> int:
    return len({fold(t) for t in column.counts})


def _filled(column: Profile) -> int:
    return int(np.count_nonzero(column.filled))
