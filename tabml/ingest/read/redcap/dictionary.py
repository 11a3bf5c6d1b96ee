"""REDCap's data dictionary: what it says of each field, as a codebook can use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tabml.core.cohort import Kind
from tabml.ingest.read.records import RawSheet, Stated
from tabml.ingest.values import fold, is_missing

#: Our name of a column -> its header in the downloaded file and in the interface for programs.
COLUMNS: Mapping[str, tuple[str, str]] = {
    "name": ("variable / field name", "field_name"),
    "form": ("form name", "form_name"),
    "type": ("field type", "field_type"),
    "label": ("field label", "field_label"),
    "choices": ("choices, calculations, or slider labels", "select_choices_or_calculations"),
    "note": ("field note", "field_note"),
    "validation": ("text validation type or show slider number", "text_validation_type_or_show_slider_number"),
    "low": ("text validation min", "text_validation_min"),
    "high": ("text validation max", "text_validation_max"),
    "identifier": ("identifier?", "identifier"),
}
NEEDED = ("name", "form", "type", "label", "choices")
YES_NO: Mapping[str, Mapping[str, str]] = {
    "yesno": {"1": "Yes", "0": "No"},
    "truefalse": {"1": "True", "0": "False"},
}
CHOSEN = ("radio", "dropdown", "sql")
HOLDS_NO_VALUE = {"file": "an uploaded file", "descriptive": "text on the form", "signature": "a signature"}
IDENTIFYING = ("email", "phone", "ssn", "zipcode", "mrn", "vmrn", "postalcode")
_TAGS = re.compile(r"<[^<>]*>")
_CHOICE = re.compile(r"\s*([^,|]+?)\s*,\s*(.*?)\s*$", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """One field of a project. `choices`: code -> label, in the form's order."""

    name: str
    form: str
    stated: Stated
    choices: Mapping[str, str]

    def checkbox(self, header: str) -> Stated:
        """What is known of one box, `comorbidity___3`: ticked or not."""
        code = header.partition("___")[2]
        plain = {re.sub(r"[^0-9a-z]", "_", c.casefold()): label for c, label in self.choices.items()}
        label = plain.get(code, code)
        return replace(
            self.stated, label=f"{self.stated.label}: {label}", kind="boolean", levels={"0": "No", "1": "Yes"},
            missing=(), missing_labels={},
        )  # fmt: skip


Fields = Mapping[str, Field]


def is_dictionary(sheet: RawSheet) -> bool:
    """Whether the first row holds the headers of a data dictionary."""
    return sheet.n_rows > 1 and all(name in _places(sheet) for name in NEEDED)


def _places(sheet: RawSheet) -> dict[str, int]:
    headers = {fold(column.text(0)): j for j, column in reversed(list(enumerate(sheet.columns))) if len(column)}
    found = {name: next((headers[h] for h in ways if h in headers), None) for name, ways in COLUMNS.items()}
    return {name: j for name, j in found.items() if j is not None}


def read_dictionary(sheet: RawSheet) -> Fields:
    """Field name -> what the dictionary says of it."""
    places = _places(sheet)
    fields: dict[str, Field] = {}
    for row in range(1, sheet.n_rows):
        told = {name: sheet.columns[j].text(row) for name, j in places.items()}
        if told["name"]:
            fields.setdefault(told["name"], _field(told))
    return fields


def _field(told: Mapping[str, str]) -> Field:
    kind = told["type"].casefold()
    validation = told.get("validation", "").casefold()
    choices = dict(YES_NO.get(kind) or (parse_choices(told["choices"]) if kind in (*CHOSEN, "checkbox") else {}))
    missing = {code: label for code, label in choices.items() if is_missing(label)}
    stated = Stated(
        label=" ".join(_TAGS.sub(" ", told["label"]).split()),
        levels={code: label for code, label in choices.items() if code not in missing},
        missing=tuple(missing),
        missing_labels=missing,
        kind=_kind(kind, validation),
        range=(_number(told.get("low", "")), _number(told.get("high", ""))),
        identifier=told.get("identifier", "").casefold().startswith("y") or validation in IDENTIFYING,
        unused=HOLDS_NO_VALUE.get(kind, ""),
        note=" ".join(_TAGS.sub(" ", told.get("note", "")).split()),
    )
    return Field(told["name"], told["form"], stated, choices)


def _kind(kind: str, validation: str) -> Kind | None:
    if kind in YES_NO:
        return "boolean"
    if kind in CHOSEN:
        return "category"
    if kind in ("calc", "slider") or validation.startswith("number"):
        return "number"
    if kind == "notes":
        return "text"
    if validation == "integer":
        return "integer"
    return "date" if validation.startswith(("date_", "datetime_")) else None


def parse_choices(text: str) -> dict[str, str]:
    """Codes and labels of a choice field.

    >>> parse_choices("1, Male | 2, Female | -9, Not known, or refused")
    {'1': 'Male', '2': 'Female', '-9': 'Not known, or refused'}
    """
    parts = re.split(r"\s*\|\s*|\n", text.strip())
    found = [_CHOICE.match(part) for part in parts if part]
    return {match[1]: _TAGS.sub("", match[2]).strip() for match in found if match}


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
