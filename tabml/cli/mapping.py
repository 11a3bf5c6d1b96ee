"""The mapping of a proposed codebook as a table on the terminal, doubtful rows first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from tabml.cli.front import Front
from tabml.cli.text import clean, table

if TYPE_CHECKING:
    from tabml.core.codebook import Codebook
    from tabml.study.proposed import Row

WIDEST = 34


def shower(front: Front) -> Callable[[Codebook, float], None] | None:
    """A function that prints a mapping on stderr; None where nobody wants to see it."""
    return None if front.quiet or front.as_json else show


def show(codebook: Codebook, accept_score: float) -> None:
    """Print the mapping beside stdout."""
    click.echo(clean(mapping_table(codebook, accept_score)), err=True)


def mapping_table(codebook: Codebook, accept_score: float) -> str:
    """One row per variable and source: the column, its unit, the score, and why; `?` marks what is doubtful."""
    from tabml.core.cohort import unit_text
    from tabml.study.proposed import mapping_rows

    rows = mapping_rows(codebook, accept_score)
    lines = [
        ("?" if row.is_doubtful else "", row.variable, row.source, _short(row.filled_by),
         unit_text(row.mapping.unit or ""), "" if row.mapping.score is None else f"{row.mapping.score:.2f}", _evidence(row))
        for row in rows
    ]  # fmt: skip
    doubtful = sum(row.is_doubtful for row in rows)
    said = f"Proposed mapping: {len(rows)} rows, {doubtful} of them doubtful (?)."
    return said + "\n" + table(("", "variable", "source", "column", "unit", "score", "evidence"), lines)


def _evidence(row: Row) -> str:
    """All of it where a person must decide, else the first reason."""
    said = row.mapping.evidence or ""
    return said if row.is_doubtful else said.partition(";")[0]


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
