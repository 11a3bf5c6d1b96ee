"""Section 7: when not to use it: centres it has never seen, and everything found on the way."""

from __future__ import annotations

from tabml.report.blocks import Block, Figure, Grid, Heading, Section, TableRow, Text
from tabml.report.document import Record, View, text_of
from tabml.report.figures.performance import forest
from tabml.report.sections.notices import counted, notices
from tabml.report.words import METRICS, RANKED, metric

NEW_CENTRE = "new_centre"  # the population of a prediction interval
MEAN, NEW = "Mean of the centres", "A new centre"
BELIEF = ("observed_expected", "observed_expected_at", "calibration_slope", "survival_slope", "slope")


def section(view: View) -> Section:
    blocks: list[Block] = [*_centres(view)]
    if view.findings("grave"):
        blocks.append(Text("The serious findings stand on page one."))
    found = notices(view.findings("warn"), "What to be careful about")
    if found is not None:
        blocks.append(found)
    blocks.extend(counted(view.findings("info")))
    for code, lines in view.muted():
        blocks.append(Text(f"Muted by setting: {code}{': ' if lines else ''}{'; '.join(lines)}.", "note"))
    if not blocks:
        blocks.append(Text("Nothing was found that speaks against using the model on patients like these."))
    return Section("limits", "When not to use it", tuple(blocks))


def _centres(view: View) -> tuple[Block, ...]:
    """Leave one centre out: a table and a forest plot, every centre by name."""
    names = view.centres()
    if not names:
        several = (view.count("centres") or 1) > 1
        said = "No centre was left out in this study." if several else \
            "All patients come from one centre, so nothing is known about how the model travels."  # fmt: skip
        return (Text(f"{said} Check it on your own patients before use."),)
    keys = _keys(view)
    return (Heading("A hospital it has never seen"), _lead(view), *_forest(view, names, keys), _grid(view, names, keys))


def _lead(view: View) -> Text:
    """How the centres were left out, and of what."""
    if view.choice_is_shared:
        return Text(
            "Each centre was left out of the fit in turn: the model was fitted on the others and tried on it. Which model, "
            "and its calibration, were settled once for all centres, by cross-validation in which each took part: a new "
            "hospital may do a little worse.", "plain")  # fmt: skip
    return Text(
        "Each centre was left out in turn: the model was built on the others and tried on the one it had never seen. "
        "This is the best guess at what happens in a new hospital.", "plain")  # fmt: skip


def _keys(view: View) -> list[str]:
    present = {str(e.get("key")) for e in view.estimates(estimate_type="internal_external", model="final")}
    ordered = [k for k in RANKED if k in present] or [k for k in METRICS if k in present]
    return [*ordered[:2], *(k for k in BELIEF if k in present and k not in ordered[:2])]


def _forest(view: View, names: list[str], keys: list[str]) -> tuple[Block, ...]:
    if not keys:
        return ()
    key = keys[0]
    rows = [(name, _size(view, name, key), _at(view, name, key)) for name in names]
    shown: list[tuple[str, str, Record]] = [(n, s, e) for n, s, e in rows if e is not None]
    pooled = _at(view, None, key)
    inside = view.headline()
    shown.extend(
        (name, "", e)
        for name, e in ((MEAN, pooled), (NEW, _at(view, NEW_CENTRE, key)))
        if e is not None and e.get("value") is not None
    )
    reference = float(inside["value"]) if inside is not None and inside.get("key") == key else metric(key).chance
    if not any(e.get("value") is not None for _, _, e in shown):
        return ()
    label = metric(key).label
    dashed = (
        "the estimate over all centres together (page one)"
        if inside is not None and inside.get("key") == key
        else "chance"
    )
    svg = forest(shown, reference=reference, label=label)
    return (
        Figure(svg, f"{label} at each centre when it was left out, with 95 % intervals; the dashed line is {dashed}."),
    )


def _grid(view: View, names: list[str], keys: list[str]) -> Grid:
    rows = [
        TableRow((name, *_counts(view, name, keys), *(text_of(_at(view, name, k)) for k in keys))) for name in names
    ]  # fmt: skip
    if any(_at(view, None, k) is not None for k in keys):
        rows.append(TableRow((MEAN, *_counts(view, None, keys), *(text_of(_at(view, None, k)) for k in keys)), "strong"))  # fmt: skip
    heads = tuple(metric(k).label[:1].upper() + metric(k).label[1:] for k in keys)
    noun = "Events" if view.task != "regression" else ""
    columns = ("Centre left out", "Patients", *((noun,) if noun else ()), *heads)
    if any(_at(view, NEW_CENTRE, k) is not None for k in keys):
        blank = ("",) * (len(columns) - 1 - len(keys))
        rows.append(TableRow((NEW, *blank, *(text_of(_at(view, NEW_CENTRE, k)) for k in keys)), "strong"))
    return Grid("Leave one centre out", columns, tuple(rows), _note(view, names, keys))


def _note(view: View, names: list[str], keys: list[str]) -> str:
    said = [
        "Final model refitted without the centre. The centre took part in the choice and calibration of the model."
        if view.choice_is_shared
        else "The model was chosen, fitted and calibrated again without the centre; which one won may differ.",
        "Numbers with 95 % intervals.",
    ]
    if view.task == "binary":
        said.append("A centre with one outcome class has no AUROC.")
    if any(_at(view, NEW_CENTRE, k) is not None for k in keys):
        said.append(
            "Mean: random effects. New centre: where the number of the next centre is expected (95 % prediction interval)."
        )
    few = {name: why for name in names if (why := _too_few(view, name, keys))}
    if few:
        pooled = keys and _at(view, None, keys[0]) is not None
        said.append(f"Read with care: {'; '.join(f'{name} ({why})' for name, why in few.items())}" + (
            ", left out of the mean and of what is expected of a new centre." if pooled else "."
        ))  # fmt: skip
    return " ".join(said)


def _too_few(view: View, name: str, keys: list[str]) -> str:
    """`115 with and 8 without the outcome`, where either is too few to pool."""
    reasons = [str(e.get("reason") or "") for k in keys if (e := _at(view, name, k)) is not None]
    return next((r.removeprefix("few: ").partition(";")[0] for r in reasons if r.startswith("few")), "")


def _at(view: View, name: str | None, key: str) -> Record | None:
    population = "all" if name is None else NEW_CENTRE if name == NEW_CENTRE else f"centre:{name}"
    found = view.estimates(key=key, model="final", estimate_type="internal_external", population=population)
    found.sort(key=lambda e: -(e.get("horizon") or 0))
    return found[0] if found else None


def _counts(view: View, name: str | None, keys: list[str]) -> tuple[str, ...]:
    found = [e for k in keys if (e := _at(view, name, k)) is not None]
    n = next((e["n"] for e in found if e.get("n") is not None), None)
    events = next((e["events"] for e in found if e.get("events") is not None), None)
    shown = ("–" if n is None else str(n), "–" if events is None else str(events))
    return shown if view.task != "regression" else shown[:1]


def _size(view: View, name: str, key: str) -> str:
    found = _at(view, name, key)
    if found is None or found.get("n") is None:
        return ""
    events = found.get("events")
    return f"n {found['n']}" + (f", {events} events" if events is not None and view.task != "regression" else "")
