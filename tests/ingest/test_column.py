"""Columns of cells: every cell kept as it stands, each distinct text once, whatever way it is stored."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.ingest.read import Column, RawSheet, typed_column
from tabml.ingest.read.typed import mixed_column
from tabml.ingest.values import cell_text

TEXTS = st.lists(st.one_of(st.none(), st.sampled_from(["m", "f", " m ", "\u00a0", "ja"]), st.text(max_size=6)), max_size=40)  # fmt: skip


def both_ways(texts: list[str | None]) -> list[Column]:
    """The same cells stored one by one, and by distinct text."""
    given_texts = pa.array([t or None for t in texts], pa.string())
    encoded = given_texts.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return [Column(given_texts), Column.of_codes(encoded.dictionary, codes)]


@settings(deadline=None)
@given(TEXTS, st.data())
def test_both_ways_of_storing_say_the_same(texts: list[str | None], data: st.DataObject) -> None:
    positions = np.array(data.draw(st.lists(st.integers(0, max(0, len(texts) - 1)), max_size=20 if texts else 0)), dtype=np.int64)  # fmt: skip
    plain = [t or "" for t in texts]
    for column in both_ways(texts):
        assert column.to_list() == plain == [column[i] or "" for i in range(len(column))]
        assert column.canonical().to_list() == [t.strip() for t in plain]
        assert column.take(positions).to_list() == [plain[i] for i in positions]
        assert column.slice(1, 3).to_list() == plain[1:4]
        assert column.filled.tolist() == [bool(t) for t in plain] and column.n_filled == sum(map(bool, plain))
        assert column.counts() == {t: plain.count(t) for t in plain if t}
        assert column.mapped([t[:1] for t in column.distinct]).to_list() == [t[:1] for t in plain]
        lengths = column.spread(np.array([len(t) for t in column.distinct], dtype=np.int64), 0)
        assert lengths.tolist() == [len(t) for t in plain]
        keep = np.arange(len(plain)) % 2 == 0
        assert column.where(keep).to_list() == [t if k else "" for t, k in zip(plain, keep, strict=True)]
        assert column.where(keep).or_else(column) == Column.of(texts)


def test_distinct_texts_are_those_that_stand_in_the_cells() -> None:
    column = Column.of(["head", *["m", "f"] * 20])
    assert column.codes is not None and column.codes.dtype == np.int8
    assert column.slice(1).distinct == ["m", "f"]
    assert Column.of([" m", "m", "m "] * 9).canonical().distinct == ["m"]


def test_cells_come_back_as_their_file_held_them() -> None:
    cells = ["0012", " m ", 12.0, 0.1, 1e22, -1e-7, True, date(1986, 8, 22), datetime(1986, 8, 22, 13, 5), time(9, 30),
             timedelta(hours=30), -timedelta(seconds=5), None]  # fmt: skip
    column = Column.of(cells)
    assert column.values() == cells
    assert [column.text(i) for i in range(len(column))] == [cell_text(v) for v in cells]
    assert column.is_kind("number").tolist() == [type(v) is float for v in cells]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**9), 10**9).map(float))))  # fmt: skip
def test_numbers_of_a_typed_array_are_written_as_python_writes_them(numbers: list[float | None]) -> None:
    assert typed_column(pa.array(numbers, pa.float64())).to_list() == [cell_text(v) for v in numbers]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([True, None, False], "boolean"),
        ([1, 2**60, None], "number"),
        ([date(2020, 2, 29), None], "date"),
        ([datetime(2020, 1, 1, 13, 5, 7, 999), None], "moment"),
        ([time(13, 5)], "time"),
        ([timedelta(hours=30, minutes=2), -timedelta(seconds=5)], "duration"),
        (["a", None], "text"),
    ],
)
def test_typed_arrays_become_cells_of_their_kind(cells: list[object], kind: str) -> None:
    column = typed_column(pa.array(cells))
    assert column.to_list() == [cell_text(v) for v in cells]
    assert column.is_kind(kind).tolist() == [v is not None for v in cells]


def test_cells_of_several_types_keep_each_its_own() -> None:
    parts = [pa.array(["age", None, None, None]), pa.array([None, 1.5, None, None]), pa.array([None, None, True, None])]
    assert mixed_column(parts).values() == ["age", 1.5, True, None]


def test_sheet_of_rows_is_addressed_from_its_first_cell() -> None:
    sheet = RawSheet.of_rows("a.csv", "0" * 64, None, [["id", "age"], ["P1", " 63 ", "extra"], [None]], usual=2)
    assert sheet.rows() == (("id", "age"), ("P1", " 63 ", "extra"), (None, None))
    assert (sheet.n_rows, sheet.width, sheet.text(2, 2), sheet.text(9, 9)) == (3, 2, "63", "")
    assert sheet.rows(2, 1) == (("P1", " 63 ", "extra"),)
