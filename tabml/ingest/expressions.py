"""The closed language of codebook expressions: a few functions over columns, never `eval`.

`col("Header")`, numbers, texts, `+ - * /`, comparisons, `coalesce(a, b, ...)`, `completed_years(from, to)`, `days(from, to)`,
`split(column, "/", 1)` (the first part is 1) and `bin(x, [20, 50])` (0 below the first cut). An expression
is parsed once and computed on whole columns; a missing input gives a missing result.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.errors import ConfigError, did_you_mean
from tabml.ingest.read import Column

MAX_LENGTH = 500
MAX_DEPTH = 20

Numbers = NDArray[np.float64]

#: Function name -> number of arguments (least, most).
FUNCTIONS: dict[str, tuple[int, int]] = {
    "col": (1, 1), "coalesce": (2, 20), "completed_years": (2, 2), "days": (2, 2), "split": (3, 3), "bin": (2, 2),
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Numbers, Numbers], Numbers]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
}  # fmt: skip
_COMPARISON: dict[type[ast.cmpop], Callable[[Any, Any], NDArray[np.bool_]]] = {
    ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Lt: np.less, ast.LtE: np.less_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip


class Columns(Protocol):
    """What an expression needs of a table: each column as text, and how this source writes values."""

    def texts(self, header: str) -> Column:
        """Cell texts, empty where missing."""

    def numbers(self, texts: Column) -> Numbers:
        """Texts read as numbers, NaN where they hold none: (n_rows,)."""

    def dates(self, texts: Column) -> NDArray[np.datetime64]:
        """Texts read as dates, NaT where they hold none: (n_rows,)."""

    def fold(self, text: str) -> str:
        """A text as it is compared: stripped, NFC, casefolded."""


@dataclass(frozen=True)
class Expression:
    """A checked expression; `headers` are the columns it reads, in order of appearance."""

    text: str
    body: ast.expr
    headers: tuple[str, ...]

    @property
    def picks_text(self) -> bool:
        """Whether it only picks cell texts, so that the variable's kind decides how they are read."""
        return isinstance(self.body, ast.Call) and _name(self.body) in ("col", "coalesce", "split")

    def texts(self, columns: Columns) -> Column | None:
        """The result as cell texts where the expression only picks texts (col, coalesce, split); else None."""
        return _texts(self.body, columns) if self.picks_text else None

    def numbers(self, columns: Columns) -> Numbers:
        """The result as numbers (comparisons: 1 and 0), NaN where an input is missing: (n_rows,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.asarray(_numbers(self.body, columns), dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)


def parse_expression(text: str) -> Expression:
    """Check an expression against the closed language; anything else is a ConfigError.

    >>> parse_expression('col("Diagnosis (0-4)") > 0').headers
    ('Diagnosis (0-4)',)
    """
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"expression is longer than {MAX_LENGTH} characters")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError(f"not an expression: {text!r}", hint='e.g. col("Diagnosis") > 0') from None
    headers: list[str] = []
    _check(body, headers, depth=0)
    if not headers:
        raise ConfigError(f"expression {text!r} reads no column", hint="use constant: for a fixed value")
    return Expression(text, body, tuple(dict.fromkeys(headers)))


def _check(node: ast.expr, headers: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ConfigError(f"expression is nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, ast.Constant) and type(node.value) in (int, float, str):
        return
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        parts = [node.operand]
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISON:
        parts = [node.left, node.comparators[0]]
    elif isinstance(node, ast.Call):
        parts = _check_call(node, headers)
    else:
        raise ConfigError(
            f"{ast.unparse(node)!r} is not part of the expression language",
            hint=f"columns, numbers, + - * /, one comparison, and {', '.join(FUNCTIONS)}",
        )
    for part in parts:
        _check(part, headers, depth + 1)


def _check_call(node: ast.Call, headers: list[str]) -> list[ast.expr]:
    """Check a function's shape; returns the arguments that are expressions themselves."""
    name = _name(node)
    if name not in FUNCTIONS or node.keywords:
        raise ConfigError(f"unknown function {name!r} in an expression", hint=did_you_mean(name, FUNCTIONS))
    least, most = FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        raise ConfigError(f"{name}() takes {least if least == most else f'{least} to {most}'} arguments")
    if name == "col":
        header = node.args[0]
        if not (isinstance(header, ast.Constant) and isinstance(header.value, str)):
            raise ConfigError('col() takes a header in quotes, e.g. col("Age")')
        headers.append(header.value)
        return []
    if name == "split":
        separator, part = node.args[1:]
        right = isinstance(separator, ast.Constant) and isinstance(separator.value, str) and separator.value
        if not (right and isinstance(part, ast.Constant) and type(part.value) is int and part.value >= 1):
            raise ConfigError(
                'split() takes a separator in quotes and a part number from 1, e.g. split(col("BP"), "/", 1)'
            )
        return node.args[:1]
    if name == "bin":
        cuts = _cuts(node.args[1])
        if not cuts or any(b <= a for a, b in pairwise(cuts)):
            raise ConfigError('bin() takes rising cut points, e.g. bin(col("size"), [20, 50])')
        return node.args[:1]
    return node.args


def _cuts(node: ast.expr) -> list[float]:
    if not isinstance(node, ast.List):
        return []
    values = [e.value for e in node.elts if isinstance(e, ast.Constant) and type(e.value) in (int, float)]
    return [float(v) for v in values if isinstance(v, int | float)] if len(values) == len(node.elts) else []


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)


def _texts(node: ast.expr, columns: Columns) -> Column:
    """Cell texts of a node that picks texts."""
    if isinstance(node, ast.Call):
        name = _name(node)
        if name == "col":
            return columns.texts(_constant(node.args[0]))
        if name == "coalesce":
            first = _texts(node.args[0], columns)
            for other in node.args[1:]:
                first = first.or_else(_texts(other, columns))
            return first
        if name == "split":
            return _split(_texts(node.args[0], columns), _constant(node.args[1]), int(_constant(node.args[2])))
    raise ConfigError(f"{ast.unparse(node)!r} gives numbers where a column is needed")


def _split(texts: Column, separator: str, part: int) -> Column:
    def pick(text: str) -> str | None:
        pieces = text.split(separator)
        return pieces[part - 1].strip() or None if part <= len(pieces) else None

    return texts.mapped([pick(t) for t in texts.distinct])


def _numbers(node: ast.expr, columns: Columns) -> Any:
    """A node as numbers: an array, or a plain float for a constant."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            raise ConfigError(f"{node.value!r} is text where a number is needed")
        return float(_constant(node))
    if isinstance(node, ast.UnaryOp):
        return -_numbers(node.operand, columns)
    if isinstance(node, ast.BinOp):
        return _ARITHMETIC[type(node.op)](_numbers(node.left, columns), _numbers(node.right, columns))
    if isinstance(node, ast.Compare):
        return _compare(node, columns)
    assert isinstance(node, ast.Call)
    name = _name(node)
    if name in ("completed_years", "days"):
        start, end = (columns.dates(_texts(a, columns)) for a in node.args)
        return completed_years(pd.Series(start), pd.Series(end)) if name == "completed_years" else days(start, end)
    if name == "bin":
        values = np.asarray(_numbers(node.args[0], columns), dtype=np.float64)
        return np.where(np.isnan(values), np.nan, np.digitize(values, _cuts(node.args[1])))
    if name == "coalesce":
        return _coalesce([_numbers(a, columns) for a in node.args])
    return columns.numbers(_texts(node, columns))


def _coalesce(values: list[Any]) -> Numbers:
    result = np.asarray(values[0], dtype=np.float64)
    for other in values[1:]:
        result = np.where(np.isnan(result), other, result)
    return result


def _compare(node: ast.Compare, columns: Columns) -> Numbers:
    """1 where the comparison holds, 0 where not, NaN where a side is missing; texts compare folded."""
    operator = _COMPARISON[type(node.ops[0])]
    left, right = node.left, node.comparators[0]
    text = next((n.value for n in (left, right) if isinstance(n, ast.Constant) and isinstance(n.value, str)), None)
    if text is not None:
        if type(node.ops[0]) not in (ast.Eq, ast.NotEq):
            raise ConfigError(f"texts are compared with == and != only: {ast.unparse(node)!r}")
        cells = _texts(right if isinstance(left, ast.Constant) else left, columns)
        folded = np.array([columns.fold(t) for t in cells.distinct], dtype=object)
        return cells.spread(operator(folded, columns.fold(text)).astype(np.float64), np.nan)
    a, b = _numbers(left, columns), _numbers(right, columns)
    return np.where(np.isnan(a) | np.isnan(b), np.nan, operator(a, b).astype(np.float64))


def days(start: NDArray[np.datetime64], end: NDArray[np.datetime64]) -> Numbers:
    """Days from one date to another, NaN where either is missing; negative where the second lies before the first.

    >>> days(np.array(["2020-02-28"], "M8[D]"), np.array(["2020-03-01"], "M8[D]")).tolist()
    [2.0]
    """
    return np.asarray((end - start) / np.timedelta64(1, "D"), dtype=np.float64)


def completed_years(start: pd.Series, end: pd.Series) -> Numbers:
    """Whole years from one date to another: the age on the day `end`, NaN where either is missing.

    >>> d = lambda t: pd.Series(pd.to_datetime([t]))
    >>> completed_years(d("1954-02-23"), d("1982-02-22")).tolist()
    [27.0]
    """
    before_birthday = (end.dt.month < start.dt.month) | ((end.dt.month == start.dt.month) & (end.dt.day < start.dt.day))
    years = (end.dt.year - start.dt.year - before_birthday.astype(float)).to_numpy(dtype=np.float64)
    return np.where((start.isna() | end.isna()).to_numpy(), np.nan, years)


def _constant(node: ast.expr) -> Any:
    assert isinstance(node, ast.Constant)
    return node.value
