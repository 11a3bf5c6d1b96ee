"""The workbook: doubtful rows first, only what may be changed unlocked, every cell written as text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tabml.core.codebook import Codebook
from tabml.ingest.codebook_workbook import meta, pages
from tabml.ingest.codebook_workbook.look import CAPS, GREETING, LINE, LINE_HEIGHT, MOST_LINES, STYLES, TONES, WIDTHS
from tabml.ingest.codebook_workbook.pages import Field, Line, Page
from tabml.ingest.codebook_workbook.rare import Patients, mask_rare, without
from tabml.ingest.codebook_workbook.text import shown
from tabml.ingest.read import address

if TYPE_CHECKING:
    from tabml.ingest.propose import Question

#: Written as the date of creation, so that equal codebooks are equal bytes.
NO_DATE = datetime(1980, 1, 1)
#: Excel's limit for choices that stand in the cell's own rule.
LONGEST_LIST = 255
#: Ranges that one rule names; Excel refuses a file whose rules name very many.
MOST_RANGES = 100


@dataclass
class _Book:
    """The workbook under way: its formats, and the lists of choices that stand on the hidden sheet."""

    book: Any
    formats: Mapping[str, Any]
    lists: dict[tuple[str, ...], str] = field(default_factory=dict)

    def choices(self, options: tuple[str, ...]) -> list[str] | str:
        """Choices as a rule takes them: in the rule itself, or as a range of the hidden sheet where they are long."""
        if len(",".join(options)) <= LONGEST_LIST and not any("," in o for o in options):
            return list(options)
        if options not in self.lists:
            column = address(1, 4 + len(self.lists))[:-1]
            self.lists[options] = f"={meta.SHEET}!${column}$1:${column}${len(options)}"
        return self.lists[options]


def workbook_bytes(
    codebook: Codebook,
    patients: Patients,
    *,
    questions: Sequence[Question] = (),
    accept_score: float,
    small_cell: int,
) -> bytes:
    """An .xlsx of the codebook without the levels that fewer than `small_cell` patients hold.

    `patients` counts the holders of every cell text (`count_levels`); equal arguments give equal bytes.
    """
    import xlsxwriter

    base, rare = mask_rare(codebook, patients, small_cell)
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": NO_DATE, "title": shown(codebook.title) or "Codebook"})
    at = _Book(book, {name: book.add_format(style) for name, style in STYLES.items()})
    for page in pages.pages(base, rare, pages.Beside(patients, accept_score, small_cell)):
        _write_page(at, page)
    hidden = _hidden_words(codebook, base)
    _write_page(at, _questions(questions, hidden))
    _write_meta(at, meta.meta_rows(codebook, base, rare))
    book.get_worksheet_by_name(pages.MAPPING).activate()
    book.close()
    return stream.getvalue()


def _hidden_words(codebook: Codebook, base: Codebook) -> set[str]:
    words: set[str] = set()
    for name, spec in codebook.variables.items():
        seen = base.variables[name]
        words |= {w for code, label in spec.levels.items() if code not in seen.levels for w in (code, label)}
        for source, mapping in spec.from_.items():
            words |= set(mapping.recode) - set(seen.from_[source].recode)
    return words


def _questions(questions: Sequence[Question], hidden: set[str]) -> Page:
    lines = []
    for number, question in enumerate(questions, start=1):
        options = tuple(shown(o) if o not in hidden else "(rare)" for o in question.options)
        told = {"question": shown(without(question.text, hidden) or ""), "choices": "\n".join(options),
                "on the command line": shown(without("\n".join(question.commands), hidden) or "")}  # fmt: skip
        lines.append(Line((str(number), question.key), (question.key,), {"answer": ""}, told, {"answer": options}))
    return Page(pages.QUESTIONS, ("number", "setting"), ("question", "choices", "on the command line"),
                (Field("", "answer", "text"),), tuple(lines))  # fmt: skip


def _write_page(at: _Book, page: Page) -> None:
    sheet = at.book.add_worksheet(page.name)
    top = 0
    if page.name == pages.READ_ME:
        sheet.hide_gridlines(2)
        for top, (style, text) in enumerate(GREETING):
            sheet.merge_range(top, 0, top, 1, "", at.formats[style])
            sheet.write_string(top, 0, text, at.formats[style])
            sheet.set_row(top, LINE_HEIGHT * max(1, -(-len(text) // LINE)) + (9 if style == "title" else 2))
        top += 2
    for column, title in enumerate(page.titles):
        sheet.write_string(top, column, title, at.formats["head"])
    lines = _in_reading_order(page)
    for row, line in enumerate(lines, start=top + 1):
        _write_line(at, sheet, row, page, line)
    _sized(sheet, page, lines, top + 1)
    if lines:
        _rules(at, sheet, page, lines, top + 1)
        _tones(at, sheet, page, top + 1, top + len(lines))
    if page.name != pages.READ_ME:
        sheet.freeze_panes(top + 1, len(page.keys))
        sheet.autofilter(top, 0, top + max(1, len(lines)), len(page.titles) - 1)
        sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True,
                       "select_locked_cells": True})  # fmt: skip


def _in_reading_order(page: Page) -> tuple[Line, ...]:
    """Doubtful mappings first, the least sure at the top; what no source fills last."""
    if page.name != pages.MAPPING:
        return page.lines

    def place(line: Line) -> tuple[int, float]:
        if line.told["look"]:
            return 0, float(line.cells["score"] or 0)
        return (2 if line.cells["status"] == "absent" else 1), 0.0

    return tuple(sorted(page.lines, key=place))


def _write_line(at: _Book, sheet: Any, row: int, page: Page, line: Line) -> None:
    styles = [*("key" for _ in page.keys), *("told" for _ in page.told),
              *("locked" if f.locked or line.locked else "open" for f in page.fields)]  # fmt: skip
    for column, (text, style) in enumerate(zip(_texts(page, line), styles, strict=True)):
        sheet.write_string(row, column, text, at.formats[style])


def _sized(sheet: Any, page: Page, lines: Sequence[Line], first: int) -> None:
    """Columns as wide as their texts, within bounds, and rows as high as their longest cell then needs."""
    texts = [_texts(page, line) for line in lines]
    widths = []
    for column, title in enumerate(page.titles):
        longest = max([len(title) + 3, *(len(part) for row in texts for part in row[column].split("\n"))])
        widths.append(WIDTHS.get(title, min(max(longest + 1, 7), CAPS.get(title, 30))))
        sheet.set_column(column, column, widths[-1])
    for number, row in enumerate(texts, start=first):
        n = max(
            sum(max(1, -(-len(part) // w)) for part in text.split("\n")) for text, w in zip(row, widths, strict=True)
        )
        if n > 1:  # no program works the height out by itself while it opens the file
            sheet.set_row(number, LINE_HEIGHT * min(n, MOST_LINES))


def _texts(page: Page, line: Line) -> list[str]:
    """The texts of a line from left to right."""
    return [*line.key, *(line.told.get(t, "") for t in page.told), *(line.cells.get(f.title, "") for f in page.fields)]


def _rules(at: _Book, sheet: Any, page: Page, lines: Sequence[Line], first: int) -> None:
    """Drop-downs: one rule for all cells that share their choices."""
    cells: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    start = len(page.keys) + len(page.told)
    for column, f in enumerate(page.fields, start=start):
        for row, line in enumerate(lines, start=first):
            options = line.choices.get(f.title) or f.choices or (("yes", "no") if f.shape == "yes_no" else ())
            if options and not (f.locked or line.locked):
                cells.setdefault(options, []).append((row, column))
    for options, places in cells.items():
        ranges = _ranges(places)
        for start in range(0, len(ranges), MOST_RANGES):
            (top, column, bottom, _), *others = part = ranges[start : start + MOST_RANGES]
            rule: dict[str, Any] = {
                "validate": "list",
                "source": at.choices(options),
                "error_title": "Not one of the choices",
                "error_message": "Please choose from the list.",
            }
            if others:
                rule["other_cells"] = part[1:]
            sheet.data_validation(top, column, bottom, column, rule)


def _ranges(places: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Cells below each other as one range: [first row, column, last row, column]."""
    found: list[list[int]] = []
    for row, column in sorted(places, key=lambda place: (place[1], place[0])):
        if found and found[-1][1] == column and found[-1][2] == row - 1:
            found[-1][2] = row
        else:
            found.append([row, column, row, column])
    return found


def _tones(at: _Book, sheet: Any, page: Page, first: int, last: int) -> None:
    """Colours that follow the status while it is being set."""
    if page.name != pages.MAPPING:
        return
    status = page.titles.index("status")
    names = {title: f"${address(first + 1, page.titles.index(title) + 1)}" for title in ("status", "look")}
    for tone, rule in TONES.items():
        left, right = (status, status) if tone == "reviewed" else (0, len(page.titles) - 1)
        form = {"type": "formula", "criteria": "=" + rule.format(**names), "format": at.formats[tone]}
        sheet.conditional_format(first, left, last, right, form)


def _write_meta(at: _Book, rows: Iterable[tuple[str, str]]) -> None:
    sheet = at.book.add_worksheet(meta.SHEET)
    for row, (name, text) in enumerate(rows):
        sheet.write_string(row, 0, name, at.formats["locked"])
        sheet.write_string(row, 1, text, at.formats["locked"])
    for column, options in enumerate(at.lists, start=3):
        for row, option in enumerate(options):
            sheet.write_string(row, column, option, at.formats["locked"])
    sheet.protect("")
    sheet.hide()
