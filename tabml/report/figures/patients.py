"""Figures of the patients: flow from file to analysis, distributions, missing cells by centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tabml.core.wording import counted
from tabml.report.figures.canvas import Canvas, cut, wrap
from tabml.report.words import whole

Record = Mapping[str, Any]
MAIN, ASIDE = 180.0, 190.0  # text widths of the two kinds of boxes
FULL = 880.0
PATIENTS = "patients"  # the last step of a source whose rows are patients; other tables are joined to one
MOST_SOURCES = 6


def flow(steps: Sequence[Record]) -> str:
    """What became of every row: one line of boxes, or one column per source flowing together.

    Boxes hold what is left; grey boxes beside them what went, with its reason. More than six sources are added up.
    """
    sources = list(dict.fromkeys(str(s["source"]) for s in steps if s.get("source")))
    if len(sources) > MOST_SOURCES:
        steps = _added(steps)
    elif len(sources) > 1:
        return _columns(steps, sources)
    return _line(steps)


def is_wide(steps: Sequence[Record]) -> bool:
    """Whether the flow is drawn in columns and needs the whole page."""
    return 1 < len({s["source"] for s in steps if s.get("source")}) <= MOST_SOURCES


def _line(steps: Sequence[Record]) -> str:
    steps = _unrepeated(steps)
    heights = [_height(s) for s in steps]
    tall = sum(heights) + 14 * len(steps) + 4
    canvas = Canvas("flow", 430, tall, "Flow of rows and patients", _said(steps))
    y, last_box = 2.0, None
    for step, height in zip(steps, heights, strict=True):
        if step.get("kind") != "aside":
            if last_box is not None:
                _arrow(canvas, 100, last_box, y)
            canvas.rect(1, y, 198, height, "box", 6)
            _lines(canvas, 100, y, whole(step.get("rows") or 0), _label(step), MAIN, "middle")
        else:
            middle = y + height / 2
            canvas.line(100, middle, 220, middle, "axis")
            canvas.path([(214, middle - 4), (220, middle), (214, middle + 4)], "axis")
            canvas.rect(222, y, 207, height, "aside", 6)
            _lines(canvas, 233, y, f"− {whole(step.get('rows') or 0)}", _label(step), ASIDE, "start")
            if last_box is not None:
                canvas.line(100, last_box, 100, y + height, "axis")
        last_box = y + height if step.get("kind") != "aside" or last_box is not None else None
        y += height + 14
    return canvas.svg()


def _columns(steps: Sequence[Record], sources: Sequence[str]) -> str:
    """One column per source; what is common to all stands below. Tables that only add columns meet it dashed."""
    wide = min(210.0, (FULL - 12 * (len(sources) - 1)) / len(sources))
    parts = [[s for s in steps if s.get("source") == name] for name in sources]
    common = _unrepeated([s for s in steps if not s.get("source")])
    bodies = [_column_height(part, wide) for part in parts]
    bus = max(bodies) + 24
    tall = bus + sum(14 + _box_height(s, 240) for s in common) + 16
    total = wide * len(sources) + 12 * (len(sources) - 1)
    canvas = Canvas("flow", total, tall, "Flow of rows and patients", _said(steps))
    centres = [k * (wide + 12) + wide / 2 for k in range(len(sources))]
    for part, centre, body in zip(parts, centres, bodies, strict=True):
        _column(canvas, part, centre, wide)
        canvas.line(centre, body, centre, bus, "axis" if part[-1].get("label") == PATIENTS else "ref")
    canvas.line(centres[0], bus, centres[-1], bus, "axis")
    y, middle = bus, total / 2
    for step in common:
        _arrow(canvas, middle, y, y + 16)
        height = _box_height(step, 240)
        canvas.rect(middle - 130, y + 16, 260, height, "box", 6)
        _lines(canvas, middle, y + 16, whole(step.get("rows") or 0), _label(step), 240, "middle")
        y += 16 + height
    return canvas.svg()


def _column(canvas: Canvas, part: Sequence[Record], centre: float, wide: float) -> None:
    y = 2.0
    for k, block in enumerate(_blocks(part)):
        if k:
            _arrow(canvas, centre, y - 14, y)
        if isinstance(block, list):
            height = 10.0 + 15 * sum(len(lines) for lines in _went(block, wide))
            canvas.rect(centre - wide / 2 + 1, y, wide - 2, height, "aside", 6)
            for j, line in enumerate(line for lines in _went(block, wide) for line in lines):
                canvas.text(centre - wide / 2 + 10, y + 17 + 15 * j, line, "small")
        else:
            height = _box_height(block, wide - 18)
            canvas.rect(centre - wide / 2 + 1, y, wide - 2, height, "box", 6)
            _lines(canvas, centre, y, whole(block.get("rows") or 0), _own(block), wide - 18, "middle")
        y += height + 14


def _column_height(part: Sequence[Record], wide: float) -> float:
    heights = [
        10.0 + 15 * sum(len(lines) for lines in _went(b, wide)) if isinstance(b, list) else _box_height(b, wide - 18)
        for b in _blocks(part)
    ]  # fmt: skip
    return 2.0 + sum(heights) + 14 * max(0, len(heights) - 1)


def _blocks(part: Sequence[Record]) -> list[Record | list[Record]]:
    """Steps of one source, rows that went gathered into one box between two counts."""
    out: list[Record | list[Record]] = []
    for step in part:
        if step.get("kind") != "aside":
            out.append(step)
        elif out and isinstance(out[-1], list):
            out[-1].append(step)
        else:
            out.append([step])
    return out


def _went(steps: Sequence[Record], wide: float) -> list[list[str]]:
    return [wrap(f"− {s.get('rows')} {_own(s)}", wide - 20, 11.5) for s in steps]


def _added(steps: Sequence[Record]) -> list[Record]:
    """The same steps with the rows of all sources added up by what happened to them."""
    sums: dict[tuple[str, str], int] = {}
    for step in steps:
        label = str(step.get("label") or "")
        if step.get("source"):
            label = "rows of all sources" if label.startswith("rows of ") else label
        key = (label, str(step.get("kind") or "count"))
        sums[key] = sums.get(key, 0) + int(step.get("rows") or 0) if step.get("source") else int(step.get("rows") or 0)
    return [{"label": label, "kind": kind, "rows": rows} for (label, kind), rows in sums.items()]


def _unrepeated(steps: Sequence[Record]) -> list[Record]:
    """Counts that say the same number twice running are said once, by the later name."""
    out: list[Record] = []
    for step in steps:
        if (
            out
            and step.get("kind") != "aside"
            and out[-1].get("kind") != "aside"
            and out[-1].get("rows") == step.get("rows")
        ):
            out.pop()
        out.append(step)
    return out


def _arrow(canvas: Canvas, x: float, top: float, bottom: float) -> None:
    canvas.line(x, top, x, bottom, "axis")
    canvas.path([(x - 4, bottom - 6), (x, bottom), (x + 4, bottom - 6)], "axis")


def _said(steps: Sequence[Record]) -> str:
    return "; ".join(f"{_label(s)}: {'minus ' if s.get('kind') == 'aside' else ''}{s.get('rows')}" for s in steps)


def _box_height(step: Record, width: float) -> float:
    return 27.0 + 15 * len(wrap(_own(step), width))


def _own(step: Record) -> str:
    """A step's label below the name of its source, which need not be said again."""
    label, reason = str(step.get("label") or ""), str(step.get("reason") or "")
    return f"{label}: {reason}" if reason and reason != label and not label.startswith(reason) else label


def histogram(
    key: str, edges: Sequence[float], counts: Sequence[int], title: str, limits: tuple[float, float] | None = None
) -> str:
    """A small histogram with its ends written below.

    `limits`: the least and the largest value. Where they lie beyond the edges the end bars hold all that does.
    """
    canvas = Canvas(
        key, 220, 72, f"Distribution of {title}", f"{counted(sum(counts), 'value')} in {counted(len(counts), 'group')}."
    )
    most = max(counts, default=0) or 1
    wide = 216 / max(1, len(counts))
    for k, n in enumerate(counts):
        high = 50 * n / most
        canvas.rect(2 + k * wide + 0.5, 52 - high, wide - 1, high, "f0")
    canvas.line(2, 52.5, 218, 52.5, "axis")
    low, high = limits or (edges[0], edges[-1])
    canvas.text(2, 67, f"below {edges[1]:g}" if low < edges[0] else f"{edges[0]:g}", "small")
    canvas.text(218, 67, f"{edges[-2]:g} and more" if high > edges[-1] else f"{edges[-1]:g}", "small", "end")
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
    said, source = _own(step), step.get("source")
    return f"{said} ({source})" if source and str(source) not in said else said


def _lines(canvas: Canvas, x: float, y: float, number: str, label: str, width: float, anchor: str) -> None:
    canvas.text(x, y + 18, number, "strong", anchor)
    for k, line in enumerate(wrap(label, width)):
        canvas.text(x, y + 34 + 15 * k, line, "small", anchor)
