"""Lines of the report's figures, from predictions of rows the models did not learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tabml.core.hazard import kaplan_meier
from tabml.core.results import Curve, EstimateType
from tabml.core.target import SURVIVAL_TASKS, horizon_text
from tabml.learn.evaluate.numbers import Bench
from tabml.learn.loss import Floats, Link, survival_of
from tabml.learn.pipeline import probability_of
from tabml.learn.scored import NAMED, Scored
from tabml.metrics.calibration import calibration_curve, calibration_groups
from tabml.metrics.classification import risk_histogram, roc_curve
from tabml.metrics.decision import DEFAULT_THRESHOLDS, decision_curve, survival_net_benefit
from tabml.metrics.intervals import Resamples
from tabml.metrics.survival import calibration_groups_at

ROC_CORNERS = 200
GROUPS = 10
RISK_GROUPS = ("low", "middle", "high")


def curves(bench: Bench, scored: Mapping[str, Scored], kind: EstimateType) -> list[Curve]:
    """All lines of the final and the simple model; the first repeat stands for all."""
    out: list[Curve] = []
    for name in NAMED:
        link = scored[name].link[0]
        task = bench.material.task
        if task == "binary":
            out += _binary(bench, name, kind, link)
        elif task == "multiclass":
            out += _classes(bench, name, kind, link)
        elif task == "regression":
            out += _agreement(bench, name, kind, link)
        elif task in SURVIVAL_TASKS:
            out += _survival(bench, name, kind, link)
    return out


def _binary(bench: Bench, name: str, kind: EstimateType, link: Link) -> list[Curve]:
    """Lines of the calibrated risks of all patients in one list; the ROC curve encloses `auroc_pooled`."""
    y, p = bench.material.y, probability_of(link, "binary")
    share = bench.judge.share
    out = [*_roc(y, p, name, kind, share=share), *_calibration(bench, y, p, name, kind)]
    smooth = calibration_curve(y, p, weight=share)
    if smooth is not None:
        out.append(Curve("calibration_smooth", name, kind, _t(smooth.predicted), _t(smooth.observed), counts=smooth.n))
    edges, without, with_ = risk_histogram(y, p, weight=share)
    for label, cls, held in (("without", "0", without), ("with", "1", with_)):
        shares, counts = tuple(c / max(1, bench.material.patients.n) for c in held), tuple(map(_whole, held))
        out.append(Curve("risk_histogram", name, kind, _t(edges), shares, label=label, cls=cls, counts=counts))
    found = decision_curve(y, p, resamples=Resamples(bench.weights[:, bench.judge.patient]), weight=share)
    low, high = (() if x is None else _t(x) for x in (found.lower, found.upper))
    out.append(Curve("decision", name, kind, _t(found.threshold), _t(found.model), low, high, label="model"))
    if name == NAMED[0]:
        out.append(Curve("decision", "treat all", kind, _t(found.threshold), _t(found.treat_all), label="treat all"))
    return out


def _roc(
    y: NDArray[np.integer], score: Link, name: str, kind: EstimateType, cls: str | None = None, label: str = "",
    *, share: Floats | None,
) -> list[Curve]:  # fmt: skip
    found = roc_curve(y, score, weight=share, points=ROC_CORNERS)
    if found is None:
        return []
    return [Curve("roc", name, kind, _t(found.false_positive), _t(found.true_positive), cls=cls, label=label)]


def _calibration(
    bench: Bench, y: NDArray[np.integer], p: Floats, name: str, kind: EstimateType, cls: str | None = None,
    label: str = "",
) -> list[Curve]:  # fmt: skip
    """Dots of the calibration plot: groups of equal size by predicted risk."""
    groups = calibration_groups(y, p, groups=GROUPS, weight=bench.judge.share, least=bench.small_cell)
    x, observed, low, high = (
        tuple(float(getattr(g, part)) for g in groups) for part in ("predicted", "observed", "lower", "upper")
    )
    counts = tuple(int(g.n) for g in groups)
    return [Curve("calibration", name, kind, x, observed, low, high, cls=cls, label=label, counts=counts)]


def _classes(bench: Bench, name: str, kind: EstimateType, link: Link) -> list[Curve]:
    target = bench.material.target
    p = probability_of(link, "multiclass")
    out: list[Curve] = []
    for k, (code, label) in enumerate(zip(target.classes, target.class_labels, strict=True)):
        y = np.asarray(target.y == k, dtype=np.int64)
        out += _roc(y, p[:, k], name, kind, code, label, share=bench.judge.share)
        out += _calibration(bench, y, p[:, k], name, kind, code, label)
    return out


def _agreement(bench: Bench, name: str, kind: EstimateType, link: Link) -> list[Curve]:
    """Mean observed against mean predicted value in up to ten groups by prediction, with the interval of the mean."""
    y, w = bench.material.y, _weight(bench)
    groups = max(2, min(GROUPS, _whole(w.sum()) // bench.small_cell))  # few patients make fewer dots, not none
    parts = [g for g in _split(link, groups, w) if _whole(w[g].sum()) >= bench.small_cell]
    x = tuple(float(np.average(link[g], weights=w[g])) for g in parts)
    middle = [float(np.average(y[g], weights=w[g])) for g in parts]
    apart = [float(np.average((y[g] - m) ** 2, weights=w[g])) for g, m in zip(parts, middle, strict=True)]
    reach = [1.96 * (v * n / (n - 1)) ** 0.5 / n**0.5 for v, n in zip(apart, (w[g].sum() for g in parts), strict=True)]
    low, high = (tuple(m + sign * r for m, r in zip(middle, reach, strict=True)) for sign in (-1, 1))
    unit = bench.material.target.unit or "1"
    counts = tuple(_whole(w[g].sum()) for g in parts)
    return [Curve("calibration", name, kind, x, tuple(middle), low, high, unit, unit, counts=counts)]


def _survival(bench: Bench, name: str, kind: EstimateType, link: Link) -> list[Curve]:
    grid, y = bench.material.grid, bench.material.y
    if grid is None:
        return []
    out: list[Curve] = []
    for h in sorted(bench.material.target.horizons, reverse=True):
        risk = 1 - survival_of(link[:, int(np.searchsorted(grid.times, h))])
        groups = [
            g
            for g in calibration_groups_at(y, risk, float(h), weight=bench.judge.share, least=bench.small_cell)
            if g.observed.value is not None
        ]
        if groups:
            observed, low, high = (
                tuple(float(getattr(g.observed, part) or 0.0) for g in groups) for part in ("value", "lower", "upper")
            )
            x, counts = tuple(float(g.predicted) for g in groups), tuple(g.n for g in groups)
            out.append(
                Curve(
                    "calibration", name, kind, x, observed, low, high, horizon=h, label=horizon_text(h), counts=counts
                )
            )
        if h == max(bench.material.target.horizons):
            out += _net_benefit(bench, name, kind, risk, h)
            out += _by_risk(bench, name, kind, risk)
    return out


def _net_benefit(bench: Bench, name: str, kind: EstimateType, risk: Floats, horizon: int) -> list[Curve]:
    y, at = bench.material.y, [float(t) for t in DEFAULT_THRESHOLDS]
    lines: list[tuple[str, str, Floats]] = [(name, "model", risk)]
    lines += [("treat all", "treat all", np.ones_like(risk))] if name == NAMED[0] else []
    out = []
    for model, label, said in lines:
        values = [survival_net_benefit(y, said, t, float(horizon), weight=bench.judge.share).value for t in at]
        x = tuple(t for t, v in zip(at, values, strict=True) if v is not None)
        out.append(
            Curve("decision", model, kind, x, tuple(v for v in values if v is not None), label=label, horizon=horizon)
        )
    return out


def _by_risk(bench: Bench, name: str, kind: EstimateType, risk: Floats) -> list[Curve]:
    """Kaplan-Meier of thirds of the predicted risk, with the number at risk at each step of the grid."""
    grid, y = bench.material.grid, bench.material.y
    if grid is None:
        return []
    at, w = grid.times[grid.steps], _weight(bench)
    out = []
    for label, rows in zip(RISK_GROUPS, _split(risk, len(RISK_GROUPS), w), strict=True):
        if _whole(w[rows].sum()) < bench.small_cell:
            continue
        curve = kaplan_meier(y["time"][rows], y["event"][rows] == 1, weight=w[rows])
        at_risk = tuple(_whole(w[rows][y["time"][rows] >= t].sum()) for t in at)
        out.append(
            Curve("km_risk_group", name, kind, _t(at), _t(curve.at(at)), x_unit="day", at_risk=at_risk,
                  label=f"{label} predicted risk", counts=(_whole(w[rows].sum()),))
        )  # fmt: skip
    return out


def _weight(bench: Bench) -> Floats:
    """Weight of each row, so that a patient counts once."""
    return np.ones(len(bench.material.y)) if bench.judge.share is None else bench.judge.share


def _split(score: Floats, parts: int, weight: Floats) -> list[NDArray[np.intp]]:
    """Rows in groups of equal weight by rising score."""
    order = np.argsort(score, kind="stable")
    if (weight == 1).all():
        return np.array_split(order, parts)
    middle = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    place = np.minimum((middle * parts).astype(int), parts - 1)
    return [order[place == g] for g in range(parts)]


def _whole(weight: float) -> int:
    """Whole patients: figures count nobody who is there in part."""
    return int(weight + 1e-6)


def _t(values: Floats | Sequence[float]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
