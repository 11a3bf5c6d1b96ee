"""The methods paragraphs: one sentence per record, chosen by look-up; what is not recorded is left to the author.

No sentence is invented: a missing record gives `author must fill: ...`. Numbers are those of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tabml.core.target import horizon_text
from tabml.report.document import View
from tabml.report.words import METRICS, PAIRS, UNUSED, WITHIN_FOLDS, count, listed, metric

FILL = "author must fill: {what}."

TASKS = {
    "binary": "a yes/no outcome",
    "multiclass": "an outcome with several classes",
    "regression": "a number",
    "survival": "the time to an event",
    "competing_risks": "the time to the first of several events",
}
METHODS = {
    "bbc": "bootstrap bias-corrected cross-validation (Tsamardinos et al. 2018): patients were resampled, the best configuration was "
    "chosen again in each resample and scored on the patients left out of it; calibration was measured on cross-fitted predictions",
    "nested": "nested cross-validation: the choice between configurations was made without the patients it was measured on",
}
FINAL = {
    "blend": "The final model is the calibrated blend of the best configurations",
    "simple": "The final model is the simplest one whose paired difference in loss to the best is within one standard error",
    "best": "The final model is the best single configuration",
}
MANY = 0.6  # of the resamples drawn: a measure with fewer was taken on fewer on purpose, not for want of pairs
FLAGS = {
    True: "missing values were imputed (mean in linear models and nets, else a measured median or the most frequent level) and marked by an indicator column",
    False: "missing values were imputed (mean in linear models and nets, else a measured median or the most frequent level), without indicator columns",
}


def methods(document: Mapping[str, Any], summary: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The methods as paragraphs: data, outcome and predictors, models, validation, measures, software."""
    stated = tuple(str(p) for p in document.get("methods") or ())
    if stated:
        return stated
    view = View.of(document, summary)
    return tuple(" ".join(filter(None, (write(view) for write in group))) for group in PARAGRAPHS)


def to_fill() -> tuple[str, ...]:
    """What no record can hold: TRIPOD+AI items that are the authors' to write."""
    return tuple(
        FILL.format(what=what)
        for what in (
            "ethics approval and consent",
            "setting and dates of recruitment, eligibility, treatments received",
            "who assessed the outcome and whether they were blinded to the predictors",
            "intended use and users; funding; conflicts of interest; protocol and registration",
        )
    )


def _fill(what: str) -> str:
    return FILL.format(what=what)


def _config(view: View, path: str) -> Any:
    node: Any = view.part("provenance").get("config")
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _sources(view: View) -> str:
    files = [f for f in view.part("provenance").get("data") or () if isinstance(f, Mapping)]
    patients = view.count("usable_patients", "patients")
    if not files or patients is None:
        return _fill("sources of the data")
    centres = view.count("centres") or 1
    where = f" from {count(centres, 'centre')}" if centres > 1 else ""
    book = " with a reviewed codebook" if _config(view, "data.codebook") else ""
    return f"{count(patients, 'patient')}{where} were read from {count(len(files), 'file')}{book}; every row left out is counted in the flow diagram."


def _outcome(view: View) -> str:
    if not view.part("target"):
        return _fill("definition of the outcome")
    said = f"The outcome was {view.event_words} ({TASKS.get(view.task, view.task)}"
    if view.events is not None:
        said += f", {view.events} with the event"
    said += ")."
    if view.is_survival and view.horizons:
        said += f" Risks are reported at {listed([horizon_text(h) for h in view.horizons])}."
    return said


def _predictors(view: View) -> str:
    features = view.count("features")
    if features is None:
        return _fill("choice of candidate predictors")
    aside = view.part("study").get("set_aside") or {}
    said = f"{count(features, 'candidate predictor')} known at baseline were considered."
    if aside:
        said += f" Set aside by the leakage audit: {listed(sorted(map(str, aside)))}."
    return said


def _missing(view: View) -> str:
    flags = _config(view, "prep.missing_flags")
    if flags is None:
        return _fill("handling of missing values")
    most = _config(view, "prep.max_missing")
    limit = (
        f"; {'models that need complete data' if flags else 'all models'} left out variables with more than {100 * most:.0f} % missing"
        if most
        else ""
    )
    return f"In each training fold {FLAGS[bool(flags)]}{limit}. The outcome was never imputed and never used to impute."


def _models(view: View) -> str:
    found = view.rows("models")
    if not found:
        return _fill("models that were tried")
    names = sorted({str(m.get("model")) for m in found})
    preset = _config(view, "preset")
    tuned = [m for m in found if m.get("origin") == "tpe"]
    said = f"{count(len(found), 'configuration')} of {count(len(names), 'kind of model', 'kinds of model')} were compared ({listed(names, 12)})"
    said += f", preset '{preset}'" if preset else ""
    if tuned:
        said += f"; {len(tuned)} of them were proposed by a tree-structured Parzen estimator"
    failed = sum(str(m.get("status")) == "failed" for m in found)
    return f"{said}." + (
        f" {count(failed, 'configuration')} failed and {'has' if failed == 1 else 'have'} no score." if failed else ""
    )


def _choice(view: View) -> str:
    choice = _config(view, "final.choice")
    if choice not in FINAL:
        return _fill("how the final model was chosen")
    return f"{_chosen(view) or FINAL[choice]}; it was refitted on all patients.{_unused(view)}"


def _chosen(view: View) -> str:
    """What the selection says was chosen, which need not be what was asked for."""
    selection = view.part("study").get("selection") or {}
    orders = [m[0] for m in selection.get("final") or ()]
    of_trial = {m.get("trial"): str(m.get("model")) for m in view.rows("models")}
    names = listed([of_trial[o] for o in orders if o in of_trial])
    if not names:
        return ""
    if selection.get("is_blend"):
        return f"The final model is the calibrated blend, with equal weights, of {names}"
    choice = _config(view, "final.choice")
    if choice in ("simple", "best"):
        return f"{FINAL[choice]}: {names}, calibrated"
    return f"The final model is one configuration, {names}, calibrated, for {selection.get('reason')}"


def _unused(view: View) -> str:
    """Candidate predictors that the final model does not read, and why."""
    found = view.part("study").get("not_used") or {}
    told = [f"{name}{UNUSED.get(str(why), '')}" for name, why in found.items()]
    return f" It does not use {listed(told)}." if told else ""


def _folds(view: View) -> str:
    splits = view.part("provenance").get("splits") or view.part("study").get("splits") or {}
    folds = (splits.get("folds") if isinstance(splits, Mapping) else None) or _config(view, "split.outer_folds")
    repeats = (splits.get("repeats") if isinstance(splits, Mapping) else None) or _config(view, "split.repeats") or 1
    if isinstance(folds, list | tuple):
        folds = len(folds)
    if not folds:
        return _fill("how patients were split")
    again = f", repeated {repeats} times" if isinstance(repeats, int) and repeats > 1 else ""
    counts = view.part("counts")
    several = counts.get("usable_rows", 0) != counts.get("usable_patients", 0)
    once = "; in fits and numbers the rows of a patient count as one together" if several else ""
    return (
        f"Performance was measured by {folds}-fold cross-validation{again}, stratified by outcome, all rows of a patient in "
        f"one fold{once}. Imputation, scaling, encoding and calibration were fitted inside the training part of each fold."
    )


def _correction(view: View) -> str:
    method = _config(view, "estimate.method")
    headline = view.headline()
    kind = str(headline.get("estimate_type")) if headline else ""
    method = {"corrected_bbc": "bbc", "corrected_nested": "nested"}.get(kind, method)
    if method not in METHODS:
        return _fill("how the estimate was corrected for selection")
    return f"The headline was corrected for having chosen among configurations by {METHODS[method]}.{_resamples(view, kind)}"


def _resamples(view: View, kind: str) -> str:
    """On how many resamples intervals rest: as drawn, and those that rest on fewer."""
    of = {(str(e.get("key")), str(e.get("estimate_type"))): int(e["resamples"])
          for e in view.estimates(model="final", population="all") if e.get("resamples")}  # fmt: skip
    mine = {key: n for (key, made), n in of.items() if made == kind}
    drawn = view.part("study").get("resamples") or max(mine.values(), default=0) or _config(view, "estimate.resamples")
    if not drawn:
        return ""
    asked = _config(view, "estimate.resamples")
    why = f" ({asked} were asked for; repeated folds and many patients get fewer)" if asked and asked > drawn else ""
    fewer: dict[int, list[str]] = {}
    for key, n in mine.items():
        if n < MANY * drawn:
            fewer.setdefault(n, []).append(metric(key).label)
    said = [
        f"those of {listed(list(dict.fromkeys(labels)))} on {n}" for n, labels in sorted(fewer.items(), reverse=True)
    ]
    beside = {n for (_, made), n in of.items() if made not in (kind, "internal_external") and n < MANY * drawn}
    said += [f"those of the apparent and the winner's estimates on {max(beside)} at most"] if beside else []
    said.append("those of calibration slopes and ratios on formulas, where each patient has one row")
    least = min((n for n in mine.values() if n >= MANY * drawn), default=drawn)
    usable = f" (of which {least} or more could be used)" if least < drawn else ""
    return f" Intervals (95 %) rest on {drawn} resamples of patients{why}{usable}; {'; '.join(said)}."


def _verdict(view: View) -> str:
    verdict = view.part("study").get("verdict")
    if not verdict:
        return ""
    return (
        "A model is called useful where the mean loss it saves on unseen patients, corrected for the choice, exceeds 1.645 "
        f"standard errors of the paired differences, against giving everyone the same answer and against {view.age_sex}."
    )


def _centres(view: View) -> str:
    names = view.centres()
    if not names:
        return ""
    if view.choice_is_shared:
        return (
            f"In addition each centre ({listed(names)}) was left out in turn and predicted by the same kind of model "
            "fitted on the others; the choice of model and its calibration had used all centres."
        )
    return (
        f"In addition each centre ({listed(names)}) was left out in turn and predicted by a model built on the others."
    )


def _measures(view: View) -> str:
    keys = list(dict.fromkeys(str(e.get("key")) for e in view.estimates(model="final", population="all")))
    if not keys:
        return _fill("measures of performance")
    labels = [metric(k).label for k in METRICS if k in keys]
    pairs = list(dict.fromkeys(metric(k).label for k in METRICS if k in keys and k in PAIRS))
    how = f" For {listed(pairs)} {WITHIN_FOLDS}." if pairs else ""
    drawn = " The ROC curve and the AUROC of all folds in one list count all pairs." if "auroc_pooled" in keys else ""
    return f"Reported measures: {listed(list(dict.fromkeys(labels)), 20)}.{how}{drawn} No threshold was chosen from the data."


def _explained(view: View) -> str:
    if not view.rows("explanations"):
        return ""
    return "Predictions were explained by SHAP values, each patient by a model that had not seen that patient."


def _software(view: View) -> str:
    found = view.part("provenance").get("software") or {}
    if not isinstance(found, Mapping) or not found:
        return _fill("software and versions")
    seed = view.part("provenance").get("seed", _config(view, "seed"))
    said = f"Software: {listed([f'{k} {v}' for k, v in found.items()], 20)}"
    return f"{said}; seed {seed}." if seed is not None else f"{said}."


PARAGRAPHS: tuple[tuple[Callable[[View], str], ...], ...] = (
    (_sources, _outcome, _predictors, _missing),
    (_models, _choice),
    (_folds, _correction, _verdict, _centres, _measures),
    (_explained, _software),
)
