"""Figures of performance: ROC, calibration with the risks below it, decision curve, survival, centres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tabml.report.figures.canvas import PALETTE, Canvas, Panel, span, ticks

Record = Mapping[str, Any]
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SQUARE = 430


def roc(curves: Sequence[tuple[str, Record]], notes: Sequence[str] = ()) -> str:
    """ROC curves, each (label, curve): x is 1 - specificity, y sensitivity. `notes` stand in the empty corner."""
    canvas = Canvas(
        "roc", SQUARE, 420, "ROC curve", "Sensitivity against one minus specificity; the diagonal is chance."
    )
    panel = Panel(canvas, (62, 14, 352, 346), (0, 1), (0, 1))
    panel.y_axis(SHARES, "found among those with the outcome (sensitivity)", share=True)
    panel.x_axis(SHARES, "false alarms among those without it (1 − specificity)", share=True)
    panel.line((0, 1), (0, 1), "ref")
    for k, (_, curve) in reversed(list(enumerate(curves))):
        _band(panel, curve, k)
        panel.line(curve["x"], curve["y"], f"line c{k % PALETTE}{' thin' if k else ''}")
    _legend(canvas, [label for label, _ in curves], 190, 330 - 19 * (len(curves) + len(notes)))
    for k, note in enumerate(notes):
        canvas.text(190, 330 - 19 * (len(notes) - k - 1), note, "small")
    return canvas.svg()


def calibration(
    groups: Sequence[tuple[str, Record]],
    smooth: Record | None,
    histogram: Sequence[Record],
    *,
    labels: tuple[str, str] = ("risk the model gave", "share in whom it happened"),
    histogram_labels: Sequence[str] = (),
) -> str:
    """Observed share against predicted risk, groups with intervals, and how often each risk was given."""
    tall = 500 if histogram else 420
    canvas = Canvas("calibration", SQUARE, tall, "Calibration plot",
                    "Observed share against predicted risk; on the diagonal, risks can be taken at their word.")  # fmt: skip
    panel = Panel(canvas, (62, 14, 352, 346), (0, 1), (0, 1))
    panel.y_axis(SHARES, labels[1], share=True)
    if histogram:
        _ruled(panel, SHARES)
    else:
        panel.x_axis(SHARES, labels[0], share=True)
    panel.line((0, 1), (0, 1), "ref")
    if smooth:
        _band(panel, smooth, 0)
        panel.line(smooth["x"], smooth["y"], "line c0")
    for k, (_, curve) in enumerate(groups):
        _points(panel, curve, k, joined=not smooth)
    canvas.text(panel.x(0.03), panel.y(0.95), "above the line: risk too low", "small")
    canvas.text(panel.x(0.97), panel.y(0.03), "below the line: risk too high", "small", "end")
    if len(groups) > 1:
        _legend(canvas, [label for label, _ in groups], 112, 56)
    if histogram:
        _risk_bars(canvas, histogram, histogram_labels, labels[0])
    return canvas.svg()


def agreement(curve: Record, label: str, unit: str) -> str:
    """Mean observed value against mean predicted value in groups of patients, for a predicted number."""
    canvas = Canvas("agreement", SQUARE, 420, f"Predicted and observed {label}",
                    "Means of groups of patients; on the diagonal predictions are right on average.")  # fmt: skip
    low = list(curve.get("lower") or ())
    high = list(curve.get("upper") or ())
    limits = span([*curve["x"], *curve["y"], *low, *high])
    panel = Panel(canvas, (62, 14, 352, 346), limits, limits)
    at = ticks(*limits)
    tail = f" ({unit})" if unit else ""
    panel.y_axis(at, f"observed{tail}")
    panel.x_axis(at, f"predicted{tail}")
    panel.line(limits, limits, "ref")
    _points(panel, curve, 0, joined=True)
    return canvas.svg()


def decision(curves: Sequence[tuple[str, Record]]) -> str:
    """Net benefit over the threshold at which one would act; curves named model, treat all, treat none."""
    canvas = Canvas("decision", SQUARE, 430, "Decision curve",
                    "Net benefit of acting on the model, on everyone and on no one, over the threshold risk.")  # fmt: skip
    xs = [x for _, c in curves for x in c["x"]]
    top = max((y for _, c in curves for y in c["y"]), default=0.1)
    low = -0.1 * top
    panel = Panel(canvas, (62, 74, 352, 306), (min(xs), max(xs)), (low, top * 1.06))
    panel.y_axis(ticks(low, top * 1.06), "net benefit per patient")
    panel.x_axis(ticks(min(xs), max(xs), 7), "risk at which one would act", share=True)
    for k, (_, curve) in enumerate(curves):
        style = "c0" if k == 0 else f"c{(1, 9)[min(k - 1, 1)]} thin"
        inside = [(x, y) for x, y in zip(curve["x"], curve["y"], strict=False) if y >= low]
        if k == 0:
            _band(panel, curve, 0)
        panel.line([x for x, _ in inside], [y for _, y in inside], f"line {style}")
    _legend(canvas, [label for label, _ in curves], 92, 20, colours=("0", "1", "9"))
    return canvas.svg()


def survival(
    curves: Sequence[tuple[str, Record]], per: tuple[float, str], *, key: str = "km", width: float = 620
) -> str:
    """Kaplan-Meier curves with the numbers at risk below; `per` is (days in a unit, the unit's name)."""
    step, unit = per
    rows = len(curves)
    canvas = Canvas(key, width, 370 + 17 * rows, "Kaplan-Meier curve",
                    "Share of patients free of the event, over time since start of follow-up.")  # fmt: skip
    end = max(max(c["x"]) for _, c in curves) / step
    panel = Panel(canvas, (78, 14, width - 94, 286), (0, end), (0, 1))
    panel.y_axis(SHARES, "free of the event", share=True)
    at = ticks(0, end, 7)
    panel.x_axis(at, f"{unit} since start of follow-up")
    for k, (_, curve) in enumerate(curves):
        x = [v / step for v in curve["x"]]
        panel.band(x, curve.get("lower") or (), curve.get("upper") or (), f"f{k % PALETTE}", stairs=True)
        panel.steps(x, curve["y"], f"line c{k % PALETTE}")
    _legend(canvas, [label for label, _ in curves] if rows > 1 else [], 118, 288 - 19 * (rows - 1))
    _at_risk(canvas, panel, curves, at, step)
    return canvas.svg()


def forest(rows: Sequence[tuple[str, str, Record]], *, reference: float | None, label: str, key: str = "forest") -> str:
    """One line per centre: (name, n and events in words, estimate with interval); the last may be the whole."""
    tall = 30 + 30 * len(rows) + 46
    canvas = Canvas(key, 760, tall, f"{label} by centre", "; ".join(f"{n}: {e.get('text', '')}" for n, _, e in rows))
    known = [e for _, _, e in rows if e.get("value") is not None]
    ends = [v for e in known for v in (e.get("lower"), e.get("upper"), e.get("value")) if v is not None]
    limits = span([*ends, *([reference] if reference is not None else [])], 0.06)
    panel = Panel(canvas, (300, 26, 290, 30 * len(rows)), limits, (0, 1))
    at = ticks(*limits, 6)
    panel.x_axis(at, label, grid=True)
    if reference is not None:
        canvas.line(panel.x(reference), 26, panel.x(reference), 26 + 30 * len(rows), "ref")
    for k, (name, size, estimate) in enumerate(rows):
        middle = 26 + 30 * k + 15
        whole = not size
        canvas.text(0, middle + 4, name, "strong" if whole else "label")
        canvas.text(285, middle + 4, size, "small", "end")
        _whisker(canvas, panel, estimate, middle, "2" if whole else "0")
        canvas.text(606, middle + 4, str(estimate.get("text") or "–"), "strong" if whole else "label")
    return canvas.svg()


def ladder(rows: Sequence[tuple[str, Record]], *, reference: float | None, label: str, better: str) -> str:
    """The final model beside simpler answers on one scale; `better` says which side is the good one."""
    tall = 34 * len(rows) + 62
    canvas = Canvas("ladder", 760, tall, f"{label}: final model beside simpler answers",
                    "; ".join(f"{name}: {e.get('text', '')}" for name, e in rows))  # fmt: skip
    ends = [v for _, e in rows for v in (e.get("lower"), e.get("upper"), e.get("value")) if v is not None]
    limits = span([*ends, *([reference] if reference is not None else [])], 0.08)
    panel = Panel(canvas, (170, 8, 400, 34 * len(rows)), limits, (0, 1))
    panel.x_axis(ticks(*limits, 6), f"{label} ({better})", grid=True)
    if reference is not None:
        canvas.line(panel.x(reference), 8, panel.x(reference), 8 + 34 * len(rows), "ref")
    for k, (name, estimate) in enumerate(rows):
        middle = 8 + 34 * k + 17
        canvas.text(0, middle + 4, name, "strong" if k == 0 else "label")
        _whisker(canvas, panel, estimate, middle, "0" if k == 0 else "9")
        canvas.text(586, middle + 4, str(estimate.get("text") or "–"), "strong" if k == 0 else "label")
    return canvas.svg()


def _whisker(canvas: Canvas, panel: Panel, estimate: Record, middle: float, colour: str) -> None:
    value, low, high = estimate.get("value"), estimate.get("lower"), estimate.get("upper")
    if value is None:
        return
    if low is not None and high is not None:
        canvas.line(panel.x(low), middle, panel.x(high), middle, f"whisker c{colour}")
        for end in (low, high):
            canvas.line(panel.x(end), middle - 4, panel.x(end), middle + 4, f"whisker c{colour}")
    canvas.dot(panel.x(value), middle, 5, f"f{colour}")


def _points(panel: Panel, curve: Record, k: int, joined: bool) -> None:
    colour = str(k % PALETTE)
    x, y = curve["x"], curve["y"]
    low, high = curve.get("lower") or (), curve.get("upper") or ()
    if joined:
        panel.line(x, y, f"line thin c{colour}")
    for j, (a, b) in enumerate(zip(x, y, strict=False)):
        if j < len(low) and j < len(high):
            panel.canvas.line(panel.x(a), panel.y(low[j]), panel.x(a), panel.y(high[j]), f"whisker c{colour}")
        panel.canvas.dot(panel.x(a), panel.y(b), 4, f"hollow c{colour}")


def _band(panel: Panel, curve: Record, k: int) -> None:
    panel.band(curve["x"], curve.get("lower") or (), curve.get("upper") or (), f"f{k % PALETTE}")


def _legend(canvas: Canvas, labels: Sequence[str], x: float, y: float, colours: Sequence[str] = ()) -> None:
    for k, label in enumerate(labels):
        colour = colours[k] if k < len(colours) else str(k % PALETTE)
        canvas.line(x - 26, y + 19 * k - 4, x - 8, y + 19 * k - 4, f"line c{colour}")
        canvas.text(x, y + 19 * k, label, "label")


def _ruled(panel: Panel, at: Sequence[float]) -> None:
    bottom = panel.top + panel.high
    panel.canvas.line(panel.left, bottom, panel.left + panel.wide, bottom, "axis")
    for value in at:
        panel.canvas.line(panel.x(value), bottom, panel.x(value), bottom + 4, "axis")


def _risk_bars(canvas: Canvas, histogram: Sequence[Record], labels: Sequence[str], label: str) -> None:
    """How many patients were given each risk: those with the outcome up, those without down."""
    panel = Panel(canvas, (62, 372, 352, 76), (0, 1), (-1, 1))
    amounts = [list(h.get("counts") or h.get("y") or ()) for h in histogram[:2]]
    most = max((max(a, default=0) for a in amounts), default=0) or 1
    for k, (curve, amount) in enumerate(zip(histogram[:2], amounts, strict=False)):
        x = list(curve["x"])
        edges = len(x) == len(amount) + 1
        wide = panel.wide / max(1, len(amount))
        for a, b in zip(x, amount, strict=False):
            left = panel.x(a) if edges else panel.x(a) - wide / 2
            high = b / most * (panel.high / 2 - 2 if len(amounts) > 1 else panel.high - 4)
            base = panel.y(0) if len(amounts) > 1 else panel.y(-1)
            up = k == 1 or len(amounts) == 1
            canvas.rect(left + 0.6, base - high if up else base, wide - 1.2, high, "f1" if k == 1 else "f0")
    middle = panel.y(0) if len(amounts) > 1 else panel.y(-1)
    canvas.line(panel.left, middle, panel.left + panel.wide, middle, "axis")
    for k, text in enumerate(labels[: len(amounts)]):
        canvas.text(
            panel.left - 8, panel.y(0.55 if k == 1 else -0.5) + 4, text, "small f1" if k == 1 else "small f0", "end"
        )
    for value in SHARES:
        canvas.text(panel.x(value), 466, f"{100 * value:.0f} %", "small", "middle")
    canvas.text(panel.left + panel.wide / 2, 486, label, "label", "middle")


def _at_risk(
    canvas: Canvas, panel: Panel, curves: Sequence[tuple[str, Record]], at: Sequence[float], step: float
) -> None:
    top = panel.top + panel.high + 58
    canvas.text(0, top - 2, "at risk", "small strong")
    for k, (label, curve) in enumerate(curves):
        y = top + 16 * (k + (1 if len(curves) > 1 else 0)) - (2 if len(curves) == 1 else 0)
        if len(curves) > 1:
            canvas.text(0, y, label[:11], f"small f{k % PALETTE}")
        numbers = _numbers_at(curve, at, step)
        for value, number in zip(at, numbers, strict=True):
            canvas.text(panel.x(value), y, "–" if number is None else str(number), "small", "middle")


def _numbers_at(curve: Record, at: Sequence[float], step: float) -> list[int | None]:
    """Numbers at risk at the ticks: given at `ticks`, or one per point of the curve."""
    given = list(curve.get("at_risk") or ())
    where = list(curve.get("ticks") or curve["x"])
    if not given or len(given) != len(where):
        return [None for _ in at]
    found: list[int | None] = []
    for value in at:
        later = [n for t, n in zip(where, given, strict=True) if t >= value * step - 1e-9]
        found.append(int(later[0]) if later else None)
    return found
