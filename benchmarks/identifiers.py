"""Byte search: no name, number or birth date of the four exports may stand in any file of a study.

`python -m benchmarks.identifiers STUDY` searches a folder; without one it fits heart4 first. What to look for
is read from the exports themselves (the columns their codebook calls identifiers, and the patient ids), by
other code than tabml's. Zip members, parquet columns and SQLite tables are opened before the search.
Identifiers below 5 characters cannot be told from measurements by bytes: of those, the ones with a letter
are looked for as whole cells.
"""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import HEART4, TABML, run, show

SHORTEST = 5
ENCODINGS = ("utf-8", "cp1252", "utf-16-le")
CELL_ENDS = rb'[",;\t\r\n<>\x00]'


def planted(exports: Path, codebook: Path) -> dict[str, set[str]]:
    """Column (`source: header`) -> the texts that must not leave: whole cells, name parts, ISO birth dates."""
    book = yaml.load(codebook.read_text(encoding="utf-8"), yaml.BaseLoader)  # `on` stays text
    found: dict[str, set[str]] = {}
    for source, about in book["sources"].items():
        wanted = [
            *about.get("identifiers", ()),
            (about.get("id") or about["join"])["column" if "id" in about else "on"],
        ]
        for header, cells in _columns(exports / about["file"], about).items():
            if header in wanted:
                found[f"{source}: {header}"] = {text for cell in cells for text in _spellings(cell)}
    return found


def search(study: Path, texts: dict[str, set[str]]) -> list[tuple[str, str, int]]:
    """(file, column, number of identifiers found) for every file that holds one; empty is the goal."""
    long = {column: [t for t in found if len(t) >= SHORTEST] for column, found in texts.items()}
    short = {
        column: [t for t in found if len(t) < SHORTEST and re.search("[^0-9]", t)] for column, found in texts.items()
    }
    hits = []
    for name, body in _contents(study):
        for column in texts:
            held = sum(_holds(body, text) for text in long[column])
            held += sum(_holds_cell(body, text) for text in short[column])
            if held:
                hits.append((name, column, held))
    return hits


def _columns(file: Path, about: dict[str, Any]) -> dict[str, list[Any]]:
    rows = _read_csv(file, about) if file.suffix == ".csv" else _read_sheet(file, about.get("sheet"))
    header_row = max(int(row) for row in about["header_rows"])
    header = rows[header_row - 1]
    aside = {int(row) for row in about.get("set_aside", ())}
    rows = [row for number, row in enumerate(rows, 1) if number > header_row and number not in aside]
    return {str(h): [r[j] for r in rows if j < len(r)] for j, h in enumerate(header) if h not in (None, "")}


def _read_csv(file: Path, about: dict[str, Any]) -> list[list[Any]]:
    with file.open(encoding=about["encoding"], newline="") as lines:
        return [list(row) for row in csv.reader(lines, delimiter=about["delimiter"])]


def _read_sheet(file: Path, sheet: str | None) -> list[list[Any]]:
    from openpyxl import load_workbook

    book = load_workbook(file)
    return [list(row) for row in (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)]


def _spellings(cell: Any) -> Iterator[str]:
    """The ways one identifier could be written down."""
    if cell is None or cell == "":
        return
    if isinstance(cell, date | datetime):
        yield from (cell.strftime("%Y-%m-%d"), cell.strftime("%d.%m.%Y"))
        return
    text = str(cell).strip()
    yield text
    if day := re.fullmatch(r"(\d{2})\.(\d{2})\.(\d{4})", text):
        yield f"{day[3]}-{day[2]}-{day[1]}"
    elif re.search(r"[^\W\d]", text) and not re.search(r"\d", text):
        yield from (part for part in re.split(r"[\s,]+", text) if len(part) >= SHORTEST)


def _contents(study: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes to search) of every file, of every zip member, and of parquet and SQLite as text."""
    for file in sorted(p for p in study.rglob("*") if p.is_file()):
        name, body = file.relative_to(study).as_posix(), file.read_bytes()
        yield name, body
        if body[:4] == b"PK\x03\x04":
            yield from _zip_members(name, body)
        elif body[:4] == b"PAR1":
            yield f"{name} (columns)", _parquet_text(body)
        elif body.startswith(b"SQLite format 3\x00"):
            yield f"{name} (tables)", _sqlite_text(file)


def _zip_members(name: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for member in archive.namelist():
            inner = archive.read(member)
            yield f"{name}!{member}", inner
            if inner[:4] == b"PK\x03\x04":
                yield from _zip_members(f"{name}!{member}", inner)


def _parquet_text(body: bytes) -> bytes:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(body))
    cells = ("\n".join(str(value) for value in column.to_pylist()) for column in table.columns)
    return ("\n".join([*table.column_names, *cells, str(table.schema.metadata)]) + "\n").encode()


def _sqlite_text(file: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        copy.write_bytes(file.read_bytes())
        base = sqlite3.connect(copy)
        try:
            names = [row[0] for row in base.execute("select name from sqlite_master where type = 'table'")]
            cells = [cell for name in names for row in base.execute(f'select * from "{name}"') for cell in row]
        finally:
            base.close()
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def _holds(body: bytes, text: str) -> bool:
    return any(spelt in body for spelt in {text.encode(encoding, "ignore") for encoding in ENCODINGS})


def _holds_cell(body: bytes, text: str) -> bool:
    cell = re.escape(text.encode())
    return re.search(rb"(?:^|" + CELL_ENDS + rb")" + cell + rb"(?:$|" + CELL_ENDS + rb")", body) is not None


def main() -> int:
    """Search the study named, or a fresh one; exit status 1 where something is found."""
    texts = planted(HEART4 / "exports", HEART4 / "codebook.yaml")
    with tempfile.TemporaryDirectory() as name:
        if len(sys.argv) > 1:
            study = Path(sys.argv[1])
        else:
            study = Path(name) / "study"
            command = (*TABML, "fit", HEART4 / "exports", "--codebook", HEART4 / "codebook.yaml", "--preset", "quick")
            run([*command, "-q", "--out", "study"], Path(name))
        hits = search(study, texts)
        files = sum(1 for _ in _contents(study))
    show("looked for", [("column", "texts"), *((column, str(len(found))) for column, found in sorted(texts.items()))])
    show(
        f"found in {files} files, members and tables",
        [("file", "column", "texts"), *((f, c, str(n)) for f, c, n in hits)],
    )
    print("  nothing found" if not hits else "")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
