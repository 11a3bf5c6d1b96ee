"""SHAP values of every family add up to the prediction and fall on the right variables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from tabml.core.spec import Scores
from tabml.core.target import survival
from tabml.explain.attribution import TOLERANCE, Attribution
from tabml.explain.members import Background, attribute, link_of
from tabml.explain.permutation import permutation_values
from tabml.models import fit_model, registry

SOURCES = ("age", "chol", "sex", "sex", "noise")
TIMES = np.linspace(0, 4, 5) * 100.0
TASK_MODELS = [
    (task, name)
    for task, names in {
        "binary": ("null", "ridge", "elastic_net", "forest", "extra_trees", "xgboost_shallow", "xgboost"),
        "multiclass": ("null", "ridge", "extra_trees", "xgboost_shallow"),
        "regression": ("null", "ridge", "extra_trees", "xgboost_shallow"),
        "survival": ("null", "cox", "elastic_cox", "xgboost_cox"),
    }.items()
    for name in names
]


def rows(n: int = 160, seed: int = 3) -> np.ndarray:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, 5))
    x[:, 2] = generator.integers(0, 2, n)
    x[:, 3] = 1 - x[:, 2]
    return x.astype(np.float32)


def outcome(task: str, x: np.ndarray, seed: int = 4) -> np.ndarray:
    generator = np.random.default_rng(seed)
    signal = 1.5 * x[:, 0] - x[:, 1] + 1.2 * x[:, 2] * x[:, 0]
    if task == "regression":
        return signal + generator.normal(size=len(x))
    if task == "binary":
        return (signal + generator.logistic(size=len(x)) > 0.3).astype(int)
    if task == "multiclass":
        return np.digitize(signal + generator.logistic(size=len(x)), [-1, 1])
    time = np.ceil(generator.exponential(300 * np.exp(-0.7 * signal)) + 1)
    censored = generator.uniform(50, 700, len(x))
    return survival(np.minimum(time, censored), (time <= censored).astype(int))


def fitted(task: str, name: str) -> object:
    x = rows()
    n_classes = 3 if task == "multiclass" else None
    grid = TIMES if task == "survival" else None
    return fit_model(registry.get(name), {}, x, outcome(task, x), task=task, seed=1, n_classes=n_classes,
                              times=grid)  # fmt: skip


def explained(task: str, name: str, **more: object) -> Attribution:
    background = Background(rows().mean(axis=0), rows())
    return attribute(fitted(task, name), rows(40, 9), SOURCES, task=task, background=background, **more)


@pytest.mark.parametrize(("task", "name"), TASK_MODELS)
def test_parts_add_up_to_the_prediction_of_every_row(task: str, name: str) -> None:
    found = explained(task, name)
    assert found.variables == ("age", "chol", "sex", "noise")
    assert found.phi.shape == (40, 3 if task == "multiclass" else 1, 4)
    assert found.error <= TOLERANCE
    if name not in ("null", "elastic_net", "elastic_cox"):
        size = np.abs(found.phi).mean(axis=(0, 1))
        assert size[0] == size.max() and size[0] > 2 * size[3]


@pytest.mark.parametrize("name", ["null", "cox", "elastic_cox", "xgboost_cox"])
def test_survival_at_a_horizon_is_explained_on_the_scale_that_is_averaged(name: str) -> None:
    found, hazard = explained("survival", name, horizon=100.0), explained("survival", name)
    assert found.scale == "log cumulative hazard at 100 days"
    assert found.error <= TOLERANCE
    assert np.allclose(found.phi, hazard.phi)


def test_linear_parts_are_coefficient_times_distance_from_the_mean() -> None:
    model, x, mean = fitted("binary", "ridge"), rows(40, 9), rows().mean(axis=0)
    found = explained("binary", "ridge")
    beta = model.coefficients[model.chosen][0]
    by_hand = (x.astype(float) - mean.astype(float)) * beta
    assert np.allclose(found.phi[:, 0, 0], by_hand[:, 0], atol=1e-12)
    assert np.allclose(found.phi[:, 0, 2], by_hand[:, 2] + by_hand[:, 3], atol=1e-12)
    assert found.exact and found.scale == "log odds"


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_forest_values_equal_those_of_the_live_scikit_learn_forest(kind: str) -> None:
    import shap
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    from tabml.explain.trees import forest_values
    from tabml.models.families.forest import forest_of

    task = "binary" if kind == "classifier" else "regression"
    cls = ExtraTreesClassifier if kind == "classifier" else ExtraTreesRegressor
    x, y, new = rows(), outcome(task, rows()), rows(20, 9)
    live = cls(30, min_samples_leaf=5, random_state=0).fit(x, y)
    nodes = forest_of(live.estimators_, task, 2, (30.0,), len(x))
    values, base = forest_values(nodes, new, x)
    oracle = shap.TreeExplainer(live)
    theirs = oracle.shap_values(new)
    theirs, start = (theirs[:, :, 1], oracle.expected_value[1]) if task == "binary" else (theirs, oracle.expected_value)
    assert np.allclose(values[:, 0], theirs, atol=1e-9)
    assert base[0] == pytest.approx(float(np.ravel(start)[0]), abs=1e-9)


def test_a_forest_says_that_its_log_odds_are_an_approximation() -> None:
    found = explained("binary", "extra_trees")
    assert not found.exact
    assert "rescale rule" in found.note


@dataclass(frozen=True)
class Product:
    """A stranger's model: the product of two columns."""

    def predict(self, X: np.ndarray) -> Scores:
        wide = np.asarray(X, dtype=float)
        return Scores(wide[:, 0] * wide[:, 1] + 2 * wide[:, 4])


def test_an_unknown_family_is_explained_by_permutations() -> None:
    mean = np.zeros(5, dtype=np.float32)
    found = attribute(Product(), rows(30, 5), SOURCES, task="regression", background=Background(mean), seed=2)
    x = rows(30, 5).astype(float)
    assert found.error < 1e-12
    assert np.allclose(found.phi[:, 0, 0], x[:, 0] * x[:, 1] / 2, atol=1e-6)
    assert np.allclose(found.phi[:, 0, 3], 2 * x[:, 4], atol=1e-6)
    assert "permutations" in found.note


def test_permutations_approach_the_shapley_values_of_all_subsets() -> None:
    x, background = rows(6, 8), rows().mean(axis=0)
    columns = np.array([0, 1, 2, 2, 3])

    def answer(X: np.ndarray) -> np.ndarray:
        wide = X.astype(float)
        return (np.tanh(wide[:, 0] * wide[:, 1]) + wide[:, 2] * wide[:, 4] + wide[:, 0] ** 2)[:, None]

    def value(subset: tuple[int, ...]) -> np.ndarray:
        mixed = np.tile(background, (len(x), 1))
        mixed[:, np.isin(columns, subset)] = x[:, np.isin(columns, subset)]
        return answer(mixed)[:, 0]

    exact = np.zeros((len(x), 4))
    for v in range(4):
        others = [u for u in range(4) if u != v]
        for size in range(4):
            weight = factorial(size) * factorial(3 - size) / factorial(4)
            for subset in combinations(others, size):
                exact[:, v] += weight * (value((*subset, v)) - value(subset))
    phi, base = permutation_values(answer, x, background, columns, seed=1, rounds=200)
    assert np.allclose(phi[:, 0], exact, atol=0.05)
    assert np.allclose(base + phi[:, 0].sum(axis=1), answer(x)[:, 0], atol=1e-12)


def test_same_seed_gives_the_same_permutation_values() -> None:
    arguments = (lambda X: X[:, :1] * X[:, 1:2], rows(5), np.zeros(5, dtype=np.float32), np.arange(5))
    first, second = (permutation_values(*arguments, seed=7)[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_a_horizon_off_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="301 days is no time of the model's grid"):
        link_of(Scores(np.zeros(2), TIMES, np.ones((2, 5))), "survival", 301)


def test_survival_beyond_its_floor_is_held_and_stays_additive() -> None:
    x = rows(30, 9)
    x[:, 0] += 8  # certain death: S far below 1e-9
    found = attribute(fitted("survival", "cox"), x, SOURCES, task="survival",
                      background=Background(rows().mean(axis=0)), horizon=400.0)  # fmt: skip
    assert found.link.max() == pytest.approx(np.log(-np.log(1e-9)))
    assert found.error <= TOLERANCE
