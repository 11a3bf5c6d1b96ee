"""Who judges a value of a new file: ingest by the codebook's range, or the checks, which see how far out it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tabml.core.codebook import Codebook


def limits_left_to_checks(codebook: Codebook, schema: Sequence[Mapping[str, Any]]) -> tuple[Codebook, frozenset[str]]:
    """The codebook to read by, and the variables whose range is that of the model: ingest keeps what lies outside it.

    Made missing there, an age of 640 would be imputed like one nobody asked for. A codebook with a range of its own
    keeps its word.
    """
    limits = {e["name"]: e["limits"] for e in schema if e["kind"] in ("number", "integer")}
    specs = dict(codebook.variables)
    judged = set()
    for name, spec in codebook.variables.items():
        if name in limits and (spec.range is None or list(spec.range) == limits[name]):
            specs[name] = spec.model_copy(update={"outside": "keep"})
            judged.add(name)
    return codebook.model_copy(update={"variables": specs}), frozenset(judged)
