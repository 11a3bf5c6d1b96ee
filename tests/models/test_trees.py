"""Forests as nodes and boosting as margins, beside the libraries that fitted them."""

import numpy as np
import pytest

from tabml.models import fit_model, get
from tabml.models.families.boosting import BoostedLearner, effective_events
from tabml.models.families.forest import forest_of
from tabml.testing.tables import signal_rows


@pytest.mark.parametrize("kind", ["RandomForest", "ExtraTrees"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_node_arrays_give_scikit_learns_means_bit_for_bit(kind, task):
    import sklearn.ensemble

    rows, new = signal_rows(task), signal_rows(task, n=300, seed=9)
    regression = task == "regression"
    cls = getattr(sklearn.ensemble, kind + ("Regressor" if regression else "Classifier"))
    live = cls(n_estimators=25, min_samples_leaf=3, max_features="sqrt", random_state=1).fit(rows.X, rows.y)
    if not regression:
        for tree in live.estimators_:
            tree.classes_ = np.array([0, 1, 2] if task == "multiclass" else [0, 1])
    nodes = forest_of(live.estimators_, task, 3 if task == "multiclass" else None, (25.0,), 120)
    means = nodes._means(new.X)[0]
    if regression:
        assert np.array_equal(means[:, 0], live.predict(new.X))
    else:
        assert np.array_equal(
            means, live.predict_proba(new.X)[:, 1:] if task == "binary" else live.predict_proba(new.X)
        )


def test_a_leaf_holds_five_patients_or_a_hundredth_of_them():
    for n, leaf in ((200, 5), (1000, 10)):
        rows = signal_rows("regression", n=n)
        forest = fit_model(get("extra_trees"), {"trees": 4}, rows.X, rows.y, task="regression", seed=1)
        reached = forest._leaves(rows.X)[:, 0]
        assert np.unique(reached, return_counts=True)[1].min() >= leaf  # extra trees see every row once


def test_a_forest_never_shows_a_risk_below_what_its_rows_can():
    rows = signal_rows("binary", n=100, strength=8.0)
    forest = fit_model(get("forest"), {}, rows.X, rows.y, task="binary", seed=1)
    assert np.abs(forest.predict(rows.X).link).max() <= np.log(0.995 / 0.005) + 1e-9


def test_a_class_absent_from_training_still_has_its_column_in_trees():
    rows = signal_rows("multiclass")
    kept = rows.y != 1
    for name in ("forest", "xgboost_shallow"):
        fitted = fit_model(get(name), {}, rows.X[kept], rows.y[kept], task="multiclass", seed=1, n_classes=3)
        link = fitted.predict(rows.X).link
        assert link.shape == (120, 3)
        assert (link[:, 1] < link[:, [0, 2]].max(axis=1)).all()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "survival"])
def test_margins_added_segment_by_segment_are_xgboosts_own(task):
    import xgboost

    rows = signal_rows(task)
    name = "xgboost_cox" if task == "survival" else "xgboost_shallow"
    fitted = fit_model(get(name), {}, rows.X, rows.y, task=task, seed=1)
    whole = fitted.booster.predict(xgboost.DMatrix(rows.X), output_margin=True).reshape(len(rows.X), -1)
    assert fitted.margins(rows.X)[-1] == pytest.approx(whole + fitted.offset, abs=2e-5)


def test_contributions_add_up_to_the_margin():
    rows = signal_rows("multiclass")
    fitted = fit_model(get("xgboost"), {}, rows.X, rows.y, task="multiclass", seed=1)
    parts = fitted.contributions(rows.X)
    assert parts.shape == (120, 3, 6)
    assert parts.sum(axis=2) == pytest.approx(fitted.margins(rows.X)[-1], abs=2e-5)


def test_boosting_reads_missing_cells_as_they_are():
    rows = signal_rows("binary", n=300)
    X = rows.X.copy()
    X[rows.X[:, 0] > 0.5, 0] = np.nan  # missing where the signal is high
    fitted = fit_model(get("xgboost_shallow"), {}, X, rows.y, task="binary", seed=1)
    link = fitted.predict(X).link
    assert link[np.isnan(X[:, 0])].mean() > link[~np.isnan(X[:, 0])].mean() + 1


def test_child_weight_grows_with_the_events():
    rows = signal_rows("binary", n=600)
    learner = BoostedLearner("binary", 1, (5,))
    events = effective_events(rows.y, "binary")
    assert learner._parameters(rows.y)["min_child_weight"] == pytest.approx(events / 50)
    assert BoostedLearner("binary", 1, (5,), {"min_child_weight": 3})._parameters(rows.y)["min_child_weight"] == 3


def test_cox_labels_are_dense_ranks_negative_for_censored():
    y = signal_rows("survival", n=4).y
    y["time"], y["event"] = [0.0, 7.0, 7.0, 30.0], [1, 0, 1, 1]
    assert BoostedLearner("survival", 1, (5,))._label(y).tolist() == [1, -2, 2, 3]


def test_weighted_cox_boosting_is_xgboosts_own_where_every_weight_is_one() -> None:
    rows = signal_rows("survival", n=100)
    y = rows.y.copy()
    y["time"] = np.random.default_rng(0).permutation(100) + 1.0  # XGBoost's own gradient treats ties in row order
    own, ours = (
        fit_model(get("xgboost_cox"), {}, rows.X, y, task="survival", seed=1, weight=w).predict(rows.X).link
        for w in (None, np.ones(100))
    )
    assert ours == pytest.approx(own, abs=1e-4)
