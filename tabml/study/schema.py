"""The schema of a model file: which variables it wants, in which unit, and what it saw while it learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from tabml.core.cohort import DTYPES, Cohort, Variable
from tabml.core.errors import BundleError, InputError

QUANTILES = {"p01": 0.01, "p50": 0.50, "p99": 0.99}
REQUIRED_KEYS = (
    "name",
    "kind",
    "role",
    "label",
    "unit",
    "required",
    "trained_missing",
    "levels",
    "limits",
    "quantiles",
)


def schema_of(
    cohort: Cohort, variables: Sequence[str], rows: Sequence[int], *, small_cell: int
) -> list[dict[str, Any]]:
    """One entry per variable the model wants, described from the rows it was trained on.

    Nothing here belongs to fewer than `small_cell` patients: rarer levels are left out, and the outer
    quantiles move inwards until as many patients lie beyond them.
    """
    patients = cohort.rows["patient"].to_numpy()[np.asarray(rows)]
    return [
        _entry(cohort.frame[name].iloc[list(rows)], cohort.variables[name], patients, small_cell) for name in variables
    ]


def _entry(column: pd.Series, variable: Variable, patients: Any, small_cell: int) -> dict[str, Any]:
    levels = {}
    if variable.kind == "category":
        held = pd.DataFrame({"level": column.astype("string").to_numpy(), "patient": patients})
        counts = held.dropna().groupby("level")["patient"].nunique()
        levels = {str(code): variable.levels.get(str(code), str(code)) for code, n in counts.items() if n >= small_cell}
    return {
        "name": variable.name,
        "kind": variable.kind,
        "role": variable.role,
        "label": variable.label,
        "unit": variable.unit,
        "ordered": variable.ordered,
        "decimals": variable.decimals,
        "required": True,
        "trained_missing": round(float(column.isna().mean()), 4),
        "levels": levels,
        "limits": list(variable.range) if variable.range is not None else None,
        "quantiles": _quantiles(column, variable, patients, small_cell),
    }


def _quantiles(column: pd.Series, variable: Variable, patients: Any, small_cell: int) -> dict[str, float] | None:
    if variable.kind not in ("number", "integer"):
        return None
    present = column.notna().to_numpy()
    n_patients = len(np.unique(patients[present]))
    if n_patients < 2 * small_cell:
        return None
    values = column[present].to_numpy(dtype=np.float64)
    edge = small_cell / n_patients
    shares = {key: min(max(share, edge), 1 - edge) for key, share in QUANTILES.items()}
    return {key: _rounded(float(np.quantile(values, share)), variable) for key, share in shares.items()}


def _rounded(value: float, variable: Variable) -> float:
    """As many digits as the variable is written with."""
    decimals = 0 if variable.kind == "integer" else variable.decimals
    return round(value, decimals) if decimals is not None else float(f"{value:.4g}")


def check_schema(entries: Any) -> list[dict[str, Any]]:
    """The schema of a manifest, refused (BundleError) where an entry is not one."""
    if not isinstance(entries, list):
        raise BundleError("the model file has no schema")
    for entry in entries:
        known = isinstance(entry, dict) and all(key in entry for key in REQUIRED_KEYS)
        if not known or entry["kind"] not in DTYPES or not isinstance(entry["name"], str):
            raise BundleError("the schema of the model file is damaged")
    return entries


def typed(frame: pd.DataFrame, entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The schema's columns in its order and with its dtypes; InputError where a column cannot be read so."""
    columns = {}
    for entry in entries:
        name, kind = entry["name"], entry["kind"]
        try:
            columns[name] = _as_kind(frame[name], kind)
        except (ValueError, TypeError) as error:
            raise InputError(f"column {name!r} does not hold values of kind {kind}") from error
    return pd.DataFrame(columns, index=frame.index)


def _as_kind(column: pd.Series, kind: str) -> pd.Series:
    if kind != "category":
        return column.astype(cast(Any, DTYPES[kind]))
    codes = column.astype("string")
    return pd.Series(pd.Categorical(codes, categories=sorted(codes.dropna().unique())), index=column.index)
