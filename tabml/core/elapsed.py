"""Follow-up given as a date: the days from another date to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from tabml.core.cohort import Cohort
from tabml.core.config import Data
from tabml.core.errors import ConfigError, DataError, did_you_mean
from tabml.core.findings import Finding, finding


def with_elapsed_time(cohort: Cohort, data: Data) -> tuple[Cohort, tuple[Finding, ...]]:
    """The cohort whose follow-up time is a number: a date becomes the days since `data.time_from`.

    Days before it stay negative, and are counted as any impossible time (TB134).
    """
    times = [name for name in cohort.with_role("time") if cohort.variables[name].kind == "date"]
    if not times:
        if data.time_from is not None:
            raise ConfigError("data.time_from is for a follow-up time that is a date, and here none is",
                              hint="leave data.time_from out")  # fmt: skip
        return cohort, ()
    last, first = times[0], data.time_from
    if first is None:
        raise DataError(f"follow-up time {last!r} is a date: it needs the date it is counted from",
                        hint=_how(cohort, last))  # fmt: skip
    if first not in cohort.variables:
        raise ConfigError(f"no column {first!r} for data.time_from", hint=did_you_mean(first, cohort.variables))
    if cohort.variables[first].kind != "date":
        raise DataError(f"data.time_from: {first!r} is no column of dates", hint=_how(cohort, last))
    days = (cohort.frame[last] - cohort.frame[first]).dt.days.to_numpy(dtype=float, na_value=np.nan)
    frame = cohort.frame.assign(**{last: pd.arrays.FloatingArray(np.asarray(days, dtype=np.float64), np.isnan(days))})
    variable = replace(cohort.variables[last], kind="number", unit="d", decimals=0)
    said = finding("TB180", f"follow-up time is the days from {first!r} to {last!r}", columns=[last, first])
    return replace(cohort, frame=frame, variables={**cohort.variables, last: variable}), (said,)


def _how(cohort: Cohort, last: str) -> str:
    dates = [name for name, v in cohort.variables.items() if v.kind == "date" and name != last]
    shown = f" (dates here: {', '.join(map(repr, dates[:6]))})" if dates else ""
    return (
        f'--set "data.time_from=COLUMN" for the column with that date{shown}, or in the codebook a time of kind number, '
        f'unit d, from expr: days(col("COLUMN"), col("{last}"))'
    )
