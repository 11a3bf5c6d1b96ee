"""Whole runs of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import Folder


@pytest.fixture
def tabml(tmp_path: Path) -> Folder:
    """Calls tabml in this test's own empty folder."""
    here = tmp_path / "here"
    here.mkdir()
    return Folder(here)
