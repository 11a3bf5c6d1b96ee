"""Figures of explanations: which variables matter, in which direction, and how one patient's prediction came about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tabml.report.figures.canvas import Canvas, Panel, cut, span, ticks

Record = Mapping[str, Any]


def importance(rows: Sequence[Record], scale: str) -> str:
    """Mean size of each variable's part in the prediction, largest first."""
    tall = 25 * len(rows) + 46
    canvas = Canvas("importance", 430, tall, "Which variables matter most",
                    "; ".join(f"{r.get('title')}: {float(r.get('mean_abs', 0)):.2f}" for r in rows))  # fmt: skip
    top = max((float(r.get("mean_abs", 0)) for r in rows), default=1.0) or 1.0
    panel = Panel(canvas, (196, 4, 190, 25 * len(rows)), (0, top), (0, 1))
    panel.x_axis(ticks(0, top, 5), f"mean size of the effect ({scale})", grid=True)
    for k, row in enumerate(rows):
        value = float(row.get("mean_abs", 0))
        canvas.text(188, 25 * k + 21, cut(str(row.get("title") or row.get("variable")), 188), "label", "end")
        canvas.rect(196, 25 * k + 8, panel.x(value) - 196, 17, "f0", 2)
        canvas.text(panel.x(value) + 6, 25 * k + 21, f"{value:.2f}", "small")
    return canvas.svg()


def effect(key: str, row: Record, limits: tuple[float, float]) -> str:
    """One variable: mean effect on the prediction by value, right raises it, left lowers it; n at the end."""
    groups = list(row.get("bins") or ())
    title = str(row.get("title") or row.get("variable"))
    canvas = Canvas(key, 270, 22 * len(groups) + 26, f"Effect of {title}",
                    "; ".join(f"{g[0]}: {float(g[1]):+.2f}" for g in groups))  # fmt: skip
    canvas.text(0, 14, cut(title, 270), "strong")
    panel = Panel(canvas, (102, 22, 118, 22 * len(groups)), limits, (0, 1))
    canvas.line(panel.x(0), 22, panel.x(0), 22 + 22 * len(groups), "axis")
    for k, group in enumerate(groups):
        label, value, n = str(group[0]), float(group[1]), group[2] if len(group) > 2 else None
        y = 22 + 22 * k
        canvas.text(95, y + 15, cut(label, 96, 11), "small", "end")
        start, stop = sorted((panel.x(0), panel.x(value)))
        canvas.rect(start, y + 4, stop - start, 14, "f1" if value > 0 else "f0", 2)
        if n is not None:
            canvas.text(270, y + 15, f"n {n}", "small", "end")
    return canvas.svg()


def effect_limits(rows: Sequence[Record]) -> tuple[float, float]:
    """One scale for all small pictures, so that their bars can be compared."""
    values = [abs(float(g[1])) for r in rows for g in (r.get("bins") or ())]
    top = max(values, default=1.0) or 1.0
    return (-top, top)


def waterfall(key: str, example: Record, most: int = 9) -> str:
    """How one patient's prediction comes about: from the average patient to this one, variable by variable."""
    parts = sorted(example.get("contributions") or (), key=lambda c: -abs(float(c.get("contribution", 0))))
    steps = [(_named(c), float(c.get("contribution", 0))) for c in parts[:most]]
    rest = sum(float(c.get("contribution", 0)) for c in parts[most:])
    if len(parts) > most:
        steps.append((f"{len(parts) - most} other variables", rest))
    base = float(example.get("base") or 0.0)
    said = "; ".join(f"{label}: {value:+.2f}" for label, value in steps)
    canvas = Canvas(key, 430, 26 * len(steps) + 96, "How this prediction came about", said)
    levels = [base]
    for _, value in steps:
        levels.append(levels[-1] + value)
    panel = Panel(canvas, (222, 30, 160, 26 * len(steps)), span(levels, 0.08), (0, 1))
    canvas.text(panel.x(base), 14, "average patient", "small", "middle")
    canvas.line(panel.x(base), 20, panel.x(base), 30 + 26 * len(steps), "ref")
    for k, (label, value) in enumerate(steps):
        y = 30 + 26 * k
        start, stop = sorted((panel.x(levels[k]), panel.x(levels[k + 1])))
        canvas.text(212, y + 17, label, "label", "end")
        canvas.rect(start, y + 5, max(stop - start, 1), 17, "f1" if value > 0 else "f0", 2)
        canvas.text(stop + 5, y + 18, f"{value:+.2f}".replace("-", "−"), "small")
        canvas.line(panel.x(levels[k + 1]), y + 22, panel.x(levels[k + 1]), y + 31, "axis")
    bottom = 30 + 26 * len(steps)
    canvas.dot(panel.x(levels[-1]), bottom + 14, 5, "f2")
    canvas.text(panel.x(levels[-1]), bottom + 36, f"predicted {example.get('predicted', '')}", "strong", "middle")
    canvas.text(222, bottom + 58, "← lowers", "small f0")
    canvas.text(382, bottom + 58, "raises →", "small f1", "end")
    return canvas.svg()


def _named(part: Record, room: int = 34) -> str:
    """Variable and value as one label, the unit after the value; a long name is cut, never the value.

    >>> _named({"title": "resting blood pressure (mmHg)", "value": "145"})
    'resting blood pressure 145 mmHg'
    """
    title, value = str(part.get("title") or part.get("variable") or ""), str(part.get("value") or "")
    found = re.fullmatch(r"(.+) \(([^()]+)\)", title)
    if found and re.fullmatch(r"[-−]?[\d.,]+", value):
        title, value = found[1], f"{value} {found[2]}"
    elif found:
        title = found[1]
    space = max(8, room - len(value) - 1)
    return f"{title if len(title) <= space else title[: space - 1].rstrip() + '…'} {value}"
