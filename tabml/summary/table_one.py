"""Table 1: the patients by outcome and by centre, with missing counts and standardised differences, without p-values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tabml.summary.columns import Column, Group, Ints
from tabml.summary.smd import rest, smd

NOTE = (
    "Numbers are median (first to third quartile), categories are count (% of those known). "
    "SMD: standardised mean difference{which}; above 0.1 in size is worth a look. No p-values: they measure sample size."
)


def table_one(key: str, title: str, columns: Mapping[str, Column], groups: Sequence[Group], n: int) -> dict[str, Any]:
    """The table as {key, title, columns, rows, note}; a row is {label, kind, cells, missing, smd}.

    `kind` is `number`, `head` (a category's name) or `level` (one of its levels, indented). With two groups
    the SMD is second minus first; with more it is the largest of each group against all others.
    """
    everyone = np.arange(n, dtype=np.int64) if len(groups) != 1 else groups[0].rows
    if groups:
        everyone = np.sort(np.concatenate([g.rows for g in groups]))
    parts = [Group("All", everyone), *groups]
    which = ", second group minus first" if len(groups) == 2 else ", the largest of one group against all others"
    rows: list[dict[str, Any]] = []
    for column in columns.values():
        rows.extend(_rows(column, parts, _difference(column, groups, n)))
    return {
        "key": key,
        "title": title,
        "columns": [{"label": p.label, "n": len(p.rows)} for p in parts],
        "rows": rows,
        "note": NOTE.format(which=which if len(groups) > 1 else ""),
    }


def _difference(column: Column, groups: Sequence[Group], n: int) -> float | None:
    if len(groups) == 2:
        return smd(column, groups[1].rows, groups[0].rows)
    found = [d for g in groups if (d := smd(column, g.rows, rest(g.rows, n))) is not None] if len(groups) > 2 else []
    return max(found, key=abs) if found else None


def _rows(column: Column, parts: Sequence[Group], difference: float | None) -> list[dict[str, Any]]:
    missing = int(column.missing[parts[0].rows].sum())
    head = {
        "name": column.variable.name,
        "label": column.variable.title,
        "missing": missing,
        "missing_share": missing / max(1, len(parts[0].rows)),
        "smd": None if difference is None else round(difference, 3),
    }
    if not column.levels:
        return [{**head, "kind": "number", "cells": [_quartiles(column, p.rows) for p in parts]}]
    if len(column.levels) == 2 and column.variable.kind == "boolean":
        said = head["label"] if column.label(1) == "yes" else f"{head['label']}: {column.label(1)}"
        return [{**head, "label": said, "kind": "number", "cells": [_share(column, p.rows, 1) for p in parts]}]
    body = [
        {"name": head["name"], "label": column.label(k), "kind": "level", "missing": None, "missing_share": None,
         "smd": None, "cells": [_share(column, p.rows, k) for p in parts]}
        for k in range(len(column.levels))
    ]  # fmt: skip
    return [{**head, "kind": "head", "cells": ["" for _ in parts]}, *body]


def _quartiles(column: Column, rows: Ints) -> str:
    values = column.values[rows]
    values = values[~np.isnan(values)]
    if not len(values):
        return "–"
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    show = column.variable.show if column.variable.decimals is not None else number_text
    return f"{show(middle)} ({show(low)} to {show(high)})"


def _share(column: Column, rows: Ints, level: int) -> str:
    values = column.values[rows]
    known = int((~np.isnan(values)).sum())
    if not known:
        return "–"
    count = int((values == level).sum())
    return f"{count} ({100 * count / known:.0f} %)"


def number_text(value: float) -> str:
    """A number with about three figures and no exponent for everyday sizes.

    >>> number_text(263358.0), number_text(1.1834), number_text(58.0), number_text(0.00338)
    ('263358', '1.18', '58', '0.00338')
    """
    size = abs(value)
    if value == round(value) and size < 1e15:
        return f"{value:.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 else f"{value:.3g}"
