"""1,000 random cells of a generated study traced to their cells, and what the provenance weighs.

`python -m benchmarks.trace` makes exports of three hospitals whose every cell is known: a csv in German
conventions with two rows for some patients, a workbook with a laboratory sheet joined by number, and a csv
whose age is worked out from dates. It harmonises them by the command line and compares every answer of
`trace` (file, sheet, cell, raw text, value, unit step, merged rows) with what was written. Exit status 1
where an answer is wrong or provenance takes more than 35 % of the bytes of the cohort.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from benchmarks.measure import TABML, run, show

PATIENTS, MEASURED, SAMPLE, SEED = 1500, 24, 1000, 7
GOAL_SHARE = 0.35
FACTOR = 38.67
SEX = {"sued": {"w": "female", "m": "male"}, "nord": {"K": "female", "M": "male"}, "west": {"F": "female", "M": "male"}}


@dataclass
class Truth:
    """Where every value was written: (source, patient, variable) -> sheet, cell, raw texts, value, rows merged."""

    cells: dict[tuple[str, str, str], dict[str, object]] = field(default_factory=dict)

    def note(self, source: str, patient: str, variable: str, sheet: str | None, cells: list[str], raw: list[str | None],
             value: str, *, unit: str = "", merged: bool = False) -> None:  # fmt: skip
        self.cells[source, patient, variable] = {
            "sheet": sheet, "cells": cells, "raw": raw, "value": value, "unit": unit, "merged": merged,
        }  # fmt: skip


def letter(column: int) -> str:
    return chr(64 + column) if column <= 26 else chr(64 + (column - 1) // 26) + chr(65 + (column - 1) % 26)


def south(folder: Path, rng: random.Random, truth: Truth) -> dict[str, object]:
    """Semicolons, decimal commas, cholesterol in mmol/L; one patient in ten has an older, emptier row."""
    head = ["Fallnr", "Geschl", "Chol [mmol/l]", *(f"Wert {k}" for k in range(MEASURED)), "tot"]
    lines, ids = [], list(range(1, PATIENTS + 1))
    rng.shuffle(ids)
    for number in ids:
        sex, chol = rng.choice("wm"), round(rng.uniform(3, 8), 2)
        values = [round(rng.gauss(50, 10), 1) for _ in range(MEASURED)]
        died = rng.choice(["ja", "nein"])
        cells = [f"S{number}", sex, f"{chol:.2f}".replace(".", ","), *(str(v).replace(".", ",") for v in values), died]
        twice = number % 10 == 0
        if twice:
            lines.append([cells[0], sex, "", *cells[3:]])
        lines.append(cells)
        row = len(lines) + 1
        truth.note("sued", f"S{number}", "sex", None, [f"B{row}"], [sex], SEX["sued"][sex], merged=twice)
        truth.note("sued", f"S{number}", "chol", None, [f"C{row}"], [cells[2]], f"{chol * FACTOR:.1f}",
                   unit="mmol/L to mg/dL: x 38.67", merged=twice)  # fmt: skip
        for k, value in enumerate(values):
            truth.note(
                "sued",
                f"S{number}",
                f"m{k}",
                None,
                [f"{letter(4 + k)}{row}"],
                [cells[3 + k]],
                f"{value:g}",
                merged=twice,
            )
        truth.note(
            "sued",
            f"S{number}",
            "dead",
            None,
            [f"{letter(4 + MEASURED)}{row}"],
            [died],
            "yes" if died == "ja" else "no",
            merged=twice,
        )
    with (folder / "sued.csv").open("w", encoding="cp1252", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([head, *lines])
    return {"file": "sued.csv", "encoding": "cp1252", "delimiter": ";", "decimal": ",", "id": {"column": "Fallnr"},
            "repeats": {"conflict": "most_complete"}}  # fmt: skip


def north(folder: Path, rng: random.Random, truth: Truth) -> dict[str, dict[str, object]]:
    """A workbook: patients from row 4 on, laboratory on another sheet in another order, ids with zeros before them."""
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "nord.xlsx") as book:
        people, lab = book.add_worksheet("Pasienter"), book.add_worksheet("Labsvar")
        people.write_row(0, 0, ["Uttrekk fra registeret"])
        people.write_row(3, 0, ["Løpenr", "Kjønn", "Alder", "Død"])
        lab.write_row(0, 0, ["Nr", "Kolesterol (mg/dL)", *(f"Prøve {k}" for k in range(MEASURED))])
        order = list(range(1, PATIENTS + 1))
        rng.shuffle(order)
        at = {number: i for i, number in enumerate(order, start=2)}
        for i, number in enumerate(range(1, PATIENTS + 1), start=5):
            sex, age, died = rng.choice("KM"), rng.randint(30, 90), rng.randint(0, 1)
            people.write_row(i - 1, 0, [number, sex, age, died])
            patient = str(number)
            truth.note("nord", patient, "sex", "Pasienter", [f"B{i}"], [sex], SEX["nord"][sex])
            truth.note("nord", patient, "age", "Pasienter", [f"C{i}"], [str(age)], str(age))
            truth.note("nord", patient, "dead", "Pasienter", [f"D{i}"], [str(died)], "yes" if died else "no")
            row, chol = at[number], rng.randint(120, 320)
            values = [round(rng.gauss(5, 1), 2) for _ in range(MEASURED)]
            lab.write_string(row - 1, 0, f"{number:05d}")
            lab.write_row(row - 1, 1, [chol, *values])
            truth.note("nord", patient, "chol", "Labsvar", [f"B{row}"], [str(chol)], f"{chol:.1f}")
            for k, value in enumerate(values):
                truth.note("nord", patient, f"m{k}", "Labsvar", [f"{letter(3 + k)}{row}"], [f"{value:g}"], f"{value:g}")
    return {
        "nord": {"file": "nord.xlsx", "sheet": "Pasienter", "header_rows": [4], "id": {"column": "Løpenr"}},
        "nord_lab": {"file": "nord.xlsx", "sheet": "Labsvar", "join": {"to": "nord", "on": "Nr", "rule": "digits"}},
    }


def west(folder: Path, rng: random.Random, truth: Truth) -> dict[str, object]:
    """Age is worked out from a birth date, which is never shown, and the visit."""
    lines: list[list[str]] = []
    for number in range(PATIENTS):
        born = date(1930, 1, 1) + timedelta(days=rng.randint(0, 20_000))
        seen = date(2019, 1, 1) + timedelta(days=rng.randint(0, 1000))
        sex, chol, died = rng.choice("FM"), rng.randint(120, 320), rng.choice(["dead", "alive"])
        values = [rng.randint(0, 400) for _ in range(MEASURED)]
        lines.append([f"W-{number}", sex, born.isoformat(), seen.isoformat(), str(chol), *map(str, values), died])
        row, patient = number + 2, f"W-{number}"
        age = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
        truth.note("west", patient, "age", None, [f"C{row}", f"D{row}"], [None, seen.isoformat()], str(age))
        truth.note("west", patient, "sex", None, [f"B{row}"], [sex], SEX["west"][sex])
        truth.note("west", patient, "chol", None, [f"E{row}"], [str(chol)], f"{chol:.1f}")
        for k, value in enumerate(values):
            truth.note("west", patient, f"m{k}", None, [f"{letter(6 + k)}{row}"], [str(value)], str(value))
        truth.note(
            "west", patient, "dead", None, [f"{letter(6 + MEASURED)}{row}"], [died], "yes" if died == "dead" else "no"
        )
    head = ["id", "sex", "born", "seen", "chol", *(f"x{k}" for k in range(MEASURED)), "state"]
    with (folder / "west.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *lines])
    return {"file": "west.csv", "dates": "ymd", "id": {"column": "id"}, "identifiers": ["born"], "unused": {}}


def codebook(sources: dict[str, object]) -> dict[str, object]:
    def column(name: str, **more: object) -> dict[str, object]:
        return {"column": name, "status": "accepted", **more}

    variables: dict[str, object] = {
        "patient": {"kind": "id", "role": "patient_id",
                    "from": {"sued": column("Fallnr"), "nord": column("Løpenr"), "west": column("id")}},
        "seen": {"kind": "date", "role": "index_date", "from": {"west": column("seen")}},
        "age": {"kind": "integer", "unit": "a", "from": {
            "nord": column("Alder"), "west": {"expr": 'completed_years(col("born"), col("seen"))', "status": "edited"}}},
        "sex": {"kind": "category", "levels": {"0": "female", "1": "male"}, "from": {
            s: column(h, recode={t: str(int(v == "male")) for t, v in SEX[s].items()})
            for s, h in (("sued", "Geschl"), ("nord", "Kjønn"), ("west", "sex"))}},
        "chol": {"kind": "number", "unit": "mg/dL", "decimals": 1, "from": {
            "sued": column("Chol [mmol/l]", unit="mmol/L", analyte="cholesterol"),
            "nord_lab": column("Kolesterol (mg/dL)", unit="mg/dL"), "west": column("chol", unit="mg/dL")}},
        "dead": {"kind": "boolean", "role": "outcome", "timing": "outcome", "from": {
            "sued": column("tot", recode={"ja": "1", "nein": "0"}), "nord": column("Død"),
            "west": column("state", recode={"dead": "1", "alive": "0"})}},
    }  # fmt: skip
    for k in range(MEASURED):
        variables[f"m{k}"] = {"kind": "number", "from": {
            "sued": column(f"Wert {k}"), "nord_lab": column(f"Prøve {k}"), "west": column(f"x{k}")}}  # fmt: skip
    return {"codebook": 1, "sources": sources, "variables": variables}


def compare(answer: dict[str, object], wanted: dict[str, object], source: str) -> list[str]:
    """What of an answer is not as it was written."""
    named = str(answer["source"])
    checks = {
        "file": str(answer["file"]).split(".")[0] == source and named.split("_")[0] == source,
        "sheet": answer["sheet"] == wanted["sheet"],
        "cell": list(answer["cells"]) == wanted["cells"],  # type: ignore[call-overload]
        "raw": list(answer["raw"]) == wanted["raw"],  # type: ignore[call-overload]
        "unit": answer["unit_step"] == wanted["unit"],
        "merged": bool(answer["events"]) == wanted["merged"],
        "value": str(answer["value"]).split(" ")[0] == wanted["value"],
    }
    return [name for name, holds in checks.items() if not holds]


def traced(
    study: Path, exports: Path, key: Path, truth: Truth, rng: random.Random
) -> tuple[int, dict[str, int], float]:
    """Answers that are wholly right, what was wrong how often, and seconds per answer."""
    from tabml.ingest.codebook_file import load_codebook
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.trace import find_rows, trace
    from tabml.study.cohort_file import read_cohort
    from tabml.study.folder import StudyFolder

    cohort, book = read_cohort(StudyFolder(study)), load_codebook(study / "codebook.yaml")
    site = SiteKey.load(key)
    wrong: dict[str, int] = {}
    right, begun = 0, time.perf_counter()
    assert cohort.provenance is not None
    for source, patient, variable in rng.sample(sorted(truth.cells), SAMPLE):
        rows = [r for r in find_rows(cohort.rows, patient, book, site) if cohort.rows["source"].iloc[r] == source]
        found = trace(cohort.provenance, rows[0], variable, book, [exports]) if len(rows) == 1 else None
        value = cohort.variables[variable].show(cohort.frame[variable].iloc[rows[0]]) if rows else ""
        faults = (
            ["patient"]
            if found is None
            else compare({**vars(found), "value": value}, truth.cells[source, patient, variable], source)
        )
        right += not faults
        for fault in faults:
            wrong[fault] = wrong.get(fault, 0) + 1
    return right, wrong, (time.perf_counter() - begun) / SAMPLE


def by_command(study: Path, key: Path, truth: Truth) -> bool:
    """Whether the command line gives the same answer as data, by the hospital's own id."""
    wanted = truth.cells["sued", "S10", "chol"]
    said = subprocess.run([*TABML, "trace", str(study), "-", "chol", "--json", "--key", str(key)], input="S10\n", text=True,
                          capture_output=True, check=True)  # fmt: skip
    (answer,) = json.loads(said.stdout)["result"]
    return not compare(answer, wanted, "sued")


def main() -> int:
    import yaml

    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exports = folder / "exports"
        exports.mkdir()
        truth = Truth()
        sources = {"sued": south(exports, rng, truth), **north(exports, rng, truth), "west": west(exports, rng, truth)}
        book = folder / "codebook.yaml"
        book.write_text(yaml.safe_dump(codebook(sources), allow_unicode=True, sort_keys=False), encoding="utf-8")
        run([*TABML, "harmonise", exports, "--codebook", book, "--apply", "--out", folder / "study"], folder)
        key = folder / "key" / "site.key"
        right, wrong, seconds = traced(folder / "study", exports, key, truth, rng)
        same = by_command(folder / "study", key, truth)
        provenance = sum(p.stat().st_size for p in (folder / "study" / "provenance").iterdir())
        data = (folder / "study" / "cohort.parquet").stat().st_size
        exported = sum(p.stat().st_size for p in exports.iterdir())
    show("trace", [
        ("what", "measured", "goal"),
        ("cells traced right", f"{right} of {SAMPLE}" + (f" (wrong: {wrong})" if wrong else ""), f"{SAMPLE} of {SAMPLE}"),
        ("the command line says the same", "yes" if same else "no", "yes"),
        ("seconds per answer, export read again", f"{seconds:.3f}", ""),
        ("provenance, share of cohort.parquet", f"{provenance / data:.1%}", f"{GOAL_SHARE:.0%}"),
        ("provenance, share of the exports", f"{provenance / exported:.1%}", ""),
    ])  # fmt: skip
    return int(right < SAMPLE or not same or provenance > GOAL_SHARE * data)


if __name__ == "__main__":
    sys.exit(main())
