"""Forests as node arrays: fitted by scikit-learn, evaluated and saved by numpy, equal bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.spec import Array, Scores, State
from tabml.core.target import Task

Floats = NDArray[np.float64]
ROWS_AT_ONCE = 2048
LEAF = -1
ROUNDING = 1e-6  # of sums of shares of patients


@dataclass(frozen=True)
class NodeForest:
    """Trees laid end to end: node j goes left where `x[feature] <= threshold`, and is a leaf where feature is -1.

    `roots` (trees + 1,) are the first nodes of each tree and the end; `left` and `right` count from the
    start of all. `value` (nodes, K): class shares (for binary the positive class alone) or means. Mean
    shares are kept `floor` away from 0 and 1 before the logit: n patients cannot show a smaller risk.
    """

    task: Task
    roots: NDArray[np.int64]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    checkpoints: tuple[float, ...]
    floor: float

    def predict(self, X: Array) -> Scores:
        return self.predict_path(X)[-1]

    def predict_path(self, X: Array) -> list[Scores]:
        X = np.asarray(X, dtype=np.float32)
        parts = [self._means(X[i : i + ROWS_AT_ONCE]) for i in range(0, max(len(X), 1), ROWS_AT_ONCE)]
        return [self._scores(np.concatenate([p[j] for p in parts])) for j in range(len(self.checkpoints))]

    def at(self, checkpoint: float) -> NodeForest:
        """The same forest, its first `checkpoint` trees only."""
        trees = int(checkpoint)
        end = int(self.roots[trees])
        nodes = {k: getattr(self, k)[:end] for k in ("feature", "threshold", "left", "right", "value")}
        return replace(self, roots=self.roots[: trees + 1], checkpoints=(checkpoint,), **nodes)

    def dump(self) -> State:
        arrays = {k: getattr(self, k) for k in ("roots", "feature", "threshold", "left", "right", "value")}
        return State({"task": self.task, "checkpoints": list(self.checkpoints), "floor": self.floor}, arrays)

    @classmethod
    def restore(cls, state: State) -> NodeForest:
        return cls(task=state.json["task"], checkpoints=tuple(state.json["checkpoints"]), floor=state.json["floor"],
                   **state.arrays)  # fmt: skip

    def _means(self, X: NDArray[np.float32]) -> list[NDArray[np.float64]]:
        """Mean leaf values (n, K) at each checkpoint, added up tree by tree in scikit-learn's order."""
        leaves = self._leaves(X)
        total = np.zeros((len(X), self.value.shape[1]))
        means = []
        for tree in range(len(self.roots) - 1):
            total += self.value[leaves[:, tree]]
            if tree + 1 in self.checkpoints:
                means.append(total / (tree + 1))
        return means

    def _leaves(self, X: NDArray[np.float32]) -> NDArray[np.int64]:
        """The leaf each row (n) reaches in each tree: (n, trees)."""
        node = np.tile(self.roots[:-1], (len(X), 1))
        row, tree = np.nonzero(self.feature[node] != LEAF)
        while len(row):
            here = node[row, tree]
            goes_left = X[row, self.feature[here]] <= self.threshold[here]
            below = np.where(goes_left, self.left[here], self.right[here])
            node[row, tree] = below
            inner = self.feature[below] != LEAF
            row, tree = row[inner], tree[inner]
        return node

    def _scores(self, mean: NDArray[np.float64]) -> Scores:
        if self.task == "regression":
            return Scores(mean[:, 0])
        share = np.clip(mean, self.floor, 1.0 - self.floor)
        if self.task == "binary":
            return Scores(np.log(share[:, 0]) - np.log1p(-share[:, 0]))
        return Scores(np.log(share / share.sum(axis=1, keepdims=True)))


def forest_of(
    estimators: Sequence[Any], task: Task, n_classes: int | None, checkpoints: tuple[float, ...], patients: int
) -> NodeForest:
    """Read fitted scikit-learn trees into node arrays; their classes are the codes they were fitted on."""
    trees = [e.tree_ for e in estimators]
    roots = np.concatenate([[0], np.cumsum([t.node_count for t in trees])]).astype(np.int64)
    shift = np.repeat(roots[:-1], np.diff(roots))
    feature = np.concatenate([t.feature for t in trees]).astype(np.int32)
    inner = feature >= 0
    return NodeForest(
        task=task,
        roots=roots,
        feature=np.where(inner, feature, LEAF).astype(np.int32),
        threshold=np.where(inner, np.concatenate([t.threshold for t in trees]), 0.0),
        left=np.where(inner, np.concatenate([t.children_left for t in trees]) + shift, LEAF).astype(np.int32),
        right=np.where(inner, np.concatenate([t.children_right for t in trees]) + shift, LEAF).astype(np.int32),
        value=np.concatenate([_values(e, t, task, n_classes) for e, t in zip(estimators, trees, strict=True)]),
        checkpoints=checkpoints,
        floor=0.5 / max(patients, 1),
    )


def smallest_leaf(estimators: Sequence[Any]) -> int:
    """Rows in the smallest leaf of fitted scikit-learn trees."""
    return min(int(e.tree_.n_node_samples[e.tree_.feature < 0].min()) for e in estimators)


def _values(estimator: Any, tree: Any, task: Task, n_classes: int | None) -> NDArray[np.float64]:
    value = np.asarray(tree.value[:, 0, :], dtype=np.float64)
    if task == "regression":
        return value
    shares = np.zeros((len(value), n_classes or 2))
    shares[:, np.asarray(estimator.classes_, dtype=np.int64)] = value
    return shares[:, 1:] if task == "binary" else shares


@dataclass(frozen=True)
class ForestLearner:
    """Fits scikit-learn's forest of one kind and keeps only its nodes.

    `leaf` None: max(5, n / 100) patients; `features`: share of the columns tried at a split, None: square root.
    Under weights a leaf holds that much weight, so that rows of one patient do not fill it.
    """

    kind: str
    task: Task
    seed: int
    trees: int
    leaf: int | None
    features: float | None
    n_classes: int | None

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> NodeForest:
        patients = len(X) if weight is None else max(1, round(float(np.sum(weight))))
        leaf = self.leaf or max(5, patients // 100)
        regression = self.task == "regression"
        outcome = y.astype(np.float64) if regression else y.astype(np.int64)
        classes = None if regression else np.unique(outcome)
        codes = outcome if classes is None else np.searchsorted(classes, outcome)
        if weight is not None and self.kind == "RandomForest":
            trees = self._drawn_trees(X, codes, np.asarray(weight, dtype=np.float64), patients, leaf)
        else:
            trees = self._trees(X, codes, weight, patients, leaf)
        if classes is not None:
            for tree in trees:
                tree.classes_ = classes[tree.classes_.astype(np.int64)]
        marks = tuple(float(t) for t in (self.trees // 4, self.trees // 2, self.trees) if t > 0)
        return forest_of(trees, self.task, self.n_classes, tuple(dict.fromkeys(marks)), patients)

    def _trees(self, X: Array, y: NDArray[Any], weight: Array | None, patients: int, leaf: int) -> list[Any]:
        """scikit-learn's own forest."""
        import sklearn.ensemble

        cls = getattr(sklearn.ensemble, self.kind + ("Regressor" if self.task == "regression" else "Classifier"))
        heavy = {} if weight is None else {"min_weight_fraction_leaf": _fraction(leaf, patients)}
        forest = cls(n_estimators=self.trees, min_samples_leaf=leaf, max_features=self.features or "sqrt",
                     random_state=self.seed, n_jobs=1, **heavy)  # fmt: skip
        return list(forest.fit(X, y, sample_weight=weight).estimators_)

    def _drawn_trees(self, X: Array, y: NDArray[Any], weight: Floats, patients: int, leaf: int) -> list[Any]:
        """A random forest whose draws are as large as the number of patients, a row's chance being its weight.

        scikit-learn draws as many rows as there are: a patient of 100 rows would stand in every tree.
        """
        import sklearn.tree

        cls = sklearn.tree.DecisionTreeRegressor if self.task == "regression" else sklearn.tree.DecisionTreeClassifier
        random = np.random.RandomState(self.seed)
        trees = []
        for _ in range(self.trees):
            drawn = random.multinomial(patients, weight / weight.sum())
            tree = cls(min_weight_fraction_leaf=_fraction(leaf, patients), max_features=self.features or "sqrt",
                       random_state=random.randint(2**31 - 1))  # fmt: skip
            rows = np.flatnonzero(drawn)
            trees.append(tree.fit(X[rows], y[rows], sample_weight=drawn[rows].astype(np.float64)))
        return trees


def _fraction(leaf: int, patients: int) -> float:
    """The share of the whole weight that a leaf needs."""
    return min(0.5, (leaf - ROUNDING) / patients)
