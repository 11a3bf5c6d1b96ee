"""The pages of a study, rendered from its results document alone: no model library is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabml.study.folder import StudyFolder, write_text


def write_pages(folder: StudyFolder, document: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write `report.html` and `summary.html`; the paths written. Both are rendered before either is replaced."""
    from tabml.report.render import render_report, render_summary

    pages = {folder.report: render_report(document)}
    if document.get("summary"):
        pages[folder.summary] = render_summary(document)
    for path, page in pages.items():
        write_text(path, page)
    return tuple(pages)
