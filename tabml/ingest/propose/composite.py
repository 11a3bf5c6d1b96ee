"""Two values in one cell: a blood pressure written 120/80 is taken apart (TB118)."""

from __future__ import annotations

from dataclasses import dataclass

from tabml.core.findings import Finding, finding
from tabml.ingest.propose.profile import MOSTLY, Profile
from tabml.ingest.values import split_pair

#: What each half can be in mmHg.
SYSTOLIC, DIASTOLIC = (50.0, 300.0), (20.0, 180.0)


@dataclass(frozen=True)
class Half(Profile):
    """One side of the cells of a column, as a column of its own; `header` names the measurement."""

    whole: str = ""
    part: int = 1

    @property
    def expr(self) -> str:
        """The expression that takes the part from the column."""
        return f'split(col("{self.whole}"), "/", {self.part})'


def is_pressure_pair(column: Profile) -> bool:
    """Whether nearly all cells are two numbers of which the first could be a systolic and the second a diastolic pressure."""
    counts = {text: n for text, n in column.counts.items() if _is_pressure(text)}
    return bool(counts) and sum(counts.values()) >= MOSTLY * sum(column.counts.values()) and '"' not in column.header


def pressure_halves(column: Profile) -> tuple[Half, Half]:
    """The systolic and the diastolic half."""
    names = ("Systolic blood pressure", "Diastolic blood pressure")
    first, second = (
        Half(name, tuple(_half(t, i) for t in column.texts), column.decimals, "mmHg", whole=column.header, part=i + 1)
        for i, name in enumerate(names)
    )
    return first, second


def split_finding(column: Profile) -> Finding:
    """TB118 for the column that was taken apart."""
    n = sum(column.counts.values())
    evidence = f"{column.header!r} holds two values in {n} cells; taken apart into systolic and diastolic pressure"
    return finding("TB118", evidence, columns=[column.header], count=n, severity="info")


def _is_pressure(text: str) -> bool:
    pair = split_pair(text)
    if pair is None:
        return False
    high, low = (float(part.replace(",", ".")) for part in pair)
    return SYSTOLIC[0] <= high <= SYSTOLIC[1] and DIASTOLIC[0] <= low <= DIASTOLIC[1] and high > low


def _half(text: str, part: int) -> str:
    pair = split_pair(text)
    return text if pair is None else pair[part]
