"""Section 3: does it tell patients apart: ROC, Kaplan-Meier by risk group, or predicted against observed."""

from __future__ import annotations

from tabml.core.results import ESTIMATES
from tabml.core.target import horizon_text
from tabml.report.blocks import Block, Figure, Grid, Section, SideBySide, TableRow, Text
from tabml.report.document import Record, View, text_of
from tabml.report.figures import performance
from tabml.report.sections.patients import time_unit
from tabml.report.words import METRICS, PAIRS, WITHIN_FOLDS, listed, metric, model_name

TITLES = {"regression": "How close are the predictions?"}
SHOWN: dict[str, tuple[str, ...]] = {
    "binary": ("auroc", "auroc_pooled", "auprc", "scaled_brier", "brier", "log_loss"),
    "multiclass": ("hand_till_m", "multiclass_log_loss", "multiclass_brier", "log_loss", "brier"),
    "regression": ("mae", "median_absolute_error", "rmse", "r2", "concordance_correlation"),
    "survival": ("uno_c", "harrell_c", "auc_at", "ipa_at", "brier_at", "ibs"),
    "competing_risks": ("uno_c", "auc_at", "brier_at"),
}
THRESHOLD = ("sensitivity", "specificity", "ppv", "npv")


def section(view: View) -> Section:
    figure = _figure(view)
    table = _table(view)
    blocks: list[Block] = []
    if figure and table:
        blocks.append(SideBySide(figure, table))
    else:
        blocks.extend((*figure, *table))
    blocks.extend(_classes(view))
    blocks.extend(_thresholds(view))
    if not blocks:
        blocks.append(Text("No measure of separation was estimated."))
    return Section("separation", TITLES.get(view.task, "Does it tell patients apart?"), tuple(blocks))


def _figure(view: View) -> tuple[Block, ...]:
    if view.task == "regression":
        found = view.best_curves("calibration") or view.best_curves("agreement")
        if not found:
            return ()
        unit = str(view.part("target").get("unit") or "")
        return (Figure(performance.agreement(found[0], view.outcome, unit),
                       f"Groups of patients by prediction, {seen_on(found[0])}."),)  # fmt: skip
    if view.is_survival:
        return _risk_groups(view)
    final = view.best_curves("roc")
    if not final:
        return ()
    if view.task == "multiclass":
        shown = [(_class(view, c), c) for c in final][:6]
    else:
        simple = view.curves("roc", model="simple", estimate_type=final[0].get("estimate_type"))
        shown = [("Final model", final[0]), *((("Simple model", simple[0]),) if simple else ())]
    return (
        Figure(
            performance.roc(shown),
            f"ROC curve, {seen_on(final[0])}, all in one list whichever fold they stood in{_area(view, final[0])}. "
            "Nearer to the upper left corner is better.",
        ),
    )


def _area(view: View, curve: Record) -> str:
    """The area that the drawn curve encloses, where it is a number of the study."""
    found = view.estimate("auroc_pooled", estimate_type=curve.get("estimate_type"))
    return f" (area {found['value']:.2f})" if found is not None and found.get("value") is not None else ""


def _risk_groups(view: View) -> tuple[Block, ...]:
    found = view.best_curves("km_risk_group") or view.best_curves("km")
    if not found:
        return ()
    shown = [(str(c.get("label") or f"group {k + 1}").removesuffix(" predicted risk"), c) for k, c in enumerate(found)][
        :5
    ]
    end = max(max(c["x"]) for _, c in shown)
    svg = performance.survival(shown, time_unit(float(end)), key="km-risk", width=430)
    return (Figure(svg, f"Patients grouped by predicted risk, {seen_on(found[0])}: the further apart, the better."),)


def _table(view: View) -> tuple[Block, ...]:
    """The measures of this task, final model beside the simple one."""
    keys = [k for k in SHOWN.get(view.task, ()) if view.estimate(k) is not None]
    if not keys:
        return ()
    roles = ("final",)
    rows = [
        TableRow((_named(view, key), *(text_of(view.estimate(key, r)) for r in roles), metric(key).ideal),
                 "strong" if k == 0 else "plain")
        for k, key in enumerate(keys)
    ]  # fmt: skip
    names = sorted({str(e.get("estimate_type")) for k in keys for r in roles if (e := view.estimate(k, r)) is not None})
    note = "; ".join(f"{ESTIMATES[n].title.lower()}: {ESTIMATES[n].meaning}" for n in names if n in ESTIMATES)
    pairs = [metric(k).label for k in keys if k in PAIRS]
    how = f" {listed(pairs)}: {WITHIN_FOLDS}; the other measures take all patients in one list." if pairs else ""
    return (Grid("Measures with 95 % intervals", ("Measure", *(model_name(r) for r in roles), "Ideal"), tuple(rows),
                 (f"Estimates: {note}." if note else "") + how),)  # fmt: skip


def _named(view: View, key: str) -> str:
    found = view.estimate(key)
    horizon = found.get("horizon") if found else None
    label = metric(key).label
    if horizon:
        return f"{label.removesuffix(' at the horizon')} at {horizon_text(int(horizon))}"
    return label[:1].upper() + label[1:]


def _classes(view: View) -> tuple[Block, ...]:
    """Several classes: one row each, and the confusion table where there is one."""
    if view.task != "multiclass":
        return ()
    rows: list[TableRow] = []
    keys = [k for k in ("one_vs_rest_auroc", "auroc", "calibration_slope", "observed_expected")
            if any(e.get("class") for e in view.estimates(key=k, model="final"))]  # fmt: skip
    classes = list(
        dict.fromkeys(str(e["class"]) for k in keys for e in view.estimates(key=k, model="final") if e.get("class"))
    )
    for name in classes:
        found = [view.estimate(k, **{"class": name}) for k in keys]
        size = next((e for e in found if e is not None and e.get("events") is not None), None)
        rows.append(
            TableRow((view.class_label(name), str(size["events"]) if size else "–", *(text_of(e) for e in found)))
        )
    if not rows:
        return ()
    columns = ("Class", "Patients", *(METRICS[k].label for k in keys))
    note = "Each class against all others. A class with few patients has a wide interval or none."
    return (Grid("Class by class", columns, tuple(rows), note),)


def _thresholds(view: View) -> tuple[Block, ...]:
    """Sensitivity and the like at thresholds stated beforehand."""
    found = view.estimates(key=THRESHOLD, model="final", population="all")
    at = sorted({float(e["threshold"]) for e in found if e.get("threshold") is not None})
    if not at:
        return ()
    rows = [
        TableRow((f"{100 * t:g} %", *(text_of(view.estimate(k, threshold=t)) for k in THRESHOLD))) for t in at
    ]  # fmt: skip
    heads = ("Sensitivity", "Specificity", "Positive predictive value", "Negative predictive value")
    return (Grid("At the risk thresholds stated beforehand", ("Call positive from", *heads), tuple(rows)),)


def _class(view: View, curve: Record) -> str:
    return str(curve.get("label") or view.class_label(str(curve.get("cls") or curve.get("class") or "")))


def seen_on(curve: Record) -> str:
    said = {"apparent": "on the patients the model was built on (too good)",
            "external": "on patients of another study",
            "internal_external": "on left-out centres"}  # fmt: skip
    return said.get(str(curve.get("estimate_type")), "on patients the model had not seen")
