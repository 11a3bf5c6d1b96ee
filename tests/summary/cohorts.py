"""Small cohorts for the tests of summary and audit, one column per keyword."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tabml.core.cohort import DTYPES, Cohort, FlowStep, Kind, Provenance, Role, Variable
from tabml.core.config import StudyConfig
from tabml.core.outcome import make_target, with_roles
from tabml.core.target import Target


def cohort(
    columns: dict[str, Any],
    *,
    kinds: dict[str, Kind] | None = None,
    roles: dict[str, Role] | None = None,
    levels: dict[str, dict[str, str]] | None = None,
    centre: Any = None,
    patient: Any = None,
) -> Cohort:
    """A cohort of these columns, numbers unless `kinds` says otherwise; file rows start at 2."""
    n = len(next(iter(columns.values())))
    frame, variables = {}, {}
    for name, values in columns.items():
        kind = (kinds or {}).get(name, "number")
        values = [None if v is None or v != v else v for v in np.asarray(values, dtype=object)]
        if kind == "category":
            frame[name] = pd.Series(pd.Categorical([None if v is None else str(v) for v in values]))
        else:
            frame[name] = pd.Series(values, dtype="object").astype(DTYPES[kind])
        variables[name] = Variable(
            name, kind, (roles or {}).get(name, "feature"), levels=(levels or {}).get(name, {})
        )  # fmt: skip
    rows = pd.DataFrame(
        {"patient": np.arange(n) if patient is None else patient, "pseudonym": [f"P{k}" for k in range(n)],
         "centre": pd.NA if centre is None else centre, "source": "one", "group": np.arange(n)}
    )  # fmt: skip
    empty = pd.DataFrame()
    provenance = Provenance(empty, empty, pd.DataFrame({"one.row": np.arange(n) + 2}), empty)
    return Cohort(pd.DataFrame(frame), variables, rows, provenance=provenance, flow=(FlowStep("rows read", n),))


def target_of(made: Cohort, config: StudyConfig | None = None) -> tuple[Cohort, Target]:
    """The cohort with its roles, and its outcome."""
    config = config or StudyConfig()
    made = with_roles(made, config.data)
    return made, make_target(made, config)[0]


def settings(**data: Any) -> StudyConfig:
    return StudyConfig.model_validate({"data": data})


def noise(n: int, p: int, seed: int = 0) -> dict[str, Any]:
    """p columns that mean nothing."""
    values = np.random.default_rng(seed).normal(size=(n, p))
    return {f"v{j}": values[:, j] for j in range(p)}
