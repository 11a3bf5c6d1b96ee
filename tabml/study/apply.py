"""A model file applied to new rows: one line out per row in, each with a flag that says whether to use it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tabml.core.config import Data
from tabml.core.errors import ConfigError, DataError, InputError
from tabml.core.findings import Finding, ordered
from tabml.study.bundle import Bundle, read_bundle
from tabml.study.checks import Checked, check_rows
from tabml.study.judged import limits_left_to_checks
from tabml.study.plugins import load_needed
from tabml.study.probe import needs_probe, probe

if TYPE_CHECKING:
    from tabml.ingest.new_rows import NewRows
    from tabml.ingest.read import RawSheet
    from tabml.learn.pipeline import Prediction

#: Digits of a probability or risk; more would pretend to a precision no model has.
DECIMALS = 4


@dataclass(frozen=True)
class Applied:
    """Predictions for the rows of a file.

    `table`: row (number in the file), patient_id (the user's own), one column per output
    (`probability_<class>`, `risk_<days>_d` or `prediction`), flag (use, review, refuse), reasons, bundle.
    A refused row has no number. Row-level: `table` stays with whoever holds the file. `manifest`: the model file's.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...]
    bundle: str
    manifest: Mapping[str, Any]


def predict_file(
    model: Path,
    inputs: Sequence[Path],
    *,
    codebook_file: Path | None = None,
    sheet: str | None = None,
    plugins: Sequence[Path] = (),
) -> Applied:
    """Read `inputs` by the model file's codebook (or another one) and predict every row, in the files' order.

    An InputError names all columns that are absent at once, a DataError columns coded in levels the model does
    not know.
    """
    from tabml.ingest.codebook_file import load_codebook
    from tabml.ingest.new_rows import new_rows
    from tabml.ingest.read import read_files
    from tabml.ingest.together import read_together

    bundle = open_bundle(model, plugins)
    codebook = load_codebook(codebook_file) if codebook_file is not None else bundle.codebook
    names = [entry["name"] for entry in bundle.used]
    files = _by_file(read_files(inputs, Data(sheet=sheet)))
    parts: dict[str, Applied] = {}
    codebook, judged = limits_left_to_checks(codebook, bundle.used)
    for sheets in read_together(files, codebook, names):  # each in its own convention, with the files joined to it
        rows = new_rows(sheets, codebook, names)
        _refuse_absent(rows)
        parts[_label(sheets[0].file, parts)] = apply_rows(bundle, rows, judged)
    return _together(parts, bundle)


def _by_file(sheets: Iterable[RawSheet]) -> list[tuple[RawSheet, ...]]:
    """The sheets of each file; two files of one name are two, the same file twice is a ConfigError."""
    files: dict[tuple[str, str], list[RawSheet]] = {}
    for sheet in sheets:
        of_file = files.setdefault((sheet.file, sheet.sha256), [])
        if any(sheet.sheet == other.sheet for other in of_file):
            raise ConfigError("the same file is given twice", where=sheet.file, hint="name it once")
        of_file.append(sheet)
    return [tuple(of_file) for of_file in files.values()]


def _label(file: str, taken: Mapping[str, Applied]) -> str:
    """How a file is called in the table; a second one of the same name gets a number."""
    numbers = range(2, len(taken) + 2)
    return next(n for n in (file, *(f"{file} ({k})" for k in numbers)) if n not in taken)


def _together(parts: Mapping[str, Applied], bundle: Bundle) -> Applied:
    """One table of all files, in their order; `file` says where a row stands as soon as there are several."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    for file, part in parts.items():
        part.table.insert(0, "file", file)
    table = pd.concat([p.table for p in parts.values()], ignore_index=True)
    return Applied(table, ordered(f for p in parts.values() for f in p.findings), bundle.short_name, bundle.manifest)


def open_bundle(model: Path, plugins: Sequence[Path] = ()) -> Bundle:
    """A model file to predict with: checked here, and its foreign parts opened in a child process first.

    `plugins` are the files a model of a plugin needs; only one with the content it was made with is loaded.
    """
    bundle = read_bundle(model)
    load_needed(bundle.plugins, plugins, model.name)
    if needs_probe(tuple(bundle.members)):
        probe(model, plugins)
    return bundle


def apply_rows(bundle: Bundle, rows: NewRows, judged: Collection[str] = ()) -> Applied:
    """Predictions for rows that were read, `judged` as in `check_rows`; nothing touches the disk."""
    if not len(rows.frame):
        raise DataError("the file holds no row to predict")
    checked = check_rows(rows, bundle.used, small_cell=bundle.small_cell, judged=judged)
    usable = checked.flag != "refuse"
    outputs = _outputs(bundle, checked, usable)
    table = pd.DataFrame(
        {
            "row": list(rows.row_numbers),
            "patient_id": pd.array(list(rows.raw_ids), dtype="string"),
            **outputs,
            "flag": checked.flag,
            "reasons": checked.reasons,
            "bundle": bundle.short_name,
        }
    )
    return Applied(table, ordered(checked.findings), bundle.short_name, bundle.manifest)


def _refuse_absent(rows: NewRows) -> None:
    absent = list(rows.absent)
    if absent:
        word = "column" if len(absent) == 1 else "columns"
        raise InputError(
            f"{word} the model needs not found: {'; '.join(_absent_words(name, rows) for name in absent)}",
            where=f"{rows.place}, read as {rows.source}",
            hint="add them (an empty column counts as not measured), or map them with --codebook",
        )


def _absent_words(name: str, rows: NewRows) -> str:
    """The header that is absent with the nearest ones, and the variable where that has another name."""
    header = rows.absent[name]
    return header if header.casefold().startswith(repr(name).casefold()) else f"{header} for {name}"


def _outputs(bundle: Bundle, checked: Checked, usable: np.ndarray) -> dict[str, np.ndarray]:
    """The output columns, NaN where a row is refused."""
    from tabml.learn.pipeline import output_names

    made = bundle.pipeline
    columns = output_names(made.task, made.classes, made.positive, made.horizons)
    values = np.full((len(usable), len(columns)), np.nan)
    if usable.any():
        frame = checked.frame.iloc[np.flatnonzero(usable)].reset_index(drop=True)
        values[usable] = _as_matrix(bundle.predict(frame))
    decimals = bundle.target.get("decimals", DECIMALS) if bundle.target.get("task") == "regression" else DECIMALS
    rounded = np.round(values, decimals)
    return {name: rounded[:, j] for j, name in enumerate(columns)}


def _as_matrix(prediction: Prediction) -> np.ndarray:
    """Outputs (n, columns): probability of each class or of the positive one, risk by horizon, or the value."""
    for part in (prediction.probability, prediction.risk, prediction.value):
        if part is not None:
            return np.asarray(part, dtype=np.float64).reshape(len(prediction.link), -1)
    raise DataError("the model gives no output for its task")


def flag_counts(flags: Iterable[str]) -> dict[str, int]:
    """How many rows carry each flag, use first."""
    counts = {"use": 0, "review": 0, "refuse": 0}
    for flag in flags:
        counts[flag] += 1
    return counts
