"""Section 6: why the model says so: which variables matter, in which direction, and two patients as examples."""

from __future__ import annotations

from tabml.report.blocks import Block, Bullets, Figure, Heading, Section, SideBySide, Text, Tiles
from tabml.report.document import Record, View
from tabml.report.figures import explanation as drawings
from tabml.report.words import UNUSED, listed, model_name

MOST = 12
EFFECTS = 6
SENTENCES = 5


def section(view: View) -> Section:
    found = view.rows("explanations")
    chosen = next((e for e in found if e.get("model") == "final"), found[0] if found else None)
    if chosen is None:
        return Section("reasons", "Why does it say so?", (Text(_why_not(view)),))
    blocks: list[Block] = [Text(_lead(chosen))]
    rows = _titled(view, list(chosen.get("importances") or ()))[:MOST]
    if rows:
        blocks.append(SideBySide(_importance(chosen, rows), _reading(rows)))
        blocks.extend(_effects(rows[:EFFECTS]))
    blocks.extend(_examples(view, chosen))
    unused = view.part("study").get("not_used") or {}
    if unused:
        told = [f"{name}{UNUSED.get(str(why), '')}" for name, why in unused.items()]
        blocks.append(Text(f"The final model does not use {listed(told)}.", "note"))
    if chosen.get("note"):
        blocks.append(Text(str(chosen["note"]), "note"))
    return Section("reasons", "Why does it say so?", tuple(blocks))


def _scale(chosen: Record) -> str:
    """The scale of the bars in words."""
    scale = str(chosen.get("scale") or "model scale")
    return "units of the outcome" if scale == "outcome" else scale


def _lead(chosen: Record) -> str:
    return (
        f"{model_name(str(chosen.get('model') or 'final'))}, explained by SHAP values: each patient's prediction is split "
        "into the parts its variables contribute, by a model that had not seen that patient. A large part is no proof of a cause."
    )


def _importance(chosen: Record, rows: list[Record]) -> tuple[Block, ...]:
    svg = drawings.importance(rows, _scale(chosen))
    return (Figure(svg, "Mean size of each variable's part in the predictions, whatever its direction."),)


def _reading(rows: list[Record]) -> tuple[Block, ...]:
    """What the leading variables do, in sentences read off their groups of values."""
    said = [s for row in rows[:SENTENCES] if (s := _sentence(row))]
    return (Heading("What raises and lowers it"), Bullets(tuple(said))) if said else ()


def _sentence(row: Record) -> str:
    groups = [g for g in row.get("bins") or () if len(g) > 1]
    if len(groups) < 2:
        return ""
    low, high = min(groups, key=lambda g: float(g[1])), max(groups, key=lambda g: float(g[1]))
    name = str(row.get("title"))
    if float(low[1]) < 0 < float(high[1]) and len(groups) == 2:
        return f"{name}: {high[0]} raises the prediction, {low[0]} lowers it."
    if float(low[1]) < 0 < float(high[1]):
        return f"{name}: {high[0]} raises the prediction most, {low[0]} lowers it most."
    most = high if abs(float(high[1])) >= abs(float(low[1])) else low
    return f"{name}: {most[0]} {'raises' if float(most[1]) > 0 else 'lowers'} the prediction most."


def _effects(rows: list[Record]) -> tuple[Block, ...]:
    shown = [r for r in rows if r.get("bins")]
    if not shown:
        return ()
    limits = drawings.effect_limits(shown)
    figures = tuple(Figure(drawings.effect(f"effect-{k}", row, limits), "") for k, row in enumerate(shown))
    key = "Mean part in the prediction by value: orange (right) raises it, blue (left) lowers it; n is the number of patients."
    return (Heading("The leading variables, value by value"), Tiles(figures), Text(key, "note"))


def _examples(view: View, chosen: Record) -> tuple[Block, ...]:
    examples = list(chosen.get("examples") or ())
    if not examples:
        return ()
    scale = _scale(chosen)
    cards = [_card(k, _example(view, e), scale) for k, e in enumerate(examples)]
    head = Heading("Two patients, step by step" if len(cards) == 2 else "Patients, step by step")
    pairs: list[Block] = [
        SideBySide(cards[k], cards[k + 1] if k + 1 < len(cards) else ()) for k in range(0, len(cards), 2)
    ]  # fmt: skip
    return (head, *pairs)


def _card(k: int, example: Record, scale: str) -> tuple[Block, ...]:
    said = (
        f"Patient {example.get('pseudonym')}: predicted {example.get('predicted')}, observed {example.get('observed')}"
    )
    note = f" {example['note']}" if example.get("note") else ""
    return (Figure(drawings.waterfall(f"patient-{k}", example), f"{said}. Bars in {scale}.{note}"),)


def _example(view: View, example: Record) -> Record:
    parts = _titled(view, list(example.get("contributions") or ()))
    observed = str(example.get("observed") or "")
    if observed in ("yes", "no"):
        observed = f"{view.outcome}: {observed}"
    return {**example, "contributions": parts, "observed": observed}


def _titled(view: View, rows: list[Record]) -> list[Record]:
    return [{**r, "title": r.get("title") or view.title_of(str(r.get("variable")))} for r in rows]


def _why_not(view: View) -> str:
    reason = next((str(f.get("evidence")) for f in view.rows("findings") if f.get("code") == "TB310"), "")
    return f"No explanation is available: {reason}" if reason else "No explanation was made in this study."
