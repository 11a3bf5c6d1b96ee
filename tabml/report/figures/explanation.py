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
    panel.x_axis(ticks(0, top, 5), "", grid=True)
    canvas.text(386, tall - 5, f"mean size of the effect ({scale})", "label", "end")
    for k, row in enumerate(rows):
        value = float(row.get("mean_abs", 0))
        canvas.text(188, 25 * k + 21, _short(row, 188), "label", "end")
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
    panel = Panel(canvas, (116, 22, 108, 22 * len(groups)), limits, (0, 1))
    canvas.line(panel.x(0), 22, panel.x(0), 22 + 22 * len(groups), "axis")
    for k, group in enumerate(groups):
        label, value, n = str(group[0]), float(group[1]), group[2] if len(group) > 2 else None
        y = 22 + 22 * k
        canvas.text(109, y + 15, cut(label, 109, 10.4), "small", "end")
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
    if len(parts) > most:
        rest = sum(float(c.get("contribution", 0)) for c in parts[most:])
        steps.append(([f"{len(parts) - most} other variables"], rest))
    levels = [float(example.get("base") or 0.0)]
    for _, value in steps:
        levels.append(levels[-1] + value)
    tall = sum(_room(label) for label, _ in steps)
    said = "; ".join(f"{' '.join(label)}: {value:+.2f}" for label, value in steps)
    canvas = Canvas(key, 430, tall + 96, "How this prediction came about", said)
    panel = Panel(canvas, (212, 30, 170, tall), span(levels, 0.08), (0, 1))
    canvas.text(panel.x(levels[0]), 14, "average patient", "small", "middle")
    canvas.line(panel.x(levels[0]), 20, panel.x(levels[0]), 30 + tall, "ref")
    y = 30.0
    for k, (label, value) in enumerate(steps):
        _step(canvas, panel, y, label, levels[k], value)
        y += _room(label)
    canvas.dot(panel.x(levels[-1]), y + 14, 5, "f2")
    predicted = f"predicted {example.get('predicted', '')}"
    reach = 4.0 * len(predicted)  # half its width: it stays on the card where the prediction lies near an edge
    canvas.text(min(max(panel.x(levels[-1]), reach), 430 - reach), y + 36, predicted, "strong", "middle")
    canvas.text(212, y + 58, "← lowers", "small f0")
    canvas.text(382, y + 58, "raises →", "small f1", "end")
    return canvas.svg()


def _step(canvas: Canvas, panel: Panel, y: float, label: list[str], level: float, value: float) -> None:
    high = _room(label)
    start, stop = sorted((panel.x(level), panel.x(level + value)))
    middle = y + high / 2
    for k, line in enumerate(label):
        canvas.text(202, middle + 4 + 14 * (k - (len(label) - 1) / 2), line, "label" if k == 0 else "small", "end")
    canvas.rect(start, middle - 8.5, max(stop - start, 1), 17, "f1" if value > 0 else "f0", 2)
    canvas.text(stop + 5, middle + 4, _signed(value), "small")
    canvas.line(panel.x(level + value), middle + 8.5, panel.x(level + value), middle + 8.5 + (high - 17), "axis")


def _signed(value: float) -> str:
    said = f"{value:+.2f}"
    return said.replace("-", "−") if float(said) else "0.00"


def _room(label: list[str]) -> float:
    return 26.0 if len(label) == 1 else 36.0


def _named(part: Record, room: int = 31) -> list[str]:
    """Variable and value as one line, or two where they are long; the unit stands after the value.

    >>> _named({"title": "resting blood pressure (mmHg)", "value": "145"})
    ['resting blood pressure', '145 mmHg']
    """
    title, value = str(part.get("title") or part.get("variable") or ""), str(part.get("value") or "")
    found = re.fullmatch(r"(.+) \(([^()]+)\)", title)
    if found:
        title = found[1]
        value = f"{value} {found[2]}" if re.fullmatch(r"[-−]?[\d.,]+", value) else value
    if len(title) + len(value) < room:
        return [f"{title} {value}"]
    return [_cut(title, room), _cut(value, room + 3)]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _short(row: Record, width: float) -> str:
    """A variable's title, without its unit where that is what does not fit."""
    title = str(row.get("title") or row.get("variable"))
    return title if cut(title, width) == title else cut(re.sub(r" \([^()]+\)$", "", title), width)
