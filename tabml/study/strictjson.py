"""JSON from strangers: duplicate keys, NaN, infinities and deep nesting are refused before they are built."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from tabml.core.errors import BundleError

MAX_DEPTH = 32
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def load_strict(data: bytes, where: str, *, max_bytes: int) -> Any:
    """The document in `data`; BundleError naming `where` for whatever a plain JSON text may not hold.

    >>> load_strict(b'{"a": [1, 2.5, null]}', "x.json", max_bytes=100)
    {'a': [1, 2.5, None]}
    """
    if len(data) > max_bytes:
        raise BundleError(f"larger than {max_bytes:,} bytes", where=where)
    if _depth(data) > MAX_DEPTH:
        raise BundleError(f"nested deeper than {MAX_DEPTH} levels", where=where)
    try:
        return json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise BundleError("not a plain JSON document", where=where) from error


def dump_strict(document: Any, where: str) -> bytes:
    """Sorted keys, finite numbers, text keys; BundleError where a state holds something else."""
    _check(document, where)
    try:
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"),
                          default=_number)  # fmt: skip
        return text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise BundleError(f"cannot be saved: {error}", where=where) from error


def _depth(data: bytes) -> int:
    """Deepest nesting of brackets outside of texts, found without building anything."""
    deepest = depth = 0
    for token in _TOKENS.finditer(data):
        first = token[0][:1]
        if first in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif first in (b"]", b"}"):
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice")
    return document


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _check(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise BundleError(f"cannot be saved: a key is {type(key).__name__}, not text", where=where)
            _check(inner, where)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner, where)


def _number(value: Any) -> Any:
    """numpy's scalars as Python's."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is not plain data")
