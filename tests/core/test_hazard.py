"""Step functions and counting-process estimates: by hand, and as laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core import hazard

TIME = np.array([2.0, 3.0, 3.0, 5.0, 5.0, 8.0])
EVENT = np.array([1, 1, 0, 1, 0, 0])


def test_kaplan_meier_by_hand():
    survival = hazard.kaplan_meier(TIME, EVENT)
    assert survival.times.tolist() == [2, 3, 5]
    assert survival.values == pytest.approx([5 / 6, 5 / 6 * 4 / 5, 5 / 6 * 4 / 5 * 2 / 3])
    assert survival.at([0, 2, 2.9, 100]) == pytest.approx([1, 5 / 6, 5 / 6, 4 / 9])
    assert survival.left([2, 3]) == pytest.approx([1, 5 / 6])


def test_at_a_tie_the_event_comes_before_the_censoring():
    censoring = hazard.censoring_kaplan_meier(TIME, EVENT)
    assert censoring.times.tolist() == [3, 5, 8]
    # at 3: five are left, one has the event first, so one of four is censored; at 5: one of two; at 8: the last
    assert censoring.values == pytest.approx([3 / 4, 3 / 8, 0])
    assert censoring.left([3, 5, 8]) == pytest.approx([1, 3 / 4, 3 / 8])


def test_nelson_aalen_and_greenwood_by_hand():
    assert hazard.nelson_aalen(TIME, EVENT).values == pytest.approx(np.cumsum([1 / 6, 1 / 5, 1 / 3]))
    assert hazard.greenwood(TIME, EVENT).values == pytest.approx(np.cumsum([1 / 30, 1 / 20, 1 / 6]))
    assert hazard.greenwood([1.0], [1]).values.tolist() == [np.inf]


def test_efron_baseline_by_hand():
    relative = np.array([1.0, 2.0, 4.0])
    baseline = hazard.baseline_hazard([1, 1, 2], [1, 1, 1], np.log(relative))
    assert baseline.values == pytest.approx([1 / 7 + 1 / (7 - 1.5), 1 / 7 + 1 / (7 - 1.5) + 1 / 4])


def test_efron_baseline_is_nelson_aalen_without_ties_and_without_risks():
    time, event = np.array([4.0, 1, 3, 2]), np.array([1, 0, 1, 1])
    ours, theirs = hazard.baseline_hazard(time, event, np.zeros(4)), hazard.nelson_aalen(time, event)
    assert ours.values == pytest.approx(theirs.values)


def test_late_entry_is_not_at_risk_before_it():
    survival = hazard.kaplan_meier([3, 4, 5], [1, 1, 0], entry=[0, 3, 0])
    assert survival.values == pytest.approx([1 / 2, 1 / 4])


def test_huge_log_hazards_do_not_overflow():
    baseline = hazard.baseline_hazard([1, 2, 3], [1, 1, 1], [900.0, 0.0, -900.0])
    curves = hazard.proportional_survival(baseline.at([0.5, 4.0]), [0.0, 600.0, -600.0])
    assert np.isfinite(curves).all()
    assert (curves[:, 0] == 1).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.integers(0, 3)), min_size=2, max_size=25))
def test_a_weight_of_k_is_the_patient_k_times(patients):
    time, event, count = (np.array(x) for x in zip(*patients, strict=True))
    if count.sum() == 0:
        return
    for estimate in (hazard.kaplan_meier, hazard.censoring_kaplan_meier, hazard.nelson_aalen):
        weighted = estimate(time, event, weight=count)
        repeated = estimate(np.repeat(time, count), np.repeat(event, count))
        assert weighted.at(np.arange(10)) == pytest.approx(repeated.at(np.arange(10)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=25))
def test_survival_starts_at_one_and_never_rises(patients):
    time, event = (np.array(x) for x in zip(*patients, strict=True))
    for estimate in (hazard.kaplan_meier, hazard.censoring_kaplan_meier):
        values = estimate(time, event).at(np.arange(10))
        assert values[0] == 1
        assert (np.diff(values) <= 0).all()
        assert ((values >= 0) & (values <= 1)).all()


def test_kaplan_meier_and_nelson_aalen_equal_lifelines():
    lifelines = pytest.importorskip("lifelines")
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 30, 200).astype(float), rng.random(200) < 0.6
    when = np.arange(31.0)
    theirs = lifelines.KaplanMeierFitter().fit(time, event).survival_function_at_times(when).to_numpy()
    assert hazard.kaplan_meier(time, event).at(when) == pytest.approx(theirs)
    # lifelines smooths ties by default; the textbook sum is what we give
    fitter = lifelines.NelsonAalenFitter(nelson_aalen_smoothing=False).fit(time, event)
    theirs = fitter.cumulative_hazard_at_times(when).to_numpy()
    assert hazard.nelson_aalen(time, event).at(when) == pytest.approx(theirs)
