"""Proposals without a codebook, measured: the heart4 exports against their codebook, and generated pairs of centres.

`python -m benchmarks.propose` prints, for heart4, the share of the variables' sources matched, wrong matches that
would be accepted unseen, units found and cells right when the proposal is applied with --yes; for generated pairs,
top-1, top-3, wrong acceptances and unit shifts. Exit status 1 where a goal is missed.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.heart4_truth import REFERENCE
from benchmarks.heart4_truth import _rows as rows_of
from benchmarks.measure import HEART4, show
from tabml.core.codebook import Codebook, ColumnMapping
from tabml.core.config import Data, StudyConfig
from tabml.ingest.codebook_file import load_codebook
from tabml.ingest.expressions import parse_expression
from tabml.ingest.match.evidence import compare as weigh
from tabml.ingest.propose import Proposal, propose
from tabml.ingest.read import RawSheet, read_files
from tabml.study.harmonised import harmonise_files
from tabml.testing.centres import Pair, pair

ACCEPT = Data().accept_score
#: Variables of the reference table compared cell by cell; ids and the centre's name are not proposed as such.
CELLS = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal",
         "num", "visit_date", "disease")  # fmt: skip
NUMBERS = {"age": 0.0, "trestbps": 0.0, "chol": 0.5, "thalach": 0.0, "oldpeak": 1e-9, "ca": 0.0}
#: Units of the proposal -> factor to the reference's unit.
TO_REFERENCE = {("chol", "mmol/L"): 38.67}


@dataclass
class Matches:
    """How a proposal's mapping agrees with the true one; keys are (variable, file, sheet, column)."""

    total: int = 0
    right: int = 0
    accepted_wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    units: int = 0
    units_right: int = 0
    units_wrong: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """True variable -> proposed variable."""


def key_of(codebook: Codebook, source: str, mapping: ColumnMapping) -> tuple[str, str, frozenset[str]] | None:
    """(file, sheet, columns) that fill a variable; None for constants and absent ones."""
    if mapping.status in ("absent", "rejected") or mapping.constant is not None:
        return None
    columns = parse_expression(mapping.expr).headers if mapping.expr is not None else (mapping.column or "",)
    node = codebook.sources[source]
    return node.file, node.sheet or "", frozenset(c.rsplit(" / ", 1)[-1] for c in columns)


def compare(proposed: Codebook, truth: Codebook) -> Matches:
    """Which proposed variable is which true one (most columns in common), and how many mappings agree."""
    ours = {name: _keys(proposed, spec.from_) for name, spec in proposed.variables.items()}
    theirs = {name: _keys(truth, spec.from_) for name, spec in truth.variables.items()}
    found = Matches()
    pairs = sorted(((len(set(ours[a]) & set(theirs[b])), b, a) for a in ours for b in theirs), reverse=True)
    for common, name, mine in pairs:
        if common and name not in found.names and mine not in found.names.values():
            found.names[name] = mine
    for name, keys in theirs.items():
        mine = ours.get(found.names.get(name, ""), {})
        for key, mapping in keys.items():
            found.total += 1
            if key in mine:
                found.right += 1
            else:
                found.missed.append(f"{name}: {key[0]} {sorted(key[2])}")
            if mapping.unit is not None:
                _judge_unit(found, f"{name}: {key[0]}", mapping.unit, mine.get(key))
        for key, mapping in mine.items():
            if key not in keys and (mapping.score or 0) >= ACCEPT:
                found.accepted_wrong.append(f"{name}: {key[0]} {sorted(key[2])}")
    return found


def _keys(
    codebook: Codebook, mappings: Mapping[str, ColumnMapping]
) -> dict[tuple[str, str, frozenset[str]], ColumnMapping]:
    return {key: m for source, m in mappings.items() if (key := key_of(codebook, source, m)) is not None}


def _judge_unit(found: Matches, where: str, unit: str, mapping: ColumnMapping | None) -> None:
    found.units += 1
    if mapping is not None and (mapping.unit == unit or mapping.expr is not None):
        found.units_right += 1
    else:
        found.units_wrong.append(f"{where}: {mapping.unit if mapping is not None else 'no mapping'} for {unit}")


def heart4_cells(names: Mapping[str, str], codebook: Codebook) -> tuple[int, int, Counter[str]]:
    """(cells, right, wrong by variable and file) of the table made with --yes; codes are paired one to one overall."""
    with tempfile.TemporaryDirectory() as folder:
        harmonise_files([HEART4 / "exports"], StudyConfig(), Path(folder) / "clean", keep_ids=True, yes=True)
        ours = {(r["source_file"], r["local_id"]): r for r in rows_of(Path(folder) / "clean" / "cohort.csv")}
    truth = {(r["source_file"], r["local_id"]): r for r in rows_of(REFERENCE / "truth.csv")}
    right, wrong = 0, Counter[str]()
    for variable in CELLS:
        name = names.get(variable, "")
        unit = codebook.variables[name].unit if name else None
        pairs = [(ours.get(key, {}).get(name, ""), row[variable]) for key, row in truth.items()]
        codes = {} if variable in NUMBERS else _codes(pairs)
        for (mine, true), key in zip(pairs, truth, strict=True):
            if _equal(mine, true, NUMBERS.get(variable), TO_REFERENCE.get((variable, unit or ""), 1.0), codes):
                right += 1
            else:
                wrong[f"{variable} {key[0]}"] += 1
    return len(truth) * len(CELLS), right, wrong


def _codes(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Our code -> the reference's, one to one, by what stands together most often over all centres."""
    together = Counter((mine, true) for mine, true in pairs if mine and true)
    found: dict[str, str] = {}
    for (mine, true), _ in together.most_common():
        if mine not in found and true not in found.values():
            found[mine] = true
    return found


def _equal(mine: str, true: str, tolerance: float | None, factor: float, codes: Mapping[str, str]) -> bool:
    if not mine or not true:
        return mine == true
    if tolerance is None:
        return codes.get(mine) == true
    return abs(float(mine) * factor - float(true)) <= tolerance + 0.01


def heart4() -> bool:
    """Print the figures of heart4; whether all goals are met."""
    proposal = propose(read_files([HEART4 / "exports"], Data()), Data())
    found = compare(proposal.codebook, load_codebook(HEART4 / "codebook.yaml"))
    cells, right, wrong = heart4_cells(found.names, proposal.codebook)
    show(
        "heart4 without a codebook",
        [("matched", "wrong accepted", "units found", "cells right with --yes"),
         (f"{found.right} of {found.total} ({found.right / found.total:.1%})", str(len(found.accepted_wrong)),
          f"{found.units_right} of {found.units}", f"{right / cells:.2%} of {cells}")],
    )  # fmt: skip
    for line in (*found.missed, *found.accepted_wrong, *found.units_wrong):
        print(f"  {line}")
    for where, n in wrong.most_common(12):
        print(f"  {n} cells differ: {where}")
    return (
        found.right >= 0.95 * found.total
        and not found.accepted_wrong
        and found.units == found.units_right
        and right >= 0.9 * cells
    )


@dataclass
class Generated:
    """Counts over generated pairs of centres."""

    columns: int = 0
    partners: int = 0
    top1: int = 0
    top3: int = 0
    mappings: int = 0
    accepted: int = 0
    accepted_wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    shifts: int = 0
    flagged: int = 0
    false_shifts: list[str] = field(default_factory=list)
    not_flagged: list[str] = field(default_factory=list)


def generated(seeds: Iterator[int] | range) -> Generated:
    """Propose for each pair and compare with what the generator knows."""
    counts = Generated()
    for seed in seeds:
        made = pair(seed)
        with tempfile.TemporaryDirectory() as folder:
            sheets = read_files(made.write(Path(folder)), Data())
            proposal = propose(sheets, Data())
            top = _ranked(sheets)
        _count(counts, made, proposal, top, seed)
    return counts


def _ranked(sheets: Sequence[RawSheet]) -> dict[str, list[str]]:
    """Header at the second centre -> headers at the first, the likeliest first (before the one-to-one choice)."""
    from tabml.ingest.layout import Table, find_table
    from tabml.ingest.propose.several import columns_of

    tables = [t for s in sheets if isinstance(t := find_table(s), Table)]
    first, second = columns_of(tables, ["a", "b"], [], Data())
    return {c.header: [o.header for o in sorted(first, key=lambda o: -weigh(c, o).weight)] for c in second}


def _count(counts: Generated, made: Pair, proposal: Proposal, top: Mapping[str, list[str]], seed: int) -> None:
    sources = {s.file: name for name, s in proposal.codebook.sources.items()}
    a, b = (sources[f] for f in made.files)
    found = {spec.from_[b].column: (spec.from_[a].column, spec.from_[b]) for spec in proposal.codebook.variables.values()
             if a in spec.from_ and b in spec.from_ and spec.from_[b].column and spec.kind not in ("id", "date")
             and spec.role != "centre"}  # fmt: skip
    back = {theirs: mine for mine, theirs in made.partner.items()}
    counts.columns += made.n_columns
    for header, partner in back.items():
        mine = found.get(header, (None, None))[0]
        counts.partners += 1
        counts.top1 += mine == partner
        counts.top3 += mine == partner or partner in top.get(header, [])[:3]
        if mine != partner:
            counts.missed.append(f"{seed}: {header!r} is {partner!r}, not {mine!r}; ranked {top.get(header, [])[:3]}")
    for header, (mine, mapping) in found.items():
        counts.mappings += 1
        score = min(mapping.score or 0.0, *(m.score or 0.0 for s in proposal.codebook.variables.values()
                                            for m in s.from_.values() if m.column == mine))  # fmt: skip
        counts.accepted += score >= ACCEPT
        if score >= ACCEPT and back.get(header or "") != mine:
            counts.accepted_wrong.append(f"{seed}: {header!r} as {mine!r} {mapping.score} ({mapping.evidence})")
    columns_of_variable = {
        name: spec.from_[b].column for name, spec in proposal.codebook.variables.items() if b in spec.from_
    }
    flagged = {columns_of_variable.get(f.columns[0]) for f in proposal.findings if f.code == "TB117"}
    counts.shifts += len(made.shifted)
    counts.flagged += len(made.shifted & flagged)
    counts.not_flagged += [f"{seed}: {h!r}" for h in sorted(made.shifted - flagged)]
    same = {h for h in flagged if h in back and made.units[1].get(h) == made.units[0].get(back[h])}
    counts.false_shifts += [
        f"{seed}: {h!r}" for h in sorted(same | {h for h in flagged if h is not None and h not in back})
    ]


def pairs(seeds: range) -> bool:
    """Print the figures of generated pairs; whether all goals are met."""
    got = generated(seeds)
    wrong = len(got.accepted_wrong) / max(1, got.mappings)
    false = 50 * len(got.false_shifts) / max(1, got.columns)
    show(
        f"{len(seeds)} generated pairs of centres, {got.columns} columns",
        [("top-1", "top-3", "accepted unseen", "wrong among all", "unit shifts flagged", "false per 50 columns"),
         (f"{got.top1} of {got.partners} ({got.top1 / got.partners:.1%})", f"{got.top3 / got.partners:.1%}",
          f"{got.accepted} of {got.mappings}", f"{len(got.accepted_wrong)} ({wrong:.2%})",
          f"{got.flagged} of {got.shifts}", f"{false:.2f}")],
    )  # fmt: skip
    for line in (*got.missed, *(f"ACCEPTED {w}" for w in got.accepted_wrong)):
        print(f"  {line}")
    for name, lines in (("not flagged", got.not_flagged), ("falsely flagged", got.false_shifts)):
        for line in lines:
            print(f"  {name}: {line}")
    return (
        got.top1 >= 0.9 * got.partners
        and got.top3 >= 0.97 * got.partners
        and wrong <= 0.005
        and got.flagged == got.shifts
        and false <= 1
    )


def main(arguments: Sequence[str] = ()) -> int:
    """Print all figures; a first argument says how many pairs, a second where their seeds start."""
    n, start = (int(arguments[0]) if arguments else 10), (int(arguments[1]) if len(arguments) > 1 else 1)
    done = [heart4(), pairs(range(start, start + n))]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
