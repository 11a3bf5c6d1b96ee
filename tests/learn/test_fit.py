"""Whole studies on small cohorts: equal whatever the workers, restorable, honest about noise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabml.core.errors import ConfigError
from tabml.core.outcome import make_target
from tabml.core.results import SHARED_CHOICE, Results
from tabml.learn import fit
from tabml.learn.fit import LearnResult, learn
from tabml.learn.pipeline import FittedPipeline
from tabml.learn.trial import reason_of
from tabml.metrics.calibration import observed_expected
from tabml.metrics.classification import auroc
from tabml.models.registry import borrowed
from tests.learn.learn_cohorts import quick_config, small_cohort


def _learn(cohort, settings, **more) -> LearnResult:
    target, _ = make_target(cohort, settings)
    return learn(cohort, target, settings, **more)


def _document(result: LearnResult) -> str:
    whole = Results(
        {}, {}, {}, [], result.models, result.estimates, result.curves, (), (), comparisons=result.comparisons
    )  # fmt: skip
    return json.dumps(whole.document(), allow_nan=False, sort_keys=True)


@pytest.fixture(scope="module")
def study() -> LearnResult:
    return _learn(small_cohort(150, centres=2), quick_config())


def test_one_and_two_workers_agree_bit_for_bit(study) -> None:
    other = _learn(small_cohort(150, centres=2), quick_config(executor={"kind": "loky", "workers": 2}))
    assert _document(other) == _document(study)
    pd.testing.assert_frame_equal(other.predictions, study.predictions, check_exact=True)


def test_three_named_estimates_and_the_centres_are_there(study) -> None:
    final = [e for e in study.estimates if e.key == "auroc" and e.model == "final"]
    assert {e.estimate_type for e in final} == {"apparent", "cv_winner", "corrected_bbc", "internal_external"}
    assert {e.population for e in final if e.estimate_type == "internal_external"} == {"all", "centre:C0", "centre:C1"}
    headline = study.headline
    assert headline is not None and headline.lower is not None and headline.upper is not None
    assert headline.lower < headline.value < headline.upper


def test_the_roc_curve_encloses_the_pooled_auroc_and_the_headline_stays_inside_folds(study) -> None:
    [curve] = [c for c in study.curves if (c.key, c.model) == ("roc", "final")]
    of = {
        e.key: e.value
        for e in study.estimates
        if (e.model, e.estimate_type, e.population) == ("final", "cv_winner", "all")
    }
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(of["auroc_pooled"], abs=1e-3)
    table = study.predictions
    mine = table[(table["model"] == "final") & (table["kind"] == "out_of_fold")]
    risk = next(c for c in mine.columns if mine[c].dtype.kind == "f" and c not in ("truth",))
    assert auroc(mine["truth"], mine[risk]).value == pytest.approx(of["auroc_pooled"])
    assert auroc(mine["truth"], mine[risk], fold=mine["fold"]).value == pytest.approx(of["auroc"])


def test_a_model_is_not_compared_with_itself() -> None:
    study = _learn(small_cohort(80), quick_config(final={"choice": "simple"}))
    assert study.selection.final == study.selection.simple
    assert {e.model for e in study.comparisons} == {"final - age_sex", "final - null"}


@pytest.mark.parametrize("kind", ["cv_winner", "corrected_bbc"])
def test_observed_to_expected_keeps_its_own_interval(study, kind: str) -> None:
    [ratio] = [
        e for e in study.estimates
        if (e.key, e.model, e.estimate_type, e.population) == ("observed_expected", "final", kind, "all")
    ]  # fmt: skip
    mine = study.predictions.query("model == 'final' and kind == 'out_of_fold'")
    truth = observed_expected(mine["truth"].to_numpy(dtype=float), mine.filter(like="probability").to_numpy()[:, 0])
    assert (ratio.lower, ratio.upper) == pytest.approx((truth.lower, truth.upper), rel=1e-6)


def test_calibration_has_nothing_to_correct(study) -> None:
    """Cross-fitted calibration saw none of the patients it is judged on; out-of-bag draws would double its error."""
    for key in ("calibration_slope", "calibration_in_the_large", "ici"):
        winner, corrected = (
            next(e for e in study.estimates if (e.key, e.model, e.estimate_type) == (key, "final", kind))
            for kind in ("cv_winner", "corrected_bbc")
        )
        assert winner.value == corrected.value and corrected.lower is not None


def test_a_signal_is_found(study) -> None:
    assert study.verdict == "useful"
    assert 0.7 < study.headline.value < 0.9


def test_above_five_centres_each_number_says_that_the_choice_was_shared(study) -> None:
    def told(result: LearnResult) -> set[bool]:
        return {
            SHARED_CHOICE in str(e.reason)
            for e in result.estimates
            if e.estimate_type == "internal_external" and e.key == "auroc" and e.model == "final"
        }

    assert told(study) == {False}
    many = _learn(small_cohort(180, centres=6), quick_config(search={"models": ["ridge"]}))
    assert told(many) == {True}
    few = next(e for e in many.estimates if e.population == "centre:C0" and e.model == "final")
    assert few.reason.startswith("few: ") or few.reason == SHARED_CHOICE


def test_predictions_hold_every_patient_once_per_model_and_kind(study) -> None:
    counts = study.predictions.groupby(["model", "kind", "repeat"])["row"].agg(["size", "nunique"])
    assert (counts == 150).all().all()
    assert set(study.predictions["centre"]) == {"C0", "C1"}


def test_fold_models_repeat_the_out_of_fold_predictions(study) -> None:
    table = study.predictions.query("model == 'final' and kind == 'out_of_fold'").set_index("row")
    for model in study.fold_models:
        assert not set(model.rows) & set(model.train)
        said = model.final.predict(study.material.frame.iloc[model.rows])
        assert said.probability == pytest.approx(table["probability_1"].loc[model.rows].to_numpy(), abs=1e-6)


def test_a_restored_pipeline_predicts_the_same(study) -> None:
    state = study.final.dump()
    json.dumps(state.json, allow_nan=False)
    again = FittedPipeline.restore(state)
    rows = study.material.frame
    a, b = study.final.predict(rows), again.predict(rows)
    assert np.array_equal(a.link, b.link) and np.array_equal(a.member_links, b.member_links)
    assert a.member_links.shape == (150, len(study.final.members))


def test_blend_link_before_calibration_is_the_mean_of_its_members(study) -> None:
    raw, members = study.final.raw_link(study.material.frame)
    assert len(members) == 4
    assert np.allclose(raw, members.mean(axis=0))


@pytest.mark.parametrize("task", ["regression", "multiclass", "survival"])
def test_every_task_goes_the_whole_way(make_cohort, config, task: str) -> None:
    result = _learn(make_cohort(110, task=task, signal=2.0), config())
    assert result.verdict in ("useful", "not_better")
    assert result.headline is not None and result.headline.status == "ok"
    json.loads(_document(result))
    again = FittedPipeline.restore(result.final.dump()).predict(result.material.frame)
    assert np.array_equal(again.link, result.final.predict(result.material.frame).link)


def test_repeated_rows_of_a_patient_stay_together(make_cohort, config) -> None:
    result = _learn(make_cohort(40, task="regression", visits=3), config())
    folds = result.predictions.query("model == 'final'").groupby("patient")["fold"].nunique()
    assert (folds == 1).all()
    assert result.headline.n == 40


def test_permuted_outcomes_score_a_coin_on_average(make_cohort, config) -> None:
    found = [_learn(make_cohort(100, signal=0.0, seed=s), config(estimate={"resamples": 100})) for s in range(4)]
    assert abs(np.mean([r.headline.value for r in found]) - 0.5) < 0.08
    assert sum(r.verdict == "no_signal" for r in found) >= 3
    assert all(any(f.code == "TB240" for f in r.findings) for r in found if r.verdict == "no_signal")


def test_nested_estimate_of_the_publication_preset(make_cohort, config) -> None:
    result = _learn(make_cohort(100), config(preset="publication", search={"models": ["ridge", "elastic_net"]}))
    assert result.plan.kind == "nested"
    assert result.headline.estimate_type == "corrected_nested"
    assert 0.6 < result.headline.value < 0.95
    assert len(result.fold_models) == 5


def test_trials_cannot_be_asked_of_a_nested_run(make_cohort, config) -> None:
    with pytest.raises(ConfigError, match=r"search\.trials cannot be used with a nested estimate"):
        _learn(make_cohort(100), config(preset="publication", search={"trials": 5, "models": ["ridge"]}))


def test_asked_trials_override_the_gate_with_a_finding(make_cohort, config) -> None:
    result = _learn(make_cohort(50), config(search={"trials": 3, "models": ["elastic_net"]}))
    assert [t.config.origin for t in result.trials].count("tpe") == 3
    assert any(f.code == "TB207" for f in result.findings)
    assert len({t.config.config_id for t in result.trials}) == len(result.trials)


def test_a_failing_model_is_listed_and_has_no_score(make_cohort, config, tmp_path) -> None:
    plugin = tmp_path / "broken.py"
    plugin.write_text(
        '"""A model that fails."""\nfrom tabml.models import model\n\n\n'
        '@model(name="broken", tasks={"binary"}, family="other", needs={"complete", "numeric"})\n'
        "def build():\n    raise ValueError(\"cannot read 'Meier' of row 17\")\n",
        encoding="utf-8",
    )
    from tabml.models import load_plugin

    load_plugin(plugin)
    result = _learn(make_cohort(60), config(search={"models": ["broken"], "plugins": [str(plugin)]}))
    trial = next(m for m in result.models if m["model"] == "broken")
    assert (trial["status"], trial["loss"]) == ("failed", None)
    assert trial["reason"] == "ValueError: cannot read … of row #"
    assert any(f.code == "TB212" for f in result.findings)


def test_reasons_hold_no_cell_texts() -> None:
    assert reason_of(ValueError("could not convert string to float: 'Anna 1931'")) == (
        "ValueError: could not convert string to float: …"
    )


def test_a_spent_time_limit_keeps_what_is_finished(make_cohort, config) -> None:
    left = iter([1e9] * 25 + [-1.0] * 10_000)
    result = _learn(
        make_cohort(80), config(preset="standard", search={"trials": 8, "models": ["elastic_net"]}),
        remaining=lambda: next(left),
    )  # fmt: skip
    assert result.truncated
    assert any(f.code == "TB208" for f in result.findings)
    assert result.headline is not None


def test_the_steps_are_public() -> None:
    assert all(callable(getattr(fit, name)) for name in ("plan_centres", "choose", "ship", "leave_out", "estimate"))


NEIGHBOURS = '''"""Neighbours."""
from tabml.models import model

@model(name="neighbours", tasks={"binary"}, family="other", needs={"complete", "numeric", "scaled"}, stores_rows=True)
def build():
    from sklearn.neighbors import KNeighborsClassifier
    return KNeighborsClassifier(15)
'''


@pytest.mark.parametrize("choice", ["best", "blend", "simple"])
def test_model_that_keeps_rows_wins_and_is_not_shipped(tmp_path, choice) -> None:
    plugin = tmp_path / "neighbours.py"
    plugin.write_text(NEIGHBOURS, encoding="utf-8")
    cohort = small_cohort(120)
    frame = cohort.frame.copy()
    x = frame["x1"].fillna(0).to_numpy(dtype=float)
    frame["x2"], frame["sick"] = pd.array(x / 2, dtype="Float64"), pd.array(np.abs(x) > 0.7, dtype="boolean")
    settings = quick_config(
        search={"models": ["neighbours"], "plugins": [str(plugin)]},
        final={"choice": choice},
        estimate={"resamples": 100},
    )
    with borrowed():
        result = _learn(replace(cohort, frame=frame), settings)
    by_model = {m["model"]: m for m in result.models}
    assert by_model["neighbours"]["loss"] < by_model["ridge"]["loss"]
    assert by_model["neighbours"]["role"] == "" and "never the final model" in by_model["neighbours"]["reason"]
    assert "neighbours" not in {m.config.model for m in (*result.final.members, *result.simple.members)}
