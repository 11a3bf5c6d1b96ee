"""The workbook back from a person: every cell compared with what was written there, changes named by address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tabml.core.codebook import Codebook
from tabml.core.config import Data
from tabml.core.errors import ConfigError, closest
from tabml.ingest.codebook_workbook import pages
from tabml.ingest.codebook_workbook.answers import read_answers, with_answers
from tabml.ingest.codebook_workbook.changes import DROP, Change
from tabml.ingest.codebook_workbook.merge import merged
from tabml.ingest.codebook_workbook.meta import SHEET, Meta, canonical_sha256, read_meta
from tabml.ingest.codebook_workbook.pages import Field, Line, Page
from tabml.ingest.codebook_workbook.text import MISSING, evened, is_same, read_text
from tabml.ingest.read import CellValue, RawSheet, address, read_file
from tabml.ingest.values import fold
from tabml.ingest.values.cells import cell_text

#: Rows above a table in which its titles are looked for; the first sheet has its text there.
HEAD_ROWS = 60


@dataclass(frozen=True)
class Reviewed:
    """The codebook after review: what was changed where, settings that questions were answered with, and remarks."""

    codebook: Codebook
    changes: tuple[Change, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_reviewed(path: Path) -> Reviewed:
    """A codebook file of either form."""
    from tabml.ingest.codebook_file import is_workbook, load_codebook

    return read_workbook_codebook(path) if is_workbook(path) else Reviewed(load_codebook(path))


def read_workbook_codebook(path: Path) -> Reviewed:
    """Read a codebook workbook that `workbook_bytes` wrote and a person has edited.

    Levels that are too rare for the workbook come from the YAML of the same name beside it. A YAML that has
    changed since is merged with the workbook; where both changed one cell, ConfigError names it. So do an
    unknown row, a text that is none of the choices, and a locked cell that was changed.
    """
    sheets = {fold(s.sheet or ""): s for s in read_file(path, Data())}
    if SHEET not in sheets:
        raise ConfigError("this workbook is no codebook: its hidden sheet _meta is missing", where=path.name,
                          hint="edit the workbook that tabml harmonise --propose wrote, and keep its sheets together")  # fmt: skip
    meta = read_meta(sheets[SHEET])
    changes: list[Change] = []
    theirs, notes = _counterpart(path, meta)
    known = {pages.QUESTIONS, SHEET}
    for page in pages.pages(meta.base, meta.rare):
        sheet = _sheet(sheets, page.name, path)
        changes += _changes(sheet, page)
        absent = [f.title for f in page.fields if f.title not in _head(sheet, page)[1]]
        notes += [f"column {title!r} of sheet {page.name} is not there: left as it was" for title in absent]
        known.add(page.name)
    questions = sheets.get(fold(pages.QUESTIONS))
    notes += [f"sheet {s.sheet!r} is none of tabml's: not read" for s in sheets.values() if s.sheet not in known]
    codebook, applied = merged(changes, theirs, path.name)
    answers = tuple(read_answers(questions)) if questions is not None else ()
    codebook, settings = with_answers(codebook, answers, path.name)
    return Reviewed(codebook, (*applied, *answers), settings, tuple(notes))


def _sheet(sheets: Mapping[str, RawSheet], name: str, path: Path) -> RawSheet:
    found = sheets.get(fold(name))
    if found is None:
        raise ConfigError(
            f"the sheet {name!r} of the codebook is missing", where=path.name, hint="put it back, or propose again"
        )
    return found


def _counterpart(path: Path, meta: Meta) -> tuple[Codebook, list[str]]:
    """The codebook that the changes are made to: the YAML beside the workbook, else what stands in the workbook."""
    from tabml.ingest.codebook_file import load_codebook

    beside = [p for p in (path.with_suffix(".yaml"), path.with_suffix(".yml")) if p.is_file()]
    if beside:
        theirs = load_codebook(beside[0])
        if canonical_sha256(theirs) == meta.sha256:
            return theirs, []
        return theirs, [f"{beside[0].name} has changed since the workbook was written: the changes of both are taken"]
    if not meta.rare:
        return meta.base, []
    for other in sorted([*path.parent.glob("*.yaml"), *path.parent.glob("*.yml")]):
        try:
            theirs = load_codebook(other)
        except ConfigError:
            continue
        if canonical_sha256(theirs) == meta.sha256:
            return theirs, []
    raise ConfigError(
        "levels that few patients have stand only in the YAML this workbook was written with, which is not beside it",
        where=path.name, hint=f"put that file beside the workbook as {path.with_suffix('.yaml').name}",
    )  # fmt: skip


def _changes(sheet: RawSheet, page: Page) -> Iterator[Change]:
    top, at = _head(sheet, page)
    waiting: dict[tuple[str, ...], list[Line]] = {}
    for line in page.lines:
        waiting.setdefault(_exact(line.key), []).append(line)
    rows: dict[int, tuple[Line, tuple[CellValue, ...]]] = {}
    seen: dict[int, int] = {}
    for number, row in enumerate(sheet.rows(top + 1), start=top + 1):
        key = tuple(_cell(row, at[title]) for title in page.keys)
        if not any(map(cell_text, key)):
            _refuse_stray(sheet, page, row, number, at)
            continue
        line = _line_of(key, waiting, page, sheet, number, at, seen)
        seen[id(line)] = number
        rows[number] = (line, row)
    # Only when every row is known to be about one thing are its cells looked at.
    for number, (line, row) in rows.items():
        if not line.locked:
            yield from _cell_changes(sheet, page, line, row, number, at)
    for line in page.lines:
        if id(line) not in seen and not line.locked:
            yield _gone(page, line, sheet)


def _head(sheet: RawSheet, page: Page) -> tuple[int, dict[str, int]]:
    """Row number of the titles, and the column (from 0) of each that is there."""
    for number, row in enumerate(sheet.rows(1, HEAD_ROWS), start=1):
        titles = {fold(cell_text(cell)): j for j, cell in reversed(list(enumerate(row))) if cell is not None}
        if all(fold(key) in titles for key in page.keys):
            return number, {t: titles[fold(t)] for t in page.titles if fold(t) in titles}
    raise ConfigError(
        f"the titles {', '.join(page.keys)} are not found", where=sheet.name, hint="put the row of titles back"
    )


def _cell(row: Sequence[CellValue], column: int) -> CellValue:
    return row[column] if column < len(row) else None


def _exact(key: Sequence[object]) -> tuple[str, ...]:
    return tuple(evened(cell_text(part)) for part in key)


def _line_of(
    key: tuple[CellValue, ...], waiting: Mapping[tuple[str, ...], list[Line]], page: Page, sheet: RawSheet, number: int,
    at: Mapping[str, int], seen: Mapping[int, int],
) -> Line:  # fmt: skip
    """The line a row is about: exactly, else without regard to case, else where Excel made a number of a text."""
    exact = _exact(key)
    found = waiting.get(exact) or _only([k for k in waiting if tuple(map(fold, k)) == tuple(map(fold, exact))], waiting)
    if not found:
        found = _only([k for k in waiting if all(is_same(c, b) for c, b in zip(key, k, strict=True))], waiting)
    where = f"{sheet.name}, cell {address(number, at[page.keys[0]] + 1)}"
    if not found:
        raise _unknown(exact, waiting, page, where)
    free = [line for line in found if id(line) not in seen]
    if not free:
        raise ConfigError(f"the row {' / '.join(exact)} stands twice: rows {seen[id(found[0])]} and {number}", where=where,
                          hint="delete one of them")  # fmt: skip
    return free[0]


def _only(keys: list[tuple[str, ...]], waiting: Mapping[tuple[str, ...], list[Line]]) -> list[Line]:
    return waiting[keys[0]] if len(keys) == 1 else []


def _unknown(
    key: tuple[str, ...], waiting: Mapping[tuple[str, ...], list[Line]], page: Page, where: str
) -> ConfigError:
    """The error for a row about nothing known, with the part that is wrong and its near miss."""
    for i, part in enumerate(key):
        before = [k for k in waiting if k[:i] == key[:i]]
        known = list(dict.fromkeys(k[i] for k in before))
        if part in known:
            continue
        near = closest(part, known)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known[:8])}"
        about = f" of {' / '.join(key[:i])}" if i else ""
        # A cell text may be a patient's own value: it is named by its place only.
        named = repr(part) if page.name != pages.LEVELS or i < 2 else "in this row"
        return ConfigError(f"sheet {page.name}: unknown {page.keys[i]}{about} {named}", where=where,
                           hint=hint + "; new rows are added in the YAML")  # fmt: skip
    raise AssertionError("a known key is not unknown")


def _refuse_stray(sheet: RawSheet, page: Page, row: Sequence[CellValue], number: int, at: Mapping[str, int]) -> None:
    """A row without a name is blank, or it is about nothing anybody could know."""
    filled = [f.title for f in page.fields if f.title in at and cell_text(_cell(row, at[f.title]))]
    if filled:
        raise ConfigError(f"the row has a {filled[0]} and does not say what it is about",
                          where=f"{sheet.name}, row {number}", hint=f"fill {', '.join(page.keys)}, or empty the row")  # fmt: skip


def _cell_changes(
    sheet: RawSheet, page: Page, line: Line, row: Sequence[CellValue], number: int, at: Mapping[str, int]
) -> Iterator[Change]:
    for f in page.fields:
        if f.title not in at:
            continue
        value, base = _cell(row, at[f.title]), line.cells.get(f.title, "")
        if is_same(value, base):
            continue
        cell = address(number, at[f.title] + 1)
        where = f"{sheet.name}, cell {cell}"
        if f.locked:
            raise ConfigError(f"{f.title} is a fact of the file or of the proposal and cannot be changed here", where=where,
                              hint="put the old text back; a layout is changed in the YAML")  # fmt: skip
        text = cell_text(value)
        found = _meant(page, line, f, text, where)
        if found is None and f.shape in ("choice", "yes_no") and not base:
            continue
        if f.shape == "choice" and evened(str(found or "")) == evened(base):
            continue  # only its case was changed
        path = (*line.path, f.key) if f.key else line.path
        new = "" if found is None or found is DROP else text
        yield Change(page.name, cell, line.key, f.title if f.key else page.fields[0].title, base, new, path, found)


def _meant(page: Page, line: Line, f: Field, text: str, where: str) -> object:
    """The value a changed cell means; ConfigError where it means none."""
    if page.name == pages.LEVELS:
        return _code(line, text, where)
    options = line.choices.get(f.title) if page.name == pages.READ_ME else f.choices
    if options and text:
        folded = {fold(o): o for o in options}
        if fold(text) not in folded:
            near = closest(fold(text), folded)
            raise ConfigError(f"{f.title} is one of {', '.join(options)}", where=where,
                              hint=f"did you mean {folded[near]!r}?" if near else "choose from the list")  # fmt: skip
        return folded[fold(text)]
    try:
        found = read_text(_without_remarks(text), f.shape)
    except ValueError as error:
        raise ConfigError(f"{f.title} cannot be read: {error}", where=where) from None
    return DROP if found is None else found


def _without_remarks(text: str) -> str:
    """The text of a cell without the line that stands for rare levels."""
    return "\n".join(
        part for part in text.splitlines() if not (part.startswith("(rare, ") and part.rstrip().endswith(")"))
    )


def _code(line: Line, text: str, where: str) -> str | None:
    """A level's code, also where its meaning or `missing` was typed; None means missing."""
    if not text or fold(text) in (MISSING, fold(MISSING.strip("()"))):
        return None
    options = [o for o in line.choices.get("code", ()) if o != MISSING]
    return next((o for o in options if fold(o) == fold(text) or is_same(_as_number(text), o)), text)


def _as_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _gone(page: Page, line: Line, sheet: RawSheet) -> Change:
    """A row that is no longer there: a mapping is rejected, a level is missing, an unused column is to be mapped."""
    if page.name == pages.MAPPING:
        old = line.cells["status"]
        return Change(page.name, "", line.key, "row", old, "rejected", (*line.path, "status"), "rejected")
    if page.name == pages.LEVELS:
        return Change(page.name, "", line.key, "row", line.cells["code"], MISSING, line.path, None)
    if page.name == pages.UNUSED:
        return Change(page.name, "", line.key, "row", line.cells["reason"], "", line.path, DROP)
    raise ConfigError(f"the row {' / '.join(line.key)} is missing", where=sheet.name,
                      hint="put it back; what is not wanted gets status rejected on the sheet Mapping")  # fmt: skip
