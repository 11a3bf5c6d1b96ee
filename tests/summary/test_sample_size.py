"""How many patients are needed: the published example, and what counts as a parameter."""

from __future__ import annotations

from tabml.summary.sample_size import candidate_parameters, riley_binary


def test_riley_criteria_of_the_published_example() -> None:
    """Riley et al. BMJ 2020: R2 0.288, 24 parameters, prevalence 0.174."""
    assert riley_binary(0.288, 24, 0.174) == (623, 662, 221)


def test_parameters_of_a_category_are_its_levels_less_one() -> None:
    assert candidate_parameters([0, 2, 4]) == 1 + 1 + 3
