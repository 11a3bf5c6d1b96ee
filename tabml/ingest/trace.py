"""Where one cell of the cohort came from: file, sheet, address, raw text, unit step and rule."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.cohort import Provenance
from tabml.core.config import Data
from tabml.core.errors import ConfigError, TabmlError, did_you_mean
from tabml.core.wording import counted
from tabml.ingest.absence import conflict, unfilled, why_missing
from tabml.ingest.expressions import parse_expression
from tabml.ingest.identity import SiteKey, normalise_id
from tabml.ingest.read import RawSheet, column_number, read_file


@dataclass(frozen=True)
class TraceAnswer:
    """The way of one value. `cells` are addresses such as F17, `raw` their texts (None: not shown, see `note`).

    `events` says what was done with several rows of this patient. `why` says what made the cell missing; empty
    where the rules give a value or the export is not there to tell. `rounding`: to what the value was rounded.
    """

    variable: str
    source: str | None
    file: str | None
    sheet: str | None
    row: int | None
    cells: tuple[str, ...]
    headers: tuple[str, ...]
    raw: tuple[str | None, ...]
    unit_step: str
    rule: str
    recode: str
    events: tuple[str, ...]
    note: str
    why: str = ""
    rounding: str = ""


def trace(
    provenance: Provenance, cohort_row: int, variable: str, codebook: Codebook, search_folders: Sequence[Path]
) -> TraceAnswer:
    """The way of one cell of the cohort.

    The raw text is read again from a file of that name below `search_folders` when its sha256 is the one the
    cohort was made from; otherwise `note` says so. Identifier columns are refused (ConfigError), and the
    text of an identifier that feeds an expression is never shown.
    """
    _refuse_identifier(variable, codebook, provenance)
    if not 0 <= cohort_row < len(provenance.cells):
        raise ConfigError(f"the cohort has no row {cohort_row}", hint=f"rows 0 to {len(provenance.cells) - 1}")
    events = _events(provenance, cohort_row, variable)
    position = provenance.rule_of(cohort_row, variable)
    contradicted = conflict(provenance.exceptions, cohort_row, variable)
    if position < 0:
        why = contradicted or unfilled(provenance, cohort_row, variable, codebook)
        note = "no source fills this cell"
        return TraceAnswer(variable, None, None, None, None, (), (), (), "", "", "", events, note, why)
    rule = provenance.rules.iloc[position]
    at = provenance.sources[provenance.sources["source"] == rule["source"]].iloc[0]
    row = int(provenance.rows_in(str(rule["source"]))[cohort_row])
    letters = [c for c in str(rule["column"]).split(", ") if c]
    headers = _headers(codebook, variable, str(rule["source"]), str(rule["header"]))
    sheet, note = _reopen(at, search_folders) if letters else (None, "the codebook states a constant")
    raw = _texts(sheet, row, letters)
    if sheet is not None and sheet.origin is not None:
        at_cells = ", ".join(sheet.at(row, column_number(letter)) for letter in letters)
        note = note or f"the table was laid out from the file: {at_cells}"
    heads = tuple(int(r) for r in str(at["header_rows"]).split(", ") if r)
    source = str(rule["source"])
    why = contradicted or (why_missing(sheet, row, source, codebook, variable, heads) if sheet is not None else "")
    secret = set(codebook.sources[str(rule["source"])].identifiers)
    shown = tuple(None if h in secret else text for h, text in zip(headers, raw, strict=False))
    if any(h in secret for h in headers):
        note = "; ".join(filter(None, [note, "texts of identifiers are not shown"]))
    return TraceAnswer(
        variable=variable,
        source=str(rule["source"]),
        file=str(at["file"]),
        sheet=str(at["sheet"]) or None,
        row=row,
        cells=tuple(f"{letter}{row}" for letter in letters),
        headers=headers,
        raw=shown,
        unit_step=str(rule["unit_step"]),
        rule=str(rule["expr"]) or f"column {rule['header']!r}",
        recode=str(rule["recode"]),
        events=events,
        note=note,
        why=why,
        rounding=_rounding(codebook, variable, is_worked_out=bool(rule["unit_step"] or rule["expr"])),
    )


def _rounding(codebook: Codebook, variable: str, *, is_worked_out: bool) -> str:
    """To what a variable is rounded, in words; empty for a whole number that is taken as it stands."""
    spec = codebook.variables[variable]
    decimals = 0 if spec.kind == "integer" and is_worked_out else spec.decimals
    if spec.kind not in ("number", "integer") or decimals is None:
        return ""
    return f"to {counted(decimals, 'decimal')}" if decimals else "to a whole number"


def find_rows(rows: pd.DataFrame, patient: str, codebook: Codebook, key: SiteKey | None = None) -> tuple[int, ...]:
    """Cohort rows of a patient given by pseudonym, or, with the site key, by the hospital's own id.

    A raw id may stand in several sources: the rows of all of them are returned.
    """
    wanted = {patient.strip().upper()}
    if key is not None:
        scopes = [""] if codebook.id_scope == "global" else list(codebook.base_sources())
        for scope in scopes:
            node = codebook.sources.get(scope)
            rule = node.id.rule if node is not None and node.id is not None else "as_is"
            # "ZH5" is not number 5 of the hospital that numbers its patients.
            rule = "as_is" if any(c.isalpha() for c in patient) else rule
            wanted.add(key.pseudonym(scope, normalise_id(patient, rule)))
    return tuple(int(i) for i in rows.index[rows["pseudonym"].isin(wanted)])


def _refuse_identifier(variable: str, codebook: Codebook, provenance: Provenance) -> None:
    spec = codebook.variables.get(variable)
    identifiers = {h for s in codebook.sources.values() for h in s.identifiers}
    if variable in identifiers or (
        spec is not None and (spec.kind == "id" or spec.role in ("patient_id", "identifier"))
    ):
        raise ConfigError(f"{variable!r} identifies people and is not traced", hint="name another variable")
    filled = set(provenance.rules["variable"])
    if variable not in filled or spec is None:
        known = [n for n in codebook.variables if n in filled]
        raise ConfigError(f"the cohort has no variable {variable!r}", hint=did_you_mean(variable, known))


def _events(provenance: Provenance, cohort_row: int, variable: str) -> tuple[str, ...]:
    cases = provenance.exceptions
    mine = cases[(cases["row"] == cohort_row) & cases["variable"].isin(["", variable])]
    return tuple(f"rows {r} of {s}: {a}" for r, s, a in zip(mine["rows"], mine["source"], mine["action"], strict=True))


def _headers(codebook: Codebook, variable: str, source: str, text: str) -> tuple[str, ...]:
    """Headers of the columns a rule reads; a header may hold a comma, so the codebook is asked first."""
    mapping = codebook.variables[variable].from_.get(source)
    if mapping is not None and mapping.column is not None:
        return (mapping.column,)
    if mapping is not None and mapping.expr is not None:
        return parse_expression(mapping.expr).headers
    return (text,) if text else ()


def _reopen(at: pd.Series, folders: Iterable[Path]) -> tuple[RawSheet | None, str]:
    """The sheet read again, or None and the reason."""
    file = _find(str(at["file"]), str(at["sha256"]), folders)
    if file is None:
        return None, f"{at['file']} is not found unchanged in the folders searched: no raw text"
    try:
        sheets = read_file(file, Data())
    except TabmlError as error:
        return None, f"{at['file']} cannot be read again: {error.what}"
    sheet = next((s for s in sheets if (s.sheet or "") == str(at["sheet"])), None)
    return sheet, "" if sheet is not None else f"{at['file']} has no sheet {at['sheet']!r} any more"


def _texts(sheet: RawSheet | None, row: int, letters: Sequence[str]) -> tuple[str | None, ...]:
    """The cells' texts; None without the sheet."""
    if sheet is None:
        return (None,) * len(letters)
    return tuple(sheet.text(row, column_number(letter)) for letter in letters)


def _find(name: str, sha256: str, folders: Iterable[Path]) -> Path | None:
    for folder in folders:
        candidates = (
            [folder] if folder.is_file() else sorted(folder.rglob(glob.escape(name))) if folder.is_dir() else []
        )
        for candidate in candidates:
            if candidate.name == name and candidate.is_file() and _sha256(candidate) == sha256:
                return candidate
    return None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
