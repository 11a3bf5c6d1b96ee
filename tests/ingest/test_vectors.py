"""Many texts at once give what the rules of the single cell give, text by text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.ingest.identity import SiteKey, normalise_id, normalise_ids
from tabml.ingest.read import Column
from tabml.ingest.readings import parsed_numbers, read_dates, read_numbers
from tabml.ingest.values import full_days, parse_bound, parse_number, plain_numbers, read_date

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.from_regex(r"[-+−]?[0-9]{0,5}[.,]?[0-9]{0,4}", fullmatch=True),
    st.sampled_from(["1.", ".5", "-", "1.2.3", "1,234", "1.234", "1 234,5", "<5", "≥ 90", "12 mg", "1e5", "--5", "٣", "007"]),
    st.text(alphabet="0123456789.,-+e <", max_size=6),
).filter(lambda t: bool(t.strip()))  # fmt: skip
DAYS = st.one_of(
    st.dates().map(lambda d: f"{d:%Y-%m-%d}"),
    st.dates().map(lambda d: f"{d.day:02d}.{d.month:02d}.{d.year:04d}"),
    st.dates().map(lambda d: f"{d.month}/{d.day}/{d.year:04d} 8:05"),
    st.datetimes().map(lambda d: d.isoformat(" ", "seconds")),
    st.from_regex(r"[0-3][0-9][./-][0-3][0-9][./-][0-2][0-9]{3}", fullmatch=True),
    st.from_regex(r"[0-2][0-9]{3}-[01][0-9]-[0-3][0-9](T12:30)?", fullmatch=True),
    st.sampled_from(["31.02.2020", "29.02.2021", "00.01.2020", "0000-01-01", "2020", "mars 2020", "3.4.85", "9999-12-31",
                     "1500-01-01", "2020-13-01", "01.02-2020", "2020.01.31", "20200131"]),
).filter(lambda t: bool(t.strip()))  # fmt: skip
IDS = st.one_of(
    st.from_regex(r"[A-Z ]{0,3}-?[0-9]{1,6}(\.0{1,2})?", fullmatch=True),
    st.sampled_from(["0", "000", "0.0", "00.0", "1e5", "Å-07", "å-07", "é", "P 0012", "٠٧", "ﬁ1", "1.50"]),
    st.text(alphabet="0aÅ.é ß", max_size=5),
).map(str.strip).filter(bool)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, max_size=12), st.sampled_from([".", ","]))
@example(["9" * 400, "1"], ".")
@example(["1.5", "-2", "3."], ".")
def test_numbers(texts: list[str], decimal: str) -> None:
    values, read = plain_numbers(pa.array(texts, pa.string()), decimal)
    for text, value, is_read in zip(texts, values, read, strict=True):
        if is_read:
            assert value == parse_number(text, decimal)
    expected = [np.nan if (v := parse_number(t, decimal)) is None else v for t in texts]
    np.testing.assert_array_equal(parsed_numbers(Column.of_texts(pa.array(texts, pa.string())), decimal), expected)


@settings(max_examples=150, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=12), st.sampled_from([".", ","]))
def test_numbers_of_a_column_with_their_doubts(texts: list[str], decimal: str) -> None:
    mapping = ColumnMapping(column="x", status="accepted", recode={"007": "7000", "-": None})
    found = read_numbers(Column(pa.array(texts)), decimal, mapping, VariableSpec(kind="number", from_={}))
    for i, text in enumerate(texts):
        value, bound = parse_number(text, decimal), parse_bound(text, decimal)
        if text.strip() in ("007", "-"):
            expected = 7000.0 if text.strip() == "007" else np.nan
        else:
            expected = value if value is not None else bound[1] if bound else np.nan
        np.testing.assert_equal(found.numbers[i], expected)
        assert bool(found.notes.get("censored", np.zeros(len(texts)))[i]) == (value is None and bound is not None)


@settings(max_examples=300, deadline=None)
@given(st.lists(DAYS, max_size=12), st.sampled_from(["dmy", "mdy", "ymd", None]))
def test_dates(texts: list[str], order: str | None) -> None:
    days, read = full_days(pa.array(texts, pa.string()), order)
    for text, day, is_read in zip(texts, days.tolist(), read, strict=True):
        if is_read:
            assert day == read_date(text, order).day
    found = read_dates(Column(pa.array(texts, pa.string())), order, None).numbers
    expected = pd.to_datetime(pd.Series([read_date(t, order).day for t in texts], dtype=object), errors="coerce")
    assert pd.Series(found).astype("datetime64[ns]").equals(expected.astype("datetime64[ns]"))


@settings(max_examples=300, deadline=None)
@given(st.lists(IDS, max_size=12), st.sampled_from(["as_is", "digits"]))
def test_ids(texts: list[str], rule: str) -> None:
    expected = [normalise_id(text, rule) for text in texts]
    for column in (Column(pa.array(texts, pa.string())), Column.of([*texts, *texts]).slice(0, len(texts))):
        assert normalise_ids(column, rule).to_list() == expected


@pytest.mark.parametrize("secret", [b"k" * 32, b"long" * 40])
def test_pseudonyms(secret: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tabml.ingest.identity.PATIENTS_AT_ONCE", 7)
    key, ids = SiteKey(secret), [f"å{i}" for i in range(30)]
    assert key.pseudonyms("oslo", pa.array(ids)) == [key.pseudonym("oslo", one) for one in ids]
    assert key.pseudonyms("", pa.array([], pa.string())) == []
