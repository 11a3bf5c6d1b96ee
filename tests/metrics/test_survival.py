"""Survival metrics: lifelines, closed forms without censoring, and the horizons that cannot be evaluated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.errors import InputError
from tabml.core.hazard import kaplan_meier
from tabml.core.target import survival
from tabml.metrics import classification, regression
from tabml.metrics import survival as s
from tabml.metrics.survival.calibration import _pseudo_values
from tabml.metrics.survival.cox import cox
from tabml.metrics.survival.outcome import outcome


def sample(n: int = 150, seed: int = 1, *, censored: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Outcome (days, many ties) and a log hazard that is right."""
    generator = np.random.default_rng(seed)
    lp = generator.normal(size=n)
    time = np.ceil(generator.exponential(200 * np.exp(-lp)) / 10) * 10
    end = np.ceil(generator.uniform(50, 600, n) / 10) * 10 if censored else np.full(n, 1e9)
    return survival(np.minimum(time, end), (time <= end).astype(int)), lp


def true_survival(lp: np.ndarray, times: np.ndarray) -> np.ndarray:
    return np.exp(-np.outer(np.exp(lp) / 200, times))


rows = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=30)


@given(rows)
@settings(max_examples=80, deadline=None)
def test_harrells_c_equals_lifelines_and_keeps_its_laws(drawn: list[tuple[int, int, int]]) -> None:
    from lifelines.utils import concordance_index

    time, event, risk = (np.array(column) for column in zip(*drawn, strict=True))
    y = survival(time.astype(float), event)
    try:
        expected = concordance_index(time, -risk, event)
    except ZeroDivisionError:
        assert s.harrell_c(y, risk).value is None
        return
    value = s.harrell_c(y, risk).value
    assert value == pytest.approx(expected)
    assert s.harrell_c(y, np.exp(risk)).value == pytest.approx(value)
    assert s.harrell_c(y, -risk).value == pytest.approx(1 - value)


def test_weights_are_repetitions() -> None:
    y, lp = sample(60)
    w = np.random.default_rng(2).integers(0, 3, 60)
    again, far = np.repeat(y, w), np.repeat(lp, w)
    grid = np.linspace(0, 200, 11)
    risk = 1 - true_survival(lp, np.array([200.0]))[:, 0]
    curves = true_survival(lp, grid)
    pairs = [
        (s.harrell_c(y, lp, weight=w), s.harrell_c(again, far)),
        (s.uno_c(y, lp, 200, weight=w), s.uno_c(again, far, 200)),
        (s.auc_at(y, risk, 200, weight=w), s.auc_at(again, np.repeat(risk, w), 200)),
        (s.brier_at(y, 1 - risk, 200, weight=w), s.brier_at(again, np.repeat(1 - risk, w), 200)),
        (s.ipa_at(y, 1 - risk, 200, weight=w), s.ipa_at(again, np.repeat(1 - risk, w), 200)),
        (s.ibs(y, curves, grid, weight=w), s.ibs(again, np.repeat(curves, w, axis=0), grid)),
        (s.observed_expected_at(y, risk, 200, weight=w), s.observed_expected_at(again, np.repeat(risk, w), 200)),
    ]
    assert [a.value for a, _ in pairs] == pytest.approx([b.value for _, b in pairs])
    # Efron's ties share a mean weight, so repetition and weighting differ there: distinct times only.
    y["time"] += np.arange(60) / 100
    assert s.calibration_slope(y, lp, weight=np.ones(60)).value == pytest.approx(s.calibration_slope(y, lp).value)


def test_without_censoring_everything_is_its_binary_counterpart() -> None:
    y, lp = sample(censored=False)
    t = 150.0
    dead = y["time"] <= t
    p = 1 - true_survival(lp, np.array([t]))[:, 0]
    assert s.auc_at(y, p, t).value == pytest.approx(classification.auroc(dead, p).value)
    assert s.brier_at(y, 1 - p, t).value == pytest.approx(classification.brier(dead, p).value)
    assert s.ipa_at(y, 1 - p, t).value == pytest.approx(classification.scaled_brier(dead, p).value)
    assert s.observed_expected_at(y, p, t).value == pytest.approx(dead.mean() / p.mean())
    first = s.uno_c(y, lp, 1e6)
    strict = [(lp[i] > lp[j]) + 0.5 * (lp[i] == lp[j]) for i in range(150) for j in range(150)
              if y["time"][i] < y["time"][j]]  # fmt: skip
    assert first.status == "not_estimable"
    assert s.uno_c(y[:], lp, float(np.sort(y["time"])[-10])).value == pytest.approx(np.mean(strict), abs=0.02)


def test_censored_numbers_are_near_those_of_the_uncensored_truth() -> None:
    free, lp = sample(4000, seed=3, censored=False)
    y, _ = sample(4000, seed=3)
    t = np.array([200.0])
    p = 1 - true_survival(lp, t)[:, 0]
    dead = free["time"] <= 200
    assert s.auc_at(y, p, 200).value == pytest.approx(classification.auroc(dead, p).value, abs=0.015)
    assert s.brier_at(y, 1 - p, 200).value == pytest.approx(classification.brier(dead, p).value, abs=0.01)
    assert s.observed_expected_at(y, p, 200).value == pytest.approx(1, abs=0.06)
    assert s.calibration_slope(y, lp).value == pytest.approx(1, abs=0.06)
    assert s.ici_at(y, p, 200).value < 0.02


def test_only_pairs_inside_a_fold_count() -> None:
    y, lp = sample(90)
    fold = np.arange(90) % 3
    shifted = lp + 10 * fold
    for metric in (s.harrell_c, lambda *a, **k: s.uno_c(a[0], a[1], 250, **k), lambda *a, **k: s.auc_at(*a, 250, **k)):
        inside = metric(y, lp, fold=fold).value
        assert metric(y, shifted, fold=fold).value == pytest.approx(inside)
        assert metric(y, shifted).value != pytest.approx(inside)


@pytest.mark.parametrize("tau", [None, 250.0])
def test_resampled_c_equals_the_weighted_one_of_each_resample(
    tau: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    y, lp = sample(50)
    fold = np.arange(50) % 2
    counts = np.random.default_rng(2).integers(0, 3, (8, 50))
    monkeypatch.setattr("tabml.metrics.survival.concordance.BLOCK", 70)
    fast = s.concordance_resampled(y, lp, counts, tau=tau, fold=fold)
    slow = [s.harrell_c(y, lp, fold=fold, weight=w) if tau is None else s.uno_c(y, lp, tau, fold=fold, weight=w)
            for w in counts]  # fmt: skip
    assert np.allclose(fast, [float(v) for v in slow])


def test_a_permuted_outcome_gives_a_c_of_one_half() -> None:
    generator = np.random.default_rng(5)
    y, _ = sample(80)
    values = [s.harrell_c(y, generator.normal(size=80)).value for _ in range(100)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.02)


def test_a_horizon_few_are_followed_to_is_refused_with_the_largest_usable_one() -> None:
    y, lp = sample()
    found = s.uno_c(y, lp, 5000)
    usable = int(found.reason.split()[-2])
    assert found.reason.startswith("fewer than 10 patients are followed for 5000 days")
    assert s.uno_c(y, lp, usable).status == "ok"
    assert s.brier_at(y, lp * 0 + 0.5, usable + 11).status == "not_estimable"


def test_no_event_is_a_reason_and_no_number() -> None:
    y = survival(np.arange(1.0, 31), np.zeros(30, dtype=int))
    lp = np.linspace(0, 1, 30)
    for found in (s.harrell_c(y, lp), s.uno_c(y, lp, 5), s.auc_at(y, lp, 5), s.brier_at(y, lp, 5),
                  s.observed_expected_at(y, lp, 5), s.calibration_slope(y, lp), s.median_survival(y)):  # fmt: skip
        assert (found.value, found.reason) == (None, "no events")


def test_times_of_zero_are_refused_with_their_number() -> None:
    y = survival(np.array([0.0, 3, -1]), np.array([1, 1, 1]))
    with pytest.raises(InputError, match="time must be above 0 in 2 rows"):
        s.harrell_c(y, [1, 2, 3])


def test_one_risk_for_everybody_has_no_slope_and_half_a_c() -> None:
    y, lp = sample()
    assert s.calibration_slope(y, 0 * lp).reason == "every row has the same risk"
    assert s.harrell_c(y, 0 * lp).value == 0.5


def test_a_score_that_orders_all_events_has_no_slope() -> None:
    y = survival(np.arange(1.0, 13), np.ones(12, dtype=int))
    assert s.calibration_slope(y, -np.arange(12.0)).status == "not_estimable"


def test_cox_equals_lifelines_with_ties() -> None:
    import pandas as pd
    from lifelines import CoxPHFitter

    y, lp = sample()
    table = pd.DataFrame({"x": lp, "z": lp**2, "t": y["time"], "e": y["event"]})
    theirs = CoxPHFitter().fit(table, "t", "e", fit_options={"precision": 1e-10})
    ours = cox(table[["x", "z"]].to_numpy(), y["time"], y["event"] == 1, np.ones(len(y)))
    assert ours.beta == pytest.approx(theirs.params_.to_numpy(), abs=1e-6)
    assert ours.covariance == pytest.approx(theirs.variance_matrix_.to_numpy(), abs=1e-6)


def test_integrated_brier_is_the_mean_height_and_needs_a_grid() -> None:
    y, lp = sample()
    grid = s.ibs_grid(250)
    assert len(grid) == 51
    curves = true_survival(lp, grid)
    heights = [s.brier_at(y, curves[:, j], t).value if t > 0 else 0.0 for j, t in enumerate(grid)]
    assert s.ibs(y, curves, grid).value == pytest.approx(np.trapezoid(heights, grid) / 250)
    with pytest.raises(InputError, match="rising times"):
        s.ibs(y, curves, grid[::-1])


def test_a_test_row_followed_longer_than_all_others_does_no_harm() -> None:
    y, lp = sample()
    y["time"][0] = 99_999
    assert s.brier_at(y, true_survival(lp, np.array([200.0]))[:, 0], 200).status == "ok"


def test_pseudo_values_equal_leaving_each_row_out() -> None:
    y, _ = sample(40)
    found, _ = outcome(y)
    full = 1 - kaplan_meier(y["time"], y["event"]).at(200.0)
    left_out = [1 - float(kaplan_meier(np.delete(y["time"], i), np.delete(y["event"], i)).at(200.0)) for i in range(40)]
    assert _pseudo_values(found, 200.0) == pytest.approx(40 * full - 39 * np.array(left_out))


def test_observed_over_expected_interval_covers_the_truth() -> None:
    covered = 0
    for seed in range(300):
        y, lp = sample(200, seed=seed)
        found = s.observed_expected_at(y, 1 - true_survival(lp, np.array([200.0]))[:, 0], 200)
        covered += found.lower < 1 < found.upper
    assert 0.92 <= covered / 300 <= 0.98


def test_groups_at_a_horizon_hold_everybody_once() -> None:
    y, lp = sample()
    risk = 1 - true_survival(lp, np.array([200.0]))[:, 0]
    groups = s.calibration_groups_at(y, risk, 200)
    assert len(groups) == 5 and sum(g.n for g in groups) == 150
    assert all(g.observed.lower < g.observed.value < g.observed.upper for g in groups if g.observed.lower is not None)
    early = y.copy()
    early["time"], early["event"] = np.minimum(y["time"], 100), np.where(y["time"] > 100, 0, y["event"])
    last = s.calibration_groups_at(early, risk, 200)[0]
    assert last.observed.reason == "nobody is followed for 200 days"


def test_kaplan_meier_curve_and_its_band_equal_lifelines() -> None:
    from lifelines import KaplanMeierFitter

    y, _ = sample()
    theirs = KaplanMeierFitter().fit(y["time"], y["event"])
    curve = s.kaplan_meier_curve(y)
    assert curve.time[0] == 0 and curve.survival[0] == 1
    expected = theirs.survival_function_at_times(curve.time).to_numpy()
    assert curve.survival == pytest.approx(expected)
    band = theirs.confidence_interval_.reindex(curve.time, method="ffill").to_numpy()
    inside = (curve.survival > 0) & (curve.survival < 1)
    assert curve.lower[inside] == pytest.approx(band[inside, 0])
    assert curve.upper[inside] == pytest.approx(band[inside, 1])
    assert np.isfinite(curve.lower).all() and np.isfinite(curve.upper).all()


def test_numbers_at_risk_count_those_followed_to_the_time() -> None:
    y = survival(np.array([5.0, 10, 10, 20]), np.array([1, 0, 1, 0]))
    assert s.number_at_risk(y, [0, 5, 10, 11, 21]) == (4, 4, 3, 1, 0)


def test_median_takes_the_midpoint_where_the_curve_rests_on_one_half() -> None:
    y = survival(np.array([10.0, 20, 52, 53]), np.array([1, 1, 1, 0]))
    assert s.median_survival(y).value == pytest.approx((20 + 52) / 2)
    none = survival(np.array([10.0, 20, 52, 53]), np.array([1, 0, 0, 0]))
    assert s.median_survival(none).reason == "half of the patients never had the event"


def test_follow_up_is_the_reverse_kaplan_meier_median() -> None:
    from lifelines import KaplanMeierFitter

    y, _ = sample()
    theirs = KaplanMeierFitter().fit(y["time"], 1 - y["event"])
    assert s.median_follow_up(y).value == pytest.approx(theirs.median_survival_time_)


def test_survival_beyond_all_follow_up_is_not_estimable() -> None:
    y = survival(np.array([5.0, 10]), np.array([1, 0]))
    assert s.survival_at(y, 11).reason == "nobody is followed for 11 days"
    assert s.restricted_mean(y, 11).status == "not_estimable"
    assert s.survival_at(survival(np.array([5.0, 10]), np.array([1, 1])), 11).value == 0


def test_log_rank_equals_lifelines_for_three_groups() -> None:
    from lifelines.statistics import multivariate_logrank_test

    y, lp = sample()
    group = np.digitize(lp, [-0.5, 0.5])
    theirs = multivariate_logrank_test(y["time"], group, y["event"])
    ours = s.log_rank(y, group)
    assert (ours.chi2, ours.df, ours.p) == pytest.approx((theirs.test_statistic, 2, theirs.p_value))
    assert s.log_rank(y, np.zeros(150)) is None


def test_few_distinct_risks_have_no_smooth_curve() -> None:
    y, lp = sample()
    assert s.ici_at(y, np.where(lp > 0, 0.4, 0.2), 200).reason == "fewer than three distinct risks"
    assert regression.mae([1], [1]).value == 0


def test_slope_of_scores_that_differ_by_rounding_only_is_not_estimable():
    rng = np.random.default_rng(5)
    time, event = rng.exponential(400, 80) + 1, rng.random(80) < 0.3
    flat = -3.0 + 1e-13 * rng.normal(size=80)
    from tabml.metrics.survival.cox import cox

    assert cox(flat[:, None], time, event, np.ones(80)) is None
