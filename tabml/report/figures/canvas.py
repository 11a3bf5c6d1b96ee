"""Drawing SVG by hand: a canvas, a panel with scales and axes, and round tick marks.

Drawings are text with one decimal per coordinate, so equal data give equal bytes. Colours and fonts are CSS
classes (`STYLE`), checked for colour blindness: blue, orange, green and vermilion of Okabe and Ito.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

STYLE = """
svg.fig{display:block;width:100%;height:auto;font-family:inherit;overflow:visible}
svg.fig text{fill:#39434e;font-size:12px;font-variant-numeric:tabular-nums}
svg.fig .small{font-size:11px;fill:#5d6875}
svg.fig .label{font-size:12px;fill:#39434e}
svg.fig .strong{font-weight:600;fill:#17212b}
svg.fig .axis{stroke:#98a2ad;stroke-width:1;fill:none}
svg.fig .grid{stroke:#e6eaee;stroke-width:1;fill:none}
svg.fig .ref{stroke:#98a2ad;stroke-width:1.2;stroke-dasharray:4 4;fill:none}
svg.fig .line{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
svg.fig .thin{stroke-width:1.3}
svg.fig .whisker{stroke-width:1.6;fill:none}
svg.fig .band{stroke:none;opacity:.16}
svg.fig .box{fill:#fff;stroke:#b8c1ca;stroke-width:1}
svg.fig .aside{fill:#f4f6f8;stroke:#d5dbe1;stroke-width:1}
svg.fig .c0{stroke:#0072b2}svg.fig .f0{fill:#0072b2}
svg.fig .c1{stroke:#d55e00}svg.fig .f1{fill:#d55e00}
svg.fig .c2{stroke:#009e73}svg.fig .f2{fill:#009e73}
svg.fig .c3{stroke:#cc79a7}svg.fig .f3{fill:#cc79a7}
svg.fig .c4{stroke:#e69f00}svg.fig .f4{fill:#e69f00}
svg.fig .c5{stroke:#56b4e9}svg.fig .f5{fill:#56b4e9}
svg.fig .c9{stroke:#7b8794}svg.fig .f9{fill:#7b8794}
svg.fig .soft{fill:#c9dcea}svg.fig .hollow{fill:#fff;stroke-width:1.8}
svg.fig text.f0{fill:#005a8d}svg.fig text.f1{fill:#a94a00}svg.fig text.f2{fill:#007253}svg.fig text.f9{fill:#5d6875}
"""
PALETTE = 6


class Canvas:
    """A drawing of fixed size with a title and a description for those who cannot see it."""

    def __init__(self, key: str, width: float, height: float, title: str, desc: str) -> None:
        self.key, self.width, self.height = key, width, height
        self._title, self._desc = title, desc
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        self._parts.append(f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" class="{style}"/>')

    def rect(self, x: float, y: float, width: float, height: float, style: str, radius: float = 0) -> None:
        corner = f' rx="{_n(radius)}"' if radius else ""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"{corner} class="{style}"/>'
        )

    def dot(self, x: float, y: float, radius: float, style: str) -> None:
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" class="{style}"/>')

    def text(self, x: float, y: float, text: str, style: str = "label", anchor: str = "start", turn: float = 0) -> None:
        place = f' transform="rotate({_n(turn)} {_n(x)} {_n(y)})"' if turn else ""
        end = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y)}" class="{style}"{end}{place}>{escape(text)}</text>')

    def path(self, points: Sequence[tuple[float, float]], style: str, closed: bool = False) -> None:
        if len(points) > 1:
            body = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
            self._parts.append(f'<path d="M{body}{"Z" if closed else ""}" class="{style}"/>')

    def svg(self) -> str:
        """The drawing as one SVG element."""
        return (
            f'<svg class="fig" role="img" viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f'style="max-width:{_n(self.width)}px" aria-labelledby="{self.key}-t {self.key}-d">'
            f'<title id="{self.key}-t">{escape(self._title)}</title><desc id="{self.key}-d">{escape(self._desc)}</desc>'
            f"{''.join(self._parts)}</svg>"
        )


class Panel:
    """A plotting area with linear scales; y grows upwards in data, downwards on the canvas."""

    def __init__(self, canvas: Canvas, box: tuple[float, float, float, float],
                 xlim: tuple[float, float], ylim: tuple[float, float]) -> None:  # fmt: skip
        self.canvas = canvas
        self.left, self.top, self.wide, self.high = box
        self.xlim, self.ylim = _wide(xlim), _wide(ylim)

    def x(self, value: float) -> float:
        low, high = self.xlim
        return self.left + (min(max(value, low), high) - low) / (high - low) * self.wide

    def y(self, value: float) -> float:
        low, high = self.ylim
        return self.top + self.high - (min(max(value, low), high) - low) / (high - low) * self.high

    def x_axis(self, at: Sequence[float], label: str, *, share: bool = False, grid: bool = False) -> None:
        bottom = self.top + self.high
        self.canvas.line(self.left, bottom, self.left + self.wide, bottom, "axis")
        for value in at:
            if grid:
                self.canvas.line(self.x(value), self.top, self.x(value), bottom, "grid")
            self.canvas.line(self.x(value), bottom, self.x(value), bottom + 4, "axis")
            self.canvas.text(self.x(value), bottom + 18, tick_text(value, at, share), "small", "middle")
        self.canvas.text(self.left + self.wide / 2, bottom + 37, label, "label", "middle")

    def y_axis(self, at: Sequence[float], label: str, *, share: bool = False) -> None:
        for value in at:
            self.canvas.line(self.left, self.y(value), self.left + self.wide, self.y(value), "grid")
            self.canvas.text(self.left - 8, self.y(value) + 4, tick_text(value, at, share), "small", "end")
        self.canvas.text(self.left - 49, self.top + self.high / 2, label, "label", "middle", turn=-90)

    def line(self, x: Sequence[float], y: Sequence[float], style: str) -> None:
        self.canvas.path(thin([(self.x(a), self.y(b)) for a, b in zip(x, y, strict=False)]), style)

    def steps(self, x: Sequence[float], y: Sequence[float], style: str) -> None:
        self.canvas.path(_stairs([(self.x(a), self.y(b)) for a, b in zip(x, y, strict=False)]), style)

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], style: str, stairs: bool = False
    ) -> None:
        if not low or not high or len(low) != len(x) or len(high) != len(x):
            return
        upper = [(self.x(a), self.y(b)) for a, b in zip(x, high, strict=True)]
        lower = [(self.x(a), self.y(b)) for a, b in zip(x, low, strict=True)]
        if stairs:
            upper, lower = _stairs(upper), _stairs(lower)
        self.canvas.path([*upper, *reversed(lower)], f"band {style}", closed=True)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values between low and high: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0.0, 1.0), ticks(3, 47)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [10.0, 20.0, 30.0, 40.0])
    """
    if not high > low:
        return [low]
    raw = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{k * step:.10g}") + 0.0 for k in range(first, last + 1)]


def tick_text(value: float, among: Sequence[float], share: bool = False) -> str:
    """A tick as short as its neighbours allow; shares print as percentages."""
    if share:
        return f"{100 * value:.0f} %"
    decimals = max((len(f"{v:.4g}".partition(".")[2]) for v in among if abs(v) < 1e4), default=0)
    return f"{value:.{decimals}f}".replace("-", "\u2212")


def span(values: Sequence[float], pad: float = 0.05) -> tuple[float, float]:
    """Lowest and highest value with a margin; (0, 1) for nothing."""
    if not values:
        return (0.0, 1.0)
    low, high = min(values), max(values)
    room = (high - low) * pad or abs(high) * pad or 1.0
    return (low - room, high + room)


def thin(points: Sequence[tuple[float, float]], most: int = 160) -> list[tuple[float, float]]:
    """At most about `most` points, ends and corners of the line kept where they are wide apart."""
    if len(points) <= most:
        return list(points)
    stride = (len(points) - 1) / (most - 1)
    return [points[round(k * stride)] for k in range(most)]


def wrap(text: str, width: float, size: float = 12) -> list[str]:
    """Break a text into lines that fit `width` pixels, at about half an em a letter."""
    room = max(8, int(width / (size * 0.52)))
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def cut(text: str, width: float, size: float = 12) -> str:
    """A text shortened to fit `width` pixels."""
    room = max(4, int(width / (size * 0.54)))
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for x, y in thin(points):
        if out:
            out.append((x, out[-1][1]))
        out.append((x, y))
    return out


def _wide(limits: tuple[float, float]) -> tuple[float, float]:
    return limits if limits[1] > limits[0] else (limits[0] - 0.5, limits[0] + 0.5)


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"
