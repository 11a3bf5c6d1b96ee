"""What every fit sees: predictors that exist, and a forced one that is none is said."""

from __future__ import annotations

import pytest

from tabml.core.errors import ConfigError
from tabml.core.outcome import make_target
from tabml.learn.material import assemble


def test_forced_predictor_that_is_none_is_refused_with_the_near_miss(make_cohort, config) -> None:
    cohort, settings = make_cohort(30), config(features={"force": ["agee"]})
    target, _ = make_target(cohort, settings)
    with pytest.raises(ConfigError, match=r"features\.force: 'agee' is no predictor") as caught:
        assemble(cohort, target, settings)
    assert caught.value.hint == "did you mean 'age'?"


def test_forced_predictor_is_handed_on(make_cohort, config) -> None:
    cohort, settings = make_cohort(30), config(features={"force": ["x1"]})
    target, _ = make_target(cohort, settings)
    assert assemble(cohort, target, settings).force == ("x1",)
