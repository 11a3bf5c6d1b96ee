"""The schema of a model file: which variables it wants, in which unit, and what it saw while it learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from tabml.core.cohort import DTYPES, Cohort, Variable
from tabml.core.errors import BundleError, InputError
from tabml.core.weighting import patient_shares
from tabml.study.spread import training_range

#: Digits of a bound whose variable states no decimals.
DIGITS = 4
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
    cohort: Cohort,
    variables: Sequence[str],
    rows: Sequence[int],
    *,
    small_cell: int,
    left_out: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """One entry per variable the model was given, described from the rows it was trained on.

    `left_out`: variables that the fitted model does not look at, with the reason; they are not required. Nothing
    here belongs to fewer than `small_cell` patients: rarer levels are left out, and bounds are nobody's value.
    """
    patients = cohort.rows["patient"].to_numpy()[np.asarray(rows)]
    reasons = left_out or {}
    return [
        _entry(cohort.frame[name].iloc[list(rows)], cohort.variables[name], patients, small_cell)
        | {"required": name not in reasons, "left_out": reasons.get(name)}
        for name in variables
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
        "trained_missing": round(float(np.average(column.isna(), weights=patient_shares(patients))), 4),
        "levels": levels,
        "limits": list(variable.range) if variable.range is not None else None,
        "quantiles": _quantiles(column, variable, patients, small_cell),
    }


def _quantiles(column: pd.Series, variable: Variable, patients: Any, small_cell: int) -> dict[str, float] | None:
    """Bounds that about 1 % of the training patients lie beyond on each side, rounded outwards, and the median."""
    if variable.kind not in ("number", "integer"):
        return None
    present = column.notna().to_numpy()
    found = training_range(column[present].to_numpy(dtype=np.float64), patients[present], small_cell=small_cell)
    if found is None:
        return None
    low, middle, high = found
    if variable.range is not None:
        low, high = max(low, variable.range[0]), min(high, variable.range[1])
    return {
        "p01": _rounded(low, variable, math.floor),
        "p50": _rounded(middle, variable, round),
        "p99": _rounded(high, variable, math.ceil),
    }


def _rounded(value: float, variable: Variable, to_whole: Callable[[float], int]) -> float:
    """As many digits as the variable is written with, towards the side `to_whole` goes to."""
    decimals = 0 if variable.kind == "integer" else variable.decimals
    if decimals is None:
        decimals = DIGITS - 1 - math.floor(math.log10(abs(value))) if value else 0
    shifted = round(value * 10.0**decimals, 6)  # 0.3 is not a little more than three tenths
    return round(to_whole(shifted) / 10.0**decimals, max(decimals, 0))


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
