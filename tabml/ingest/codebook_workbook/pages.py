"""What stands on which sheet of the workbook: one line per source, variable, mapping and level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from tabml.core.codebook import Codebook, ColumnMapping, Source, VariableSpec
from tabml.ingest.codebook_workbook.rare import Patients, Rare
from tabml.ingest.codebook_workbook.text import MISSING, Shape, quoted_key, shape_of, shown, written
from tabml.ingest.values import fold

Path = tuple[str, ...]

READ_ME, SOURCES, VARIABLES, MAPPING, LEVELS, UNUSED, QUESTIONS = (
    "Read me", "Sources", "Variables", "Mapping", "Levels", "Unused", "Questions",
)  # fmt: skip
#: Keys that have a sheet of their own, and so no column.
_ELSEWHERE = {"Codebook": ("codebook", "sources", "variables"), "Source": ("unused", "other_sheets"),
              "VariableSpec": ("from_",), "ColumnMapping": ("recode",)}  # fmt: skip
#: What the file says of itself, or the proposal of its work: no matter of opinion.
_LOCKED = {
    "Source": ("file", "sha256", "sheet", "encoding", "delimiter", "header_rows", "data_rows", "set_aside"),
    "ColumnMapping": ("score", "evidence"),
}
#: Keys in the order a reader wants them; keys not named stand between the first and the last ones.
_FIRST = {"Source": ("file", "sheet", "id", "dates", "decimal", "missing", "repeats", "join", "identifiers"),
          "VariableSpec": ("label", "kind", "unit", "role", "timing", "levels", "range", "outside"),
          "ColumnMapping": ("status", "column", "unit", "analyte", "expr", "constant", "missing")}  # fmt: skip
_LAST = {"Source": ("set_aside", "header_rows", "data_rows", "encoding", "delimiter", "sha256"),
         "VariableSpec": ("block", "note"), "ColumnMapping": ("note", "score", "evidence")}  # fmt: skip
#: What the reader is told when a doubtful line is shown first.
DOUBT = "?"


@dataclass(frozen=True)
class Beside:
    """What a reader is told beside the codebook: holders of each cell text, and from which score on nobody need look."""

    patients: Patients = field(default_factory=dict)
    accept_score: float = 1.0
    small_cell: int = 5


@dataclass(frozen=True)
class Field:
    """One column of a sheet that holds a key of the record; `key` is '' where the line itself is the value."""

    key: str
    title: str
    shape: Shape
    choices: tuple[str, ...] = ()
    locked: bool = False


@dataclass(frozen=True)
class Line:
    """One row: what it is about, the texts of its fields, and what stands beside them for the reader only."""

    key: tuple[str, ...]
    path: Path
    cells: Mapping[str, str]
    told: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    locked: bool = False


@dataclass(frozen=True)
class Page:
    """One sheet: titles of the key columns, the columns told, the fields, and the lines in codebook order."""

    name: str
    keys: tuple[str, ...]
    told: tuple[str, ...]
    fields: tuple[Field, ...]
    lines: tuple[Line, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        return (*self.keys, *self.told, *(f.title for f in self.fields))


def pages(codebook: Codebook, rare: Rare, beside: Beside | None = None) -> tuple[Page, ...]:
    """The sheets with one line per part of the codebook; `rare` counts the levels that are left out of it."""
    beside = beside or Beside()
    tree = codebook.model_dump(mode="json", by_alias=True)
    level = (("variable", "source", "cell text"), ("column", "patients", "meaning"), (Field("", "code", "text"),))
    return (
        Page(READ_ME, ("setting",), (), (Field("", "value", "text"),), tuple(_study(tree))),
        Page(SOURCES, ("source",), (), fields_of(Source), tuple(_sources(tree))),
        Page(VARIABLES, ("variable",), (), fields_of(VariableSpec), tuple(_variables(tree, rare))),
        Page(MAPPING, ("variable", "source"), ("look", "label"), fields_of(ColumnMapping),
             tuple(_mappings(codebook, tree, beside.accept_score))),
        Page(LEVELS, *level, tuple(_levels(codebook, rare, beside))),
        Page(UNUSED, ("source", "what", "name"), (), (Field("", "reason", "text"),), tuple(_unused(tree))),
    )  # fmt: skip


def fields_of(record: type[BaseModel]) -> tuple[Field, ...]:
    """The columns of a record's sheet: every key it has, whatever keys are added to it later."""
    name = record.__name__
    first, last = _FIRST.get(name, ()), _LAST.get(name, ())
    keys = [k for k in record.model_fields if k not in _ELSEWHERE.get(name, ())]
    ordered = [
        *(k for k in first if k in keys),
        *(k for k in keys if k not in (*first, *last)),
        *(k for k in last if k in keys),
    ]
    return tuple(
        Field(
            key,
            key.replace("_", " "),
            *shape_of(record.model_fields[key].annotation),
            locked=key in _LOCKED.get(name, ()),
        )
        for key in ordered
    )


def is_doubtful(mapping: ColumnMapping, accept_score: float) -> bool:
    """Whether a person must look before the mapping is used."""
    return mapping.is_doubtful(accept_score)


def columns_of(codebook: Codebook, source: str) -> dict[str, None]:
    """Headers of one source that the codebook accounts for: mapped, identifiers, unused, and those of id and join."""
    from tabml.core.errors import ConfigError
    from tabml.ingest.expressions import parse_expression

    node = codebook.sources[source]
    found: dict[str, None] = dict.fromkeys([*node.identifiers, *node.unused])
    if node.id is not None:
        found[node.id.column] = None
    if node.join is not None:
        found[node.join.on] = None
    for spec in codebook.variables.values():
        mapping = spec.from_.get(source)
        if mapping is not None and mapping.column is not None:
            found[mapping.column] = None
        if mapping is not None and mapping.expr is not None:
            try:
                found.update(dict.fromkeys(parse_expression(mapping.expr).headers))
            except ConfigError:
                continue
    return found


def _cells(node: Mapping[str, Any], fields: tuple[Field, ...]) -> dict[str, str]:
    return {f.title: written(node.get(f.key)) for f in fields}


def _study(tree: Mapping[str, Any]) -> Iterator[Line]:
    for key in Codebook.model_fields:
        if key not in _ELSEWHERE["Codebook"]:
            choices = shape_of(Codebook.model_fields[key].annotation)[1]
            yield Line((key,), (key,), {"value": written(tree.get(key))}, choices={"value": choices})


def _sources(tree: Mapping[str, Any]) -> Iterator[Line]:
    fields = fields_of(Source)
    for name, node in tree["sources"].items():
        yield Line((quoted_key(name),), ("sources", name), _cells(node, fields))


def _variables(tree: Mapping[str, Any], rare: Rare) -> Iterator[Line]:
    fields = fields_of(VariableSpec)
    for name, node in tree["variables"].items():
        cells = _cells(node, fields)
        if n := rare.levels.get(name):
            cells["levels"] = "\n".join(filter(None, [cells["levels"], rare_text(n)]))
        yield Line((quoted_key(name),), ("variables", name), cells)


def rare_text(n: int) -> str:
    """What stands in place of levels that too few patients hold."""
    return f"(rare, {n} level{'s' * (n > 1)})"


def _mappings(codebook: Codebook, tree: Mapping[str, Any], accept_score: float) -> Iterator[Line]:
    fields = fields_of(ColumnMapping)
    headers = {source: tuple(columns_of(codebook, source)) for source in codebook.sources}
    for name, spec in codebook.variables.items():
        for source in _sources_of(codebook, spec):
            mapping = spec.from_.get(source)
            node = tree["variables"][name]["from"].get(source, {"status": "absent"})
            look = DOUBT if mapping is not None and is_doubtful(mapping, accept_score) else ""
            yield Line(
                (quoted_key(name), quoted_key(source)), ("variables", name, "from", source), _cells(node, fields),
                told={"look": look, "label": shown(spec.label)}, choices={"column": headers.get(source, ())},
            )  # fmt: skip


def _sources_of(codebook: Codebook, spec: VariableSpec) -> list[str]:
    """Sources that fill the variable, and those of patients for which nothing is said yet."""
    filled = set(spec.from_)
    group = {
        s: {s, *(n for n, j in codebook.sources.items() if j.join is not None and j.join.to == s)}
        for s in codebook.base_sources()
    }
    lacking = [s for s in codebook.sources if s in group and not group[s] & filled]
    return [*spec.from_, *lacking]


def _levels(codebook: Codebook, rare: Rare, beside: Beside) -> Iterator[Line]:
    for name, spec in codebook.variables.items():
        choices = {"code": (*_meanings(spec), MISSING)}
        for source, mapping in spec.from_.items():
            path = ("variables", name, "from", source, "recode")
            column = shown(mapping.column or mapping.expr or "")
            masked = rare.recode.get(name, {}).get(source, 0)
            held = beside.patients.get(source, {}).get(name)
            for text, code in (mapping.recode if masked else level_texts(spec, mapping)).items():
                n = held.get(fold(text), 0) if held is not None else None
                told = {
                    "column": column,
                    "patients": "" if n is None else str(n) if n >= beside.small_cell else f"<{beside.small_cell}",
                    "meaning": shown(_meanings(spec).get(code or "", "")),
                }
                key = (quoted_key(name), quoted_key(source), quoted_key(text))
                yield Line(key, (*path, text), {"code": MISSING if code is None else shown(code)}, told, choices)
            if masked:
                key = (quoted_key(name), quoted_key(source), rare_text(masked))
                yield Line(key, path, {"code": "in the YAML"}, {"column": column}, locked=True)


def _meanings(spec: VariableSpec) -> dict[str, str]:
    """Level code -> what it means."""
    return {"0": "no", "1": "yes"} if spec.kind == "boolean" and not spec.levels else dict(spec.levels)


def level_texts(spec: VariableSpec, mapping: ColumnMapping) -> dict[str, str | None]:
    """Cell text -> level code at one source: what is recoded, and the codes that stand for themselves."""
    texts = dict(mapping.recode)
    if spec.kind == "category" and mapping.column is not None:
        reached, folded = set(texts.values()), {fold(t) for t in texts}
        texts |= {code: code for code in spec.levels if code not in reached and fold(code) not in folded}
    return texts


def _unused(tree: Mapping[str, Any]) -> Iterator[Line]:
    for source, node in tree["sources"].items():
        for what, key in (("column", "unused"), ("sheet", "other_sheets")):
            for name, reason in node[key].items():
                yield Line(
                    (quoted_key(source), what, quoted_key(name)),
                    ("sources", source, key, name),
                    {"reason": written(reason)},
                )
