"""The gate of the TPE stage: what is asked is done, counted or refused."""

from __future__ import annotations

import pytest

from tabml.core.errors import ConfigError
from tabml.core.outcome import make_target
from tabml.learn.material import assemble
from tabml.learn.tune import gate


def gated(make_cohort, settings, n: int = 120):
    cohort = make_cohort(n)
    return gate(assemble(cohort, make_target(cohort, settings)[0], settings), settings)


@pytest.mark.parametrize("tree", [{"estimate": {"method": "nested"}}, {"preset": "publication"}])
def test_trials_asked_beside_a_nested_estimate_are_refused(make_cohort, config, tree) -> None:
    with pytest.raises(ConfigError, match="trials cannot be used with a nested estimate"):
        gated(make_cohort, config(search={"trials": 20}, **tree))


def test_more_trials_than_the_gate_gives_are_a_finding(make_cohort, config) -> None:
    families, each, findings = gated(make_cohort, config(preset="standard", search={"trials": 30}))
    assert (families, each, [f.code for f in findings]) == (3, 10, ["TB207"])


def test_few_events_tune_one_family(make_cohort, config) -> None:
    families, each, findings = gated(make_cohort, config(preset="standard"))
    assert (families, each, [f.code for f in findings]) == (1, 10, ["TB206"])
