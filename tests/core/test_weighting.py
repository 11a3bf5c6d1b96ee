"""A patient counts once: shares of rows, and quantiles under them."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.hazard import baseline_hazard, tied_patients
from tabml.core.weighting import patient_shares, weighted_quantiles


def test_shares_of_a_patient_sum_to_one() -> None:
    patient = np.array([3, 1, 3, 3, 2, 1])
    share = patient_shares(patient)
    assert share is not None
    assert np.bincount(patient, share)[1:] == pytest.approx([1, 1, 1])


def test_one_row_each_needs_no_weights() -> None:
    assert patient_shares(np.array([4, 2, 9])) is None


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_of_repeated_rows_with_shares_are_those_of_the_patients(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, times = rng.normal(size=11), rng.integers(1, 8, 11)
    again = np.repeat(np.arange(11), times)
    at = np.linspace(0, 1, 21)
    assert weighted_quantiles(values[again], 1 / times[again], at) == pytest.approx(np.quantile(values, at))


def test_rows_of_one_patient_are_no_tie() -> None:
    assert tied_patients([4, 4, 2], [1.0, 2.5, 2.0]).tolist() == [1, 3, 2]
    time, event, link = np.array([5.0, 5, 5, 8, 9]), np.array([1, 1, 0, 1, 0]), np.linspace(-1, 1, 5)
    times = np.array([3, 1, 2, 7, 1])
    again = np.repeat(np.arange(5), times)
    once = baseline_hazard(time, event, link)
    repeated = baseline_hazard(time[again], event[again], link[again], weight=1 / times[again])
    assert repeated.values == pytest.approx(once.values, rel=1e-12)
