"""Models: a registry and one file per model. `from tabml.models import Float, model` is all a new one needs."""

from tabml.core.spec import Choice, Float, Int, Scores, State
from tabml.models._fit import fit_model
from tabml.models.registry import available, get, load_plugin, model, specs, unavailable

__all__ = ["Choice", "Float", "Int", "Scores", "State", "available", "fit_model", "get", "load_plugin", "model",
           "specs", "unavailable"]  # fmt: skip
