"""The list of concepts as records, and the index from folded name to concept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from tabml.ingest.concepts.records import Concept, Level


@dataclass(frozen=True)
class Table:
    """`concepts` by key; `index`: folded name -> {concept key: language}. A name of two concepts is ambiguous."""

    concepts: Mapping[str, Concept]
    index: Mapping[str, Mapping[str, str]]


def load() -> Mapping[str, Concept]:
    """All concepts by key."""
    return table().concepts


@lru_cache(maxsize=1)
def table() -> Table:
    """The compiled list, read once."""
    raw = json.loads(files(__package__).joinpath("table.json").read_text(encoding="utf-8"))
    level_sets = {name: _levels(levels) for name, levels in raw["levels"].items()}
    concepts = {key: _concept(key, entry, level_sets) for key, entry in raw["concepts"].items()}
    return Table(MappingProxyType(concepts), raw["index"])


def _concept(key: str, entry: dict[str, Any], level_sets: Mapping[str, tuple[Level, ...]]) -> Concept:
    bounds = entry.get("range")
    return Concept(
        key=key,
        label=entry["label"],
        domain=entry["domain"],
        kind=entry.get("kind", "number"),
        unit=entry.get("unit"),
        units=tuple(entry.get("units", ())),
        other_units=tuple(entry.get("other_units", ())),
        analyte=entry.get("analyte"),
        range=(float(bounds[0]), float(bounds[1])) if bounds else None,
        levels=level_sets[entry["levels"]] if "levels" in entry else (),
        role=entry.get("role", "feature"),
        timing=entry.get("timing", "baseline"),
        synonyms={language: tuple(names) for language, names in entry["synonyms"].items()},
    )


def _levels(levels: dict[str, Any]) -> tuple[Level, ...]:
    return tuple(
        Level(code, level["label"], {k: tuple(v) for k, v in level["words"].items()}) for code, level in levels.items()
    )
