"""What must be asked or said about the way tables write their dates."""

from __future__ import annotations

from collections.abc import Mapping

from tabml.core.findings import Finding, finding
from tabml.ingest.propose.question import Question
from tabml.ingest.propose.writing import TableStyle


def date_questions(undecided: Mapping[str, TableStyle]) -> tuple[Question, ...]:
    """The question about the order of dates; `undecided`: place of the table -> how it writes."""
    if not undecided:
        return ()
    mixed = [f"{header!r} of {place}" for place, style in undecided.items() for header in style.mixed]
    split = [said for style in undecided.values() for said in style.by_centre]
    text = f"do dates such as 03/04/2020 begin with the day or with the month? ({', '.join(undecided)})"
    if mixed:
        text = f"dates of two orders stand in {', '.join(mixed)}: how are those read that fit both, such as 03/04/2020?"
        text += "".join(f" ({said})" for said in split)
    options = ("dmy", "mdy", "undecided") if not mixed else ("undecided", "dmy", "mdy")
    return (Question("data.date_order", text, options, "--set data.date_order=ORDER", "undecided"),)


def mixed_dates(styles: Mapping[str, TableStyle]) -> tuple[Finding, ...]:
    """TB115 for every column whose dates contradict each other."""
    return tuple(
        finding(
            "TB115",
            f"{header!r} of {place} holds dates of two orders (13/01/2020 and 01/13/2020)",
            columns=[header],
            count=1,
        )
        for place, style in styles.items()
        for header in style.mixed
    )
