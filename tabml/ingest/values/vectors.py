"""Many texts read at once: the plain numbers and full dates of a large column, by the rules of the single cell.

Whatever is written otherwise is left to `parse_number` and `read_date`, text by text: the answers are theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

#: Fewer texts are read one by one as quickly.
MANY = 200
_DIGITS = b"0123456789"
_PLAIN = {".": r"^-?[0-9]{1,17}(?:\.[0-9]{1,17})?$", ",": r"^-?[0-9]{1,17}(?:,[0-9]{1,17})?$"}


def plain_numbers(texts: pa.Array, decimal: str) -> tuple[NDArray[np.float64], Mask]:
    """Value of each text that is digits with at most a minus and one decimal mark, and which texts are: (n_texts,).

    >>> values, read = plain_numbers(pa.array(["6,10", "-5", "<5"]), ",")
    >>> values[read].tolist(), read.tolist()
    ([6.1, -5.0], [True, True, False])
    """
    if holds_only(texts, _DIGITS + b"-" + decimal.encode()):
        try:
            return _cast(texts, decimal), np.ones(len(texts), dtype=bool)
        except pa.ArrowInvalid:  # such as 1.2.3
            pass
    read = np.asarray(pc.match_substring_regex(texts, _PLAIN[decimal]))
    values = np.full(len(texts), np.nan)
    values[read] = _cast(texts.filter(pa.array(read)), decimal)
    return values, read


def _cast(texts: pa.Array, decimal: str) -> NDArray[np.float64]:
    points = texts if decimal == "." else pc.replace_substring(texts, pattern=decimal, replacement=".")
    return np.array(points.cast(pa.float64()))


def full_days(texts: pa.Array, order: str | None) -> tuple[NDArray[np.datetime64], Mask]:
    """Day of each text such as 2020-12-31, or 31.12.2020 in a stated order, with or without a time; and which are.

    >>> days, read = full_days(pa.array(["31.12.2020", "31.02.2020", "2020-12-31 08:00"]), "dmy")
    >>> days.tolist(), read.tolist()
    ([datetime.date(2020, 12, 31), None, datetime.date(2020, 12, 31)], [True, False, True])
    """
    days = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[D]")
    is_full = _has_ten_bytes(texts) & np.asarray(pc.match_substring_regex(texts, _FULL))
    at = np.flatnonzero(is_full)
    letters = _first_bytes(texts, at, 10)
    for places, separators, wanted in _FORMS:
        if wanted is not None and wanted != order:
            continue
        first, second = (letters[:, p] for p in separators)
        fits = (first == second) & np.isin(first, _SEPARATORS[wanted])
        rows = np.flatnonzero(fits)
        year, month, day = (_number(letters[rows], start, stop) for start, stop in places)
        found, exists = _days(year, month, day)
        days[at[rows[exists]]] = found[exists]
    return days, ~np.isnat(days)


#: Digits where a full date has them, then nothing or a time of day.
_FULL = r"^[0-9]{2}(?:[0-9]{2}-[0-9]{2}-[0-9]{2}|[./-][0-9]{2}[./-][0-9]{4})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?$"
_LIKE_DATE = r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}(?:\.[0-9]{2}\.|/[0-9]{2}/|-[0-9]{2}-)[0-9]{4})$"
#: Where year, month and day stand, where the separators, and the order that says so (None: it needs none).
_FORMS: tuple[tuple[tuple[tuple[int, int], ...], tuple[int, int], str | None], ...] = (
    (((0, 4), (5, 7), (8, 10)), (4, 7), None),
    (((6, 10), (3, 5), (0, 2)), (2, 5), "dmy"),
    (((6, 10), (0, 2), (3, 5)), (2, 5), "mdy"),
)
_SEPARATORS: dict[str | None, list[int]] = {None: list(b"-"), "dmy": list(b"./-"), "mdy": list(b"./-")}


def _days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.datetime64], Mask]:
    """Days of the calendar, and which exist in it."""
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + np.clip(month - 1, 0, 11)
    lengths = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    exists = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= lengths)
    days = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    return days, exists


def _number(letters: NDArray[np.uint8], start: int, stop: int) -> NDArray[np.int64]:
    value = np.zeros(len(letters), dtype=np.int64)
    for place in range(start, stop):
        value = 10 * value + (letters[:, place].astype(np.int64) - 48)
    return value


def _has_ten_bytes(texts: pa.Array) -> Mask:
    return np.diff(_ends(texts)) >= 10


def starts_with_digit(texts: pa.Array) -> Mask:
    """Texts whose first letter is 0-9; none may be empty: (n_texts,)."""
    first = _first_bytes(texts, np.arange(len(texts)), 1)[:, 0]
    return (first >= 48) & (first <= 57)


def look_like_numbers(texts: pa.Array) -> Mask:
    """Texts that are digits with at most a minus and a point: (n_texts,)."""
    return np.asarray(pc.match_substring_regex(texts, r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$"))


def look_like_dates(texts: pa.Array) -> Mask:
    """Texts such as 2020-12-31 and 31.12.2020, whichever their order and whether or not the day exists: (n_texts,)."""
    return np.asarray(pc.match_substring_regex(texts, _LIKE_DATE))


def hold_digits_only(texts: pa.Array) -> Mask:
    """Texts of nothing but digits and the marks of numbers, dates and times: (n_texts,)."""
    return np.asarray(pc.match_substring_regex(texts, r"^[0-9.,:/-]+$"))


def holds_only(texts: pa.Array, letters: bytes) -> bool:
    """Whether no text holds another byte than these."""
    allowed = np.zeros(256, dtype=bool)
    allowed[list(letters)] = True
    ends = _ends(texts)
    return bool(allowed[_data(texts)[ends[0] : ends[-1]]].all()) if len(texts) else True


def _first_bytes(texts: pa.Array, at: NDArray[np.int64], n: int) -> NDArray[np.uint8]:
    """The first n bytes of the texts at these positions: (n_positions, n)."""
    starts = _ends(texts)[:-1][at]
    return _data(texts)[starts[:, None] + np.arange(n)] if len(at) else np.zeros((0, n), dtype=np.uint8)


def _ends(texts: pa.Array) -> NDArray[Any]:
    """Where the texts begin and end in `_data`: (n_texts + 1,)."""
    wide = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    offsets = texts.buffers()[1]
    if offsets is None or not len(texts):
        return np.zeros(1, dtype=wide)
    return np.frombuffer(offsets, dtype=wide)[texts.offset : texts.offset + len(texts) + 1]


def _data(texts: pa.Array) -> NDArray[np.uint8]:
    buffer = texts.buffers()[2]
    return np.frombuffer(buffer, dtype=np.uint8) if buffer is not None else np.zeros(0, dtype=np.uint8)
