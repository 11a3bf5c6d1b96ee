"""The closed expression language: what it computes, and that nothing else gets in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabml.core.errors import ConfigError
from tabml.ingest.expressions import parse_expression
from tabml.ingest.read import Column
from tabml.ingest.values import fold, parse_date, parse_number

TABLE = {
    "grade": ["0", "2", None, "4"],
    "bp": ["120/80", "95", None, "140 / 90"],
    "a": ["1", None, "3", "4"],
    "b": ["10", "20", "0", None],
    "born": ["23.02.1954", "29.02.1960", None, "01.01.1950"],
    "seen": ["22.02.1982", "28.02.1982", "01.01.1980", "01.01.1980"],
    "state": ["Dead", "alive", None, " dead "],
}


class Columns:
    """A table in the dialect of a German export."""

    def texts(self, header: str) -> Column:
        return Column.of(TABLE[header])

    def numbers(self, texts: Column) -> np.ndarray:
        return np.array([np.nan if parse_number(t) is None else parse_number(t) for t in texts.to_list()])

    def dates(self, texts: Column) -> np.ndarray:
        days = [parse_date(t, "dmy") for t in texts.to_list()]
        return pd.to_datetime(pd.Series(days, dtype=object)).to_numpy()

    def fold(self, text: str) -> str:
        return fold(text)


def numbers(text: str) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in parse_expression(text).numbers(Columns())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('col("grade") > 0', [0, 1, None, 1]),
        ('0 < col("grade")', [0, 1, None, 1]),
        ('col("state") == "dead"', [1, 0, None, 1]),
        ('col("state") != "dead"', [0, 1, None, 0]),
        ('(col("a") + 1) * 2', [4, None, 8, 10]),
        ('col("a") / col("b")', [0.1, None, None, None]),
        ('-col("a")', [-1, None, -3, -4]),
        ('coalesce(col("a"), col("b"))', [1, 20, 3, 4]),
        ('coalesce(col("a"), 0)', [1, 0, 3, 4]),
        ('bin(col("b"), [5, 20])', [1, 2, 0, None]),
        ('split(col("bp"), "/", 1) + 0', [120, 95, None, 140]),
        ('completed_years(col("born"), col("seen"))', [27, 21, None, 30]),
    ],
)
def test_an_expression_is_computed_on_whole_columns(text, expected):
    assert numbers(text) == expected


def test_picking_texts_leaves_them_to_the_variables_kind():
    texts = parse_expression('split(col("bp"), "/", 2)').texts(Columns())
    assert texts is not None and texts.values() == ["80", None, None, "90"]
    assert parse_expression('col("a") > 1').texts(Columns()) is None


def test_headers_are_listed_in_order():
    assert parse_expression('coalesce(col("b"), col("a"), col("b"))').headers == ("b", "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('ls')", "unknown function"),
        ('open("x")', "unknown function 'open'"),
        ('col("a").real', "not part of the expression language"),
        ('[c for c in col("a")]', "not part of the expression language"),
        ('col("a") if 1 else 0', "not part of the expression language"),
        ('col("a") ** 9', "not part of the expression language"),
        ('col("a") and col("b")', "not part of the expression language"),
        ("lambda: 1", "not part of the expression language"),
        ('col(header="a")', "unknown function 'col'"),
        ('col("a" + "b")', "takes a header in quotes"),
        ('split(col("a"), "/", 0)', "part number from 1"),
        ('bin(col("a"), [2, 1])', "rising cut points"),
        ('col("a", "b")', "takes 1 arguments"),
        ("1 + 1", "reads no column"),
        ("col('a') +", "not an expression"),
        ("(" * 300, "not an expression"),
        ("-" * 100 + 'col("a")', "nested deeper"),
        ('col("' + "a" * 600 + '")', "longer than 500"),
    ],
)
def test_anything_else_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_expression(text)
