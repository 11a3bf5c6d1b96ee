"""Turn the reviewed YAML files of concepts into the one table the package loads: `python -m tabml.ingest.concepts.compile`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tabml.ingest.concepts.folding import compact
from tabml.ingest.concepts.records import ALSO, LANGUAGES

FOLDER = Path(__file__).parent / "data"
TABLE = Path(__file__).parent / "table.json"
_NOT_DOMAINS = ("levels", "ambiguous")


def compiled() -> str:
    """The table as JSON text: level sets, concepts, ambiguous names, and the index from folded name to concepts."""
    level_sets = {name: _levels(levels) for name, levels in _read("levels").items()}
    concepts: dict[str, Any] = {}
    index: dict[str, dict[str, str]] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        if file.stem in _NOT_DOMAINS:
            continue
        for key, entry in _read(file.stem).items():
            if key in concepts:
                raise ValueError(f"{file.name}: concept {key!r} stands twice")
            synonyms = {name: _split(str(entry[name])) for name in (*LANGUAGES, *ALSO) if name in entry}
            unknown = set(entry) - {"about", *LANGUAGES, *ALSO}
            if unknown:
                raise ValueError(f"{file.name}: {key}: unknown {sorted(unknown)}")
            concepts[key] = {"domain": file.stem, **entry["about"], "synonyms": synonyms}
            for language, names in synonyms.items():
                for name in names:
                    for form in {compact(name), compact(name, digraphs=True)}:
                        index.setdefault(form, {}).setdefault(key, language)
            base = entry["about"].get("percent_of")
            if base is not None:
                _percent_names(index, concepts[base]["synonyms"], key)
            for form in {compact(key), compact(str(entry["about"]["label"]))}:
                index.setdefault(form, {}).setdefault(key, "any")
    return _rows({"levels": level_sets, "concepts": concepts, "index": index})


def _percent_names(index: dict[str, dict[str, str]], synonyms: dict[str, list[str]], key: str) -> None:
    """`Lymphocytes %`: a name of the count with a percent sign is a name of the percentage."""
    for language, names in synonyms.items():
        for name in names:
            for form in {compact(f"{name} %"), compact(f"{name} %", digraphs=True)}:
                index.setdefault(form, {}).setdefault(key, language)


def _read(stem: str) -> dict[str, Any]:
    with (FOLDER / f"{stem}.yaml").open(encoding="utf-8") as file:
        loaded = yaml.safe_load(file)
    return dict(loaded)


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _levels(levels: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        code: {"label": level["label"], "words": {k: _split(str(v)) for k, v in level.items() if k != "label"}}
        for code, level in levels.items()
    }


def _rows(table: dict[str, dict[str, Any]]) -> str:
    """JSON with one row per concept, so that a change shows as the row it is."""
    parts = []
    for name, part in table.items():
        rows = ",\n".join(f"{json.dumps(k, ensure_ascii=False)}:{_dumps(part[k])}" for k in sorted(part))
        parts.append(f'"{name}":{{\n{rows}\n}}')
    return "{" + ",\n".join(parts) + "}\n"


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    TABLE.write_text(compiled(), encoding="utf-8")
