"""Families: the fitted objects models share, each with its own plain-data state (no pickle)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from tabml.core.errors import BundleError
from tabml.core.spec import State

#: Where each family's fitted object lives; it is imported only when a state of that family is restored.
HOMES: dict[str, tuple[str, str]] = {
    "baseline": ("tabml.models.families.baseline", "Baseline"),
    "linear": ("tabml.models.families.linear", "LinearPath"),
    "tree": ("tabml.models.families.forest", "NodeForest"),
    "forest": ("tabml.models.families.forest", "NodeForest"),
    "boosting": ("tabml.models.families.boosting", "BoostedTrees"),
    "neural": ("tabml.models.families.neural", "NeuralPath"),
}


def restorer(name: str, family: str) -> Callable[[State], Any]:
    """What brings a saved model of this family back; for a family without one, a function that says so."""

    def restore(state: State) -> Any:
        if family not in HOMES:
            raise BundleError(f"model {name!r} cannot be restored: family {family!r} has no saved form")
        module, cls = HOMES[family]
        return getattr(importlib.import_module(module), cls).restore(state)

    return restore


def refuse_saving(name: str, reason: str) -> BundleError:
    """The error for a model that cannot be written into a bundle."""
    return BundleError(f"model {name!r} cannot be saved: {reason}",
                       hint="choose another final model, or give dump and restore beside build()")  # fmt: skip
