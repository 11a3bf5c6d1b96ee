"""Linear discriminant analysis with a shrunken covariance."""

from __future__ import annotations

from typing import Any

from tabml import model
from tabml.core.spec import Float


@model(
    name="discriminant",
    tasks={"binary"},
    family="linear",
    needs={"complete", "numeric", "scaled"},
    space={"shrinkage": Float(0.01, 0.99)},
)
def build(shrinkage: float = 0.1) -> Any:
    """Suits few patients and many correlated columns; the shrinkage pulls the covariance towards a diagonal."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
