"""SPSS (.sav, .zsav, .por), Stata (.dta) and SAS (.sas7bdat, .xpt) files: cells, labels and missing codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.core.findings import Finding, Severity, finding
from tabml.ingest.read import statchild
from tabml.ingest.read.arrow import refuse_large, sheet_of
from tabml.ingest.read.document import Document
from tabml.ingest.read.process import running
from tabml.ingest.read.records import RawSheet, Stated
from tabml.ingest.read.sniff import SAS_CATALOGUE, Content
from tabml.ingest.values.cells import cell_text

CALLED = {"sav": "SPSS", "por": "SPSS", "dta": "Stata", "sas7bdat": "SAS", "xport": "SAS"}
BASE_BYTES = 3 << 30  # interpreter, Arrow and numpy map more than they use
GROWTH = 40  # memory for each byte of a compressed file, as Python values
#: SPSS' words for a column of codes.
CODED = ("nominal", "ordinal")


def read_statistics(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """The one table of the file. Labels, levels, missing codes and date formats arrive as `stated`."""
    table = _read(document, content)
    refuse_large(table.num_rows, table.num_columns, document.name, data)
    about = json.loads((table.schema.metadata or {}).get(statchild.KEY, b'{"error": "none"}'))
    if "error" in about:
        raise _unreadable(document.name, content, about["error"])
    stated = {
        number: said
        for number, name in enumerate(table.column_names, start=1)
        if (said := _stated(about, name, table.column(name))) != Stated()
    }
    findings = tuple(_said(document, content, about))
    return (sheet_of(document, table.column_names, table.columns, stated, findings),)


def _read(document: Document, content: Content) -> pa.Table:
    import pyarrow.ipc

    memory = BASE_BYTES + GROWTH * document.size
    catalogue = _catalogue(document.path) if content == "sas7bdat" else None
    script = [str(Path(statchild.__file__)), str(document.path.resolve()), content, str(catalogue or ""), str(memory)]
    with running([sys.executable, "-P", *script], None) as process:
        try:
            with pyarrow.ipc.open_stream(process.stdout) as stream:
                return stream.read_all()
        except (pa.ArrowException, OSError):
            # aborted, or stopped by the memory limit: no more can be learned from it
            raise _unreadable(document.name, content, "Abort") from None


def _catalogue(path: Path) -> Path | None:
    """The SAS catalogue of formats beside a data set: of the same name, or the only one there."""
    beside = [p for p in sorted(path.parent.glob("*")) if p.suffix.casefold() == ".sas7bcat" and p.is_file()]
    same = [p for p in beside if p.stem.casefold() == path.stem.casefold()]
    chosen = same[0] if same else beside[0] if len(beside) == 1 else None
    if chosen is None:
        return None
    with chosen.open("rb") as stream:
        return chosen if stream.read(len(SAS_CATALOGUE)) == SAS_CATALOGUE else None


def _unreadable(name: str, content: Content, kind: str) -> InputError:
    called = CALLED[content]
    if kind == "ImportError":
        return InputError(
            f"the file is {'an' if called[0] == 'S' else 'a'} {called} file, and what reads it is not installed",
            where=name,
            hint="pip install 'tabml[formats]', or export the table as CSV",
        )
    return InputError(
        f"the {called} file is damaged, or of a version that cannot be read",
        where=name,
        hint=f"open it in {called} and save it again, or export it as CSV",
    )


def _stated(about: Mapping[str, Any], name: str, cells: pa.ChunkedArray) -> Stated:
    levels = {_code(code): str(label) for code, label in about["levels"].get(name, ())}
    missing = [*_declared(about["missing_ranges"].get(name, ()), cells, levels), *_tags(about["tags"].get(name, ()))]
    measure = about["measure"].get(name)
    known = {code: label for code, label in levels.items() if code not in missing}
    is_coded = bool(known) and (measure in CODED or (measure != "scale" and _covers([*levels, *missing], cells)))
    return Stated(
        label=about["labels"].get(name, ""),
        levels=known,
        missing=tuple(dict.fromkeys(missing)),
        missing_labels={code: levels[code] for code in missing if code in levels},
        kind="category" if is_coded else None,
        ordered=is_coded and measure == "ordinal",
    )


def _covers(codes: list[str], cells: pa.ChunkedArray) -> bool:
    """Whether every value of the column has a label or is declared missing."""
    held = {_code(value) for value in cells.unique().to_pylist() if value is not None and value != ""}
    return bool(held) and held <= set(codes)


def _code(code: Any) -> str:
    """A value as its cell would be written; `a` of Stata and SAS is the missing mark `.a`."""
    if isinstance(code, str) and len(code) == 1 and code.isalpha() and code.islower():
        return f".{code}"
    return cell_text(float(code)) if isinstance(code, int | float) else str(code)


def _declared(ranges: list[list[Any]], cells: pa.ChunkedArray, levels: Mapping[str, str]) -> Iterator[str]:
    """SPSS' user-missing values: single ones as stated, of a range those that the column or its labels hold."""
    for low, high in ranges:
        if low == high:
            yield _code(low) if not isinstance(low, str) else low
            continue
        held = {_code(v) for v in cells.unique().to_pylist() if isinstance(v, int | float) and low <= v <= high}
        held |= {code for code in levels if _is_between(code, low, high)}
        yield from sorted(held)


def _is_between(code: str, low: float, high: float) -> bool:
    try:
        return low <= float(code) <= high
    except ValueError:
        return False


def _tags(tags: list[str]) -> Iterator[str]:
    yield from (f".{tag.lower()}" for tag in tags)


def _said(document: Document, content: Content, about: Mapping[str, Any]) -> Iterator[Finding]:
    name = document.name
    if about["encoding"]:
        evidence = f"{name}: {CALLED[content]} names no encoding that fits its texts; read as {about['encoding']}"
        yield finding("TB105", evidence, count=1)
    catalogue = _catalogue(document.path) if about["catalogue"] is not None else None
    if catalogue is not None:
        done = "labels of its codes read from" if about["catalogue"] else "labels of its codes lost with the unreadable"
        severity: Severity = "info" if about["catalogue"] else "warn"
        yield finding("TB105", f"{name}: {done} {catalogue.name}", count=1, severity=severity)
