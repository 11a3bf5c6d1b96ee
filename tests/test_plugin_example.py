"""The plugin of the tutorial: loaded from its file, fitted, saved and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tabml.models import fit_model, registry

PLUGIN = Path(__file__).resolve().parents[1] / "examples" / "plugin" / "discriminant.py"


def test_tutorial_plugin_fits_and_survives_saving(monkeypatch: pytest.MonkeyPatch):
    registry.specs()
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))  # other tests look at every registered model
    monkeypatch.setattr(registry, "_loaded", set(registry._loaded))
    assert registry.load_plugin(PLUGIN) == ("discriminant",)
    spec = registry.get("discriminant")
    draw = np.random.default_rng(3)
    X = draw.normal(size=(120, 4)).astype(np.float32)
    y = (X[:, 0] + draw.normal(size=120) > 0).astype(np.int64)
    fitted = fit_model(spec, {"shrinkage": 0.2}, X, y, task="binary", seed=1)
    link = fitted.predict(X).link
    assert np.corrcoef(link, X[:, 0])[0, 1] > 0.8
    assert np.array_equal(spec.restore(fitted.dump()).predict(X).link, link)
