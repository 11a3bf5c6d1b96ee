"""From pages to HTML: one file that needs nothing else, without script, fit for screen and paper."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from tabml.report.blocks import Page
from tabml.report.document import View
from tabml.report.figures import STYLE

if TYPE_CHECKING:
    from jinja2 import Environment


def render_report(document: Mapping[str, Any], summary: Mapping[str, Any] | None = None) -> str:
    """The report of a study as HTML. `document` is that of `results.json`; `summary` defaults to the one inside it."""
    from tabml.report.sections import report_page

    return render(report_page(View.of(document, summary)))


def render_summary(document: Mapping[str, Any]) -> str:
    """The description of the data as HTML, from a results document or from the summary itself.

    Findings are shown where the mapping has them under `findings`.
    """
    from tabml.report.sections import summary_page

    inside = document if "variables" in document else document.get("summary")
    return render(summary_page(View.of(document, inside if isinstance(inside, Mapping) else {})))


def render(page: Page) -> str:
    """One page as HTML; every text is escaped, drawings are our own SVG."""
    return _environment().get_template("page.html").render(page=page, figure_style=STYLE)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("tabml.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup
    environment.filters["unbroken"] = _unbroken
    return environment


def _unbroken(cell: str) -> str:
    """A number with its interval, escaped: in a narrow column it breaks before the bracket only."""
    from markupsafe import Markup, escape

    head, bracket, tail = cell.partition(" (")
    if not bracket or not tail.endswith(")") or len(cell) > 40:
        return escape(cell)
    return Markup('{} <span class="whole">({}</span>').format(head, tail)
