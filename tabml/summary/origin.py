"""Where each variable comes from: file, sheet, column and rule at every source, from the cohort's own provenance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tabml.core.cohort import Cohort

_NEEDED = {"variable", "source", "column", "header", "unit_step", "expr", "recode"}


def origins(cohort: Cohort, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Variable -> one record per source: {source, file, sheet, column, header, rule, unit_step, recoded, rows}.

    `column` holds letters as Excel shows them, `recoded` the number of cell texts that are translated (which
    ones stands in the codebook), `rows` the rows of the cohort filled from there. Empty without provenance.
    """
    provenance = cohort.provenance
    if provenance is None or not set(provenance.rules.columns) >= _NEEDED:
        return {}
    places = {row["source"]: row for row in provenance.sources.to_dict("records")}
    known = {source: provenance.rows_in(source) >= 0 for source in places}
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in provenance.rules.to_dict("records"):
        name, at = str(rule["variable"]), places.get(rule["source"])
        if name not in names or at is None:
            continue
        filled = known[rule["source"]] & cohort.frame[name].notna().to_numpy()
        found.setdefault(name, []).append({
            "source": str(rule["source"]), "file": str(at["file"]), "sheet": str(at["sheet"]),
            "column": str(rule["column"]), "header": str(rule["header"]), "rule": str(rule["expr"]),
            "unit_step": str(rule["unit_step"]), "recoded": len(json.loads(rule["recode"])) if rule["recode"] else 0,
            "rows": int(filled.sum()),
        })  # fmt: skip
    return found
