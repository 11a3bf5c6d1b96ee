"""Which files of new patients belong together: a file of patients with the files that are joined to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabml.core.codebook import Codebook
from tabml.core.errors import QuestionError
from tabml.ingest.layout import Table, find_tables
from tabml.ingest.read import RawSheet
from tabml.ingest.sources import needed_headers

#: Less than this share of a source's columns present: a file is not that source.
LEAST_SHARE = 0.5
Sheets = tuple[RawSheet, ...]


@dataclass(frozen=True)
class _File:
    """One file: the sources of patients and the joined sources whose columns it holds."""

    sheets: Sheets
    bases: frozenset[str]
    joined: frozenset[str]

    @property
    def name(self) -> str:
        return self.sheets[0].file


def read_together(files: Sequence[Sheets], codebook: Codebook, variables: Sequence[str]) -> list[Sheets]:
    """The sheets of each file of patients with those of the files joined to it, in the order given.

    Ids mean a patient only within the file they are joined to: a joined file that would serve two files of
    patients, or a file of patients with two candidates for one join, is a QuestionError.
    """
    known = [_known(sheets, codebook, variables) for sheets in files]
    partners = [f for f in known if f.joined and not f.bases]
    of: dict[int, list[_File]] = {}
    for i, base in enumerate(known):
        if base.bases:
            of[i] = [p for p in partners if any(_joined_to(codebook, j) in base.bases for j in p.joined - base.joined)]
    _refuse_doubt([(known[i], found) for i, found in of.items()])
    taken = {id(p) for found in of.values() for p in found}
    return [
        (*f.sheets, *(s for p in of.get(i, []) for s in p.sheets)) for i, f in enumerate(known) if id(f) not in taken
    ]


def _joined_to(codebook: Codebook, joined: str) -> str | None:
    """The source that this one is joined to."""
    join = codebook.sources[joined].join
    return join.to if join is not None else None


def _known(sheets: Sheets, codebook: Codebook, variables: Sequence[str]) -> _File:
    tables = [t for s in sheets if not s.hidden for t in find_tables(s) if isinstance(t, Table)]
    fits = {n for n in codebook.sources if any(_fits(n, t, codebook, variables) for t in tables)}
    joined = {n for n in fits if codebook.sources[n].join is not None}
    return _File(sheets, frozenset(fits - joined), frozenset(joined))


def _fits(name: str, table: Table, codebook: Codebook, variables: Sequence[str]) -> bool:
    """Whether a table has this source's key and enough of the columns that feed a variable."""
    node = codebook.sources[name]
    if node.join is not None and table.find(node.join.on) is None:
        return False
    feeding = [header for header, users in needed_headers(codebook, name, variables).items() if users]
    if not feeding:  # a list of patients whose every predictor stands in a joined table
        return node.id is not None and table.find(node.id.column) is not None
    return sum(table.find(h) is not None for h in feeding) >= LEAST_SHARE * len(feeding)


def _refuse_doubt(groups: Sequence[tuple[_File, Sequence[_File]]]) -> None:
    serving: dict[int, list[str]] = {}
    for base, found in groups:
        sources = [name for p in found for name in p.joined]
        if len(sources) != len(set(sources)):
            raise _doubt(f"{len(found)} files could be joined to {base.name}", [p.name for p in found])
        for p in found:
            serving.setdefault(id(p), []).append(base.name)
    for _, found in groups:
        for p in found:
            if len(serving[id(p)]) > 1:
                raise _doubt(f"{p.name} could be joined to {len(serving[id(p)])} files", serving[id(p)])


def _doubt(what: str, names: Sequence[str]) -> QuestionError:
    return QuestionError(
        what,
        questions=["which belong together? Give each file of patients with its own joined file, one call for each"],
        where=", ".join(names),
    )
