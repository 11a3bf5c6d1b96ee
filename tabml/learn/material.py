"""What every fit of a study sees: predictors, outcome, grid and settings, sent to each worker once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Cohort, Variable
from tabml.core.config import Prep, StudyConfig
from tabml.core.errors import ConfigError, DataError, did_you_mean
from tabml.core.target import Target, Task
from tabml.learn.loss import TimeGrid, study_grid
from tabml.learn.patients import Patients, usable_patients


@dataclass(frozen=True)
class Material:
    """`frame` holds the predictors of the target's rows, numbered 0...n-1 as `target.y`; nothing else of the cohort."""

    frame: pd.DataFrame
    variables: Mapping[str, Variable]
    target: Target
    patients: Patients
    grid: TimeGrid | None
    prep: Prep
    force: tuple[str, ...]
    plugins: tuple[str, ...]
    seed: int

    @property
    def task(self) -> Task:
        return self.target.task

    @property
    def y(self) -> NDArray[Any]:
        return self.target.y

    @property
    def events(self) -> int:
        """Effective events E: patients in the smaller class, with the event, or all of them."""
        return self.patients.events

    @property
    def out_shape(self) -> tuple[int, ...]:
        """What a link holds for each row: () for one number, (K,) classes, (T,) times."""
        if self.grid is not None:
            return (len(self.grid.times),)
        return (len(self.target.classes),) if self.task == "multiclass" else ()

    @property
    def row_centre(self) -> NDArray[np.object_]:
        """Centre of each row's patient, None where unknown."""
        return self.patients.centre[self.patients.of_row]


def assemble(cohort: Cohort, target: Target, config: StudyConfig) -> Material:
    """Take the predictors known at baseline and the rows with an outcome; DataError where there is no predictor."""
    names = list(cohort.features())
    if not names:
        raise DataError("no column is left as predictor", hint="tabml summary shows why; --keep COLUMN takes one back")
    frame = cohort.frame[names].iloc[target.rows].reset_index(drop=True)
    patients, _ = usable_patients(cohort, target)
    variables = {name: cohort.variables[name] for name in names}
    for name in config.features.force:
        if name not in variables:
            raise ConfigError(f"features.force: {name!r} is no predictor", hint=did_you_mean(name, names))
    # what a model file may not name, a model may not learn by name
    prep = config.prep.model_copy(update={"rare_level": max(config.prep.rare_level, config.privacy.small_cell)})
    return Material(
        frame, variables, target, patients, study_grid(target, patients.share), prep, config.features.force,
        config.search.plugins, config.seed,
    )  # fmt: skip
