"""Numbers as hospitals write them: decimal comma, grouped thousands, bounds, units in the cell, pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tabml.ingest.units import canonical_unit

Decimal = Literal[".", ","]

_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_GROUP = "[ '’\u00a0\u202f\u2009]"
_NUMBER = {
    mark: re.compile(
        rf"(?P<sign>[+-]?)(?P<whole>[0-9]{{1,3}}(?:{_GROUP}[0-9]{{3}})+|[1-9][0-9]{{0,2}}(?:{other}[0-9]{{3}})+|[0-9]*)"
        rf"(?:{re.escape(mark)}(?P<fraction>[0-9]*))?(?P<power>[eE][+-]?[0-9]{{1,3}})?"
    )
    for mark, other in ((".", ","), (",", r"\."))
}
_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?")
_BOUND = re.compile(r"(<=|>=|=<|=>|[<>≤≥])\s*(\S.*)")
_BOUND_SIGN = {"<=": "≤", "=<": "≤", ">=": "≥", "=>": "≥"}
_WITH_UNIT = re.compile(
    r"([+\-\u2212<>≤≥]?\s*[0-9][0-9.,'’\u00a0\u202f\u2009 ]*?(?:[eE][+-]?[0-9]+)?)\s*([^\s0-9.,<>=+-].*)"
)
_PAIR = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*[/|]\s*([0-9]+(?:[.,][0-9]+)?)")


def parse_number(text: str, decimal: str = ".") -> float | None:
    """Read one cell the way its source writes numbers; None where it holds none.

    Thousands may be grouped by spaces, apostrophes or the other mark; minus may be U+2212. In a source with
    decimal comma a point that groups no thousands is a decimal point: Excel's own numbers have one.

    >>> parse_number("1.234,5", ","), parse_number("6,10", ","), parse_number("2.35", ",")
    (1234.5, 6.1, 2.35)
    >>> parse_number("1'234.5"), parse_number("−9"), parse_number("6,1"), parse_number("12 mg")
    (1234.5, -9.0, None, None)
    """
    text = text.strip()
    if decimal == "." and _PLAIN.fullmatch(text):
        return float(text)
    text = text.replace("\u2212", "-").replace("\ufe63", "-").replace("\uff0d", "-")
    if text[:1] in ("+", "-"):
        text = text[0] + text[1:].lstrip()
    found = _NUMBER[decimal].fullmatch(text)
    if found and (found["whole"] or found["fraction"]):
        whole = re.sub(r"[^0-9]", "", found["whole"]) or "0"
        return float(f"{found['sign']}{whole}.{found['fraction'] or '0'}{found['power'] or ''}")
    if decimal == "," and _POINT.fullmatch(text):
        return float(text)
    return None


def split_bound(text: str) -> tuple[str | None, str]:
    """Separate the sign of a censored value from its bound.

    >>> split_bound("<5"), split_bound(">= 90"), split_bound("12")
    (('<', '5'), ('≥', '90'), (None, '12'))
    """
    found = _BOUND.fullmatch(text.strip())
    if not found:
        return None, text.strip()
    return _BOUND_SIGN.get(found[1], found[1]), found[2].strip()


def parse_bound(text: str, decimal: str = ".") -> tuple[str, float] | None:
    """A censored value as (sign, bound), or None: `<5` says that the value is somewhere below 5.

    >>> parse_bound("< 0,5", ",")
    ('<', 0.5)
    """
    sign, rest = split_bound(text)
    value = parse_number(rest, decimal) if sign else None
    return (sign, value) if sign and value is not None else None


def split_unit_cell(text: str) -> tuple[str, str | None]:
    """Separate a number from a known unit behind it; anything else is no unit.

    >>> split_unit_cell("145 mmHg"), split_unit_cell("5,2mmol/l"), split_unit_cell("19 but poor collection")
    (('145', 'mmHg'), ('5,2', 'mmol/l'), ('19 but poor collection', None))
    """
    text = text.strip()
    found = _WITH_UNIT.fullmatch(text)
    if found and canonical_unit(found[2]) is not None:
        return found[1].strip(), found[2].strip()
    return text, None


def split_pair(text: str) -> tuple[str, str] | None:
    """The two values of a composite cell such as a blood pressure.

    >>> split_pair("120/80"), split_pair("12.3.2020")
    (('120', '80'), None)
    """
    found = _PAIR.fullmatch(text.strip())
    return (found[1], found[2]) if found else None


@dataclass(frozen=True)
class DecimalEvidence:
    """How many texts only a decimal comma, or only a decimal point, can explain; `mark` is None when none decides."""

    mark: Decimal | None
    comma: int
    point: int

    @property
    def is_mixed(self) -> bool:
        return self.comma > 0 and self.point > 0


def decimal_mark(texts: Iterable[str]) -> DecimalEvidence:
    """Which decimal mark the numbers of a column use; `1,234` alone decides nothing (a thousand, or 1.234).

    >>> decimal_mark(["6,10", "5", "1,234"]).mark
    ','
    """
    comma = point = 0
    for text in texts:
        if "," not in text and "." not in text:
            continue
        by_comma, by_point = parse_number(text, ","), parse_number(text, ".")
        is_point = _POINT.fullmatch(text.strip().replace("\u2212", "-")) is not None and by_point is not None
        if by_comma is not None and by_point is None:
            comma += 1
        elif is_point and (by_comma is None or by_comma == by_point):
            point += 1
    mark: Decimal | None = None
    if comma != point:
        mark = "," if comma > point else "."
    return DecimalEvidence(mark, comma, point)
