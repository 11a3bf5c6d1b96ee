"""Values of the codebook as cells show them, whatever keys the records will have."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabml.core.codebook import CodebookNode, ColumnMapping, Source, VariableSpec
from tabml.ingest.codebook_workbook.pages import fields_of
from tabml.ingest.codebook_workbook.text import is_same, read_text, shape_of, written

plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=10)


@given(st.dictionaries(plain, st.none() | plain, max_size=5))
def test_a_mapping_is_read_as_it_was_written(value):
    assert (read_text(written(value), "mapping") or {}) == value


@given(st.lists(plain, max_size=5))
def test_a_list_is_read_as_it_was_written(value):
    text = written(tuple(value))
    assert (read_text(text, "list") or []) == value


@pytest.mark.parametrize(
    ("cell", "base", "same"),
    [(12.0, "0012", True), (12.0, "12", True), ("12", "0012", False), (True, "yes", True), (False, "no", True), (True, "no", False),
     (" a\r\nb ", "a\nb", True), (None, "", True), (0.5, "0,5", True), ("M", "m", False), (1.0, "x", False)],
)  # fmt: skip
def test_only_a_person_changes_a_cell(cell, base, same):
    assert is_same(cell, base) is same


class Stack(CodebookNode):
    """A key that a record may get one day."""

    rows: tuple[int, ...] = ()
    by: str | None = None


class Later(CodebookNode):
    one: str | None = None
    rule: Literal["last", "mean"] | None = None
    on: bool = False
    stack: Stack | None = None
    several: dict[str, Stack] = {}
    either: str | tuple[str, ...] = ()


def test_keys_of_tomorrow_have_a_column_and_come_back():
    fields = {f.key: f for f in fields_of(Later)}
    assert {k: f.shape for k, f in fields.items()} == {
        "one": "text", "rule": "choice", "on": "yes_no", "stack": "mapping", "several": "mapping", "either": "list",
    }  # fmt: skip
    assert fields["rule"].choices == ("last", "mean")
    record = Later(one="= 1", rule="mean", on=True, stack=Stack(rows=(1, 2), by="x = y"), either=("a", "b; c"),
                   several={"p": Stack(by="q")})  # fmt: skip
    tree = record.model_dump(mode="json")
    cells = {key: written(tree[key]) for key in fields}
    assert cells["stack"] == "rows = [1, 2]\nby = x = y"
    back = Later.model_validate({key: read_text(cells[key], f.shape) for key, f in fields.items()})
    assert back == record


def test_every_key_of_the_records_has_its_place():
    for record, elsewhere in (
        (Source, {"unused", "other_sheets"}),
        (VariableSpec, {"from_"}),
        (ColumnMapping, {"recode"}),
    ):
        assert {f.key for f in fields_of(record)} == set(record.model_fields) - elsewhere


def test_the_shape_of_a_choice_between_forms_is_the_richest():
    assert shape_of(str | None)[0] == "text" and shape_of(tuple[int, int] | None)[0] == "numbers"
