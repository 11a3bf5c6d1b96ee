"""Changes of a workbook brought into the codebook, which may itself have changed since the workbook was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from tabml.core.codebook import Codebook
from tabml.core.errors import ConfigError, closest
from tabml.ingest.codebook_file import codebook_faults
from tabml.ingest.codebook_workbook.changes import DROP, Change
from tabml.ingest.codebook_workbook.pages import columns_of, level_texts
from tabml.ingest.codebook_workbook.text import MISSING, evened, read_text, written
from tabml.ingest.values import fold

#: Keys of a mapping that say what fills the variable; a change there makes it edited.
_NOT_CONTENT = ("status", "note", "score", "evidence")
REVIEWED = "not used since the review"


def merged(changes: Sequence[Change], theirs: Codebook, where: str) -> tuple[Codebook, tuple[Change, ...]]:
    """The codebook with the changes, and those that were not in it already.

    ConfigError names the cells where both sides changed the same thing, and the cell whose new text makes the
    codebook invalid.
    """
    _check_columns(changes, theirs, where)
    changes = [_as_header(change, theirs) for change in changes]
    tree = theirs.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    open_changes, conflicts = _sorted_out(changes, theirs)
    if conflicts:
        places = "; ".join(f"{c.place} ({' / '.join(c.about)}: {c.field})" for c in conflicts)
        raise ConfigError(f"the workbook and the YAML beside it both changed: {places}", where=where,
                          hint="decide which holds: take the YAML's text over into the cell, or the cell's into the YAML")  # fmt: skip
    for change in open_changes:
        _set(tree, change, theirs)
    _mark_edited(tree, open_changes)
    _account_for_columns(tree, open_changes)
    return _checked(tree, open_changes, where), tuple(open_changes)


def _sorted_out(changes: Iterable[Change], theirs: Codebook) -> tuple[list[Change], list[Change]]:
    """Changes still to be made, and those that meet another change of the same key."""
    full = theirs.model_dump(mode="json", by_alias=True)
    still: list[Change] = []
    conflicts: list[Change] = []
    for change in changes:
        now = _text_at(full, theirs, change)
        if now is None or (evened(now) == evened(change.new) and evened(now) != evened(change.old)):
            continue
        agrees = _levels_agree(full, change) if change.field == "levels" else evened(now) == evened(change.old)
        (still if agrees else conflicts).append(change)
    return still, conflicts


def _levels_agree(full: Mapping[str, Any], change: Change) -> bool:
    """Whether no level was changed on both sides; the YAML's holds the rare ones besides."""
    now = full["variables"][change.path[1]]["levels"]
    old, new = shown_levels(change.old), {} if change.value is DROP else change.value
    return all(now.get(c) in (old.get(c), new.get(c)) for c in {*old, *new} if old.get(c) != new.get(c))


def _text_at(full: Mapping[str, Any], theirs: Codebook, change: Change) -> str | None:
    """What the codebook says now where the workbook was changed; None where a deleted thing is gone already."""
    node: Any = full
    for i, step in enumerate(change.path):
        if not isinstance(node, Mapping) or step not in node:
            return _implied(theirs, change, change.path[i:])
        node = node[step]
    return MISSING if node is None and "recode" in change.path else written(node)


def _implied(theirs: Codebook, change: Change, rest: tuple[str, ...]) -> str | None:
    if "recode" in change.path:
        _, variable, _, source, _, text = change.path
        spec = theirs.variables.get(variable)
        mapping = spec.from_.get(source) if spec is not None else None
        return level_texts(spec, mapping).get(text, "") if spec is not None and mapping is not None else ""
    if len(change.path) == 5 and change.path[2] == "from" and len(rest) == 2:
        return "absent" if change.path[4] == "status" else ""
    return None if change.value is DROP else ""


def _set(tree: dict[str, Any], change: Change, theirs: Codebook) -> None:
    *way, last = change.path
    node = tree
    for step in way:
        node = node.setdefault(step, {})
    if change.field == "levels":
        new = {} if change.value is DROP else change.value
        node[last] = _levels(node.get(last, {}), shown_levels(change.old), new)
    elif change.value is DROP:
        node.pop(last, None)
    else:
        node[last] = change.value


def shown_levels(text: str) -> Mapping[str, Any]:
    """The mapping a cell showed; lines that are no entry (rare levels) are left out."""
    lines = [line for line in text.splitlines() if not line.startswith("(rare, ")]
    return read_text("\n".join(lines), "mapping") or {}


def _levels(whole: Mapping[str, Any], shown: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Levels after both sides' changes: what the workbook did not show stays, what it did not change is the YAML's."""
    changed = {code for code, label in new.items() if label != shown.get(code)}
    levels = {c: new[c] if c in changed else label for c, label in whole.items() if c in new or c not in shown}
    levels |= {c: new[c] for c in new if c in changed and c not in levels}
    return {c: levels[c] for c in new} if set(levels) == set(new) else levels


def _mark_edited(tree: Mapping[str, Any], changes: Iterable[Change]) -> None:
    """A mapping whose content was changed is `edited`, unless the person said that it is not to be used."""
    said = {
        c.path[:4] for c in changes if _is_mapping(c) and c.path[4] == "status" and c.value in ("rejected", "absent")
    }
    for change in changes:
        if _is_mapping(change) and change.path[4] not in _NOT_CONTENT and change.path[:4] not in said:
            tree["variables"][change.path[1]]["from"][change.path[3]]["status"] = "edited"


def _is_mapping(change: Change) -> bool:
    return len(change.path) >= 5 and change.path[0] == "variables" and change.path[2] == "from"


def _check_columns(changes: Iterable[Change], theirs: Codebook, where: str) -> None:
    for change in changes:
        if change.field != "column" or not _is_mapping(change) or change.value is DROP:
            continue
        known = columns_of(theirs, change.path[3]) if change.path[3] in theirs.sources else {}
        if fold(str(change.value)) not in {fold(h) for h in known}:
            near = closest(str(change.value), known)
            raise ConfigError(f"source {change.path[3]!r} has no column {str(change.value)!r}", where=f"{where}, {change.place}",
                              hint=f"did you mean {near!r}?" if near else "choose from the list")  # fmt: skip


def _as_header(change: Change, theirs: Codebook) -> Change:
    """A column typed in another case, as the file writes it."""
    if change.field != "column" or not _is_mapping(change) or change.value is DROP:
        return change
    known = {fold(h): h for h in columns_of(theirs, change.path[3])}
    return replace(change, value=known[fold(str(change.value))])


def _account_for_columns(tree: dict[str, Any], changes: Iterable[Change]) -> None:
    """A column that is mapped now is no longer unused; one that gave way is unused from now on, and says why."""
    for change in changes:
        if not (_is_mapping(change) and change.path[4] in ("column", "expr")):
            continue
        source = change.path[3]
        node = tree["sources"][source]
        unused = node.get("unused", {})
        mapping = tree["variables"][change.path[1]]["from"][source]
        unused.pop(mapping.get("column"), None)
        if change.field == "column" and change.old and change.old not in _columns(tree, source):
            node.setdefault("unused", unused)[change.old] = REVIEWED
        if not unused:
            node.pop("unused", None)


def _columns(tree: Mapping[str, Any], source: str) -> set[str]:
    """Headers of a source that the changed codebook accounts for."""
    try:
        return set(columns_of(Codebook.model_validate(tree), source))
    except ValidationError:
        return set()


def _checked(tree: Mapping[str, Any], changes: Sequence[Change], where: str) -> Codebook:
    try:
        codebook = Codebook.model_validate(tree)
    except ValidationError as error:
        faults: Iterator[tuple[tuple[str, ...], str]] = (
            (tuple(map(str, f["loc"])), f["msg"].removeprefix("Value error, ")) for f in error.errors()
        )
        raise _fault(faults, changes, where) from None
    found = list(codebook_faults(codebook))
    if found:
        raise _fault(found, changes, where)
    return codebook


def _fault(faults: Iterable[tuple[tuple[str, ...], str]], changes: Sequence[Change], where: str) -> ConfigError:
    lines = []
    for path, message in faults:
        cells = [c.place for c in changes if _meets(c.path, path)]
        place = ", ".join(dict.fromkeys(cells)) or " / ".join(path)
        lines.append(f"{place}: {message[:1].lower()}{message[1:]}")
    return ConfigError("; ".join(dict.fromkeys(lines)), where=where, hint="correct these cells of the workbook")


def _meets(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    n = min(len(a), len(b))
    return a[:n] == b[:n]
