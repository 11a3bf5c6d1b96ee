"""The words of the report: what each number is called, what it means to a clinician, what would be ideal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tabml.core.labels import METRIC_LABELS


@dataclass(frozen=True)
class Word:
    """A metric in words. `ideal` is what a perfect model would show; `plain` one sentence for a clinician."""

    key: str
    ideal: str
    plain: str
    chance: float | None = None

    @property
    def label(self) -> str:
        """Its name; an unknown measure is called by its key."""
        return METRIC_LABELS.get(self.key, self.key.replace("_", " "))


METRICS: dict[str, Word] = {
    "auroc": Word("auroc", "1", "how often the patient with the outcome gets the higher risk", 0.5),
    "auroc_pooled": Word("auroc_pooled", "1", "the area of the drawn ROC curve: pairs across folds count too", 0.5),
    "auprc": Word("auprc", "1", "precision over all thresholds; compare with the share of events"),
    "partial_auroc": Word("partial_auroc", "1", "AUROC at high specificity", 0.5),
    "hand_till_m": Word("hand_till_m", "1", "how often two patients of different classes are ordered right", 0.5),
    "one_vs_rest_auroc": Word("one_vs_rest_auroc", "1", "how often a patient of this class scores higher", 0.5),
    "multiclass_log_loss": Word("multiclass_log_loss", "0", "surprise at the classes, given the probabilities"),
    "multiclass_brier": Word("multiclass_brier", "0", "squared distance between probabilities and class"),
    "survival_slope": Word("survival_slope", "1", "below 1: risks too extreme; above 1: too timid"),
    "ici_at": Word("ici_at", "0", "mean distance between risk and a smooth curve of what was observed; single dots scatter more"),
    "brier": Word("brier", "0", "mean squared distance between risk and outcome"),
    "scaled_brier": Word("scaled_brier", "1", "share of the uncertainty explained", 0.0),
    "log_loss": Word("log_loss", "0", "surprise at the outcomes, given the risks"),
    "nagelkerke_r2": Word("nagelkerke_r2", "1", "explained variation", 0.0),
    "calibration_in_the_large": Word("calibration_in_the_large", "0", "below 0: risks too high on average; above 0: too low"),
    "calibration_intercept": Word("calibration_intercept", "0", "where the calibration line crosses even odds"),
    "calibration_slope": Word("calibration_slope", "1", "below 1: risks too extreme; above 1: too timid"),
    "observed_expected": Word("observed_expected", "1", "events that happened per event predicted"),
    "ici": Word("ici", "0", "mean distance between risk and a smooth curve of what was observed; single dots scatter more"),
    "e50": Word("e50", "0", "median distance between risk and observed share"),
    "e90": Word("e90", "0", "distance that 90 % of patients stay below"),
    "net_benefit": Word("net_benefit", "higher", "true positives gained per patient, less the weighted false ones"),
    "sensitivity": Word("sensitivity", "1", "share of patients with the outcome who are found"),
    "specificity": Word("specificity", "1", "share of patients without the outcome who are let go"),
    "ppv": Word("ppv", "1", "share of those above the threshold who have the outcome"),
    "npv": Word("npv", "1", "share of those below the threshold who do not"),
    "rmse": Word("rmse", "0", "typical error, large errors counting more"),
    "mae": Word("mae", "0", "mean distance between prediction and truth"),
    "median_absolute_error": Word("median_absolute_error", "0", "half of the predictions are closer than this"),
    "r2": Word("r2", "1", "share of the variation explained; below 0 is worse than the mean", 0.0),
    "concordance_correlation": Word("concordance_correlation", "1", "agreement of predicted and true values", 0.0),
    "slope": Word("slope", "1", "below 1: predictions too extreme; above 1: too timid"),
    "intercept": Word("intercept", "0", "shift of the predictions"),
    "bias": Word("bias", "0", "prediction minus truth"),
    "harrell_c": Word("harrell_c", "1", "how often the patient with the earlier event has the higher risk", 0.5),
    "uno_c": Word("uno_c", "1", "how often the patient with the earlier event has the higher risk", 0.5),
    "auc_at": Word("auc_at", "1", "how often a patient with the event by then has the higher risk", 0.5),
    "brier_at": Word("brier_at", "0", "mean squared distance between risk and outcome"),
    "ipa_at": Word("ipa_at", "1", "Brier score gained over Kaplan-Meier", 0.0),
    "ibs": Word("ibs", "0", "Brier score averaged over time"),
    "observed_expected_at": Word("observed_expected_at", "1", "events that happened per event predicted"),
}  # fmt: skip

#: Metrics that show how a centre compares, in order of choice.
RANKED = ("auroc", "hand_till_m", "one_vs_rest_auroc", "uno_c", "harrell_c", "mae", "rmse", "r2")

#: A headline is measured on patients the model has not seen and pays for selection; the others are named for what they are.
HONEST = ("external", "corrected_nested", "corrected_bbc", "internal_external")
BIASED = ("cv_winner", "apparent")

#: What the demographic baseline is given where a study does not say which of the two it found.
AGE_SEX = "age and sex"
#: Why a predictor is not read by the final model.
UNUSED = {"missing": " (too much of it is missing)", "constant": " (the same in all training patients)"}
#: Measures that count pairs of patients: of one fold, so that both risks come from the same model.
PAIRS = ("auroc", "hand_till_m", "one_vs_rest_auroc", "uno_c", "harrell_c", "auc_at")
WITHIN_FOLDS = "pairs of patients of one fold are counted, whose risks come from the same model"
MODEL_ROLES: dict[str, str] = {
    "final": "Final model",
    "simple": "Simple model",
    "age_sex": "Age and sex only",
    "null": "Everyone the same",
    "best": "Best single model",
}

#: The verdict of a study: tone, mark, and the sentence a run ends with.
VERDICTS: dict[str, tuple[Literal["good", "caution", "bad", "neutral"], str, str]] = {
    "useful": ("good", "Useful", "The data hold usable signal."),
    "not_better": ("caution", "Not clearly better than {age_sex}", "Not reliably better than {age_sex} alone."),
    "no_signal": ("bad", "No usable signal", "No usable signal: the models do no better than the average patient."),
    "unknown": ("neutral", "No verdict", ""),
}

#: Titles of findings by severity.
SEVERITY: dict[str, tuple[str, str]] = {
    "grave": ("bad", "Serious"),
    "warn": ("caution", "Take care"),
    "info": ("neutral", "For information"),
}

#: AUROC and C by size; wording only, never a decision.
SEPARATION = ((0.9, "very well"), (0.8, "well"), (0.7, "moderately well"), (0.6, "weakly"), (0.0, "hardly at all"))


def metric(key: str) -> Word:
    """The words of a metric; an unknown one is called by its key."""
    return METRICS.get(key, Word(key, "", ""))


def ranks_all_the_same(key: str, lower: float | None) -> str:
    """Said beside "no usable signal" where the interval of the headline excludes chance, so that neither denies the other.

    >>> ranks_all_the_same("auroc", 0.49)
    ''
    """
    word = metric(key)
    if word.chance is None or lower is None or lower <= word.chance:
        return ""
    return (
        f"The interval of {word.label} excludes {word.chance:g}: patients may be ordered better than by chance, but the "
        "predicted risks are not reliably closer to what happened than the average, and by these the verdict goes."
    )


def model_name(role: str) -> str:
    """A model as a reader knows it."""
    return MODEL_ROLES.get(role, role.replace("_", " "))


def separation(value: float) -> str:
    """How well a model with this AUROC or C tells patients apart, in words."""
    return next(word for floor, word in SEPARATION if value >= floor)


def percent(share: float, decimals: int = 0) -> str:
    """A share of one as a percentage.

    >>> percent(0.553)
    '55 %'
    """
    return f"{100 * share:.{decimals}f} %"


def count(n: int | float | None, noun: str, plural: str | None = None) -> str:
    """A count with its noun: `1 centre`, `4 centres`, thousands with a thin space."""
    if n is None:
        return f"unknown number of {plural or noun + 's'}"
    return f"{whole(n)} {noun if n == 1 else plural or noun + 's'}"


def whole(n: int | float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{int(n):,}".replace(",", "\u202f")


def listed(items: list[str] | tuple[str, ...], most: int = 8) -> str:
    """`a, b and c`; long lists are cut and counted."""
    shown = list(items[:most])
    more = len(items) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
