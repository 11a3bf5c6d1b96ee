"""A codebook proposed from the exports themselves, where the user gives none: roles, kinds, units, levels.

What the files decide is decided and shown; what only the user can decide is a `Question` with the exact
words to type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tabml.core.codebook import Codebook
from tabml.core.config import Data
from tabml.core.errors import InputError, QuestionError
from tabml.core.findings import Finding
from tabml.ingest.layout import NoTable, Table, find_table
from tabml.ingest.propose.build import build, plan_columns
from tabml.ingest.propose.endpoints import doubtful_levels, set_aside_endpoints
from tabml.ingest.propose.profile import TableStyle, profiles, table_style
from tabml.ingest.propose.question import Question, quoted
from tabml.ingest.propose.roles import find_roles, named_column
from tabml.ingest.read import RawSheet
from tabml.ingest.values import fold

__all__ = ["Proposal", "Question", "propose"]


@dataclass(frozen=True)
class Proposal:
    """A codebook that `harmonise` can apply, what must still be asked, and what a reader must know."""

    codebook: Codebook
    questions: tuple[Question, ...]
    findings: tuple[Finding, ...]


def propose(sheets: Sequence[RawSheet], data: Data) -> Proposal:
    """Work out the codebook of one table, or of several with equal headers (each then is a centre).

    Columns named in `data` must exist (ConfigError with the near miss). Tables with differing headers are a
    QuestionError: they need a codebook. The proposal never guesses an outcome: `questions` says what to type.
    """
    tables, others = _tables(sheets, data)
    _refuse_differing(tables)
    styles = {i: table_style(table, data.date_order) for i, table in enumerate(tables)}
    columns = profiles(tables, styles)
    keep = [named_column(name, [c.header for c in columns], "data.keep") for name in data.keep]
    roles = find_roles(columns, data, "; ".join(table.sheet.name for table in tables))
    siblings, told = set_aside_endpoints(columns, roles, keep)
    plan = plan_columns(columns, roles, keep)
    codebook = build(tables, others, styles, columns, roles, siblings, plan, data)
    endpoint = next((c for c in columns if c.header == roles.outcome), None)
    findings = [_beside(other, f) for other in others for f in other.findings]
    findings += [*told, *plan.findings, *(doubtful_levels(endpoint) if endpoint is not None else ())]
    return Proposal(codebook, (*roles.questions, *_date_questions(styles)), tuple(findings))


def _tables(sheets: Sequence[RawSheet], data: Data) -> tuple[list[Table], list[NoTable]]:
    header_rows = (data.header_row,) if data.header_row is not None else ()
    named = data.sheet is not None
    found = [find_table(sheet, header_rows=header_rows, named=named) for sheet in sheets]
    tables = [t for t in found if isinstance(t, Table)]
    others = [t for t in found if isinstance(t, NoTable)]
    if not tables:
        reasons = "; ".join(f"{o.sheet.name}: {o.reason}" for o in others)
        raise InputError(f"no table of patients found ({reasons})", hint="--header-row or --sheet names where it is")
    return tables, others


def _beside(other: NoTable, found: Finding) -> Finding:
    """A sheet that explains the table is expected beside it."""
    return replace(found, severity="info") if other.reason.startswith("a list of codes") else found


def _refuse_differing(tables: Sequence[Table]) -> None:
    first = {fold(h) for h in tables[0].headers}
    if all({fold(h) for h in t.headers} == first for t in tables):
        return
    sheets = [t.sheet.sheet for t in tables if t.sheet.sheet is not None]
    one_file = len({t.sheet.file for t in tables}) == 1
    options = tuple(f"--sheet {quoted(s)}" for s in sheets) if one_file else ("--codebook FILE.yaml",)
    raise QuestionError(
        f"{len(tables)} tables with different columns: {', '.join(t.sheet.name for t in tables)}",
        questions=[
            f"which table is meant? {' or '.join(options)}"
            if one_file
            else f"how do they belong together? {options[0]}"
        ],
        hint="a codebook says how tables are joined and whose columns mean the same",
    )


def _date_questions(styles: dict[int, TableStyle]) -> tuple[Question, ...]:
    if all(style.order_is_certain for style in styles.values()):
        return ()
    text = "do dates such as 03/04/2020 begin with the day or with the month?"
    return (Question("data.date_order", text, ("dmy", "mdy"), "--set data.date_order=ORDER", None),)
