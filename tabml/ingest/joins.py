"""A source of patients with the tables that join to it: columns are added, rows never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.codebook import Codebook
from tabml.ingest.long import asking, gathered, is_long, is_only_long, read_long
from tabml.ingest.records import Records, attach, join_keys, read_records
from tabml.ingest.repeats import RepeatCase, merge_repeats
from tabml.ingest.source_table import SourceTable


@dataclass(frozen=True)
class Joined:
    """One source of patients with the tables joined to it."""

    records: Records
    no_id: int
    cases: tuple[RepeatCase, ...]
    partners: Mapping[str, tuple[int, int]]
    """Joined source -> (base rows with a partner, its rows without one)."""
    n_gathered: int = 0
    """Rows of a long table that became part of their patient's first row."""


def join_tables(
    base: str, codebook: Codebook, tables: Mapping[str, SourceTable], date: str | None, *, yes: bool
) -> Joined:
    """A source's records widened by the tables that join to it, rows without an id set aside."""
    records = read_records(tables[base], codebook)
    cases: list[RepeatCase] = []
    partners: dict[str, tuple[int, int]] = {}
    others = {n: s for n, s in codebook.sources.items() if s.join is not None and s.join.to == base}
    for name, source in others.items():
        if source.join is None or is_only_long(codebook, name):
            continue
        policy = {name: source.repeats}
        other = merge_repeats(read_records(tables[name], codebook), policy, date, yes=yes)
        records, partner, leftover = attach(
            records, join_keys(tables[base], source.join), other.records, join=source.join, source=name
        )
        partners[name] = (int((partner >= 0).sum()), leftover)
        cases += moved(other.cases, partner)
        records = replace(records, findings=(*records.findings, *other.findings))
    for name, source in others.items():
        if source.join is not None and is_long(codebook, name):
            long = read_long(
                tables[name], codebook, asking(records, codebook, join_keys(tables[base], source.join)), yes=yes
            )
            records = gathered(records, long.records)
            partners.setdefault(name, (long.n_found, long.n_alone))
    n_rows = len(records)
    with_id = np.flatnonzero((records.ids["has_id"] | (records.ids["id"] != "")).to_numpy())
    records, cases = records.take(with_id), moved(cases, with_id)
    n_gathered = 0
    if is_long(codebook, base):
        ids = records.ids["id"].to_list()
        records = gathered(records, read_long(tables[base], codebook, asking(records, codebook, ids), yes=yes).records)
        first = np.flatnonzero(~records.values.assign(**{" id": ids}).duplicated().to_numpy())
        n_gathered = len(records) - len(first)
        records, cases = records.take(first), moved(cases, first)
    return Joined(records, n_rows - len(with_id), tuple(cases), partners, n_gathered)


def shifted(joined: Mapping[str, Joined]) -> list[RepeatCase]:
    shift, cases = 0, []
    for part in joined.values():
        cases += [replace(c, position=c.position + shift) for c in part.cases]
        shift += len(part.records)
    return cases


def moved(cases: Sequence[RepeatCase], taken: NDArray[np.int64]) -> list[RepeatCase]:
    """Cases at their new positions, when these positions were taken; those left behind go."""
    if not cases:
        return []
    now_at = {int(p): i for i, p in enumerate(taken) if p >= 0}
    return [replace(c, position=now_at[c.position]) for c in cases if c.position in now_at]
