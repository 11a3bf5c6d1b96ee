"""Every registered metric is documented, lawful, and computed from what it says it needs."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.errors import ConfigError
from tabml.core.results import HEADLINES
from tabml.core.target import survival
from tabml.metrics.registry import HEADLINE, METRICS, Metric, metric, metrics_for


def world(task: str) -> tuple[np.ndarray, dict[str, object]]:
    generator = np.random.default_rng(4)
    n = 90
    z = generator.normal(size=n)
    if task == "binary":
        p = 1 / (1 + np.exp(-z))
        return (generator.uniform(size=n) < p).astype(int), {"p": p, "threshold": 0.3}
    if task == "multiclass":
        p = generator.dirichlet([2, 2, 2], n)
        return np.array([generator.choice(3, p=row) for row in p]), {"p": p, "cls": 1}
    if task == "regression":
        return z + 0.3 * generator.normal(size=n), {"value": z}
    time, end = generator.exponential(100 * np.exp(-z)) + 1, generator.uniform(50, 300, n)
    grid = np.linspace(0, 100, 11)
    curves = np.exp(-np.outer(np.exp(z) / 100, grid))
    return survival(np.minimum(time, end), (time <= end).astype(int)), {
        "log_hazard": z, "tau": 100, "horizon": 50, "survival_at": curves[:, 5], "risk_at": 1 - curves[:, 5],
        "curves": curves, "times": grid,
    }  # fmt: skip


def compute(m: Metric, **more: object) -> object:
    y, have = world(m.tasks[0])
    return m.function(y, *(have[name] for name in m.needs), **more)


@pytest.mark.parametrize("key", sorted(METRICS))
class TestEveryMetric:
    def test_has_a_number_on_good_data(self, key: str) -> None:
        assert compute(METRICS[key]).status == "ok"

    def test_weight_one_changes_nothing(self, key: str) -> None:
        m = METRICS[key]
        plain, weighted = compute(m), compute(m, weight=np.ones(90))
        assert weighted.value == pytest.approx(plain.value, rel=1e-9)

    def test_row_order_changes_nothing(self, key: str) -> None:
        m = METRICS[key]
        y, have = world(m.tasks[0])
        order = np.random.default_rng(1).permutation(90)
        moved = {k: v[order] if np.ndim(v) and len(v) == 90 else v for k, v in have.items()}
        assert m.function(y[order], *(moved[n] for n in m.needs)).value == pytest.approx(compute(m).value, rel=1e-9)

    def test_takes_folds_exactly_where_it_says_so(self, key: str) -> None:
        m = METRICS[key]
        if m.pairs:
            assert compute(m, fold=np.zeros(90)).value == pytest.approx(compute(m).value)
        else:
            with pytest.raises(TypeError, match="fold"):
                compute(m, fold=np.zeros(90))

    def test_says_which_way_is_better(self, key: str) -> None:
        words = {"higher_is_better": "igher is better", "lower_is_better": "ower is better"}
        m = METRICS[key]
        text = m.doc + (" Lower is better" if "0 is right" in m.doc else "")
        assert m.direction not in words or words[m.direction] in text or "1 is perfect" in text or "1 perfect" in text


def test_every_task_has_its_headline_and_log_order() -> None:
    for task, key in HEADLINE.items():
        assert key in [m.key for m in metrics_for(task)]
        assert key == HEADLINES[task][0]  # page one leads with the number the search is judged by


def test_an_unknown_metric_offers_the_near_miss() -> None:
    with pytest.raises(ConfigError, match="unknown metric 'aurok'") as caught:
        metric("aurok")
    assert caught.value.hint == "did you mean 'auroc'?"
