"""Exports of 60 mixed columns to a typed cohort with provenance, beside pandas reading the same file.

`python -m benchmarks.ingest` prints CPU seconds and the memory peak (PSS of the process tree) of each, every
one in a process of its own, median of 3, and the size of the provenance. `--rows N` shrinks the csv and, to a
tenth, the workbook; `--folder DIR` keeps the generated files. pandas leaves dates as text, applies no codebook
and records no provenance. `commands` are `tabml harmonise` and `tabml summary` of the csv, without an anchor.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Measured, median_of, run, show

SEED = 20260101
CATEGORIES = {
    "sex": ["male", "female"], "smoker": ["yes", "no"], "diabetes": ["yes", "no"], "asa": ["I", "II", "III", "IV"],
    "stage": ["0", "I", "IIa", "IIb", "III", "IV"], "side": ["left", "right"], "ecg": ["normal", "ST-T", "LVH"],
    "ward": ["A1", "A2", "B1", "B2", "C"], "nyha": ["1", "2", "3", "4"], "pain": ["none", "typical", "atypical"],
    "statin": ["yes", "no"], "died": ["yes", "no"],
}  # fmt: skip
DATES = ("visit", "surgery", "discharge", "last_seen")
N_INTEGERS, N_DECIMALS = 11, 32
OURS = "from benchmarks.ingest import cohort_of; cohort_of({inputs!r}, {codebook!r}, {out!r})"
PANDAS = {
    "csv": "import pandas as pd; pd.read_csv({path!r})",
    "xlsx": "import pandas as pd; pd.read_excel({path!r}, engine='openpyxl')",
    "folder": "import pandas as pd, glob; pd.concat([pd.read_csv(f) if f.endswith('csv') else "
    "pd.read_excel(f, engine='openpyxl') for f in sorted(glob.glob({path!r} + '/*'))])",
}


def columns(rows: int, seed: int) -> dict[str, Any]:
    """Header -> cells: an id, categories, integers, decimals (floats, NaN missing) and days; 5 % missing."""
    rng = np.random.default_rng([SEED, seed])
    made: dict[str, Any] = {
        "patient_id": np.array([f"P{seed:03d}{i:07d}" for i in rng.permutation(rows)], dtype=object)
    }
    for name, levels in CATEGORIES.items():
        cells = np.array(levels, dtype=object)[rng.integers(0, len(levels), rows)]
        made[name] = np.where(rng.random(rows) < 0.05, "NA", cells)
    for name in DATES:
        days = np.datetime64("2010-01-01") + rng.integers(0, 5000, rows)
        made[name] = np.where(rng.random(rows) < 0.05, np.datetime64("NaT"), days)
    for i in range(N_INTEGERS):
        made[f"count_{i}"] = np.where(rng.random(rows) < 0.05, np.nan, rng.poisson(20 + 10 * i, rows))
    for i in range(N_DECIMALS):
        values = np.round(rng.lognormal(1 + i / 10, 0.4, rows), 1 + i % 4)
        made[f"lab_{i} (mg/dL)"] = np.where(rng.random(rows) < 0.05, np.nan, values)
    return made


def write_csv(path: Path, made: dict[str, Any]) -> None:
    """Comma-separated, days as 31.12.2020, missing as NA."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    def texts(cells: Any) -> pa.Array:
        array = pa.array(cells, from_pandas=True)
        if pa.types.is_temporal(array.type):
            array = pc.strftime(array, format="%d.%m.%Y")
        return pc.fill_null(array.cast(pa.string()), "NA")

    options = csv.WriteOptions(quoting_style="none")
    csv.write_csv(pa.table({name: texts(cells) for name, cells in made.items()}), path, options)


def write_xlsx(path: Path, made: dict[str, Any]) -> None:
    """Typed cells: numbers, dates with a date format, missing as the text NA."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True, "default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet("Patients")
        sheet.write_row(0, 0, list(made))
        cells = [c.astype(object) for c in made.values()]
        for i, row in enumerate(zip(*cells, strict=True), start=1):
            sheet.write_row(i, 0, ["NA" if v is None or v != v else v for v in row])


def codebook(sources: dict[str, Path], path: Path) -> Path:
    """Every column mapped at every source, as a clinician would have accepted it."""
    lines = ["codebook: 1", "title: generated", "sources:"]
    for name, file in sources.items():
        order = "dmy" if file.suffix == ".csv" else "ymd"
        sheet = ", sheet: Patients" if file.suffix == ".xlsx" else ""
        lines.append(
            f"  {name}: {{file: {file.name}{sheet}, missing: [NA], dates: {order}, id: {{column: patient_id}}}}"
        )
    lines.append("variables:")
    for header, text in _variables().items():
        at = ", ".join(f"{s}: {{column: {header!r}, status: accepted}}" for s in sources)
        lines.append(f"  {header.split(' ')[0]}: {{{text}, from: {{{at}}}}}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _variables() -> dict[str, str]:
    made = {"patient_id": "kind: id, role: patient_id"}
    for name, levels in CATEGORIES.items():
        role = ", role: outcome, timing: outcome" if name == "died" else ""
        made[name] = f"kind: category, levels: {{{', '.join(f'{level!r}: {level!r}' for level in levels)}}}{role}"
    made |= dict.fromkeys(DATES, "kind: date")
    made |= {f"count_{i}": "kind: integer" for i in range(N_INTEGERS)}
    made |= {f"lab_{i} (mg/dL)": "kind: number, unit: mg/dL" for i in range(N_DECIMALS)}
    return made


def cohort_of(inputs: str, book: str, out: str) -> None:
    """What is measured: files and codebook to a typed cohort with provenance; writes the bytes of both."""
    from tabml.core.config import Data
    from tabml.ingest.codebook_file import load_codebook
    from tabml.ingest.harmonise import harmonise
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.read import read_files

    cohort = harmonise(read_files([Path(inputs)], Data()), load_codebook(Path(book)), SiteKey(bytes(32)), data=Data())
    assert cohort.provenance is not None
    data = int(cohort.frame.memory_usage(index=False).sum())
    Path(out).write_text(f"{len(cohort.frame)} {data} {provenance_bytes(cohort.provenance)}")


def provenance_bytes(provenance: Any) -> int:
    """Memory of all tables of the provenance."""
    from dataclasses import fields

    tables = [getattr(provenance, part.name) for part in fields(provenance)]
    return int(sum(table.memory_usage(index=False, deep=True).sum() for table in tables))


def _compared(title: str, kind: str, inputs: Path, book: Path, folder: Path, times: int) -> None:
    out = folder / "sizes.txt"
    ours = OURS.format(inputs=str(inputs), codebook=str(book), out=str(out))
    theirs = PANDAS[kind].format(path=str(inputs))

    def cost(code: str) -> Measured:
        return median_of(times, lambda _: run((sys.executable, "-c", code), folder, watch=True))

    with _importable():
        mine, anchor = cost(ours), cost(theirs)
    rows, data, kept = map(int, out.read_text().split())
    show(f"{title}: {rows} patients", [
        ("", "CPU s", "wall s", "peak MB", "CPU, anchor / tabml"),
        ("tabml: typed cohort with provenance", f"{mine.cpu:.1f}", f"{mine.wall:.1f}", f"{mine.tree:.0f}",
         f"{anchor.cpu / mine.cpu:.1f}"),
        ("anchor: pandas, read only", f"{anchor.cpu:.1f}", f"{anchor.wall:.1f}", f"{anchor.tree:.0f}", ""),
    ])  # fmt: skip
    print(f"  provenance {kept / 1e6:.1f} MB, {kept / data:.1%} of the data's {data / 1e6:.0f} MB")


@contextlib.contextmanager
def _importable() -> Iterator[None]:
    """The measured processes run elsewhere and import this clone."""
    import os

    from benchmarks.measure import ROOT

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def main() -> None:
    """Goals: workbook at least 6 times faster than pandas with openpyxl and 600 MB; csv 1.2 times its time and 900 MB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("only", nargs="*", default=["csv", "commands", "xlsx", "folder"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        if "csv" in options.only:
            file = _made(folder / "big.csv", options.rows)
            book = codebook({"big": file}, folder / "csv.yaml")
            _compared(
                f"csv of {options.rows} x 60, {file.stat().st_size / 1e6:.0f} MB",
                "csv",
                file,
                book,
                folder,
                options.times,
            )
        if "commands" in options.only:
            file = _made(folder / "big.csv", options.rows)
            _commands(file, codebook({"big": file}, folder / "csv.yaml"), folder, options.times)
        if "xlsx" in options.only:
            file = _made(folder / "big.xlsx", options.rows // 10)
            book = codebook({"big": file}, folder / "xlsx.yaml")
            _compared(f"workbook of {options.rows // 10} x 60", "xlsx", file, book, folder, options.times)
        if "folder" in options.only:
            many = folder / "many"
            many.mkdir(exist_ok=True)
            rows = max(20, options.rows // 2000)
            files = {f"c{i}": _made(many / f"c{i}.{'csv' if i % 2 else 'xlsx'}", rows, i) for i in range(200)}
            book = codebook(files, folder / "folder.yaml")
            _compared(f"folder of 200 exports of {rows} x 60", "folder", many, book, folder, options.times)


def _commands(file: Path, book: Path, folder: Path, times: int) -> None:
    """The whole commands on the csv, from start to the written folder."""
    import shutil

    from benchmarks.measure import TABML

    ask = {"harmonise": ("--apply",), "summary": ("--target", "died", "--positive", "yes")}
    rows: list[tuple[str, ...]] = [("", "CPU s", "wall s", "peak MB")]

    def cost(verb: str) -> Measured:
        out = folder / f"of_{verb}"
        shutil.rmtree(out, ignore_errors=True)
        return run((*TABML, verb, file, "--codebook", book, *ask[verb], "--yes", "--out", out), folder, watch=True)

    with _importable():
        for verb in ask:
            mine = median_of(times, lambda _, verb=verb: cost(verb))  # type: ignore[misc]
            rows.append((f"tabml {verb}", f"{mine.cpu:.1f}", f"{mine.wall:.1f}", f"{mine.tree:.0f}"))
    show(f"commands on {file.name}", rows)


def _made(path: Path, rows: int, seed: int = 0) -> Path:
    if not path.exists():
        (write_csv if path.suffix == ".csv" else write_xlsx)(path, columns(rows, seed))
    return path


if __name__ == "__main__":
    main()
