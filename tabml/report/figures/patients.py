"""Figures of the patients: flow from file to analysis, distributions, missing cells by centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tabml.report.figures.canvas import Canvas, cut, wrap
from tabml.report.words import whole

Record = Mapping[str, Any]
MAIN, ASIDE = 180.0, 190.0  # text widths of the two kinds of boxes


def flow(steps: Sequence[Record]) -> str:
    """Boxes on a main line with the number left in each; what left stands beside it, with its reason."""
    heights = [_height(s) for s in steps]
    tall = sum(heights) + 14 * len(steps) + 4
    said = "; ".join(f"{s.get('label')}: {s.get('rows')}" for s in steps)
    canvas = Canvas("flow", 430, tall, "Flow of rows and patients", said)
    y = 2.0
    last_box: float | None = None
    for step, height in zip(steps, heights, strict=True):
        aside = step.get("kind") == "aside"
        if not aside:
            if last_box is not None:
                canvas.line(100, last_box, 100, y, "axis")
                canvas.path([(96, y - 6), (100, y), (104, y - 6)], "axis")
            canvas.rect(1, y, 198, height, "box", 6)
            _lines(canvas, 100, y, whole(step.get("rows") or 0), _label(step), MAIN, "middle")
            last_box = y + height
        else:
            middle = y + height / 2
            canvas.line(100, middle, 220, middle, "axis")
            canvas.path([(214, middle - 4), (220, middle), (214, middle + 4)], "axis")
            canvas.rect(222, y, 207, height, "aside", 6)
            _lines(canvas, 233, y, f"− {whole(step.get('rows') or 0)}", _label(step), ASIDE, "start")
            if last_box is not None:
                canvas.line(100, last_box, 100, y + height, "axis")
                last_box = y + height
        y += height + 14
    return canvas.svg()


def histogram(key: str, edges: Sequence[float], counts: Sequence[int], title: str) -> str:
    """A small histogram with its ends written below."""
    canvas = Canvas(key, 220, 72, f"Distribution of {title}", f"{sum(counts)} values in {len(counts)} groups.")
    most = max(counts, default=0) or 1
    wide = 216 / max(1, len(counts))
    for k, n in enumerate(counts):
        high = 50 * n / most
        canvas.rect(2 + k * wide + 0.5, 52 - high, wide - 1, high, "f0")
    canvas.line(2, 52.5, 218, 52.5, "axis")
    canvas.text(2, 67, f"{edges[0]:g}", "small")
    canvas.text(218, 67, f"{edges[-1]:g}", "small", "end")
    return canvas.svg()


def bars(key: str, levels: Sequence[Record], title: str) -> str:
    """Level shares as horizontal bars, labels on the left, count and share on the right."""
    shown = list(levels)[:10]
    canvas = Canvas(key, 300, 20 * len(shown) + 4, f"Levels of {title}",
                    "; ".join(f"{v.get('label')}: {v.get('n')}" for v in shown))  # fmt: skip
    for k, level in enumerate(shown):
        share = float(level.get("share") or 0)
        canvas.text(0, 20 * k + 14, cut(str(level.get("label")), 104, 11), "small")
        canvas.rect(108, 20 * k + 4, 104, 13, "soft", 2)
        canvas.rect(108, 20 * k + 4, 104 * share, 13, "f0", 2)
        canvas.text(218, 20 * k + 14, f"{level.get('n')} ({100 * share:.0f} %)", "small")
    return canvas.svg()


def _height(step: Record) -> float:
    return 27.0 + 15 * len(wrap(_label(step), MAIN if step.get("kind") != "aside" else ASIDE))


def _label(step: Record) -> str:
    label, reason, source = str(step.get("label") or ""), str(step.get("reason") or ""), step.get("source")
    said = f"{label} ({source})" if source and str(source) not in label else label
    return f"{said}: {reason}" if reason and reason != label else said


def _lines(canvas: Canvas, x: float, y: float, number: str, label: str, width: float, anchor: str) -> None:
    canvas.text(x, y + 18, number, "strong", anchor)
    for k, line in enumerate(wrap(label, width)):
        canvas.text(x, y + 34 + 15 * k, line, "small", anchor)
