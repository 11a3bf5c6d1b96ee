"""The pictures of the report, drawn as SVG text: no library, no script, the same bytes for the same data."""

from __future__ import annotations

from tabml.report.figures.canvas import STYLE as STYLE
