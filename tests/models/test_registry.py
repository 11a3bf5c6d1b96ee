"""The registry: what it refuses, what it offers, and strangers' models."""

import importlib.metadata
import json

import numpy as np
import pytest

from tabml.core.errors import BundleError, ConfigError, DependencyError
from tabml.core.spec import Float, State
from tabml.models import available, fit_model, get, load_plugin, model, registry, specs, unavailable
from tabml.testing.tables import signal_rows


@pytest.fixture(autouse=True)
def _leave_the_registry_as_it_was():
    with registry.borrowed():
        yield


STYLE_EXAMPLE = '''"""Logistic regression with an elastic-net penalty."""
from tabml.models import Float, model

@model(name="logistic", tasks={"binary", "multiclass"}, family="linear",
       needs={"complete", "numeric", "scaled"}, space={"strength": Float(1e-3, 1e2, log=True)})
def build(strength: float = 1.0, *, seed: int):
    from sklearn.linear_model import LogisticRegression
    return LogisticRegression(C=1 / strength, max_iter=2000, random_state=seed)
'''


def a_plugin(tmp_path, text, name="mine.py"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_model_says_in_one_sentence_what_it_is():
    for spec in specs():
        assert spec.doc.endswith((".", ":")) or spec.doc, spec.name
        assert spec.tasks
    assert [s.name for s in specs()] == sorted(s.name for s in specs())


def test_simplicity_orders_the_families():
    order = ["null", "age_sex", "ridge", "elastic_net", "xgboost_shallow", "forest", "xgboost", "mlp"]
    ranks = [get(n).simplicity for n in order]
    assert ranks == sorted(ranks)


def test_an_unknown_model_offers_the_near_miss():
    with pytest.raises(ConfigError, match="unknown model 'rigde'") as caught:
        get("rigde")
    assert caught.value.hint == "did you mean 'ridge'?"


def test_a_space_key_that_build_lacks_is_refused():
    with pytest.raises(ConfigError, match="model 'x' declares space key 'penalti' that build\\(\\) lacks") as caught:

        @model(name="x", tasks={"binary"}, family="linear", space={"penalti": Float(0, 1)})
        def build(penalty=1.0, *, seed): ...

    assert caught.value.hint == "did you mean 'penalty'?"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"tasks": {"binry"}}, "unknown task 'binry'"),
        ({"needs": {"scale"}}, "unknown need 'scale'"),
        ({"family": "lineal"}, "unknown family 'lineal'"),
        ({"path": "steps"}, "unknown path 'steps'"),
    ],
)
def test_unknown_words_are_refused(words, message):
    with pytest.raises(ConfigError, match=message):
        model(**{"name": "x", "tasks": {"binary"}, "family": "linear", **words})(lambda *, seed: None)


def test_a_name_is_given_once(tmp_path):
    path = a_plugin(tmp_path, STYLE_EXAMPLE.replace('"logistic"', '"ridge"'))
    with pytest.raises(ConfigError, match=r"model 'ridge' is registered twice: by tabml.models.ridge and by"):
        load_plugin(path)


def test_an_unknown_parameter_and_a_task_not_served_are_refused():
    rows = signal_rows("binary")
    with pytest.raises(ConfigError, match="model 'ridge' has no parameter 'strenght'"):
        fit_model(get("ridge"), {"strenght": 1}, rows.X, rows.y, task="binary", seed=1)
    with pytest.raises(ConfigError, match="model 'cox' does not serve binary"):
        fit_model(get("cox"), {}, rows.X, rows.y, task="binary", seed=1)


def test_a_plugin_file_adds_a_scikit_learn_model_that_its_family_can_save(tmp_path):
    path = a_plugin(tmp_path, STYLE_EXAMPLE)
    assert load_plugin(path) == ("logistic",)
    assert load_plugin(path) == ("logistic",)  # once more changes nothing
    for task in ("binary", "multiclass"):
        rows = signal_rows(task)
        fitted = fit_model(get("logistic"), {"strength": 0.5}, rows.X, rows.y, task=task, seed=1)
        state = fitted.dump()
        again = get("logistic").restore(State(json.loads(json.dumps(state.json)), state.arrays, state.files))
        assert np.array_equal(again.predict(rows.X).link, fitted.predict(rows.X).link)
        ridge = fit_model(get("ridge"), {"strength": 0.5}, rows.X, rows.y, task=task, seed=1)
        assert fitted.predict(rows.X).link == pytest.approx(ridge.predict(rows.X).link, abs=0.01)


ONE_TREE = '''"""One tree."""
from tabml.models import model

@model(name="one_tree", tasks={"binary", "regression"}, family="tree", needs={"complete", "numeric"})
def build(*, task, seed):
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
    cls = DecisionTreeClassifier if task == "binary" else DecisionTreeRegressor
    return cls(min_samples_leaf=LEAF, random_state=seed)
'''


def test_a_plugin_tree_is_saved_as_nodes(tmp_path):
    load_plugin(a_plugin(tmp_path, ONE_TREE.replace("LEAF", "5")))
    for task in ("binary", "regression"):
        rows = signal_rows(task)
        fitted = fit_model(get("one_tree"), {}, rows.X, rows.y, task=task, seed=1)
        again = get("one_tree").restore(fitted.dump())
        assert np.array_equal(again.predict(rows.X).link, fitted.predict(rows.X).link)


def test_a_plugin_tree_whose_leaves_tell_single_patients_is_not_saved(tmp_path):
    load_plugin(a_plugin(tmp_path, ONE_TREE.replace("LEAF", "4")))
    rows = signal_rows("regression")
    fitted = fit_model(get("one_tree"), {}, rows.X, rows.y, task="regression", seed=1)
    assert np.isfinite(fitted.predict(rows.X).link).all()
    with pytest.raises(BundleError, match=r"model 'one_tree' cannot be saved: .* leaves hold fewer than 5 rows"):
        fitted.dump()


KNN = '''"""Neighbours."""
from tabml.models import model

@model(name="neighbours", tasks={"binary"}, family="other", needs={"complete", "numeric", "scaled"}, STORES)
def build(*, seed):
    from sklearn.neighbors import KNeighborsClassifier
    return KNeighborsClassifier(15)
'''


@pytest.mark.parametrize(
    ("stores", "reason"),
    [("stores_rows=True", "it keeps patients' rows"), ("stores_rows=False", "family 'other' has no saved form")],
)
def test_a_model_that_cannot_be_saved_competes_and_says_so_by_name(tmp_path, stores, reason):
    load_plugin(a_plugin(tmp_path, KNN.replace("STORES", stores)))
    rows = signal_rows("binary")
    fitted = fit_model(get("neighbours"), {}, rows.X, rows.y, task="binary", seed=1)
    assert np.isfinite(fitted.predict(rows.X).link).all()
    with pytest.raises(BundleError, match=f"model 'neighbours' cannot be saved: {reason}"):
        fitted.dump()


def test_a_plugin_that_imports_a_heavy_library_at_the_top_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"plugin imports sklearn.svm at the top"):
        load_plugin(a_plugin(tmp_path, "from sklearn.svm import SVC\n"))


def test_a_plugin_that_breaks_names_its_file_and_its_fault(tmp_path):
    with pytest.raises(ConfigError, match="plugin cannot be loaded: ZeroDivisionError"):
        load_plugin(a_plugin(tmp_path, "1 / 0\n"))
    with pytest.raises(ConfigError, match="plugin cannot be read: SyntaxError"):
        load_plugin(a_plugin(tmp_path, "def\n"))


def test_a_failing_entry_point_is_listed_and_stops_nothing(monkeypatch):
    class Broken:
        name = "wheels"

        def load(self):
            raise ImportError("no module named spokes")

    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [Broken()])
    registry._loaded.discard(registry.ENTRY_POINTS)
    assert "ridge" in [s.name for s in specs()]
    assert unavailable() == {"wheels": "ImportError: no module named spokes"}
    able, reason = available("wheels")
    assert not able
    assert "no module named spokes" in reason


def test_a_missing_extra_makes_a_model_unavailable_not_broken(monkeypatch):
    monkeypatch.setitem(registry.EXTRAS, "nn", ("no_such_library",))
    assert available("mlp") == (False, "needs no_such_library: pip install 'tabml[nn]'")
    rows = signal_rows("binary")
    with pytest.raises(DependencyError, match="model 'mlp' is not available") as caught:
        fit_model(get("mlp"), {}, rows.X, rows.y, task="binary", seed=1)
    assert caught.value.hint == "pip install 'tabml[nn]'"


def test_two_models_of_one_name_in_one_file_are_refused(tmp_path):
    twice = STYLE_EXAMPLE + STYLE_EXAMPLE.partition("\n")[2]
    with pytest.raises(ConfigError, match="model 'logistic' is registered twice"):
        load_plugin(a_plugin(tmp_path, twice))
