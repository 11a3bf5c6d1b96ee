"""Left-out centres: what is said of risks that are off there."""

from __future__ import annotations

import pytest

from tabml.core.results import Estimate
from tabml.learn.evaluate.centres import is_off, said_of_risks


def at(centre: str, key: str, value: float, lower: float, upper: float, **more) -> Estimate:
    return Estimate(
        key, more.pop("model", "final"), "internal_external", value, lower, upper, f"centre:{centre}", n=200, **more
    )


@pytest.mark.parametrize(
    ("key", "value", "lower", "upper", "off"),
    [("observed_expected", 0.69, 0.61, 0.78, True), ("observed_expected", 0.69, 0.40, 1.02, False),
     ("observed_expected", 0.88, 0.80, 0.97, False), ("observed_expected", 1.44, 1.34, 1.55, True),
     ("calibration_slope", 0.51, 0.30, 0.80, True), ("calibration_slope", 1.24, 0.98, 1.50, False)],
)  # fmt: skip
def test_off_means_outside_the_bounds_and_by_more_than_chance(key, value, lower, upper, off) -> None:
    assert is_off(at("A", key, value, lower, upper)) is off


def test_each_centre_with_risks_that_are_off_is_one_finding() -> None:
    found = said_of_risks(
        [at("Hungary", "observed_expected", 0.69, 0.61, 0.78, direction="closer_to_one"),
         at("Hungary", "calibration_slope", 0.51, 0.30, 0.80), at("VA", "observed_expected", 1.07, 0.99, 1.16),
         at("VA", "observed_expected", 0.5, 0.4, 0.6, model="simple")]
    )  # fmt: skip
    assert [(f.code, f.source) for f in found] == [("TB303", "Hungary")]
    assert found[0].evidence == (
        "Hungary: observed / expected 0.69 (0.61 to 0.78), calibration slope 0.51 (0.30 to 0.80) when left out"
    )


def test_of_several_horizons_the_longest_speaks() -> None:
    early = at("A", "observed_expected_at", 0.5, 0.4, 0.6, horizon=90)
    late = at("A", "observed_expected_at", 1.0, 0.9, 1.1, horizon=180)
    assert said_of_risks([early, late]) == []
