from __future__ import annotations

import numpy as np
import pytest

from tabml.core.target import Target, survival
from tabml.summary.audit.strength import concordant, hanley_mcneil, strength

N = 500
RNG = np.random.default_rng(3)
FOLD = np.arange(N) % 5
PEOPLE = np.arange(N)


def test_concordance_counts_pairs_as_by_hand() -> None:
    """Events at 1 and 3 against all later: 1-2, 1-3, 1-4 and 3-4; ranks 2 1 1 0."""
    time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])
    assert concordant(time, event, np.array([2, 1, 1, 0])) == (4.0, 4.0)
    assert concordant(time, event, np.array([1, 1, 1, 1])) == (2.0, 4.0)


def test_concordance_equals_the_sum_over_all_pairs() -> None:
    time = RNG.integers(1, 30, 80).astype(float)
    event, rank = RNG.random(80) < 0.5, RNG.integers(0, 6, 80)
    won = pairs = 0.0
    for i in range(80):
        for j in range(80):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                pairs += 1
                won += 1.0 if rank[i] > rank[j] else 0.5 if rank[i] == rank[j] else 0.0
    assert concordant(time, event, rank) == (won, pairs)


def test_auc_is_near_its_theory_for_two_normals() -> None:
    """Means two standard deviations apart: AUC = Phi(2 / sqrt 2) = 0.921."""
    y = (np.arange(N) % 2).astype(int)
    found = strength(
        RNG.normal(size=N) + 2.0 * y, False, Target("binary", y, PEOPLE, "y", classes=("0", "1")), FOLD, PEOPLE
    )
    assert found is not None and found.value == pytest.approx(0.921, abs=0.03) and found.lower < found.value


def test_a_copy_has_strength_one_and_noise_none() -> None:
    y = (RNG.random(N) < 0.3).astype(int)
    target = Target("binary", y, PEOPLE, "y", classes=("0", "1"))
    copy, chance = (
        strength(y.astype(float), True, target, FOLD, PEOPLE),
        strength(RNG.normal(size=N), False, target, FOLD, PEOPLE),
    )
    assert copy is not None and copy.value == 1.0
    assert chance is not None and abs(chance.value - 0.5) < 0.08


def test_a_number_is_scored_by_patient_not_by_row() -> None:
    people = np.arange(N) // 50
    y = np.random.default_rng(0).normal(size=10)[people]
    found = strength(people.astype(float), False, Target("regression", y, PEOPLE, "y"), people % 5, people)
    assert found is not None and found.value < 0.5


def test_survival_risk_ranks_earlier_events_higher() -> None:
    risk = RNG.normal(size=N)
    y = survival(RNG.exponential(np.exp(-2 * risk)), np.ones(N, dtype=int))
    found = strength(risk, False, Target("survival", y, PEOPLE, "y"), FOLD, PEOPLE)
    assert found is not None and found.value > 0.8 and found.measure == "C-index"


def test_missing_is_a_group_of_its_own() -> None:
    y = (np.arange(N) % 2).astype(int)
    values = np.where(y == 1, np.nan, 1.0)
    found = strength(values, False, Target("binary", y, PEOPLE, "y", classes=("0", "1")), FOLD, PEOPLE)
    assert found is not None and found.value == 1.0


def test_too_few_rows_have_no_strength() -> None:
    y = np.array([0, 1] * 10)
    assert (
        strength(np.arange(20.0), False, Target("binary", y, np.arange(20), "y"), np.arange(20) % 5, np.arange(20))
        is None
    )


def test_standard_error_of_the_auc_as_published() -> None:
    """Hanley and McNeil 1982: theta 0.893, 51 abnormal and 58 normal give an SE near 0.03."""
    assert hanley_mcneil(0.893, 51, 58) == pytest.approx(0.032, abs=0.002)
