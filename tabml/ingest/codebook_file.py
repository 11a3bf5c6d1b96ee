"""The codebook on disk: read with its faults named by line, written so that it reads back unchanged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Join, Repeats, Source, VariableSpec
from tabml.core.errors import ConfigError, did_you_mean
from tabml.core.strictyaml import dump_yaml, load_yaml
from tabml.ingest.expressions import parse_expression
from tabml.ingest.layout import Region

#: A level held by fewer patients than this does not travel with a model.
SMALL_CELL = 5
#: A folder of 200 exports makes a codebook of several MB.
MAX_BYTES = 20_000_000

#: Field names by their place in the file, for "did you mean".
_FIELDS: dict[str, tuple[str, ...]] = {
    "codebook": tuple(Codebook.model_fields),
    "source": tuple(Source.model_fields),
    "variable": (*(f for f in VariableSpec.model_fields if f != "from_"), "from"),
    "mapping": tuple(ColumnMapping.model_fields),
    "id": tuple(IdColumn.model_fields),
    "join": tuple(Join.model_fields),
    "repeats": tuple(Repeats.model_fields),
}


def load_codebook(path: Path) -> Codebook:
    """The codebook in a yaml file or in a workbook; every fault is named at once, with its line or cell.

    Refuses (ConfigError) unknown keys with the near miss, sources that do not exist, expressions outside
    the closed language, codes that are no level, and identifiers mapped to a variable.
    """
    if is_workbook(path):
        from tabml.ingest.codebook_workbook import read_workbook_codebook

        return read_workbook_codebook(Path(path)).codebook
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"codebook {Path(path).name!r} is not there", hint="check the path after --codebook"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(
            f"codebook cannot be read: {reason}", where=Path(path).name, hint="check --codebook"
        ) from None
    return parse_codebook(text, Path(path).name)


def is_workbook(path: Path) -> bool:
    """Whether a codebook file is a workbook, by its first bytes; the name decides nothing."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
    except OSError:
        return False


def parse_codebook(text: str, where: str = "codebook") -> Codebook:
    """The codebook in a yaml text; `where` names the file in errors."""
    tree = load_yaml(text, where, max_bytes=MAX_BYTES)
    if not isinstance(tree, dict):
        raise ConfigError("a codebook holds `sources:` and `variables:`", where=where)
    if "codebook" not in tree or "sources" not in tree or "variables" not in tree:
        absent = [k for k in ("codebook", "sources", "variables") if k not in tree]
        hint = "it begins with `codebook: 1`; tabml harmonise INPUT --propose codebook.yaml writes one"
        raise ConfigError(
            f"a codebook needs the key{'s' * (len(absent) > 1)} {', '.join(absent)}", where=where, hint=hint
        )
    try:
        codebook = Codebook.model_validate(_text_keys(tree))
    except ValidationError as error:
        raise _validation_error(error, text, where) from None
    faults = list(codebook_faults(codebook))
    if faults:
        lines = "; ".join(f"{fault}{_at_line(text, path)}" for path, fault in faults)
        raise ConfigError(lines, where=where, hint="correct the codebook")
    return codebook


def dump_codebook(codebook: Codebook) -> str:
    """The codebook as yaml: defaults left out, order kept; `parse_codebook` reads it back unchanged."""
    tree = codebook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return dump_yaml({"codebook": codebook.codebook, **tree})


def portable(
    codebook: Codebook,
    counts: Mapping[str, Mapping[str, int]] | None = None,
    *,
    travels: Collection[str] | None = None,
    small_cell: int = SMALL_CELL,
) -> Codebook:
    """The codebook as it travels inside a model: how to read such exports, without this study's files.

    File names, hashes, row numbers, evidence and notes on mappings go. `counts` gives, per variable,
    the patients behind each level code: levels held by fewer than `small_cell` go too, with the cell
    texts that lead to them; a variable without counts keeps its levels. Variables that are not among those
    that travel (all of them by default) keep no levels and no cell texts.
    """
    sources = {
        name: source.model_copy(
            update={"file": "", "sha256": None, "table": None, "header_rows": (), "data_rows": None, "set_aside": {}}
        )
        for name, source in codebook.sources.items()
    }
    variables = {
        name: _portable_variable(
            spec, (counts or {}).get(name) if travels is None or name in travels else {}, small_cell
        )
        for name, spec in codebook.variables.items()
    }
    return codebook.model_copy(update={"sources": sources, "variables": variables})


def _portable_variable(spec: VariableSpec, counts: Mapping[str, int] | None, small_cell: int) -> VariableSpec:
    def common(code: str | None) -> bool:
        return code is None or counts is None or counts.get(code, 0) >= small_cell

    mappings = {
        source: mapping.model_copy(
            update={
                "evidence": None,
                "note": None,
                "score": None,
                "recode": {text: code for text, code in mapping.recode.items() if common(code)},
            }
        )
        for source, mapping in spec.from_.items()
    }
    levels = {code: label for code, label in spec.levels.items() if common(code)}
    return spec.model_copy(update={"from_": mappings, "levels": levels})


def _text_keys(value: Any) -> Any:
    """Keys as text: a recode key written true or 1 means the cell text."""
    if isinstance(value, dict):
        return {_key_text(k): _text_keys(v) for k, v in value.items()}
    return [_text_keys(v) for v in value] if isinstance(value, list) else value


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return "" if key is None else str(key)


def _validation_error(error: ValidationError, text: str, where: str) -> ConfigError:
    parts, hint = [], None
    for fault in error.errors():
        path = tuple(fault["loc"])
        name = ".".join(map(str, path))
        if fault["type"] == "extra_forbidden":
            parts.append(f"unknown key {name!r}{_at_line(text, path)}")
            hint = hint or did_you_mean(str(path[-1]), _fields_at(path))
        elif fault["type"] == "missing":
            parts.append(f"{name} is missing{_at_line(text, path[:-1])}")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            parts.append(f"{name}: {message[:1].lower()}{message[1:]}{_at_line(text, path)}")
    return ConfigError("; ".join(parts), where=where, hint=hint or "correct the codebook")


def _fields_at(path: tuple[Any, ...]) -> tuple[str, ...]:
    if len(path) == 1:
        return _FIELDS["codebook"]
    if path[0] == "sources":
        return _FIELDS["source"] if len(path) == 3 else _FIELDS.get(str(path[2]), ())
    return _FIELDS["variable"] if len(path) == 3 else _FIELDS["mapping"]


def _at_line(text: str, path: Iterable[Any]) -> str:
    """` (line 12)` for the deepest part of a path that stands in the file."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = None
    for step in path:
        if not isinstance(node, yaml.MappingNode):
            break
        found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return f" (line {line})" if line else ""


Fault = tuple[tuple[str, ...], str]


def codebook_faults(codebook: Codebook) -> Iterator[Fault]:
    """(path, fault): what pydantic cannot see: names that must exist, and rules between the parts."""
    for name, source in codebook.sources.items():
        yield from _source_faults(codebook, name, source)
    for name, spec in codebook.variables.items():
        for source_name, mapping in spec.from_.items():
            path = ("variables", name, "from", source_name)
            if source_name not in codebook.sources:
                near = did_you_mean(source_name, codebook.sources) or "no such source"
                yield path, f"variable {name!r} names the unknown source {source_name!r}: {near}"
                continue
            for fault in _mapping_faults(codebook.sources[source_name], spec, mapping):
                yield path, f"variable {name!r}, source {source_name!r}: {fault}"


def _source_faults(codebook: Codebook, name: str, source: Source) -> Iterator[Fault]:
    path = ("sources", name)
    if source.join is not None:
        target = codebook.sources.get(source.join.to)
        if target is None:
            near = did_you_mean(source.join.to, codebook.sources) or "no such source"
            yield (*path, "join"), f"source {name!r} joins to the unknown source {source.join.to!r}: {near}"
        elif target.join is not None or source.join.to == name:
            yield (*path, "join"), f"source {name!r} joins to {source.join.to!r}, which is no table of patients"
        elif target.id is None:
            yield (*path, "join"), f"source {name!r} joins to {source.join.to!r}, which states no id"
    if source.is_stack and (source.data_rows is not None or source.set_aside):
        yield path, f"source {name!r} is several files or sheets: data_rows and set_aside hold for one only"
    if source.table is not None and not re.fullmatch(r"[1-9][0-9]*", source.table):
        try:
            Region.of(source.table)
        except ConfigError as error:
            yield (*path, "table"), f"source {name!r}: {error.what}: a range such as B3:F40, or a number from 1"
    both = sorted(set(source.identifiers) & set(source.unused))
    if both:
        yield path, f"source {name!r} lists {both[0]!r} as identifier and as unused"


#: Aggregates that need an order or an average of the values.
_OF_NUMBERS: dict[str, tuple[str, ...]] = {
    "mean": ("number", "integer"), "max": ("number", "integer", "date", "boolean"),
    "min": ("number", "integer", "date", "boolean"), "count": ("number", "integer"),
}  # fmt: skip


def _long_faults(source: Source, spec: VariableSpec, mapping: ColumnMapping) -> Iterator[str]:
    """Rules of values picked from a patient's rows."""
    if mapping.is_long and mapping.constant is not None:
        yield "a constant has no rows: where and aggregate need a column"
    if mapping.aggregate == "count" and mapping.column is None:
        yield "aggregate: count needs a column, whose filled cells are counted"
    kinds = _OF_NUMBERS.get(mapping.aggregate or "")
    if kinds is not None and spec.kind not in kinds:
        yield f"aggregate: {mapping.aggregate} gives no {spec.kind} (but {', '.join(kinds)})"
    if (mapping.aggregate == "last_before_index" or mapping.within_days is not None) and source.date is None:
        yield "last_before_index and within_days need the source's date: the column with the date of each row"


def _mapping_faults(source: Source, spec: VariableSpec, mapping: ColumnMapping) -> Iterator[str]:
    if mapping.expr is not None:
        try:
            parse_expression(mapping.expr)
        except ConfigError as error:
            yield error.what
    if mapping.column is not None and mapping.column in source.identifiers and spec.kind != "id":
        yield f"column {mapping.column!r} is an identifier: it may feed an expr, never a variable"
    yield from _long_faults(source, spec, mapping)
    if spec.kind == "category" and spec.levels:
        codes = {code for code in mapping.recode.values() if code is not None}
        if mapping.constant is not None:
            codes.add(mapping.constant)
        for code in sorted(codes - set(spec.levels)):
            yield f"recode leads to {code!r}, which is no level ({', '.join(spec.levels)})"
    if spec.kind == "boolean":
        for code in sorted({c for c in mapping.recode.values() if c is not None} - {"0", "1"}):
            yield f"recode of a boolean leads to 0 or 1, not to {code!r}"
