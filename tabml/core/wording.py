"""Counts in words, for findings, errors and pages."""

from __future__ import annotations


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(1234, "row"), counted(2, "copy", "copies")
    ('1 row', '1234 rows', '2 copies')
    """
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
