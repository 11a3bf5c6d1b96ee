"""A codebook proposed from the exports themselves, where the user gives none: roles, kinds, units, levels.

What the files decide is decided and shown; what only the user can decide is a `Question` with the exact
words to type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tabml.core.codebook import Codebook
from tabml.core.config import Data
from tabml.core.findings import Finding
from tabml.ingest.layout import NoTable, Table
from tabml.ingest.propose.beside import refuse_endpoints, second_tables, set_aside, tables_of
from tabml.ingest.propose.build import build, plan_columns, source_names
from tabml.ingest.propose.codes import code_list, with_note
from tabml.ingest.propose.endpoints import doubtful_levels, set_aside_endpoints
from tabml.ingest.propose.later import later_findings
from tabml.ingest.propose.profile import profiles
from tabml.ingest.propose.question import Question
from tabml.ingest.propose.roles import find_roles, named_column
from tabml.ingest.propose.several import propose_several, strangers
from tabml.ingest.propose.style import date_questions, mixed_dates
from tabml.ingest.propose.suspects import cleaned, said_of
from tabml.ingest.propose.suspects import questions as suspect_questions
from tabml.ingest.propose.writing import table_style
from tabml.ingest.read import RawSheet

__all__ = ["Proposal", "Question", "propose"]


@dataclass(frozen=True)
class Proposal:
    """A codebook that `harmonise` can apply, what must still be asked, and what a reader must know."""

    codebook: Codebook
    questions: tuple[Question, ...]
    findings: tuple[Finding, ...]
    named: Mapping[str, str] = field(default_factory=dict)
    """Setting -> the variable meant, where a setting names it by a header of one hospital."""


def propose(sheets: Sequence[RawSheet], data: Data) -> Proposal:
    """Work out the codebook of one table, or of several: sheets that join, and hospitals that are matched.

    Columns named in `data` must exist (ConfigError with the near miss). Tables that have nothing in common are a
    QuestionError. The proposal never guesses an outcome: `questions` says what to type.
    """
    tables, others = tables_of(sheets, data)
    if second_tables(tables):
        strange = strangers(tables, source_names(tables), others, data)
        others += [set_aside(t) for t in second_tables(tables) if t in strange]
        tables = [t for t in tables if t not in second_tables(tables) or t not in strange]
    if len(tables) == 1:
        return _propose_one(tables[0], others, data)
    found = propose_several(tables, source_names(tables), others, data)
    beside = tuple(_beside(other, f) for other in others for f in other.findings)
    return Proposal(found.codebook, found.questions, (*beside, *found.findings), found.named)


def _propose_one(table: Table, others: Sequence[NoTable], data: Data) -> Proposal:
    """One table keeps its own headers as names of variables."""
    style = table_style(table, data.date_order)
    notes = code_list([o for o in others if o.sheet.file == table.sheet.file], table.headers)
    told_columns = [with_note(column, notes) for column in profiles([table], {0: style})]
    columns, seen = cleaned(told_columns, data)
    keep = [named_column(name, [c.header for c in columns], "data.keep") for name in data.keep]
    roles = find_roles(columns, data, table.name)
    refuse_endpoints(table, roles.patient_id)
    siblings, told = set_aside_endpoints(columns, roles, keep)
    plan = plan_columns(columns, roles, keep)
    codebook = build([table], others, {0: style}, columns, roles, siblings, plan, data)
    undecided = {} if style.order_is_certain else {table.sheet.name: style}
    endpoint = next((c for c in columns if c.header == roles.outcome), None)
    findings = [_beside(other, f) for other in others for f in other.findings]
    findings += [*told, *plan.findings, *(doubtful_levels(endpoint) if endpoint is not None else ())]
    findings += [*said_of(seen, data), *mixed_dates({table.sheet.name: style})]
    findings += later_findings([n for n, v in codebook.variables.items() if v.timing == "later"])
    questions = (*roles.questions, *date_questions(undecided), *suspect_questions(seen, data))
    return Proposal(codebook, questions, tuple(findings))


def _beside(other: NoTable, found: Finding) -> Finding:
    """A sheet that explains the table is expected beside it."""
    return replace(found, severity="info") if other.reason.startswith("a list of codes") else found
