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


@pytest.mark.parametrize(("rare", "small", "used"), [(5, 5, 5), (1, 5, 5), (5, 10, 10), (20, 5, 20)])
def test_no_level_is_learnt_that_the_model_file_may_not_name(make_cohort, config, rare, small, used) -> None:
    cohort, settings = make_cohort(30), config(prep={"rare_level": rare}, privacy={"small_cell": small})
    target, _ = make_target(cohort, settings)
    assert assemble(cohort, target, settings).prep.rare_level == used
