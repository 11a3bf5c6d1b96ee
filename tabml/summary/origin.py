"""Where each variable comes from: file, sheet, column and rule at every source, from the cohort's own provenance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.cohort import Cohort, Provenance

_NEEDED = {"variable", "source", "column", "header", "unit_step", "expr", "recode"}


def origins(cohort: Cohort, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Variable -> one record per source: {source, file, sheet, column, header, rule, unit_step, recoded, rows}.

    `column` holds letters as Excel shows them, `recoded` the number of cell texts that are translated (which
    ones stands in the codebook), `rows` the rows of the cohort filled from there. Of a stacked source the first
    file and sheet are named, and how many more there are. Empty without provenance.
    """
    provenance = cohort.provenance
    if provenance is None or not set(provenance.rules.columns) >= _NEEDED:
        return {}
    places: dict[str, list[dict[str, Any]]] = {}
    for row in provenance.sources.to_dict("records"):
        places.setdefault(str(row["source"]), []).append({str(k): v for k, v in row.items()})
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in provenance.rules.to_dict("records"):
        name, at = str(rule["variable"]), places.get(rule["source"])
        if name not in names or at is None:
            continue
        filled = _from_there(provenance, name, str(rule["source"])) & cohort.frame[name].notna().to_numpy()
        found.setdefault(name, []).append({
            "source": str(rule["source"]), "file": _named(at, "file"), "sheet": _named(at, "sheet"),
            "column": str(rule["column"]), "header": str(rule["header"]), "rule": ", ".join(filter(None, [str(rule["expr"]), str(rule.get("rows", ""))])),
            "unit_step": str(rule["unit_step"]), "recoded": len(json.loads(rule["recode"])) if rule["recode"] else 0,
            "rows": int(filled.sum()),
        })  # fmt: skip
    return found


def _from_there(provenance: Provenance, name: str, source: str) -> NDArray[np.bool_]:
    """Which rows of the cohort have a row behind them in a source: their own, or those a value was picked from."""
    own = f"{name}@{source}"
    numbers = provenance.cells[own].to_numpy() if own in provenance.cells else provenance.rows_in(source)
    return np.asarray(numbers != -1)


def _named(parts: Sequence[dict[str, Any]], what: str) -> str:
    names = list(dict.fromkeys(str(part[what]) for part in parts))
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
