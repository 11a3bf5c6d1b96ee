"""The selection rule and the blend, on losses that can be checked by eye."""

from __future__ import annotations

import numpy as np

from tabml.learn.ensemble import Field, blend_links, decide
from tabml.learn.loss import LossRule, row_loss
from tabml.learn.select import paired, select


def test_simple_is_the_simplest_within_one_standard_error() -> None:
    noise = np.tile([0.2, -0.2], 8)
    loss = np.stack([np.full(16, 1.0), np.full(16, 0.5) + 0.04 + noise, np.full(16, 0.5)])
    choice = select(loss, np.array([0, 3, 8]))
    assert (choice.best[0], choice.simple[0]) == (2, 1)  # se 0.05 of the paired difference, 0.04 above best


def test_null_model_is_never_chosen_beside_a_real_one() -> None:
    loss = np.stack([np.full(8, 0.4), np.tile([0.4, 0.6], 4), np.full(8, 0.9)])
    choice = select(loss, np.array([0, 3, 8]))
    assert (choice.best[0], choice.simple[0]) == (1, 1)
    assert choice.means[0].tolist() == [0.4, 0.5, 0.9]  # the null model keeps its place in the table
    loss[1:, 0] = np.nan  # both real models lost a prediction
    assert select(loss, np.array([0, 3, 8])).best[0] == 0


def test_ties_go_to_lower_loss_and_then_to_order() -> None:
    loss = np.stack([np.full(4, 0.5), np.full(4, 0.5), np.full(4, 0.4)])
    assert select(loss, np.array([3, 3, 3])).simple[0] == 2
    assert select(loss[:2], np.array([3, 3])).simple[0] == 0


def test_weights_count_as_repeated_patients() -> None:
    rng = np.random.default_rng(0)
    loss, simplicity = rng.random((5, 20)), np.array([0, 1, 3, 6, 8])
    weight = rng.integers(0, 3, size=(30, 20))
    together = select(loss, simplicity, weight)
    for b, w in enumerate(weight):
        alone = select(np.repeat(loss, w, axis=1), simplicity)
        assert (together.best[b], together.simple[b]) == (alone.best[0], alone.simple[0])


def test_a_candidate_without_all_predictions_is_never_chosen() -> None:
    loss = np.array([[0.1, np.nan], [0.5, 0.5]])
    assert select(loss, np.array([1, 3])).best[0] == 1
    assert select(loss, np.array([1, 3]), np.array([[1.0, 0.0]])).best[0] == 0  # the patient is not asked for


def test_blend_link_is_the_mean_and_log_probabilities_sum_to_one() -> None:
    links = np.array([[0.0, 2.0], [4.0, -2.0]])
    assert blend_links(links, "binary").tolist() == [2.0, 0.0]
    mean = blend_links(np.log(np.array([[[0.2, 0.8]], [[0.4, 0.6]]])), "multiclass")
    assert np.isclose(np.exp(mean).sum(), 1.0)


def test_blended_survival_never_rises() -> None:
    links = np.array([[[-3.0, -1.0, -2.0]], [[-3.0, -1.0, -2.0]]])
    assert blend_links(links, "survival").tolist() == [[-3.0, -1.0, -1.0]]


def _field(links: list[np.ndarray], y: np.ndarray, blend: tuple[int, ...]) -> Field:
    n = len(y)
    rule = LossRule("binary", y, np.arange(n), n, None, np.zeros((1, 0, 0)))
    loss = np.stack([row_loss("binary", y, link) for link in links])
    return Field(
        "binary", loss, np.array([3, 7]), np.arange(2), np.zeros(2, dtype=np.int64),
        [link[None, None] for link in links], blend, rule,
    )  # fmt: skip


def test_final_is_the_blend_unless_one_model_beats_it_clearly() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 200)
    good = 2.0 * (2 * y - 1) + rng.normal(size=200)
    other = 2.0 * (2 * y - 1) + rng.normal(size=200)
    assert decide(_field([good, other], y, (0, 1))).final == ((0, 1),)
    assert decide(_field([good, -good], y, (0, 1))).final == ((0,),)
    assert decide(_field([good, other], y, (0, 1)), "best").final[0] in ((0,), (1,))
    assert decide(_field([good, other], y, (0,))).final[0] in ((0,), (1,))  # one member is no blend


def test_paired_difference_by_hand() -> None:
    mean, se = paired(np.array([1.0, 3.0]), np.array([[1.0, 1.0], [2.0, 0.0]]))
    assert mean.tolist() == [2.0, 1.0]
    assert np.allclose(se, [1 / np.sqrt(2), 0.0])
