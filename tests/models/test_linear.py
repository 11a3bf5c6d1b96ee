"""Linear models against scikit-learn, lifelines, R and the conditions of the optimum."""

import json
import warnings

import numpy as np
import pytest

from tabml.core import hazard
from tabml.core.target import survival
from tabml.models import fit_model, get
from tabml.models._losses import Cox, Logistic, Multinomial
from tabml.models._paths import elastic_path, ridge_path
from tabml.testing.tables import signal_rows

ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")


def rossi():
    lifelines_datasets = pytest.importorskip("lifelines.datasets")
    table = lifelines_datasets.load_rossi()
    return table[list(ROSSI)].to_numpy(float), survival(table["week"].to_numpy(float), table["arrest"].to_numpy())


def with_ones(X):
    return np.column_stack([X.astype(float), np.ones(len(X))])


@pytest.mark.parametrize("j", [0, 6, 11])
def test_ridge_logistic_is_scikit_learns(j):
    from sklearn.linear_model import LogisticRegression

    rows = signal_rows("binary", p=12)
    ours = fit_model(get("ridge"), {}, rows.X, rows.y, task="binary", seed=1)
    theirs = LogisticRegression(C=1 / ours.checkpoints[j], solver="newton-cholesky", tol=1e-12, max_iter=500)
    theirs.fit(rows.X.astype(float), rows.y)
    assert ours.coefficients[j] == pytest.approx(theirs.coef_, abs=1e-6)
    assert ours.intercepts[j] == pytest.approx(theirs.intercept_, abs=1e-6)


def test_ridge_multinomial_and_linear_are_scikit_learns():
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = signal_rows("multiclass", p=6)
    ours = fit_model(get("ridge"), {"strength": 0.3}, rows.X, rows.y, task="multiclass", seed=1)
    theirs = LogisticRegression(C=1 / 0.3, solver="newton-cholesky", tol=1e-12, max_iter=500)
    theirs.fit(rows.X.astype(float), rows.y)
    assert ours.coefficients[0] == pytest.approx(theirs.coef_, abs=1e-6)
    rows = signal_rows("regression", p=6)
    ours = fit_model(get("ridge"), {"strength": 0.3}, rows.X, rows.y, task="regression", seed=1)
    assert ours.coefficients[0, 0] == pytest.approx(Ridge(alpha=0.3).fit(rows.X.astype(float), rows.y).coef_, abs=1e-6)


def test_more_columns_than_rows_give_the_ridge_solution_of_all_columns():
    from sklearn.linear_model import LogisticRegression

    rows = signal_rows("binary", n=50, p=120)
    ours = fit_model(get("ridge"), {"strength": 2.0}, rows.X, rows.y, task="binary", seed=1)
    theirs = LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-12, max_iter=500)
    theirs.fit(rows.X.astype(float), rows.y)
    assert ours.coefficients[0] == pytest.approx(theirs.coef_, abs=1e-6)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_elastic_net_is_scikit_learns(l1_ratio):
    from sklearn.linear_model import LogisticRegression

    rows = signal_rows("binary", p=8)
    loss = Logistic(with_ones(rows.X), rows.y.astype(float), np.ones(len(rows.y)))
    path, strengths = elastic_path(loss, (0.5, 0.05), l1_ratio)
    for b, strength in zip(path, strengths, strict=True):
        theirs = LogisticRegression(C=1 / strength, l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=100_000)
        theirs.fit(rows.X.astype(float), rows.y)
        assert b[:-1] == pytest.approx(theirs.coef_[0], abs=1e-6)
        assert ((b[:-1] == 0) == (theirs.coef_[0] == 0)).all()


def a_loss(kind, p):
    if kind == "cox":
        rows = signal_rows("survival", p=p)
        return Cox(rows.X.astype(float), rows.y, np.ones(len(rows.y)))
    rows = signal_rows("multiclass" if kind == "multinomial" else "binary", p=p)
    A, case = with_ones(rows.X), np.ones(len(rows.y))
    return Multinomial(A, rows.y, case, 3) if kind == "multinomial" else Logistic(A, rows.y.astype(float), case)


@pytest.mark.parametrize("kind", ["logistic", "multinomial", "cox"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_elastic_nets_meet_the_conditions_of_their_optimum(kind, l1_ratio):
    loss = a_loss(kind, p=15)
    path, strengths = elastic_path(loss, (1.0, 0.3, 0.03, 0.004), l1_ratio)
    assert (path[0][loss.penalised] == 0).all()  # at the largest strength nothing is in
    for b, strength in zip(path, strengths, strict=True):
        slope = loss.derivatives(b)[0] + strength * (1 - l1_ratio) * b * loss.penalised
        edge = strength * l1_ratio * loss.penalised
        inside = (b == 0) & loss.penalised
        assert (np.abs(slope[inside]) <= edge[inside] + 1e-6).all()
        assert np.abs(slope + edge * np.sign(b))[~inside].max(initial=0.0) < 1e-5


@pytest.mark.parametrize("kind", ["logistic", "multinomial", "cox"])
def test_gradient_and_hessian_are_those_of_the_value(kind):
    loss = a_loss(kind, p=4)
    b = np.random.default_rng(0).normal(size=loss.size) * 0.3
    gradient, hessian = loss.derivatives(b)
    step = 1e-5 * np.eye(loss.size)
    numeric = [(loss.value(b + e) - loss.value(b - e)) / 2e-5 for e in step]
    assert gradient == pytest.approx(np.array(numeric), abs=1e-5)
    numeric = [(loss.derivatives(b + e)[0] - loss.derivatives(b - e)[0]) / 2e-5 for e in step]
    assert hessian == pytest.approx(np.array(numeric), abs=1e-5)


def test_cox_on_rossi_is_rs_survival():
    X, y = rossi()
    b = ridge_path(Cox(X, y, np.ones(len(y))), [0.0])[0]
    # R 4.2.2, survival 3.5-3, coxph(ties = "efron")
    expected = {"fin": -0.3794221665, "age": -0.05743774268, "prio": 0.09149708099, "wexp": -0.1497956977}
    for name, value in expected.items():
        assert b[ROSSI.index(name)] == pytest.approx(value, abs=1e-7), name
    loss = Cox(X, y, np.ones(len(y)))
    assert -loss.value(b) == pytest.approx(-658.7476594, abs=1e-6)
    errors = np.sqrt(np.diag(np.linalg.inv(loss.derivatives(b)[1])))
    assert errors[0] == pytest.approx(0.1913794807, abs=1e-7)


def test_survival_of_one_patient_on_rossi_is_rs_with_efrons_baseline():
    X, y = rossi()
    b = ridge_path(Cox(X, y, np.ones(len(y))), [0.0])[0]
    baseline = hazard.baseline_hazard(y["time"], y["event"] == 1, X @ b)
    patient = np.array([1, 25, 1, 0, 0, 1, 3]) @ b
    assert hazard.proportional_survival(baseline.at([52]), [patient])[0, 0] == pytest.approx(0.772899117, abs=1e-7)


def test_cox_with_a_penalty_is_lifelines():
    lifelines = pytest.importorskip("lifelines")
    import pandas as pd

    X, y = rossi()
    X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)  # lifelines penalises standardised columns
    ours = fit_model(get("cox"), {"strength": 0.05}, X.astype(np.float32), y, task="survival", seed=1)
    table = pd.DataFrame(X.astype(np.float32).astype(float)).assign(t=y["time"], e=y["event"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = lifelines.CoxPHFitter(penalizer=0.05).fit(table, "t", "e", fit_options={"precision": 1e-10})
    assert ours.coefficients[0, 0] == pytest.approx(theirs.params_.to_numpy(), abs=1e-5)


def test_case_weights_count_patients_and_weight_zero_is_absence():
    for task, name in (("binary", "ridge"), ("multiclass", "ridge"), ("regression", "elastic_net")):
        rows = signal_rows(task, n=60)
        count = np.random.default_rng(0).integers(0, 3, 60)
        spec, times = get(name), np.array([0.0, 100.0])
        weighted = fit_model(spec, {}, rows.X, rows.y, task=task, seed=1, weight=count.astype(float), times=times)
        X, y = np.repeat(rows.X, count, axis=0), np.repeat(rows.y, count)
        repeated = fit_model(spec, {}, X, y, task=task, seed=1, times=times)
        assert weighted.coefficients == pytest.approx(repeated.coefficients, abs=1e-6)


def test_late_entry_leaves_the_patient_out_of_earlier_risk_sets():
    X = np.array([[0.0], [1.0], [0.5], [2.0]])
    y = survival(np.array([2.0, 4.0, 6.0, 8.0]), np.array([1, 1, 1, 0]))
    y["entry"] = [0, 3, 0, 5]
    b = np.array([0.7])
    w = np.exp(X[:, 0] * 0.7)
    by_hand = np.log(w[0] / (w[0] + w[2])) + np.log(w[1] / (w[1] + w[2])) + np.log(w[2] / (w[2] + w[3]))
    assert -Cox(X, y, np.ones(4)).value(b) == pytest.approx(by_hand)


def test_a_class_absent_from_training_still_has_its_column():
    rows = signal_rows("multiclass")
    kept = rows.y < 2
    fitted = fit_model(get("ridge"), {}, rows.X[kept], rows.y[kept], task="multiclass", seed=1, n_classes=3)
    link = fitted.predict(rows.X).link
    assert link.shape == (120, 3)
    assert np.isfinite(link).all()


def test_a_survival_state_keeps_no_event_time():
    rows = signal_rows("survival")
    state = fit_model(get("cox"), {}, rows.X, rows.y, task="survival", seed=1, times=np.array([0.0, 365.0])).dump()
    assert state.arrays["baseline"].shape == (12, 2)
    assert json.dumps(state.json)
