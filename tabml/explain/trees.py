"""Path-dependent TreeSHAP of a forest held as node arrays; how many training rows pass each node is counted here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabml.explain.attribution import Floats
from tabml.models.families.forest import LEAF, NodeForest

EMPTY_LEAF = 1e-6  # rows in a leaf none of the given rows reaches: it is never visited, but never divided by 0


def forest_values(forest: NodeForest, X: NDArray[np.float32], rows: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """SHAP values (n, K, p) and base (K,) of the mean over the trees, on the forest's own scale (share or value).

    `rows` (m, p) are the training rows. Lundberg et al. 2020, by the shap library.
    """
    from shap import TreeExplainer

    trees = len(forest.roots) - 1
    cover = node_cover(forest, np.asarray(rows, dtype=np.float32))
    model = {"trees": [_tree(forest, t, cover, trees) for t in range(trees)], "tree_output": "raw_value",
             "internal_dtype": np.float64, "input_dtype": np.float32}  # fmt: skip
    explainer = TreeExplainer(model, feature_perturbation="tree_path_dependent")
    values = np.asarray(explainer.shap_values(X, check_additivity=False), dtype=float)
    values = values[:, None, :] if values.ndim == 2 else np.moveaxis(values, 2, 1)
    return values, _base(forest, cover)


def node_cover(forest: NodeForest, rows: NDArray[np.float32]) -> Floats:
    """How many of the rows pass each node: leaves counted, inner nodes summed from below."""
    cover = np.zeros(len(forest.feature))
    leaves = forest._leaves(rows)
    np.add.at(cover, leaves.ravel(), 1.0)
    is_leaf = forest.feature == LEAF
    cover[is_leaf] = np.maximum(cover[is_leaf], EMPTY_LEAF)
    for node in np.flatnonzero(~is_leaf)[::-1]:  # children stand behind their parent
        cover[node] = cover[forest.left[node]] + cover[forest.right[node]]
    return cover


def _base(forest: NodeForest, cover: Floats) -> Floats:
    """Mean over trees of each tree's leaf values weighted by cover."""
    is_leaf = forest.feature == LEAF
    tree = np.repeat(np.arange(len(forest.roots) - 1), np.diff(forest.roots))[is_leaf]
    weight = cover[is_leaf] / np.bincount(tree, weights=cover[is_leaf])[tree]
    return np.asarray((weight[:, None] * forest.value[is_leaf]).sum(axis=0) / (len(forest.roots) - 1), dtype=float)


def _tree(forest: NodeForest, t: int, cover: Floats, trees: int) -> dict[str, NDArray[np.generic]]:
    here = slice(int(forest.roots[t]), int(forest.roots[t + 1]))
    inner = forest.feature[here] != LEAF
    left = np.where(inner, forest.left[here] - forest.roots[t], -1)
    return {
        "children_left": left,
        "children_right": np.where(inner, forest.right[here] - forest.roots[t], -1),
        "children_default": left,
        "features": forest.feature[here],
        "thresholds": forest.threshold[here].astype(np.float64),
        "values": forest.value[here] / trees,
        "node_sample_weight": cover[here],
    }
