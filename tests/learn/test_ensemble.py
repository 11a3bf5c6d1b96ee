"""The blend: a mean of links, chosen unless one model beats it."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.learn.ensemble import Field, blend_links, decide
from tabml.learn.loss import LossRule

Y = np.array([0, 1] * 50)


def field(*links: np.ndarray, barred: tuple[bool, ...] = ()) -> Field:
    """One candidate per link (n,), of binary outcomes; the first two blend."""
    n = len(links)
    rule = LossRule("binary", Y, np.arange(len(Y)), len(Y), None, np.zeros((1, 0, 0)))
    return Field(
        "binary", np.stack([rule(x[None])[0] for x in links]), np.arange(n), np.arange(n), np.zeros(n, dtype=np.int64),
        [x[None, None] for x in links], (0, 1), rule, np.array(barred) if barred else None,
    )  # fmt: skip


def noisy(size: float, seed: int) -> np.ndarray:
    return np.where(Y == 1, 1.0, -1.0) + size * np.random.default_rng(seed).normal(size=len(Y))


def test_the_blend_of_two_equally_good_models_is_final() -> None:
    assert decide(field(noisy(1.5, 1), noisy(1.5, 2))).final == ((0, 1),)


def test_one_model_that_beats_the_blend_by_more_than_its_error_is_final() -> None:
    assert decide(field(noisy(4.0, 1), noisy(4.0, 2), np.where(Y == 1, 4.0, -4.0))).final == ((2,),)


def test_a_barred_candidate_is_never_chosen() -> None:
    best = np.where(Y == 1, 4.0, -4.0)
    for rule in ("blend", "best", "simple"):
        decision = decide(field(noisy(4.0, 1), noisy(4.0, 2), best, barred=(False, False, True)), rule)
        assert 2 not in decision.final[0] and 2 not in decision.simple[0]


def test_best_is_a_single_model_even_where_the_blend_is_better() -> None:
    assert decide(field(noisy(1.5, 1), noisy(1.5, 2)), "best").final in (((0,),), ((1,),))


def test_blended_probabilities_sum_to_one_and_blended_survival_never_rises() -> None:
    several = np.log(np.array([[[0.7, 0.2, 0.1]], [[0.1, 0.1, 0.8]]]))
    assert np.exp(blend_links(several, "multiclass")).sum() == pytest.approx(1.0)
    crossing = np.array([[[-3.0, -1.0, -1.0]], [[-1.0, -4.0, -1.0]]])
    assert (np.diff(blend_links(crossing, "survival"), axis=-1) >= 0).all()
