"""AUROC and the other binary and multiclass numbers, against closed forms, scikit-learn and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from tabml.core.errors import InputError
from tabml.metrics import classification as c
from tabml.metrics.ranking import Ranking

binary_rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8), st.integers(0, 3)), min_size=4, max_size=40
)  # fmt: skip


def sample(n: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = np.round(generator.beta(2, 3, n), 2)
    y = (generator.uniform(size=n) < p).astype(int)
    return y, np.clip(p, 0.01, 0.99), generator.integers(0, 4, n)


def test_the_worked_example_of_the_weighted_auc() -> None:
    y, score = [0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8]
    assert c.auroc(y, score).value == 0.875
    assert c.auroc(y, score, weight=[2, 1, 0, 1]).value == 1.0


def test_auroc_and_average_precision_equal_scikit_learn_with_weights() -> None:
    y, p, weight = sample()
    assert c.auroc(y, p).value == pytest.approx(oracle.roc_auc_score(y, p), abs=1e-12)
    weighted = oracle.roc_auc_score(y, p, sample_weight=weight)
    assert c.auroc(y, p, weight=weight).value == pytest.approx(weighted, abs=1e-12)
    precision = oracle.average_precision_score(y, p, sample_weight=weight)
    assert c.auprc(y, p, weight=weight).value == pytest.approx(precision, abs=1e-12)


def test_brier_and_log_loss_equal_scikit_learn_with_weights() -> None:
    y, p, weight = sample()
    assert c.brier(y, p, weight=weight).value == pytest.approx(oracle.brier_score_loss(y, p, sample_weight=weight))
    assert c.log_loss(y, p, weight=weight).value == pytest.approx(oracle.log_loss(y, p, sample_weight=weight))


@given(binary_rows)
@settings(max_examples=60, deadline=None)
def test_auroc_counts_pairs_and_keeps_its_laws(rows: list[tuple[int, int, int]]) -> None:
    y, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    value = c.auroc(y, score).value
    if len(set(y.tolist())) < 2:
        assert value is None
        return
    cases, controls = score[y == 1], score[y == 0]
    pairs = [(a > b) + 0.5 * (a == b) for a in cases for b in controls]
    assert value == pytest.approx(float(np.mean(pairs)))
    assert c.auroc(y, np.exp(score / 3.0)).value == value
    assert c.auroc(1 - y, score).value == pytest.approx(1 - value)
    repeated = c.auroc(np.repeat(y, weight), np.repeat(score, weight)) if weight.sum() else c.auroc([0], [0])
    again = c.auroc(y, score, weight=weight).value
    assert again is None if repeated.value is None else again == pytest.approx(repeated.value)


def test_only_pairs_inside_a_fold_count() -> None:
    y, score, fold = [1, 0, 1, 0, 1], [0.9, 0.8, 0.2, 0.1, 0.0], [0, 0, 1, 1, 2]
    assert c.auroc(y, score, fold=fold).value == 1.0
    assert c.auroc(y, score).value == pytest.approx(3 / 6)
    assert c.auroc([1, 0], [1, 0], fold=[0, 1]).reason == "no fold holds both outcomes"


def test_resampled_auroc_equals_the_weighted_one_of_each_resample() -> None:
    y, p, _ = sample(60)
    counts = np.random.default_rng(2).integers(0, 3, (20, 60))
    fold = np.arange(60) % 3
    fast = c.auroc_resampled(y, p, counts, fold=fold)
    slow = [c.auroc(y, p, fold=fold, weight=w).value for w in counts]
    assert np.allclose(fast, slow)
    assert np.isnan(c.auroc_resampled([0, 1], [0, 1], [[2, 0]])).all()


def test_a_permuted_outcome_gives_an_auc_of_one_half() -> None:
    generator = np.random.default_rng(5)
    values = [c.auroc(generator.permutation(100) < 30, generator.normal(size=100)).value for _ in range(200)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.015)


def test_delong_variance_equals_the_definition() -> None:
    y, p, _ = sample(40)
    found = c.auroc_influence(y, p)
    cases, controls = p[y == 1], p[y == 0]
    psi = (cases[:, None] > controls[None, :]) + 0.5 * (cases[:, None] == controls[None, :])
    variance = psi.mean(axis=1).var(ddof=1) / len(cases) + psi.mean(axis=0).var(ddof=1) / len(controls)
    assert (found.rows**2).sum() == pytest.approx(variance)


def test_delong_inside_folds_with_one_fold_is_the_plain_one() -> None:
    y, p, _ = sample(80)
    assert c.delong(y, p, fold=np.zeros(80)) == c.delong(y, p)


def test_delong_interval_stays_inside_zero_and_one_on_the_logit_scale() -> None:
    y, score = [0] * 10 + [1] * 10, [*range(10), 9, *range(11, 20)]
    found = c.delong(y, score)
    assert 0 < found.lower < found.value < found.upper < 1
    assert c.delong(y, score, scale="identity").upper > found.upper


@pytest.mark.parametrize(
    ("y", "score", "reason"),
    [
        ([0, 0, 0], [1, 2, 3], "all rows have the same outcome"),
        ([0, 0, 1, 1], [1, 2, 3, 4], "AUC is 1: complete separation has no interval"),
        ([1, 1, 0, 0], [1, 2, 3, 4], "AUC is 0: complete separation has no interval"),
    ],
)
def test_delong_says_why_there_is_no_number(y: list[int], score: list[int], reason: str) -> None:
    found = c.delong(y, score)
    assert found.status == "not_estimable" and found.reason == reason


def test_one_score_for_everybody_is_one_half_without_interval() -> None:
    found = c.delong([0, 0, 1, 1], [1, 1, 1, 1])
    assert found.value == 0.5 and found.lower is None
    assert found.note == "no interval: every row has the same score"


def test_delong_inside_folds_covers_the_truth() -> None:
    generator = np.random.default_rng(11)
    truth, covered = 0.7602, 0  # P(N(1, 1) > N(0, 1))
    for _ in range(400):
        y = np.tile([0, 0, 1], 40)
        score = y + generator.normal(size=120)
        found = c.delong(y, score, fold=np.arange(120) // 24)
        covered += found.lower < truth < found.upper
    assert 0.92 <= covered / 400 <= 0.98


def test_partial_area_equals_scikit_learn() -> None:
    y, p, _ = sample()
    assert c.partial_auroc(y, p).value == pytest.approx(oracle.roc_auc_score(y, p, max_fpr=0.1))


def test_the_roc_curve_runs_from_corner_to_corner_and_its_area_is_the_auc() -> None:
    y, p, _ = sample()
    curve = c.roc_curve(y, p)
    assert (curve.false_positive[0], curve.true_positive[0]) == (0, 0)
    assert (curve.false_positive[-1], curve.true_positive[-1]) == (1, 1)
    assert np.trapezoid(curve.true_positive, curve.false_positive) == pytest.approx(c.auroc(y, p).value)
    assert len(c.roc_curve(y, p, points=20).threshold) <= 20
    assert c.roc_curve([1, 1], [0, 1]) is None


def test_scaled_brier_is_zero_for_the_prevalence_and_one_for_the_truth() -> None:
    y = np.array([0, 0, 0, 1])
    assert c.scaled_brier(y, np.full(4, 0.25)).value == pytest.approx(0)
    assert c.scaled_brier(y, y).value == 1
    assert c.scaled_brier([1, 1], [0.5, 0.5]).reason == "all rows have the same outcome"


def test_log_loss_of_a_certain_error_is_held_at_13_8_and_said() -> None:
    found = c.log_loss([1, 0], [0.0, 0.5])
    assert found.value == pytest.approx((-np.log(1e-6) + np.log(2)) / 2)
    assert found.note == "1 probabilities clipped to 1e-6"


def test_rates_at_a_threshold_count_p_equal_to_it_as_positive() -> None:
    found = c.at_threshold([1, 1, 0, 0, 0], [0.5, 0.4, 0.5, 0.1, 0.2], 0.5)
    assert {k: v.value for k, v in found.items()} == {
        "sensitivity": 0.5, "specificity": pytest.approx(2 / 3), "ppv": 0.5, "npv": pytest.approx(2 / 3),
    }  # fmt: skip
    assert found["sensitivity"].lower == pytest.approx(0.0945, abs=1e-4)
    assert found["sensitivity"].method == "wilson"


def test_an_empty_denominator_is_not_zero() -> None:
    found = c.at_threshold([1, 0], [0.1, 0.2], 0.5)
    assert found["ppv"].reason == "nobody is at or above the threshold"
    assert found["npv"].value == 0.5


def test_risk_histogram_counts_both_outcomes() -> None:
    edges, without, with_ = c.risk_histogram([0, 0, 1], [0.0, 0.49, 1.0], bins=2)
    assert edges.tolist() == [0, 0.5, 1]
    assert (without, with_) == ((2, 0), (0, 1))


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0.5], "2, 1, 2 rows"),
        ([0, 2], [0.5, 0.5], "values other than 0 and 1"),
        ([0, 1], [0.5, 1.5], "probability outside 0-1 in 1 rows"),
        ([0, 1], [0.5, float("nan")], "1 rows with a missing or infinite number"),
    ],
)
def test_what_is_no_probability_is_refused(y: list[int], p: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        c.brier(y, p)


def classes(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(8)
    p = generator.dirichlet([2, 1, 1], n)
    return np.array([generator.choice(3, p=row) for row in p]), p


def test_multiclass_numbers_equal_scikit_learn() -> None:
    y, p = classes()
    assert c.hand_till_m(y, p).value == pytest.approx(oracle.roc_auc_score(y, p, multi_class="ovo", average="macro"))
    assert c.multiclass_log_loss(y, p).value == pytest.approx(oracle.log_loss(y, p))
    for k in range(3):
        assert c.one_vs_rest_auroc(y, p, k).value == pytest.approx(oracle.roc_auc_score(y == k, p[:, k]))
    assert c.multiclass_brier(y, p).value == pytest.approx(((np.eye(3)[y] - p) ** 2).sum(axis=1).mean())


def test_two_classes_make_hand_and_tills_m_the_auc() -> None:
    y, p, _ = sample(50)
    assert c.hand_till_m(y, np.column_stack([1 - p, p])).value == pytest.approx(c.auroc(y, p).value)


def test_an_absent_class_is_never_dropped_in_silence() -> None:
    y, p = classes()
    assert c.hand_till_m(np.where(y == 2, 0, y), p).reason == "1 of 3 classes have no row"
    assert c.one_vs_rest_auroc(np.zeros(120), p, 2).status == "not_estimable"


def test_large_resample_blocks_are_cut_without_changing_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    y, p, _ = sample(50)
    counts = np.random.default_rng(2).integers(0, 3, (9, 50))
    whole = Ranking.of(p).share(y.astype(float), 1.0 - y, counts)
    monkeypatch.setattr("tabml.metrics.ranking.CHUNK", 120)
    assert np.array_equal(Ranking.of(p).share(y.astype(float), 1.0 - y, counts), whole)
