"""Every model of every task, saved and read in a process that never saw the study, predicts the same numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tabml.core.errors import BundleError
from tabml.core.target import Task
from tabml.models.registry import available, specs
from tabml.study import bundle as bundles
from tabml.study.bundle import read_bundle
from tests.study.fitted import cohort, pipeline, write_model

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression", "survival")
CASES = [(s.name, task) for s in specs() for task in TASKS if task in s.tasks and available(s.name)[0]]

APPLY = """
import sys
import numpy as np, pandas as pd
from pathlib import Path
from tabml.study.bundle import read_bundle
frame = pd.read_parquet(sys.argv[2])
np.save(sys.argv[3], read_bundle(Path(sys.argv[1])).predict(frame).link)
"""


@pytest.mark.parametrize(("name", "task"), CASES)
def test_saved_model_predicts_as_the_live_one(name: str, task: Task, tmp_path: Path) -> None:
    live = write_model(tmp_path / "m.tabml", task, (name,))
    frame = cohort().frame
    expected, got = live.predict(frame), read_bundle(tmp_path / "m.tabml").predict(frame)
    np.testing.assert_array_equal(got.link, expected.link)
    for part in ("probability", "value", "risk", "curves"):
        np.testing.assert_array_equal(getattr(got, part), getattr(expected, part))


@pytest.mark.parametrize(("name", "task"), [("ridge", "binary"), ("forest", "multiclass"), ("xgboost", "binary")])
def test_second_save_is_the_same_bytes(name: str, task: Task, tmp_path: Path) -> None:
    write_model(tmp_path / "a.tabml", task, (name,))
    write_model(tmp_path / "b.tabml", task, (name,))
    assert (tmp_path / "a.tabml").read_bytes() == (tmp_path / "b.tabml").read_bytes()


def test_blend_predicts_the_same_in_a_new_process(tmp_path: Path) -> None:
    live = write_model(tmp_path / "m.tabml", "binary", ("ridge", "forest", "xgboost"))
    cohort().frame.to_parquet(tmp_path / "rows.parquet")
    subprocess.run([sys.executable, "-c", APPLY, *(str(tmp_path / n) for n in ("m.tabml", "rows.parquet", "link.npy"))],
                   check=True)  # fmt: skip
    np.testing.assert_array_equal(np.load(tmp_path / "link.npy"), live.predict(cohort().frame).link)


def test_rows_without_order_or_neighbours_predict_alike(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml", "binary", ("ridge", "forest"))
    bundle, frame = read_bundle(tmp_path / "m.tabml"), cohort().frame
    whole = bundle.predict(frame).probability
    alone = [bundle.predict(frame.iloc[[i]]).probability[0] for i in (0, 7, 159)]
    np.testing.assert_allclose(alone, whole[[0, 7, 159]], rtol=1e-6)


def test_model_that_keeps_rows_is_refused_by_name(monkeypatch) -> None:
    from dataclasses import replace

    from tabml.models import registry

    spec = replace(registry.get("ridge"), stores_rows=True)
    live = pipeline("binary", ("ridge",))
    monkeypatch.setattr(registry, "get", lambda name: spec)
    with pytest.raises(BundleError, match="model 'ridge' cannot be saved: it keeps patients' rows"):
        bundles.saved_state(live)


def test_no_patient_value_is_in_the_file(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml", "binary", ("ridge", "forest", "xgboost"))
    bundle = read_bundle(tmp_path / "m.tabml")
    ages = bundle.schema[0]["quantiles"]
    for bound in (ages["p01"], ages["p99"]):
        holders = int((cohort().frame["age"] == bound).sum())
        assert holders == 0 or holders >= 5  # the range of training is the value of no few patients
    everything = b"".join(bundle.members.values())
    assert all(f'"P{i}"'.encode() not in everything for i in range(160))


def test_state_that_fits_no_builder_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml")
    bundle = read_bundle(tmp_path / "m.tabml")
    odd = {**bundle.members, "pipeline.json": b'{"json":{"task":"binary"},"arrays":{},"files":{}}'}
    with pytest.raises(BundleError, match="fitted state in the model file is damaged"):
        _ = bundles.Bundle(bundle.sha256, bundle.manifest, odd).pipeline
