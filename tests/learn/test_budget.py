"""A time limit is kept by every step, and one fitted model is enough for a study."""

from __future__ import annotations

import json
import math

import pytest

from tabml.core.outcome import make_target
from tabml.core.results import Results
from tabml.learn.budget import FOR_ESTIMATES, Budget, forever
from tabml.learn.fit import LearnResult, learn
from tests.learn.learn_cohorts import quick_config, small_cohort

MODELS = {"models": ["elastic_net", "extra_trees"]}


class Countdown:
    """A clock that loses one second each time it is read."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def __call__(self) -> float:
        self.left -= 1.0
        return self.left


def _learn(reads: float, **tree: object) -> LearnResult:
    cohort, settings = small_cohort(80, centres=2), quick_config(search=MODELS, **tree)
    return learn(cohort, make_target(cohort, settings)[0], settings, remaining=Countdown(reads))


def test_without_a_limit_every_step_has_all_the_time() -> None:
    budget = Budget(forever, 30)
    budget.paced(5)
    assert not budget.is_limited and budget.for_search() == budget.for_centres() == math.inf


def test_search_gives_way_to_refits_at_the_pace_of_the_first_fits() -> None:
    left = iter([100.0, 90.0, 90.0])
    budget = Budget(lambda: next(left), refits=10)
    budget.paced(5)  # 10 seconds, 2 a fit
    assert budget.for_search() == pytest.approx(90 - 1.5 * 10 * 2 - FOR_ESTIMATES * 100)


def test_the_first_lines_give_way_to_nothing() -> None:
    left = iter([100.0, 40.0, 40.0])
    budget = Budget(lambda: next(left), refits=1000, least=9)
    budget.paced(8)
    assert budget.for_search() == 40.0


def test_a_study_that_time_cuts_anywhere_has_a_model_and_says_what_is_missing() -> None:
    """From a limit that lets one model through to one that cuts only the last numbers."""
    whole = {"null", "age_sex", "ridge", "elastic_net", "extra_trees"}
    seen = set()
    for reads in (30, 70, 110, 160):
        result = _learn(reads)
        assert result.truncated
        said = [f.evidence for f in result.findings if f.code == "TB208"]
        assert said
        seen |= {line.split(":")[0].split(" rest")[0].lstrip("0123456789 ") for line in said}
        assert result.final.members and len(result.predictions)
        assert {t.config.model for t in result.trials} == whole  # lines that were cut off are listed
        done = [t for t in result.trials if t.status == "done"]
        assert [t.order for t in done] == list(range(len(done)))  # the first lines have all their folds
        document = Results({}, {}, {}, [], result.models, result.estimates, result.curves, (), (),
                           comparisons=result.comparisons).document()  # fmt: skip
        json.dumps(document, allow_nan=False)
        winner = [e for e in result.estimates if (e.key, e.model, e.estimate_type) == ("auroc", "final", "cv_winner")]
        assert winner and winner[0].value is not None
    assert {"the search ended early", "of 5 folds have no model for explanations"} <= seen
    assert any("could not be left out in time" in line for line in seen)


def test_numbers_of_a_limited_study_that_was_not_cut_are_those_without_a_limit() -> None:
    free, limited = _learn(math.inf), _learn(1e9)
    assert not limited.truncated
    assert limited.estimates == free.estimates


def test_few_resamples_are_said() -> None:
    """Reading the clock costs a second: the timed draws look slow."""
    result = _learn(260, estimate={"resamples": 1000})
    assert any("intervals rest on 100 resamples instead of 1000" in f.evidence for f in result.findings)
    assert result.headline is not None and result.headline.resamples == 100
