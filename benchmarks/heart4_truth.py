"""heart4 harmonised by the command line against the reference table, cell by cell, and every planted issue.

`python -m benchmarks.heart4_truth` prints the share of equal cells and, for each planted issue, the
counted finding that answers it. Exit status 1 where a cell differs or an issue goes unanswered.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import HEART4, ROOT, TABML, run, show

REFERENCE = ROOT / "tests" / "data" / "heart4"
COLUMNS = (
    "center", "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca",
    "thal", "num", "visit_date", "disease",
)  # fmt: skip
#: Two centres export cholesterol in mmol/L with two decimals; half a mg/dL is what that can carry.
TOLERANCE = {("budapest_herzzentrum.csv", "chol"): 0.5, ("oslo_sykehus.xlsx", "chol"): 0.5}
#: Kind of issue -> finding codes that answer it.
CODES: dict[str, tuple[str, ...]] = {
    "title_rows": ("TB103", "TB105"),
    "duplicate_exact": ("TB120",),
    "duplicate_conflict": ("TB122",),
    "category_spelling": ("TB116",),
    "totals_row": ("TB103",),
    "identifiers": ("TB170", "TB171"),
    "encoding": ("TB105",),
    "outlier_typo": ("TB112",),
    "derived_age": ("TB180",),
    "binary_target": ("TB119",),
    "two_row_header": ("TB105",),
    "blank_rows": ("TB103",),
    "hidden_column": ("TB102",),
    "missing_code": ("TB113",),
    "zero_as_missing": ("TB113",),
    "units_in_cells": ("TB111",),
    "two_tables": ("TB127",),
    "numbers_as_text": ("TB110",),
    "sex_code": ("TB119",),
}
#: Kind of issue -> the variable or header its finding must name.
NAMES: dict[str, str] = {
    "category_spelling": "sex",
    "outlier_typo": "trestbps",
    "derived_age": "age",
    "binary_target": "num",
    "hidden_column": "AHV-Nr.",
    "zero_as_missing": "chol",
    "units_in_cells": "trestbps",
    "numbers_as_text": "chol",
    "sex_code": "sex",
}


@dataclass(frozen=True)
class Compared:
    """How the harmonised table and the reference agree; `different` holds (file, id, column)."""

    rows: int
    cells: int
    different: list[tuple[str, str, str]]


def compare(folder: Path) -> Compared:
    """Compare `cohort.csv` of a harmonised folder (written with --keep-ids) with the reference, key by key."""
    ours = {(r["source_file"], r["local_id"]): r for r in _rows(folder / "cohort.csv")}
    truth = {(r["source_file"], r["local_id"]): r for r in _rows(REFERENCE / "truth.csv")}
    different = [(*key, "row") for key in sorted(ours.keys() ^ truth.keys())]
    cells = 0
    for key in sorted(ours.keys() & truth.keys()):
        for column in COLUMNS:
            cells += 1
            if not _equal(ours[key].get(column, "absent"), truth[key][column], TOLERANCE.get((key[0], column), 0.0)):
                different.append((*key, column))
    return Compared(len(ours), cells, different)


def answers(folder: Path) -> Iterator[tuple[dict[str, str], str]]:
    """(planted issue, the counted finding that answers it; empty where none does)."""
    import pyarrow.parquet as pq

    findings = _rows(folder / "findings.csv")
    sources = pq.read_table(folder / "provenance" / "sources.parquet").to_pylist()
    for issue in _rows(REFERENCE / "planted_issues.csv"):
        names = {s["source"] for s in sources if s["file"] == issue["file"]}
        yield issue, _answer(issue["kind"], names, findings)


def _answer(kind: str, sources: set[str], findings: list[dict[str, str]]) -> str:
    for found in findings:
        if found["code"] in CODES[kind] and found["source"] in sources and NAMES.get(kind, "") in found["columns"]:
            return f"{found['code']} ({found['count']}): {found['evidence']}"
    return ""


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _equal(ours: str, truth: str, tolerance: float) -> bool:
    if ours == truth or not ours or not truth:
        return ours == truth
    try:
        return abs(float(ours) - float(truth)) <= tolerance + 1e-9
    except ValueError:
        return False


def main() -> int:
    """Harmonise, compare, and print both tables."""
    with tempfile.TemporaryDirectory() as name:
        command = (*TABML, "harmonise", HEART4 / "exports", "--codebook", HEART4 / "codebook.yaml", "--apply")
        cost = run([*command, "--keep-ids", "--out", "clean"], Path(name))
        compared = compare(Path(name) / "clean")
        answered = list(answers(Path(name) / "clean"))
    equal = 1 - len(compared.different) / max(compared.cells, 1)
    show(
        "heart4 against the reference table",
        [("rows", "cells", "equal", "wall s", "CPU s"),
         (str(compared.rows), str(compared.cells), f"{equal:.2%}", f"{cost.wall:.1f}", f"{cost.cpu:.1f}")],
    )  # fmt: skip
    for file, patient, column in compared.different[:20]:
        print(f"  differs: {file} {patient} {column}")
    show("planted issues", [(i["file"], i["kind"], text[:110] or "NOTHING") for i, text in answered])
    return 0 if not compared.different and all(text for _, text in answered) else 1


if __name__ == "__main__":
    sys.exit(main())
