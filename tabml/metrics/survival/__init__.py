"""Survival outcomes: separation, accuracy, calibration and plain description, censoring weighted by our own rules.

`y` is the structured array of `core.target` (days). Higher risk means earlier event. G, the Kaplan-Meier curve
of the censoring time, comes from all rows given, whatever their fold; events precede censorings at ties.
"""

from tabml.metrics.survival.accuracy import brier_at, brier_null_at, ibs, ibs_grid, ipa_at
from tabml.metrics.survival.calibration import (
    SurvivalGroup,
    calibration_errors_at,
    calibration_groups_at,
    calibration_slope,
    ici_at,
    observed_expected_at,
)
from tabml.metrics.survival.concordance import auc_at, concordance_resampled, harrell_c, uno_c
from tabml.metrics.survival.description import (
    KaplanMeierCurve,
    kaplan_meier_curve,
    log_rank,
    median_follow_up,
    median_survival,
    number_at_risk,
    restricted_mean,
    survival_at,
)

__all__ = [
    "KaplanMeierCurve",
    "SurvivalGroup",
    "auc_at",
    "brier_at",
    "brier_null_at",
    "calibration_errors_at",
    "calibration_groups_at",
    "calibration_slope",
    "concordance_resampled",
    "harrell_c",
    "ibs",
    "ibs_grid",
    "ici_at",
    "ipa_at",
    "kaplan_meier_curve",
    "log_rank",
    "median_follow_up",
    "median_survival",
    "number_at_risk",
    "observed_expected_at",
    "restricted_mean",
    "survival_at",
    "uno_c",
]
