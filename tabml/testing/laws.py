"""Laws every model obeys. A new model's test is one class:

```python
from tabml.testing.laws import ModelLaws

class TestRidge(ModelLaws):
    name = "ridge"
```

Say `order_matters = True` where the order of rows or columns enters the fit (bootstrap, subsampling), `saved =
False` where the model has no saved form, `params` for settings other than the default, and `plugin` for the file a
third party's model stands in. `weighted = False` says that the model knows no case weights; `whole` are settings
without draws of rows and columns, where there are such, and `draws_rows = True` says that there are none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tabml.core.cohort import Variable
from tabml.core.errors import BundleError, DataError
from tabml.core.spec import ModelSpec, Scores, State
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.models import available, fit_model, get, load_plugin
from tabml.models.registry import borrowed
from tabml.prep.recipe import Recipe, fit_prep
from tabml.testing.tables import Rows, concordance, risk_score, signal_rows

GRID = np.linspace(0.0, 800.0, 17)

RESTORE = """
import json, sys
from pathlib import Path
import numpy as np
from tabml.core.spec import State
from tabml.models import get, load_plugin
if sys.argv[3:]:
    load_plugin(Path(sys.argv[3]))
for folder in sorted(Path(sys.argv[2]).iterdir()):
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        state = State(json.loads((folder / "state.json").read_text(encoding="utf-8")), dict(arrays),
                      {p.name: p.read_bytes() for p in (folder / "files").iterdir()})
    scores = get(sys.argv[1]).restore(state).predict(np.load(folder / "X.npy"))
    np.save(folder / "link.npy", scores.link)
    if scores.curves is not None:
        np.save(folder / "curves.npy", scores.curves)
"""


class ModelLaws:
    """Inherit, name the model, and pytest runs the laws for each of its tasks."""

    name: ClassVar[str]
    params: ClassVar[Mapping[str, Any]] = {}
    order_matters: ClassVar[bool] = False
    saved: ClassVar[bool] = True
    plugin: ClassVar[Path | None] = None
    #: How near predictions of one row alone come to those of the row among others.
    tolerance: ClassVar[float] = 1e-6
    weighted: ClassVar[bool] = True
    whole: ClassVar[Mapping[str, Any]] = {}
    draws_rows: ClassVar[bool] = False
    #: Mean distance of links between a fit on patients and one on their repeated rows: rounding, or a split at a tie.
    repeated: ClassVar[float] = 1e-6

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "task" in metafunc.fixturenames:
            with borrowed():
                tasks = sorted(self.spec.tasks & set(_TASKS))
            metafunc.parametrize("task", tasks)

    @pytest.fixture(autouse=True)
    def _runs_here(self) -> Iterator[None]:
        with borrowed():
            able, reason = available(self.spec.name)
            if not able:
                pytest.skip(reason)
            yield

    @property
    def spec(self) -> ModelSpec:
        if self.plugin is not None:
            load_plugin(self.plugin)
        return get(self.name)

    def fit(self, rows: Rows, task: Task, seed: int = 1) -> Any:
        return fit_model(self.spec, self.params, rows.X, rows.y, task=task, seed=seed, times=GRID)

    # --- one fit, several questions ---------------------------------------------------------------

    def test_the_same_seed_gives_the_same_bits(self, task: Task) -> None:
        rows = signal_rows(task)
        first, second = self.fit(rows, task).predict(rows.X), self.fit(rows, task).predict(rows.X)
        assert np.array_equal(first.link, second.link)

    def test_each_row_is_predicted_for_itself(self, task: Task) -> None:
        rows = signal_rows(task)
        fitted = self.fit(rows, task)
        together = fitted.predict(rows.X)
        backwards = fitted.predict(rows.X[::-1])
        alone = fitted.predict(rows.X[3:4])
        assert np.abs(together.link[::-1] - backwards.link).max() <= self.tolerance
        assert np.abs(together.link[3:4] - alone.link).max() <= self.tolerance
        assert np.array_equal(fitted.predict(rows.X).link, together.link)

    def test_scores_have_the_shape_of_their_task(self, task: Task) -> None:
        rows = signal_rows(task)
        scores = self.fit(rows, task).predict(rows.X)
        n = len(rows.X)
        assert scores.link.shape == ((n, 3) if task == "multiclass" else (n,))
        assert np.isfinite(scores.link).all()
        if task == "multiclass":
            assert np.exp(scores.link).sum(axis=1) == pytest.approx(np.ones(n))
        if task in SURVIVAL_TASKS:
            check_curves(scores, n)

    def test_a_higher_link_means_more_likely_or_earlier(self, task: Task) -> None:
        if self.spec.family == "baseline":
            return
        rows, new = signal_rows(task), signal_rows(task, seed=7)
        scores = self.fit(rows, task).predict(new.X)
        assert concordance(risk_score(scores.link, task), new.signal, "regression") > 0.7
        if scores.curves is not None:
            assert concordance(-scores.curves[:, len(GRID) // 2], new.signal, "regression") > 0.7

    def test_each_checkpoint_of_the_path_is_the_model_cut_there(self, task: Task) -> None:
        if self.spec.path is None:
            return
        rows = signal_rows(task)
        fitted = self.fit(rows, task)
        path = fitted.predict_path(rows.X)
        assert len(path) == len(fitted.checkpoints)
        for checkpoint, scores in zip(fitted.checkpoints, path, strict=True):
            cut = fitted.at(checkpoint)
            assert cut.checkpoints == (checkpoint,)
            assert np.array_equal(cut.predict(rows.X).link, scores.link)
            if scores.curves is not None:
                check_curves(scores, len(rows.X))
                assert np.array_equal(cut.predict(rows.X).curves, scores.curves)

    # --- one vote per patient -----------------------------------------------------------------------

    def test_rows_of_one_patient_count_as_one_together(self, task: Task) -> None:
        if not self.weighted:
            return
        rows = signal_rows(task)
        n = len(rows.y)
        times = np.where(np.arange(n) % 10 == 0, 20, np.random.default_rng(0).integers(1, 4, n))
        again = np.repeat(np.arange(n), times)

        def links(which: NDArray[np.intp], share: NDArray[np.float64]) -> NDArray[np.float64]:
            fitted = fit_model(self.spec, {**self.params, **self.whole}, rows.X[which], rows.y[which], task=task,
                               seed=1, share=share, times=GRID)  # fmt: skip
            scores = fitted.predict(rows.X)
            return scores.link if scores.curves is None else np.column_stack([scores.link, scores.curves])

        once = links(np.arange(n), np.ones(n))
        apart = float(np.abs(links(again, 1 / times[again]) - once).mean())
        by_rows = float(np.abs(links(again, np.ones(len(again))) - once).mean())
        assert apart <= (0.75 * by_rows if self.draws_rows else self.repeated)

    # --- hard tables ------------------------------------------------------------------------------

    def test_order_of_rows_and_columns_changes_nothing(self, task: Task) -> None:
        if self.order_matters:
            return
        rows = signal_rows(task)
        by_row, by_column = np.random.default_rng(1).permutation(len(rows.X)), np.arange(rows.X.shape[1])[::-1]
        shuffled = Rows(rows.X[by_row][:, by_column], rows.y[by_row], rows.signal[by_row])
        first = self.fit(rows, task).predict(rows.X)
        second = self.fit(shuffled, task).predict(rows.X[:, by_column])
        assert np.abs(first.link - second.link).max() <= 1e-6

    def test_constant_and_empty_columns_are_survived(self, task: Task) -> None:
        rows = signal_rows(task)
        frame = pd.DataFrame({f"v{j}": pd.array(rows.X[:, j], dtype="Float64") for j in range(rows.X.shape[1])})
        frame["constant"] = pd.array([3.0] * len(frame), dtype="Float64")
        frame["empty"] = pd.array([None] * len(frame), dtype="Float64")
        frame.loc[::4, "v1"] = pd.NA
        variables = {name: Variable(name, "number") for name in frame.columns}
        prep = fit_prep(frame, variables, Recipe.for_needs(self.spec.needs))
        prepared = Rows(prep.transform(frame).X, rows.y, rows.signal)
        assert np.isfinite(self.fit(prepared, task).predict(prepared.X).link).all()
        with_constant = np.column_stack([prepared.X, np.full(len(frame), 3.0)]).astype(np.float32)
        bare = Rows(with_constant, rows.y, rows.signal)
        assert np.isfinite(self.fit(bare, task).predict(bare.X).link).all()

    def test_more_columns_than_rows_are_survived(self, task: Task) -> None:
        rows = signal_rows(task, n=40, p=90)
        assert np.isfinite(self.fit(rows, task).predict(rows.X).link).all()

    def test_rows_that_allow_no_fit_are_refused_with_the_reason(self, task: Task) -> None:
        if self.spec.family == "baseline":
            return
        rows = signal_rows(task)
        with pytest.raises(DataError, match="no column is left"):
            self.fit(Rows(rows.X[:, :0], rows.y, rows.signal), task)
        if task == "regression":
            return
        y = rows.y.copy()
        if task in SURVIVAL_TASKS:
            y["event"] = 0
        else:
            y[:] = 0
        with pytest.raises(DataError, match=r"no event|one class"):
            self.fit(Rows(rows.X, y, rows.signal), task)

    def test_a_single_event_is_survived(self, task: Task) -> None:
        if task not in ("binary", "survival"):
            return
        rows = signal_rows(task, n=40)
        y = rows.y.copy()
        if task == "survival":
            y["event"] = 0
            y["event"][5] = 1
        else:
            y[:] = 0
            y[5] = 1
        assert np.isfinite(self.fit(Rows(rows.X, y, rows.signal), task).predict(rows.X).link).all()

    # --- honesty ----------------------------------------------------------------------------------

    def test_a_permuted_outcome_cannot_be_predicted(self, task: Task) -> None:
        assert self.permuted(task, seeds=5) == pytest.approx(0.5, abs=0.06)

    @pytest.mark.slow
    def test_a_permuted_outcome_cannot_be_predicted_over_twenty_seeds(self, task: Task) -> None:
        assert self.permuted(task, seeds=20) == pytest.approx(0.5, abs=0.03)

    def permuted(self, task: Task, seeds: int) -> float:
        """Mean AUC or C on new rows of models that learned from shuffled outcomes."""
        found = []
        for seed in range(seeds):
            rows, new = signal_rows(task, seed=100 + seed), signal_rows(task, n=400, seed=500 + seed)
            order = np.random.default_rng(seed).permutation(len(rows.y))
            fitted = self.fit(Rows(rows.X, rows.y[order], rows.signal), task, seed=seed)
            y = new.y[np.random.default_rng(seed + 1).permutation(len(new.y))]
            found.append(concordance(risk_score(fitted.predict(new.X).link, task), y, task))
        return float(np.mean(found))

    # --- the saved form ---------------------------------------------------------------------------

    def test_saved_and_restored_in_a_new_process_it_predicts_the_same_bits(self, tmp_path: Path) -> None:
        expected = {}
        for task in sorted(self.spec.tasks & set(_TASKS)):
            rows = signal_rows(task)
            fitted = self.fit(rows, task)
            if not self.saved:
                with pytest.raises(BundleError, match=self.name):
                    fitted.dump()
                continue
            write_state(fitted.dump(), rows.X, tmp_path / task)
            expected[task] = fitted.predict(rows.X)
        if expected:
            more = [] if self.plugin is None else [str(self.plugin)]
            command = [sys.executable, "-c", RESTORE, self.name, str(tmp_path), *more]
            subprocess.run(command, check=True, timeout=120)
        for task, scores in expected.items():
            assert np.array_equal(np.load(tmp_path / task / "link.npy"), scores.link), task
            if scores.curves is not None:
                assert np.array_equal(np.load(tmp_path / task / "curves.npy"), scores.curves), task


_TASKS = ("binary", "multiclass", "regression", "survival")


def check_curves(scores: Scores, n: int) -> None:
    """Survival curves stand on the grid, start at 1, never rise and stay in [0, 1]."""
    assert scores.times is not None and np.array_equal(scores.times, GRID)
    assert scores.curves is not None and scores.curves.shape == (n, len(GRID))
    assert (scores.curves[:, 0] == 1).all()
    assert (np.diff(scores.curves, axis=1) <= 0).all()
    assert ((scores.curves >= 0) & (scores.curves <= 1)).all()


def write_state(state: State, X: NDArray[Any], folder: Path) -> None:
    """Write a state as a bundle would: JSON, npz without pickle, named files."""
    (folder / "files").mkdir(parents=True)
    (folder / "state.json").write_text(json.dumps(state.json, allow_nan=False), encoding="utf-8")
    np.savez(folder / "arrays.npz", **cast(Any, state.arrays))
    for name, content in state.files.items():
        (folder / "files" / name).write_bytes(content)
    np.save(folder / "X.npy", X)
