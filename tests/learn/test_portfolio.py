"""Which lines are tried, and how age and sex are found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tabml.core.cohort import Variable
from tabml.core.errors import ConfigError
from tabml.core.outcome import make_target
from tabml.learn.material import assemble
from tabml.learn.portfolio import age_and_sex, make_portfolio, portfolio_size
from tabml.models import registry
from tabml.models.registry import borrowed


def _portfolio(cohort, settings):
    target, _ = make_target(cohort, settings)
    return make_portfolio(assemble(cohort, target, settings), settings)[0]


def test_quick_runs_baselines_and_the_blend(make_cohort, config) -> None:
    lines = [c.model for c in _portfolio(make_cohort(), config()).configs]
    assert lines == ["null", "age_sex", "ridge", "elastic_net", "extra_trees", "xgboost_shallow"]


def test_survival_has_its_own_blend(make_cohort, config) -> None:
    lines = [c.model for c in _portfolio(make_cohort(task="survival"), config()).configs]
    assert lines == ["null", "age_sex", "cox", "elastic_cox", "xgboost_cox"]


def test_standard_is_larger_and_ends_with_the_net(make_cohort, config) -> None:
    lines = [c.model for c in _portfolio(make_cohort(300), config(preset="standard")).configs]
    assert lines[:6] == ["null", "age_sex", "ridge", "elastic_net", "extra_trees", "xgboost_shallow"]
    assert "forest" in lines and lines[-1] in ("mlp", "forest", "xgboost")


def test_size_follows_patients_and_events() -> None:
    assert [portfolio_size(303, 139), portfolio_size(150, 30), portfolio_size(920, 400)] == [6, 3, 10]


@pytest.mark.parametrize(
    ("name", "label"), [("Alter", ""), ("pat_age", ""), ("v7", "Alder (år)"), ("edad_anos", ""), ("AGE_YEARS", "")]
)
def test_age_is_found_in_several_languages(name: str, label: str) -> None:
    assert age_and_sex({name: Variable(name, "number", label=label)}) == (name,)


def test_words_that_only_contain_age_are_not_age() -> None:
    assert age_and_sex({n: Variable(n, "number") for n in ("stage", "average", "percentage")}) == ()


def test_a_model_for_another_task_is_refused(make_cohort, config) -> None:
    with pytest.raises(ConfigError, match="'cox' does not serve binary"):
        _portfolio(make_cohort(), config(search={"models": ["cox"]}))


def test_age_and_sex_asked_for_by_name_see_age_and_sex_only(make_cohort, config) -> None:
    portfolio = _portfolio(make_cohort(), config(search={"models": ["age_sex", "ridge"]}))
    lines = [c for c in portfolio.configs if c.model == "age_sex"]
    assert [c.features for c in lines] == [("age", "sex")]


def test_age_and_sex_cannot_be_asked_for_where_neither_is_known(make_cohort, config) -> None:
    cohort = make_cohort()
    names = {"age": "v1", "sex": "v2"}
    variables = {names.get(n, n): replace(v, name=names.get(n, n)) for n, v in cohort.variables.items()}
    hidden = replace(cohort, frame=cohort.frame.rename(columns=names), variables=variables)
    with pytest.raises(ConfigError, match="no column is known to hold age or sex"):
        _portfolio(hidden, config(search={"models": ["age_sex"]}))


def test_a_model_of_a_newer_version_is_one_line_and_not_two(make_cohort, config) -> None:
    with borrowed():
        registry._specs["ridge"] = replace(registry.get("ridge"), version=2)
        lines = _portfolio(make_cohort(), config()).configs
    assert [c.model for c in lines].count("ridge") == 1
    assert next(c for c in lines if c.model == "ridge").spec_version == 2
