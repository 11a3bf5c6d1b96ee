"""Honesty: the bias of choosing a winner is taken out, and noise is called noise."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.config import parse_config
from tabml.core.outcome import make_target
from tabml.core.target import Target
from tabml.learn.calibrate import teacher
from tabml.learn.ensemble import Field
from tabml.learn.estimate.bbc import (
    Gain,
    OutOfBagTask,
    affordable,
    bias_corrected,
    contrast,
    patient_weights,
    verdict,
)
from tabml.learn.judge import Ask
from tabml.learn.loss import LossRule, row_loss
from tabml.learn.material import assemble
from tabml.metrics.classification import auroc, auroc_resampled
from tabml.metrics.intervals import bootstrap_counts
from tests.learn.learn_cohorts import quick_config, small_cohort


def test_weighted_auc_by_hand() -> None:
    y, score = np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8])
    assert auroc(y, score).value == 0.875
    assert auroc(y, score, weight=np.array([2, 1, 0, 1])).value == 1.0


class _Here:
    """Runs tasks in the test's process, against this target."""

    workers = 1

    def __init__(self, target: Target) -> None:
        from types import SimpleNamespace

        patients = SimpleNamespace(of_row=np.arange(len(target.y)))
        self.material = SimpleNamespace(target=target, grid=None, patients=patients)

    def run(self, jobs, *, done, remaining):
        return [job.run(self) for job in jobs]

    def close(self) -> None: ...


def _noise_study(seed: int, n: int = 100, candidates: int = 60) -> tuple[float, float]:
    """Winner's and corrected AUROC when every candidate is pure noise: the truth is 0.5."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) < n // 4).astype(int)
    links = 0.5 * rng.normal(size=(candidates, n)) - 1.0
    rule = LossRule("binary", y, np.arange(n), n, None, np.zeros((1, 0, 0)))
    field = Field(
        "binary", np.stack([row_loss("binary", y, x) for x in links]), np.full(candidates, 3), np.arange(candidates),
        np.zeros(candidates, dtype=np.int64), [x[None, None] for x in links], (), rule,
    )  # fmt: skip
    target = Target("binary", y, np.arange(n), "y", ("0", "1"), ("no", "yes"), "1")
    weights = bootstrap_counts(np.arange(n), resamples=200, seed=seed, strata=y).counts
    ask = Ask("auroc")
    config = parse_config({"final": {"choice": "best"}})
    found = bias_corrected(
        field, {"final": lambda d: d.final}, {"final": (ask,)}, teacher(target, n // 4, None),
        np.zeros((1, n), dtype=np.int64), config, weights, _Here(target),
    )  # fmt: skip
    best = int(field.loss.mean(axis=1).argmin())
    return float(auroc(y, links[best])), float(np.nanmean(found["final"].draws[ask]))


def test_bias_of_the_winner_is_removed() -> None:
    pairs = np.array([_noise_study(seed) for seed in range(12)])
    winner, corrected = pairs.mean(axis=0)
    assert winner > 0.62  # the best of 60 looks like a model
    assert abs(corrected - 0.5) < 0.03


def test_out_of_bag_draw_equals_the_metric_of_the_left_out() -> None:
    rng = np.random.default_rng(0)
    y, score = rng.integers(0, 2, 40), rng.normal(size=40)
    weights = bootstrap_counts(np.arange(40), resamples=20, seed=1, strata=y).counts
    target = Target("binary", y, np.arange(40), "y", ("0", "1"), ("no", "yes"), "1")
    rule = LossRule("binary", y, np.arange(40), 40, None, np.zeros((1, 0, 0)))
    task = OutOfBagTask(
        (Ask("auroc"),), (np.arange(20),), (score[None],), np.zeros((1, 40), dtype=np.int64), weights,
        teacher(target, 20, None), rule, True,
    )  # fmt: skip
    draws = task.run(_Here(target))[0].draws[Ask("auroc")]
    assert draws == pytest.approx(auroc_resampled(y, score, weights == 0))


def test_gain_is_bounded_by_the_paired_standard_error() -> None:
    d = np.array([0.1, 0.3, 0.1, 0.3])
    gain = Gain.of(d)
    assert (gain.mean, gain.se) == (pytest.approx(0.2), pytest.approx(d.std(ddof=1) / 2))
    assert gain.lower == pytest.approx(0.2 - 1.6449 * gain.se, abs=1e-4)
    assert Gain.of(d, 0.15).lower == pytest.approx(gain.lower - 0.05)


def test_verdict_names_the_first_reference_not_beaten() -> None:
    clear, doubtful = Gain(0.1, 0.05), Gain(0.1, 0.07)
    assert verdict({"null": clear, "age_sex": clear}) == ("useful", ())
    word, findings = verdict({"null": clear, "age_sex": doubtful})
    assert (word, findings[0].code) == ("not_better", "TB230")
    assert verdict({"null": doubtful, "age_sex": clear})[1][0].code == "TB240"
    assert verdict({"null": Gain(float("nan"), 0.0)})[0] == "no_signal"


def test_a_reference_that_is_not_beaten_is_told_in_the_words_of_the_loss() -> None:
    [said] = verdict({"null": Gain(3.8499, 8.614)}, "regression")[1]
    assert said.evidence == (
        "on unseen patients the squared error of the model is 3.85 lower than that of giving everyone the same answer, "
        "but that may be chance: in truth it may be 10.3 higher (one-sided 95 % bound)"
    )
    [worse] = verdict({"null": Gain(-0.02, 0.01)})[1]
    assert worse.evidence == (
        "on unseen patients the log loss of the model is 0.02 higher than that of giving everyone the same answer"
    )


def test_draws_vary_the_number_of_events_and_always_hold_some() -> None:
    """Inside outcome strata a PPV or a Brier score would have an interval as if the events were fixed."""
    for visits in (1, 3):
        cohort = small_cohort(60, visits=visits)
        settings = quick_config()
        material = assemble(cohort, make_target(cohort, settings)[0], settings)
        drawn = patient_weights(material, 300, "bbc").counts
        events = (drawn * (material.patients.outcome.astype(str) == "1")).sum(axis=1)
        share = (material.patients.outcome.astype(str) == "1").mean()
        assert events.std() == pytest.approx(np.sqrt(60 * share * (1 - share)), rel=0.15)  # binomial


def test_a_draw_of_one_class_is_made_again() -> None:
    outcome = np.array(["0"] * 9 + ["1"], dtype=object)
    held = contrast(outcome, "binary")
    assert held(np.ones(10, dtype=np.int32)) and not held(np.array([1] * 9 + [0], dtype=np.int32))
    assert not contrast(outcome, "survival")(np.array([1] * 9 + [0], dtype=np.int32))
    assert contrast(outcome, "survival")(np.array([0] * 9 + [2], dtype=np.int32))  # events alone order times
    assert contrast(outcome, "regression")(np.array([1] * 9 + [0], dtype=np.int32))


def test_many_repeats_and_many_patients_get_fewer_resamples() -> None:
    assert [affordable(1000, 300, 1), affordable(1000, 300, 10), affordable(1000, 20_000, 1)] == [1000, 200, 250]
