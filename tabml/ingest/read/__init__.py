"""Reading: files become sheets of cells, addressed from A1; content decides, never the suffix."""

from __future__ import annotations

import logging
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tabml.core.config import Data
from tabml.core.errors import InputError, did_you_mean
from tabml.core.findings import Finding, finding
from tabml.ingest.read.arrow import read_arrow
from tabml.ingest.read.column import CellValue, Column
from tabml.ingest.read.decrypt import decrypted
from tabml.ingest.read.document import Document, unreadable
from tabml.ingest.read.html import read_html
from tabml.ingest.read.records import RawSheet, Row, Stated, address, column_letter, column_number
from tabml.ingest.read.redcap import has_events, lay_out, unite_redcap
from tabml.ingest.read.sniff import Content, sniff
from tabml.ingest.read.statistics import read_statistics
from tabml.ingest.read.text import read_text
from tabml.ingest.read.typed import typed_column
from tabml.ingest.read.workbook import read_workbook
from tabml.ingest.read.xml2003 import read_xml2003

__all__ = [
    "CellValue",
    "Column",
    "RawSheet",
    "Row",
    "Stated",
    "address",
    "column_letter",
    "column_number",
    "list_files",
    "read_file",
    "read_files",
    "typed_column",
]
Reader = Callable[[Document, Content, Data], tuple[RawSheet, ...]]
READERS: Mapping[Content, Reader] = {
    **dict.fromkeys(("xlsx", "xlsb", "xls", "ods"), read_workbook),
    **dict.fromkeys(("parquet", "arrow"), read_arrow),
    **dict.fromkeys(("sav", "por", "dta", "sas7bdat", "xport"), read_statistics),
    "html": read_html,
    "xml2003": read_xml2003,
    "text": read_text,
}
log = logging.getLogger(__name__)

#: Files that live beside exports and hold no patients; in a folder they are passed over by name.
BESIDE = frozenset(
    [
        ".md",
        ".rst",
        ".yaml",
        ".yml",
        ".json",
        ".toml",
        ".ini",
        ".cfg",
        ".py",
        ".r",
        ".do",
        ".sas",
        ".sps",
        ".ipynb",
        ".html",
        ".htm",
        ".sas7bcat",
        ".pdf",
        ".doc",
        ".docx",
        ".ppt",
        ".pptx",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".svg",
        ".zip",
        ".gz",
        ".7z",
        ".tabml",
        ".db",
        ".log",
        ".names",
    ]
)


def read_files(inputs: Sequence[Path], data: Data) -> tuple[RawSheet, ...]:
    """Every sheet of the files, and of the files in the folders, in the order given; names sorted within a folder.

    `data.sheet` picks one sheet of each workbook that has it. InputError names the file that cannot be read.
    """
    files, findings = list_files(inputs)
    for passed_over in findings:
        log.info(passed_over.evidence)
    sheets = _laid_out(unite_redcap([sheet for file in files for sheet in _cells(file, data)]))
    return _chosen(sheets, data.sheet) if data.sheet is not None else sheets


def read_file(path: Path, data: Data) -> tuple[RawSheet, ...]:
    """The sheets of one workbook (hidden ones too), or the one table of another file."""
    return _laid_out(_cells(path, data))


def _cells(path: Path, data: Data) -> tuple[RawSheet, ...]:
    document = Document(Path(path))
    content = sniff(document)
    if content == "encrypted":
        document = decrypted(document)
        content = sniff(document)
    return READERS[content](document, content, data)


def _laid_out(sheets: Sequence[RawSheet]) -> tuple[RawSheet, ...]:
    return tuple(part for sheet in sheets for part in (lay_out(sheet) if has_events(sheet) else (sheet,)))


def list_files(inputs: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """The files to read, each once, and a finding that names the files of a folder passed over."""
    files: dict[Path, None] = {}
    passed_over: list[str] = []
    for given in map(Path, inputs):
        if not given.is_dir():
            files.setdefault(given)
            continue
        tables = [p for p in _entries(given) if p.is_file() and not _is_clutter(p)]
        beside = {p for p in tables if _is_beside(p) or is_codebook_workbook(p)}
        passed_over += [p.name for p in tables if p in beside]
        tables = [p for p in tables if p not in beside]
        if not tables:
            raise InputError("the folder holds no table", where=given.name, hint="name the exports (.xlsx, .csv, ...)")
        for table in tables:
            files.setdefault(table)
    if not files:
        raise InputError("no input was named", hint="tabml fit export.xlsx")
    if not passed_over:
        return tuple(files), ()
    evidence = f"not read, no tables by their names: {', '.join(passed_over)}"
    return tuple(files), (finding("TB104", evidence, count=len(passed_over), severity="info"),)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda p: p.name)
    except OSError as error:
        raise unreadable(folder, error) from None


def _is_clutter(path: Path) -> bool:
    return path.name.startswith((".", "~$")) or path.name.casefold() in ("thumbs.db", "desktop.ini")


def _is_beside(path: Path) -> bool:
    stem = path.name.casefold()
    return path.suffix.casefold() in BESIDE or stem.startswith(("readme", "license", "changelog", "sha256sums"))


def is_codebook_workbook(path: Path) -> bool:
    """Whether a workbook is a codebook that tabml wrote: it may well be kept beside the exports it describes."""
    if path.suffix.casefold() != ".xlsx" or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        try:
            with archive.open("xl/workbook.xml") as part:
                head = part.read(100_000)
        except (KeyError, OSError, RuntimeError, zlib.error, zipfile.BadZipFile):
            return False  # whatever it is, the reader will say so
    return b'name="_meta"' in head and b'name="Mapping"' in head


def _chosen(sheets: tuple[RawSheet, ...], name: str) -> tuple[RawSheet, ...]:
    chosen = tuple(
        replace(s, hidden=False) if s.sheet is not None else s
        for s in sheets
        if s.sheet is None or s.sheet.casefold() == name.casefold()
    )
    if not any(s.sheet is not None for s in chosen):
        known = [s.sheet for s in sheets if s.sheet is not None]
        raise InputError(f"no workbook has a sheet {name!r}", hint=did_you_mean(name, known) if known else None)
    return chosen
