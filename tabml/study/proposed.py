"""A proposed codebook on its way to the cohort: what is doubtful, shown, asked, or written down to be reviewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tabml.core.codebook import Codebook, ColumnMapping, Status
from tabml.study.folder import write_text

if TYPE_CHECKING:
    from tabml.ingest.propose import Question

ACCEPT, LEAVE_OUT = "accept", "leave out"


@dataclass(frozen=True)
class Review:
    """How a proposal reaches a person: `show` prints its mapping, `out` is the place of the study (for the file)."""

    show: Callable[[Codebook, float], None] | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Row:
    """One line of the mapping: which column of a source fills a variable, how sure that is, and why."""

    variable: str
    source: str
    mapping: ColumnMapping
    is_doubtful: bool

    @property
    def filled_by(self) -> str:
        """The column, expression or constant."""
        return self.mapping.column or self.mapping.expr or self.mapping.constant or ""


def mapping_rows(codebook: Codebook, accept_score: float) -> tuple[Row, ...]:
    """Every mapping of every variable, the doubtful ones first, the least sure of them at the top."""
    rows = [
        Row(name, source, mapping, mapping.is_doubtful(accept_score))
        for name, spec in codebook.variables.items()
        for source, mapping in spec.from_.items()
        if mapping.status not in ("absent", "rejected")
    ]
    return tuple(
        sorted(rows, key=lambda row: (not row.is_doubtful, (row.mapping.score or 0.0) if row.is_doubtful else 0))
    )


def doubts(codebook: Codebook, accept_score: float) -> tuple[Row, ...]:
    """The mappings a person must look at."""
    return tuple(row for row in mapping_rows(codebook, accept_score) if row.is_doubtful)


def doubt_lines(rows: Sequence[Row]) -> tuple[str, ...]:
    """Each doubtful mapping in one sentence."""
    return tuple(
        f"{row.variable}: is it {row.filled_by!r} at {row.source}? score {row.mapping.score or 0:.2f}"
        + (f" ({row.mapping.evidence})" if row.mapping.evidence else "")
        for row in rows
    )


def ask_doubts(codebook: Codebook, accept_score: float, ask: Callable[[Question], str]) -> Codebook:
    """The codebook with every doubtful mapping accepted or left out, as the person says."""
    from tabml.ingest.propose.question import Question

    for row, line in zip(found := doubts(codebook, accept_score), doubt_lines(found), strict=True):
        answer = ask(Question(f"mapping:{row.variable}:{row.source}", line, (ACCEPT, LEAVE_OUT), "", LEAVE_OUT))
        codebook = _with_status(codebook, row, "accepted" if answer == ACCEPT else "rejected")
    return codebook


def _with_status(codebook: Codebook, row: Row, status: Status) -> Codebook:
    spec = codebook.variables[row.variable]
    mapping = row.mapping.model_copy(update={"status": status})
    changed = spec.model_copy(update={"from_": {**spec.from_, row.source: mapping}})
    return codebook.model_copy(update={"variables": {**codebook.variables, row.variable: changed}})


def write_proposal(codebook: Codebook, out: Path) -> Path:
    """Write a proposal beside the place of the study, and never over a file somebody may have edited."""
    from tabml.ingest.codebook_file import dump_codebook

    text = dump_codebook(codebook)
    number = 1
    while True:
        path = out.with_name(f"{out.name}-codebook{'' if number == 1 else f'-{number}'}.yaml")
        if not path.exists():
            write_text(path, text)
            return path
        if path.read_text(encoding="utf-8") == text:
            return path
        number += 1
