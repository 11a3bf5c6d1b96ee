"""SHAP values of any function by antithetic permutations against one background row, exactly additive.

Variables enter one after the other in a random order and then in the reverse of it (Castro et al. 2009; Mitchell
et al. 2022); all columns of a variable enter together.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tabml.explain.attribution import Floats

ROUNDS = 8  # pairs of orders for few variables
STEPS = 1600  # evaluations of all rows, at most: many variables get fewer rounds, never less than one


def permutation_values(
    answer: Callable[[NDArray[np.float32]], Floats],
    X: NDArray[np.float32],
    background: NDArray[np.float32],
    column_variable: NDArray[np.intp],
    *,
    seed: int,
    rounds: int | None = None,
) -> tuple[Floats, Floats]:
    """SHAP values by variable (n, K, V) and base (K,) of `answer` (rows -> (rows, K)), background row (p,).

    For every row base + sum of the values equals `answer` of it, whatever the number of rounds.
    """
    variables = int(column_variable.max()) + 1 if len(column_variable) else 0
    pairs = rounds or max(1, min(ROUNDS, STEPS // (2 * max(1, variables))))
    generator = np.random.default_rng(seed)
    base, full = answer(background[None, :])[0], answer(X)
    phi = np.zeros((len(X), full.shape[1], variables))
    for _ in range(pairs):
        order = generator.permutation(variables)
        for path in (order, order[::-1]):
            mixed = np.tile(background, (len(X), 1))
            before = np.tile(base, (len(X), 1))
            for step, v in enumerate(path):
                columns = column_variable == v
                mixed[:, columns] = X[:, columns]
                after = full if step == variables - 1 else answer(mixed)
                phi[:, :, v] += after - before
                before = after
    return phi / (2 * pairs), base
