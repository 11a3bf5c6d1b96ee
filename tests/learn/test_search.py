"""The search: trials in the portfolio's order, equal however the work is handed out, failures without a score."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.errors import DataError
from tabml.core.outcome import make_target
from tabml.learn.budget import Budget
from tabml.learn.executor import Inline
from tabml.learn.material import assemble
from tabml.learn.plan import make_plan
from tabml.learn.portfolio import make_portfolio
from tabml.learn.search import search
from tabml.learn.trials import field_of
from tests.learn.learn_cohorts import quick_config, small_cohort

SETTINGS = quick_config(search={"models": ["elastic_net"]})


def _found(kind="cv", **more):
    cohort = small_cohort(80)
    target, _ = make_target(cohort, SETTINGS)
    material = assemble(cohort, target, SETTINGS)
    plan, _ = make_plan(cohort, target, SETTINGS.split, kind=kind, seed=1)
    portfolio, _ = make_portfolio(material, SETTINGS)
    return search(material, plan, portfolio, SETTINGS, Inline(material), **more), plan


def test_each_line_has_a_prediction_of_every_row_and_stands_in_order() -> None:
    found, _ = _found()
    assert [t.config.model for t in found.trials] == ["null", "age_sex", "ridge", "elastic_net"]
    assert all(np.isfinite(t.link).all() and t.losses.shape[-1] == 80 for t in found.done)
    assert not found.truncated


def test_one_line_at_a_time_gives_the_same_numbers() -> None:
    """Under a time limit lines are fitted one after the other; the seed is of line and fold."""
    all_at_once, _ = _found()
    one_by_one, _ = _found(budget=Budget(lambda: 1e9, 0))
    for a, b in zip(all_at_once.trials, one_by_one.trials, strict=True):
        assert np.array_equal(a.link, b.link)


def test_a_nested_pair_of_roles_is_one_fit() -> None:
    found, plan = _found(kind="nested")
    k = len({f.test.tobytes() for f in plan.folds})
    heard: list[int] = []

    class Counting(Inline):
        def run(self, jobs, *, done, remaining):  # type: ignore[no-untyped-def]
            heard.append(len(jobs))
            return super().run(jobs, done=done, remaining=remaining)

    cohort = small_cohort(80)
    target, _ = make_target(cohort, SETTINGS)
    material = assemble(cohort, target, SETTINGS)
    again = search(material, plan, make_portfolio(material, SETTINGS)[0], SETTINGS, Counting(material))
    assert heard == [k * (k - 1) // 2]
    assert found.done[0].link.shape[0] == again.done[0].link.shape[0] == k - 1


def test_no_time_at_all_is_an_error_and_no_study() -> None:
    with pytest.raises(DataError, match="no model could be fitted"):
        _found(budget=Budget(lambda: -1.0, 0))


def test_every_checkpoint_of_every_trial_is_a_candidate() -> None:
    found, _ = _found()
    field = field_of(found.done, found.rule)
    assert len(field.loss) == sum(len(t.checkpoints) for t in found.done)
    assert [found.done[i].config.model for i in field.blend] == ["ridge", "elastic_net"]
