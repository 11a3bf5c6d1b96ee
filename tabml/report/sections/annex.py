"""The statistician's annex: estimates side by side, every model tried, the equation, methods, settings and hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tabml.core.config import PRESETS, StudyConfig, resolve, settings
from tabml.core.labels import LOSS_LABELS
from tabml.core.results import ESTIMATES
from tabml.report.blocks import Block, Grid, Section, TableRow, Text
from tabml.report.document import Record, View, text_of
from tabml.report.methods import methods, to_fill
from tabml.report.words import METRICS, PAIRS, WITHIN_FOLDS, listed, metric

COLUMNS = ("apparent", "cv_winner", "corrected_bbc", "corrected_nested", "internal_external", "external")
EQUATION = "equation"
STATUS = {"ok": "finished", "finished": "finished", "failed": "failed", "pruned": "stopped early", "skipped": "not run",
          "not_run": "not run"}  # fmt: skip


def sections(view: View) -> tuple[Section, ...]:
    """The sections that have something to show; their keys start with `annex`."""
    found = (
        Section("annex-estimates", "Annex: the estimates side by side", estimates(view)),
        Section("annex-models", "Annex: every model that was tried", models(view)),
        Section("annex-equation", "Annex: the simple model as an equation", equation(view)),
        Section("annex-tables", "Annex: further tables", other_tables(view)),
        Section("annex-methods", "Annex: methods", method_text(view)),
        Section("annex-settings", "Annex: settings, versions and hashes", provenance(view)),
    )
    return tuple(s for s in found if s.blocks)


def estimates(view: View) -> tuple[Block, ...]:
    """Each metric of the final model under every estimate there is, and the other models' below."""
    blocks: list[Block] = []
    for role in ("final", "simple"):
        table = _side_by_side(view, role)
        if table is not None:
            blocks.append(table)
    compared = _comparisons(view)
    return (*blocks, *compared)


def models(view: View) -> tuple[Block, ...]:
    """One line per configuration: loss, status and reason; the best first, failures last."""
    found = list(view.rows("models"))
    if not found:
        return ()
    found.sort(key=lambda m: (m.get("loss") is None, m.get("loss") or 0.0, _model(m)))
    rows = tuple(
        TableRow(
            (_model(m), str(m.get("family") or "–"), _params(m), _loss(m), STATUS.get(str(m.get("status", "ok")), str(m.get("status"))),
             str(m.get("reason") or "")),
            "strong" if m.get("role") in ("final", "member", "winner") or m.get("selected") else "plain",
        )
        for m in found
    )  # fmt: skip
    note = (
        f"Loss: cross-validated {LOSS_LABELS.get(view.task, 'loss')}, lower is better, ± its standard error. "
        "Bold: part of the final model. A failed model has no score. The simple model is the simplest whose paired difference "
        "to the best is within the standard error of that difference, which is smaller than the ± beside each loss."
    )
    return (
        Grid(
            "Configurations, best first",
            ("Model", "Family", "Parameters", "Loss", "Status", "Reason"),
            rows,
            note,
        ),
    )


def equation(view: View) -> tuple[Block, ...]:
    found = view.table(EQUATION)
    return () if found is None else (_grid(found),)


def other_tables(view: View) -> tuple[Block, ...]:
    """All remaining tables of the document, as they are."""
    return tuple(_grid(t) for t in view.rows("tables") if t.get("key") != EQUATION and t.get("rows"))


def method_text(view: View) -> tuple[Block, ...]:
    """The methods in sentences, and what only the authors know."""
    return (
        *(Text(paragraph) for paragraph in methods(view.document, view.summary)),
        *(Text(t, "note") for t in to_fill()),
    )


def provenance(view: View) -> tuple[Block, ...]:
    found = view.part("provenance")
    blocks: list[Block] = []
    facts = [(k, found[k]) for k in ("seed", "plan_id", "config_sha256", "cohort_sha256") if found.get(k) is not None]
    software = found.get("software") or {}
    if isinstance(software, Mapping):
        facts.extend((f"version of {k}", v) for k, v in software.items())
    if facts:
        blocks.append(Grid("Run", ("", ""), tuple(TableRow((k.replace("_", " "), str(v))) for k, v in facts)))
    files = [f for f in found.get("data") or () if isinstance(f, Mapping)]
    if files:
        rows = tuple(TableRow((str(f.get("file") or "–"), str(f.get("sha256") or "–"))) for f in files)
        blocks.append(Grid("Data files", ("File", "SHA-256"), rows))
    preset, changed = _changed(found.get("config"))
    if changed:
        rows = tuple(TableRow((path, _shown(value), doc)) for path, value, doc in changed)
        blocks.append(
            Grid(f"Settings that differ from the defaults of preset {preset}", ("Setting", "Value", "Meaning"), rows)
        )
    run = view.part("run")
    clock = [(k, v) for k, v in run.items() if isinstance(v, str | int | float) and not isinstance(v, bool)]
    if clock:
        blocks.append(Grid("Clock", ("", ""), tuple(TableRow((k.replace("_", " "), str(v))) for k, v in clock)))
    return tuple(blocks)


def _side_by_side(view: View, role: str) -> Grid | None:
    found = view.estimates(model=role, population="all")
    kinds = [k for k in COLUMNS if any(e.get("estimate_type") == k for e in found)]
    lines = list(dict.fromkeys(
        (str(e["key"]), e.get("horizon"), e.get("class"), e.get("threshold")) for e in sorted(found, key=_rank)
    ))  # fmt: skip
    if not kinds or not lines:
        return None
    rows = []
    for key, horizon, cls, threshold in lines:
        cells = [
            text_of(next((e for e in found if (e.get("key"), e.get("horizon"), e.get("class"), e.get("threshold"), e.get("estimate_type"))
                          == (key, horizon, cls, threshold, kind)), None))
            for kind in kinds
        ]  # fmt: skip
        rows.append(TableRow((_line(key, horizon, cls, threshold), *cells)))
    note = "; ".join(f"{ESTIMATES[k].title}: {ESTIMATES[k].meaning}" for k in kinds) + "."
    methods_used = sorted({str(e["ci_method"]).replace("_", " ") for e in found if e.get("ci_method")})
    if methods_used:
        note += f" Intervals (95 %): {', '.join(methods_used)}."
    pairs = [metric(k).label for k in dict.fromkeys(line[0] for line in lines) if k in PAIRS]
    if pairs:
        note += f" {listed(pairs)}: {WITHIN_FOLDS}."
    return Grid(view.model_name(role), ("Measure", *(_heading(k) for k in kinds)), tuple(rows), note)


def _heading(kind: str) -> str:
    return {"corrected_bbc": "Corrected (BBC)", "corrected_nested": "Corrected (nested)"}.get(
        kind, ESTIMATES[kind].title
    )


def _line(key: str, horizon: Any, cls: Any, threshold: Any) -> str:
    label = metric(key).label
    said = label[:1].upper() + label[1:]
    if horizon is not None:
        said = f"{said.removesuffix(' at the horizon')}, day {horizon}"
    if cls is not None:
        said += f", class {cls}"
    return said if threshold is None else f"{said}, threshold {100 * float(threshold):g} %"


def _rank(estimate: Record) -> tuple[int, int, str]:
    keys = list(METRICS)
    key = str(estimate["key"])
    return (
        keys.index(key) if key in keys else len(keys),
        int(estimate.get("horizon") or 0),
        str(estimate.get("class") or ""),
    )


def _comparisons(view: View) -> tuple[Block, ...]:
    found = view.rows("comparisons")
    if not found:
        return ()
    rows = tuple(
        TableRow((_line(str(e.get("key")), e.get("horizon"), e.get("class"), e.get("threshold")), _compared(view, str(e.get("model"))), text_of(e)))
        for e in found
    )  # fmt: skip
    note = (
        "Paired on the same patients; an interval that contains zero means no clear difference in that measure. The verdict "
        f"goes by the {LOSS_LABELS.get(view.task, 'loss')} alone, by its mean and standard error, not by these intervals."
    )
    return (Grid("Differences between models", ("Measure", "Models", "Difference"), rows, note),)


def _compared(view: View, models: str) -> str:
    """`final - age_sex` in words."""
    first, minus, second = models.partition(" - ")
    return f"{view.model_name(first)} minus {view.model_name(second).lower()}" if minus else view.model_name(models)


def _model(record: Record) -> str:
    return str(record.get("model") or "–")


def _params(record: Record) -> str:
    found = record.get("params") or {}
    said = [f"{k} {_shown(v)}" for k, v in found.items()] if isinstance(found, Mapping) else [str(found)]
    checkpoint = record.get("checkpoint")
    if checkpoint is not None:
        said.append(f"checkpoint {_shown(checkpoint)}")
    return ", ".join(said) or "–"


def _loss(record: Record) -> str:
    loss, error = record.get("loss"), record.get("loss_se")
    if loss is None:
        return "–"
    return f"{loss:.4f}" + (f" ± {error:.4f}" if isinstance(error, int | float) else "")


def _grid(table: Record) -> Grid:
    rows = tuple(TableRow(tuple(_cell(c) for c in r)) for r in table.get("rows") or ())
    return Grid(
        str(table.get("title") or ""), tuple(map(str, table.get("columns") or ())), rows, str(table.get("note") or "")
    )


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("text", ""))
    return "" if value is None else str(value)


def _changed(config: Any) -> tuple[str, list[tuple[str, Any, str]]]:
    """The preset, and what differs from what it fills; without a known preset from the plain defaults."""
    if not isinstance(config, Mapping):
        return "", []
    preset = str(config.get("preset") or "")
    usual = StudyConfig.model_validate({"preset": preset} if preset in PRESETS else {})
    defaults = resolve(usual).model_dump(mode="json")
    out = []
    for path, _, doc in settings():
        given, default = _at(config, path), _at(defaults, path)
        if given is not None and _plain(given) != _plain(default):
            out.append((path, given, doc))
    return usual.preset, out


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
