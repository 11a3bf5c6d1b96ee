"""Answers to the questions of a proposal, as a person wrote them on the sheet Questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tabml.core.codebook import Codebook
from tabml.core.cohort import Role
from tabml.core.errors import ConfigError, closest
from tabml.ingest.codebook_workbook import pages
from tabml.ingest.codebook_workbook.changes import Change
from tabml.ingest.read import RawSheet, address
from tabml.ingest.values import fold
from tabml.ingest.values.cells import cell_text

#: Questions for a column that plays a role; the codebook itself says so afterwards.
_ROLES: Mapping[str, Role] = {
    "data.target": "outcome",
    "data.time": "time",
    "data.event": "event",
    "data.centre": "centre",
}
#: Questions whose answer is no part of a codebook: it goes to the study's settings.
SETTINGS = ("data.positive", "data.keep")
_ORDERS = ("dmy", "mdy", "ymd")


def read_answers(sheet: RawSheet) -> Iterator[Change]:
    """The answers, as changes whose path is the setting that was asked for."""
    head = {fold(cell_text(cell)): j for j, cell in enumerate(sheet.rows(1, 1)[0])} if sheet.n_rows else {}
    if "setting" not in head or "answer" not in head:
        return
    for number in range(2, sheet.n_rows + 1):
        setting, answer = (sheet.text(number, head[title] + 1) for title in ("setting", "answer"))
        if setting and answer:
            place = address(number, head["answer"] + 1)
            yield Change(pages.QUESTIONS, place, (setting,), "answer", "", answer, (setting,), answer)


def with_answers(codebook: Codebook, answers: Iterable[Change], where: str) -> tuple[Codebook, dict[str, str]]:
    """The codebook that follows the answers, and those that are settings of the study.

    ConfigError for an answer that needs a new proposal, and for a column that is not there.
    """
    settings: dict[str, str] = {}
    for answer in answers:
        setting = answer.path[0].partition(":")[0]
        if setting in _ROLES:
            codebook = _with_role(codebook, answer, _ROLES[setting], where)
        elif setting == "data.date_order":
            codebook = _with_order(codebook, answer, where)
        elif setting in SETTINGS:
            settings[answer.path[0]] = answer.new
        else:
            raise ConfigError(f"the answer to {answer.path[0]} changes how the files are read", where=f"{where}, {answer.place}",
                              hint="propose again with the words of the column 'on the command line'")  # fmt: skip
    return codebook, settings


def _with_role(codebook: Codebook, answer: Change, role: Role, where: str) -> Codebook:
    """The variable that a header or its own name means plays the role; what played it before is a sibling."""
    known = {fold(m.column): n for n, v in codebook.variables.items() for m in v.from_.values() if m.column is not None}
    known |= {fold(name): name for name in codebook.variables}
    if fold(answer.new) not in known:
        near = closest(fold(answer.new), known)
        raise ConfigError(f"no variable is read from a column of the name given as {role}", where=f"{where}, {answer.place}",
                          hint=f"did you mean {known[near]!r}?" if near else "choose from the list")  # fmt: skip
    chosen = known[fold(answer.new)]
    variables = dict(codebook.variables)
    for name, spec in variables.items():
        if name == chosen:
            timing = spec.timing if role == "centre" else "outcome"
            variables[name] = spec.model_copy(update={"role": role, "timing": timing})
        elif spec.role == role and role != "centre":
            variables[name] = spec.model_copy(update={"role": "sibling", "timing": "outcome"})
    return codebook.model_copy(update={"variables": variables})


def _with_order(codebook: Codebook, answer: Change, where: str) -> Codebook:
    order = fold(answer.new)
    if order == "undecided":  # dates that nobody can read are missing
        return codebook
    if order not in _ORDERS:
        raise ConfigError(f"the order of dates is one of {', '.join(_ORDERS)}", where=f"{where}, {answer.place}")
    sources = {
        name: source if source.dates is not None else source.model_copy(update={"dates": order})
        for name, source in codebook.sources.items()
    }
    return codebook.model_copy(update={"sources": sources})
