"""REDCap exports: raw values, labels and data dictionary belong together and become tables with labels.

What belongs to what is told by content: the dictionary by its own 18 headers, the label export by having
the shape and the ids of the raw one. Events and repeating instruments are laid out in `events`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tabml.ingest.read.records import RawSheet, Stated
from tabml.ingest.read.redcap.dictionary import Field, Fields, is_dictionary, read_dictionary
from tabml.ingest.read.redcap.events import (
    EVENT,
    INSTANCE,
    INSTRUMENT,
    LABEL_HEADERS,
    has_events,
    headers_of,
    lay_out,
)
from tabml.ingest.read.redcap.labels import stated_by_labels

__all__ = ["has_events", "lay_out", "unite_redcap"]

#: Share of an export's columns that a dictionary must know to be its own.
KNOWN = 0.8
OWN = frozenset((EVENT, INSTRUMENT, INSTANCE, "redcap_data_access_group", "redcap_survey_identifier"))


def unite_redcap(sheets: Sequence[RawSheet]) -> tuple[RawSheet, ...]:
    """The sheets with labels and dictionaries attached to the exports they explain; each file stays listed.

    A sheet that only explains gets `aside`, the reason why it is no table of patients.
    """
    books = {i: read_dictionary(sheet) for i, sheet in enumerate(sheets) if is_dictionary(sheet)}
    if not books and not any(map(_has_marks, sheets)):
        return tuple(sheets)
    united = list(sheets)
    for i, fields in books.items():
        own = [j for j, s in enumerate(sheets) if j not in books and _explains(fields, s)]
        if own:
            files = ", ".join(dict.fromkeys(sheets[j].file for j in own))
            united[i] = replace(sheets[i], aside=f"the REDCap data dictionary of {files}: read with it")
        for j in own:
            united[j] = replace(united[j], stated=_stated(fields, sheets[j]))
    for i, j in _label_pairs(sheets, books):
        if not united[i].stated:
            united[i] = replace(united[i], stated=stated_by_labels(sheets[i], sheets[j]))
        united[j] = replace(sheets[j], aside=f"the labels of the REDCap export {sheets[i].file}: read with it")
    return tuple(united)


def _has_marks(sheet: RawSheet) -> bool:
    """Columns that only REDCap writes: events, repeats, the state of a form."""
    headers = headers_of(sheet)
    return any(h in OWN or h.endswith("_complete") for h in headers)


def _explains(fields: Fields, sheet: RawSheet) -> bool:
    told = [h for h in headers_of(sheet) if h and h not in OWN]
    known = sum(_field(fields, h) is not None or _is_form_state(fields, h) for h in told)
    return len(told) > 1 and known >= KNOWN * len(told)


def _field(fields: Fields, header: str) -> Field | None:
    return fields.get(header.partition("___")[0])


def _is_form_state(fields: Fields, header: str) -> bool:
    return header.endswith("_complete") and header.removesuffix("_complete") in {f.form for f in fields.values()}


def _stated(fields: Fields, sheet: RawSheet) -> dict[int, Stated]:
    stated: dict[int, Stated] = {}
    for number, header in enumerate(headers_of(sheet), start=1):
        field = _field(fields, header)
        if field is not None:
            stated[number] = field.checkbox(header) if "___" in header else field.stated
        elif _is_form_state(fields, header):
            stated[number] = Stated(unused="state of a form")
    return stated


def _label_pairs(sheets: Sequence[RawSheet], books: Mapping[int, Fields]) -> list[tuple[int, int]]:
    """(raw export, its labels): equal shape, the same first column, other headers and other texts."""
    pairs = []
    raw = [i for i, s in enumerate(sheets) if i not in books and _has_marks(s)]
    for i in raw:
        for j, other in enumerate(sheets):
            if j not in raw and j not in books and _are_labels(sheets[i], other):
                pairs.append((i, j))
                break
    return pairs


def _are_labels(raw: RawSheet, other: RawSheet) -> bool:
    same_shape = (other.n_rows, other.width) == (raw.n_rows, raw.width) and raw.width > 1
    if not same_shape or raw.columns[0].slice(1) != other.columns[0].slice(1):
        return False
    headers = headers_of(other)
    return headers != headers_of(raw) and any(h in LABEL_HEADERS for h in headers)
