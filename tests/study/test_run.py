"""The story of a study: whole or nothing, within its time, every file in its place."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tabml.core.errors import ConfigError, DataError
from tabml.core.progress import silent
from tabml.study.run import fit, summarise
from tests.study.whole import run, settings


def test_every_file_of_a_study_is_there(study) -> None:
    names = {p.name for p in study.folder.iterdir()}
    assert {"study.yaml", "codebook.yaml", "cohort.parquet", "results.json", "predictions.csv", "model.tabml",
            "study.db", "report.html", "summary.html", "private"} <= names  # fmt: skip
    assert study.document["run"]["truncated"] is False


def test_the_stored_tree_has_no_path_and_runs_again_to_the_same_numbers(place: Path, study) -> None:
    from tabml.core.config import load_config as load

    assert str(place) not in (study.folder / "study.yaml").read_text(encoding="utf-8")
    again = load(study.folder / "study.yaml", flags={"privacy.key_file": str(place / "key"), "out": str(place / "again"),
                                                     "executor.kind": "inline"}, environment={})  # fmt: skip
    second = fit([place / "ward.csv"], again, ask=None, yes=True, progress=silent)
    assert second.document["estimates"] == study.document["estimates"]


def test_an_error_leaves_nothing_behind(place: Path) -> None:
    with pytest.raises(ConfigError, match="'nobody'"):
        run(place, "broken", **{"data.target": "nobody"})
    assert not list(place.glob("*broken*"))


def test_a_limit_that_is_spent_before_the_first_model_says_what_helps(place: Path) -> None:
    with pytest.raises(DataError, match=r"no model could be fitted within --time-limit 1s"):
        slow = SimpleNamespace(now=0.0)

        def clock() -> float:
            slow.now += 1.0
            return time.time() + slow.now

        fit([place / "ward.csv"], settings(place, "late", **{"limits.time": "1s"}), ask=None, yes=True,
            progress=silent, clock=clock)  # fmt: skip
    assert not (place / "late").exists()


def test_a_study_cut_short_says_so_in_document_and_store(place: Path) -> None:
    """The clock jumps to the end of the limit when the search is over."""
    jump = SimpleNamespace(by=0.0)

    def progress(step) -> None:  # type: ignore[no-untyped-def]
        if step.stage == "refit":
            jump.by = 10_000.0

    config = settings(place, "cut", **{"limits.time": "1h"})
    found = fit(
        [place / "ward.csv"], config, ask=None, yes=True, progress=progress, clock=lambda: time.time() + jump.by
    )
    assert found.document["run"]["truncated"] is True
    assert {"TB208", "TB310"} <= {f["code"] for f in found.document["findings"]}
    assert (found.folder / "model.tabml").is_file() and (found.folder / "report.html").is_file()
    assert json.loads((found.folder / "results.json").read_text(encoding="utf-8"))["study"]["verdict"]


def test_a_summary_fits_nothing(place: Path) -> None:
    said = summarise([place / "ward.csv"], settings(place, "told"), ask=None, yes=True, progress=silent)
    assert said.headline.startswith("120 patients, 2 candidate predictors")
    assert not (said.folder / "model.tabml").exists()
