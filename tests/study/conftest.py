"""A whole small study, fitted once, for tests of what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.study.whole import run


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(1)
    x = rng.normal(size=120)
    pd.DataFrame({
        "id": np.arange(1, 121), "age": rng.integers(30, 80, 120), "crp": np.round(np.exp(x), 2),
        "dead": np.where(x + rng.logistic(size=120) > 0, "yes", "no"),
    }).to_csv(folder / "ward.csv", index=False)  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def study(place: Path):
    return run(place, "study")
