"""How the workbook looks, and what its first sheet says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BASE = {"num_format": "@", "font_name": "Calibri", "font_size": 11, "valign": "top", "text_wrap": True}
_GRID = {**_BASE, "border": 1, "border_color": "#D0D5DB"}
_INK, _DIM = "#1F2933", "#5B6770"

STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {**_BASE, "bold": True, "font_size": 16, "font_color": "#0B4F6C"},
    "heading": {**_BASE, "bold": True, "font_color": "#0B4F6C"},
    "paragraph": {**_BASE, "font_color": _INK},
    "head": {**_BASE, "bold": True, "font_color": "#FFFFFF", "bg_color": "#0B4F6C", "border": 1, "border_color": "#0B4F6C"},
    "key": {**_GRID, "bold": True, "font_color": _INK, "bg_color": "#EEF2F5"},
    "told": {**_GRID, "font_color": _DIM, "bg_color": "#F7F8FA"},
    "locked": {**_GRID, "font_color": _DIM, "bg_color": "#F7F8FA"},
    "open": {**_GRID, "font_color": _INK, "bg_color": "#FFFFFF", "locked": False},
    "doubtful": {"bg_color": "#FFE8B3", "font_color": "#5C3B00"},
    "reviewed": {"bg_color": "#E3F4E5"},
    "left_out": {"font_color": "#98A2AD"},
}  # fmt: skip
#: Tone -> when a row has it.
TONES: Mapping[str, str] = {
    "doubtful": 'AND({look}="?",{status}="proposed")',
    "reviewed": 'OR({status}="accepted",{status}="edited")',
    "left_out": 'OR({status}="rejected",{status}="absent")',
}
#: Widest a column becomes, in characters.
CAPS: Mapping[str, int] = {
    "evidence": 60, "question": 60, "choices": 36, "on the command line": 44,
    "reason": 50, "levels": 40, "label": 34, "expr": 40, "sha256": 66, "set aside": 24,
}  # fmt: skip
WIDTHS: Mapping[str, int] = {"value": 90, "setting": 20, "answer": 26, "note": 32}
#: Points of a line of text, and the most lines a row shows.
LINE_HEIGHT, MOST_LINES = 15.5, 20
#: Characters a line of the first sheet, for the heights of its merged cells, which no program works out.
LINE = 108
GREETING: tuple[tuple[str, str], ...] = (
    ("title", "Codebook for review"),
    ("paragraph", "This workbook says which column of each hospital's export fills which variable of the study, and how its words "
                  "and units are translated. White cells can be changed; grey ones are facts of the files."),
    ("heading", "What to do"),
    ("paragraph", "1. Sheet Mapping: amber rows with a ? come first; they need your eye. Set status to accepted or rejected, or "
                  "correct the column or the unit; a row you correct becomes edited by itself."),
    ("paragraph", "2. Sheet Levels: what each word or number of an export means. Choose the code; (missing) means that nothing is known."),
    ("paragraph", "3. Sheet Variables: kind, unit, plausible range, role and timing. Only what is known at the time of prediction "
                  "(timing baseline) may be a feature."),
    ("paragraph", "4. Sheets Sources and Unused: how dates and numbers are written, what means missing, and what is not used and why."),
    ("paragraph", "5. Sheet Questions: what only you can decide."),
    ("heading", "Rules"),
    ("paragraph", "Status: proposed (nobody has looked), accepted, edited, rejected (not used), absent (the source does not have it). "
                  "A deleted row of Mapping counts as rejected. Several entries of a cell: one a line as name = meaning, or with ; between."),
    ("paragraph", "Levels that only few patients have are not written here: they stand as (rare, n levels) and are settled in the "
                  "YAML file beside this workbook, which does not leave the house."),
    ("paragraph", "Save as .xlsx and give the file back with --codebook. Nothing is lost when rows are sorted or columns are made wider."),
)  # fmt: skip
