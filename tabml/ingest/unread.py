"""Texts of a new file that are no level of their variable: kept in memory, so that frequent ones can be named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tabml.core.codebook import Codebook
from tabml.core.findings import Finding
from tabml.ingest.columns import SourceColumns
from tabml.ingest.readings import read_levels
from tabml.ingest.sources import SourceTable


def unread_levels(at: SourceTable, codebook: Codebook, findings: Iterable[Finding]) -> Mapping[str, Mapping[str, int]]:
    """Variable -> text -> rows, for the columns of this source whose findings say that texts are no level (TB110)."""
    named = {f.columns[0] for f in findings if f.code == "TB110" and f.columns and f.source == at.name}
    found: dict[str, dict[str, int]] = {}
    for name, spec, mapping in codebook.mappings(at.name):
        if name in named and spec.kind in ("category", "boolean") and mapping.column is not None:
            texts = SourceColumns(at, mapping.missing).texts(mapping.column)
            no_level = read_levels(texts, spec, mapping).notes.get("level")
            if no_level is not None:
                found[name] = dict(texts.where(no_level).counts())
    return found
