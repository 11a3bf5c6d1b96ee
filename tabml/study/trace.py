"""One value of a finished study, traced to its cell: the study's folder, the patient and the answer in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tabml.core.cohort import Cohort
from tabml.core.errors import ConfigError, InputError
from tabml.study.cohort_file import read_cohort
from tabml.study.folder import StudyFolder

if TYPE_CHECKING:
    from tabml.core.codebook import Codebook
    from tabml.ingest.trace import TraceAnswer


@dataclass(frozen=True)
class TracedValue:
    """One cohort row's value of a variable, with where it came from."""

    pseudonym: str
    value: str
    answer: TraceAnswer

    @property
    def record(self) -> dict[str, Any]:
        return {"pseudonym": self.pseudonym, "value": self.value, **asdict(self.answer)}

    @property
    def text(self) -> str:
        """The answer as lines: value, place, cells with their texts, steps, what happened to the rows."""
        a = self.answer
        why = f", because: {a.why}" if a.why else ""
        lines = [f"{a.variable} of {self.pseudonym}: {self.value}{why}"]
        if a.file is not None:
            sheet = f", sheet {a.sheet}" if a.sheet else ""
            lines.append(f"  file    {a.file}{sheet}, row {a.row} (source {a.source})")
        for cell, header, raw in zip(a.cells, a.headers, a.raw, strict=False):
            lines.append(f"  cell    {cell} {header!r}: {'not shown' if raw is None else repr(raw)}")
        steps = (("rule", a.rule), ("unit", a.unit_step), ("recode", a.recode), ("note", a.note))
        lines += [f"  {name:<7} {text}" for name, text in steps if text]
        lines += [f"  then    {event}" for event in a.events]
        return "\n".join(lines)


def trace_value(
    folder: Path,
    variable: str,
    *,
    pseudonym: str | None = None,
    raw_id: str | None = None,
    key_file: Path | None = None,
    search: Sequence[Path] = (),
) -> tuple[TracedValue, ...]:
    """Where a variable's value of one patient came from, for each of the patient's rows.

    The patient is named by pseudonym, or by the hospital's own id, which the site key turns into one; an id
    that stands in several sources gives all of them. Exports are looked for where they stood and in `search`.
    """
    from tabml.ingest.codebook_file import load_codebook
    from tabml.ingest.trace import trace

    study = StudyFolder(Path(folder))
    if not study.holds(study.cohort):
        raise InputError("this folder holds no cohort", where=study.root.name, hint="give the folder tabml fit wrote")
    cohort = read_cohort(study)
    if cohort.provenance is None:
        raise InputError("the provenance of this study was removed", where=study.root.name)
    codebook = load_codebook(study.codebook)
    variable = variable_meant(variable, codebook)
    rows = _rows(cohort, codebook, pseudonym, raw_id, key_file)
    places = [*search, *study.read_inputs()]
    return tuple(
        TracedValue(
            str(cohort.rows["pseudonym"].iloc[row]),
            _value(cohort, row, variable),
            _without_reason(trace(cohort.provenance, row, variable, codebook, places), cohort, row, variable),
        )
        for row in rows
    )


def _without_reason(answer: TraceAnswer, cohort: Cohort, row: int, variable: str) -> TraceAnswer:
    """The answer without `why` where the cell holds a value after all, as from another row of the patient."""
    if variable not in cohort.frame.columns:
        return replace(answer, why="the column identifies patients and was set aside")
    return replace(answer, why="") if pd.notna(cohort.frame[variable].iloc[row]) else answer


def variable_meant(text: str, codebook: Codebook) -> str:
    """The variable of this name, or the only one whose label or name without its unit is this text."""
    from tabml.ingest.units import split_unit
    from tabml.ingest.values import fold

    if text in codebook.variables:
        return text
    meant = [
        name
        for name, spec in codebook.variables.items()
        if fold(text) in {fold(part) for part in (name, spec.label, split_unit(name)[0], split_unit(spec.label)[0])}
    ]
    return meant[0] if len(meant) == 1 else text


def _rows(
    cohort: Cohort, codebook: Codebook, pseudonym: str | None, raw_id: str | None, key_file: Path | None
) -> tuple[int, ...]:
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.trace import find_rows

    key = None
    if raw_id is not None:
        key = SiteKey.load(key_file)
        if key.key_id != cohort.key_id:
            raise ConfigError("this study was made with another site key", hint="give it with --key")
    rows = find_rows(cohort.rows, raw_id if raw_id is not None else pseudonym or "", codebook, key)
    if not rows:
        what = (
            "no patient of this study has that id" if key is not None else "no patient of this study has that pseudonym"
        )
        raise ConfigError(
            what, hint="predictions.csv lists the pseudonyms; - reads the hospital's own id from standard input"
        )
    return rows


def _value(cohort: Cohort, row: int, variable: str) -> str:
    if variable not in cohort.frame.columns:
        return "missing"  # the trace that follows names the near miss
    spec, value = cohort.variables[variable], cohort.frame[variable].iloc[row]
    if spec.kind == "number" and spec.decimals is None and pd.notna(value):
        return f"{float(value):.15g}"  # in full: pages round to six digits
    return spec.show(value)
