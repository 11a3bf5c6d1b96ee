"""The fitted whole: what it reads of a link, what its outputs are called, and that it survives a dump."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tabml.learn.pipeline import FittedPipeline, output_names, probability_of, read_link
from tests.study.fitted import cohort, pipeline


def test_outputs_are_named_after_the_task() -> None:
    assert output_names("binary", ("no", "yes, much"), "yes, much", ()) == ("probability_yes,_much",)
    assert output_names("multiclass", ("I", "II"), None, ()) == ("probability_I", "probability_II")
    assert output_names("regression", (), None, ()) == ("prediction",)
    assert output_names("survival", (), None, (365, 1826)) == ("risk_365_d", "risk_1826_d")


def test_probabilities_are_those_of_the_link() -> None:
    assert probability_of(np.array([0.0, np.log(3.0)]), "binary") == pytest.approx([0.5, 0.75])
    assert probability_of(np.log(np.array([[0.2, 0.2]])), "multiclass") == pytest.approx(np.array([[0.5, 0.5]]))


def test_a_regression_link_is_its_value() -> None:
    link = np.array([1.0, 2.0])
    assert read_link(link, "regression", None, link[:, None]).value is link


@pytest.mark.parametrize("task", ["binary", "survival"])
def test_a_dumped_pipeline_is_plain_data_and_predicts_the_same(task) -> None:
    whole = pipeline(task, ("ridge", "extra_trees") if task == "binary" else ("cox", "elastic_cox"))
    state = whole.dump()
    json.dumps(state.json, allow_nan=False)
    again = FittedPipeline.restore(state)
    frame = cohort().frame
    a, b = whole.predict(frame), again.predict(frame)
    assert np.array_equal(a.link, b.link) and np.array_equal(a.member_links, b.member_links)
    assert a.member_links.shape[:2] == (len(frame), 2)


def test_columns_in_another_order_change_nothing() -> None:
    whole, frame = pipeline("binary", ("ridge",)), cohort().frame
    assert np.array_equal(whole.predict(frame[frame.columns[::-1]]).link, whole.predict(frame).link)


def test_higher_survival_risk_means_a_higher_link() -> None:
    said = pipeline("survival", ("cox",)).predict(cohort().frame)
    assert said.risk is not None and said.curves is not None
    assert np.array_equal(np.argsort(said.link, kind="stable"), np.argsort(said.risk[:, -1], kind="stable"))
    assert (np.diff(said.curves, axis=1) <= 0).all()
