"""Fitting a whole study in a test."""

from __future__ import annotations

from pathlib import Path

from tabml.core.config import StudyConfig, load_config
from tabml.core.progress import silent
from tabml.study.run import StudyOutcome, fit


def settings(folder: Path, out: str, **flags: object) -> StudyConfig:
    body = {"preset": "quick", "data.target": "dead", "search.models": ("ridge",), "estimate.resamples": 100,
            "executor.kind": "inline", "privacy.key_file": str(folder / "key"), "out": str(folder / out)}  # fmt: skip
    return load_config(flags={**body, **flags}, environment={})


def run(folder: Path, out: str, **flags: object) -> StudyOutcome:
    return fit([folder / "ward.csv"], settings(folder, out, **flags), ask=None, yes=True, progress=silent)
