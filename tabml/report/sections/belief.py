"""Sections 4 and 5: can the risk be believed (calibration), and would acting on it help (decision curve)."""

from __future__ import annotations

from tabml.core.target import horizon_text
from tabml.report.blocks import Block, Figure, Grid, Section, SideBySide, TableRow, Text
from tabml.report.document import Record, View, text_of
from tabml.report.figures import performance
from tabml.report.figures.canvas import PALETTE
from tabml.report.sections.separation import seen_on
from tabml.report.words import listed, metric, percent

ROWS = ("calibration_in_the_large", "calibration_intercept", "calibration_slope", "survival_slope", "slope", "intercept",
        "observed_expected", "observed_expected_at", "ici", "ici_at", "brier", "brier_at")  # fmt: skip
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
NOT_KNOWN = {
    "regression": "No calibration slope was estimated; see the picture of predicted and observed values above."
}
TITLES = {"regression": "Are the predictions right on average?"}


def section(view: View) -> Section:
    figure, table = _figure(view), _table(view)
    blocks: list[Block] = []
    if figure and table:
        blocks.append(SideBySide(figure, table))
    else:
        blocks.extend((*figure, *table))
    if table and not figure and view.task == "regression" and view.best_curves("calibration"):
        blocks.append(
            Text("The picture of predicted and observed values above shows the same, group by group.", "note")
        )
    if not blocks:
        blocks.append(
            Text(
                NOT_KNOWN.get(
                    view.task, "Calibration was not estimated, so a predicted risk cannot be taken at its word."
                )
            )
        )
    return Section("belief", TITLES.get(view.task, "Can the risk be believed?"), tuple(blocks))


def usefulness(view: View) -> Section:
    """The decision curve; where there is none the page says so."""
    curves = _decision_curves(view)
    if not curves:
        return Section("usefulness", "Would it help decisions?", (Text(_no_curve(view)),))
    stated = (view.part("provenance").get("config") or {}).get("report", {}).get("thresholds")
    note = (
        ""
        if stated
        else " No range of thresholds was stated beforehand; the curve alone gives no licence to choose one."
    )
    caption = (
        "Higher is better. The threshold is the risk at which one would act; the model helps where its line lies "
        f"above both others.{note}"
    )
    figure = Figure(performance.decision(curves), caption)
    return Section("usefulness", "Would it help decisions?", (SideBySide((figure,), (_gains(curves),)),))


def _gains(curves: list[tuple[str, Record]]) -> Grid:
    """Net benefit at a few thresholds as patients of a hundred, model against everyone."""
    final = curves[0][1]
    at = [t for t in THRESHOLDS if min(final["x"]) - 0.005 <= t <= max(final["x"]) + 0.005]
    rows = tuple(
        TableRow((percent(t), *(f"{100 * _value(c, t):.1f}".replace("-", "−") for _, c in curves[:2]))) for t in at
    )  # fmt: skip
    note = (
        "Patients with the outcome found among 100, less the false alarms weighed by the threshold: acting from 20 % on says "
        "that one patient found is worth four acted on in vain. Acting on no one gains 0."
    )
    return Grid("Net gain among 100 patients", ("Act from a risk of", *(label for label, _ in curves[:2])), rows, note)


def _value(curve: Record, threshold: float) -> float:
    """The curve at the point nearest to the threshold."""
    k = min(range(len(curve["x"])), key=lambda j: abs(curve["x"][j] - threshold))
    return float(curve["y"][k])


def _no_curve(view: View) -> str:
    if view.task in ("binary", "survival", "competing_risks"):
        return "No decision curve was drawn in this study."
    return "Decision curves need a risk of one event; they do not apply to this outcome."


def _decision_curves(view: View) -> list[tuple[str, Record]]:
    """Curves named model, treat all and treat none, whatever the document calls them."""
    found = view.curves("decision")
    if not found:
        return []
    final = next((c for c in found if c.get("model") == "final" and not _is_plain(c)), None)
    if final is None:
        return []
    out: list[tuple[str, Record]] = [("act on the model", final)]
    for word, label in (("all", "act on everyone"), ("none", "act on no one")):
        plain = next((c for c in found if _is_plain(c) == word), None)
        if plain is not None:
            out.append((label, plain))
    if not any(label == "act on no one" for label, _ in out):
        out.append(("act on no one", {"x": [min(final["x"]), max(final["x"])], "y": [0.0, 0.0]}))
    return out


def _is_plain(curve: Record) -> str:
    """`all` or `none` for the reference lines of a decision curve, else empty."""
    words = {str(curve.get("model") or "").casefold(), *str(curve.get("label") or "").casefold().split()}
    return "all" if words & {"all", "everyone"} else "none" if words & {"none", "nobody"} else ""


def _figure(view: View) -> tuple[Block, ...]:
    if view.task == "regression":
        return ()
    groups = view.best_curves("calibration")
    smooth = view.best_curves("calibration_smooth")
    if not groups and not smooth:
        return ()
    if view.task == "multiclass":
        shown = [
            (view.class_label(str(c.get("cls") or c.get("class") or c.get("label") or "")), c) for c in groups[:PALETTE]
        ]
        svg = performance.calibration(shown, None, (), labels=("probability given", "share in whom it was so"))
        drawn = {label for label, _ in shown}
        lacking = [
            name for c in view.part("target").get("classes") or () if (name := view.class_label(str(c))) not in drawn
        ]
        more = f" Without a line: {listed(lacking)}." if lacking else ""
        said = "Calibration, one line per class, each against all others; a dot is a group of patients of equal size."
        return (Figure(svg, f"{said}{more}"),)
    horizon = next((int(c["horizon"]) for c in (*groups, *smooth) if c.get("horizon")), None)
    by = f" by {horizon_text(horizon)}" if horizon else ""
    bars = view.best_curves("risk_histogram")
    svg = performance.calibration(
        [("groups", g) for g in groups[:1]],
        smooth[0] if smooth else None,
        _by_outcome(bars),
        labels=(f"risk{by} the model gave", f"share in whom it happened{by}"),
        histogram_labels=("without", "with") if len(bars) > 1 else (),
    )
    first = (groups or smooth)[0]
    below = " Below: how often each risk was given, with the outcome (up) and without (down)." if len(bars) > 1 else \
        " Below: how often each risk was given." if bars else ""  # fmt: skip
    return (Figure(svg, f"Predicted against observed, {seen_on(first)}; dots are groups with 95 % intervals.{below}"),)


def _by_outcome(bars: list[Record]) -> list[Record]:
    """Histograms ordered: without the outcome first, with it second."""
    return sorted(bars, key=lambda c: str(c.get("cls") or c.get("label") or ""))[:2] if len(bars) > 1 else bars


def _table(view: View) -> tuple[Block, ...]:
    found = [(k, e) for k in ROWS if (e := view.estimate(k)) is not None]
    if any(k == "calibration_in_the_large" for k, _ in found):
        found = [(k, e) for k, e in found if k != "calibration_intercept"]
    if not found:
        return ()
    rows = [TableRow((_named(k, e), text_of(e), metric(k).ideal)) for k, e in found]
    plain = [
        f"{metric(k).label.removesuffix(' at the horizon')}: {metric(k).plain}" for k, _ in found if metric(k).plain
    ]
    return (
        Grid(
            "Calibration with 95 % intervals", ("Measure", "Final model", "Ideal"), tuple(rows), "; ".join(plain) + "."
        ),
    )


def _named(key: str, estimate: Record) -> str:
    label = metric(key).label
    horizon = estimate.get("horizon")
    label = f"{label.removesuffix(' at the horizon')} at {horizon_text(int(horizon))}" if horizon else label
    return label[:1].upper() + label[1:]
