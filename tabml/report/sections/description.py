"""The summary page: what was found first, then flow, outcome, missing values, every variable and Table 1."""

from __future__ import annotations

from collections.abc import Sequence

from tabml.report.blocks import Block, Facts, Figure, Folded, Grid, Section, SideBySide, TableRow, Text
from tabml.report.document import Record, View
from tabml.report.figures import patients as drawings
from tabml.report.sections import patients
from tabml.report.sections.notices import notices
from tabml.report.words import percent, whole

SEEN = 60


def sections(view: View) -> tuple[Section, ...]:
    found = (
        _found(view),
        _who(view),
        _missing(view),
        _variables(view),
        _tables(view),
        _size(view),
    )
    return tuple(s for s in found if s.blocks)


def _found(view: View) -> Section:
    blocks: list[Block] = [Facts(_facts(view))]
    for severities, title in ((("grave",), "Serious"), (("warn",), "Take care"), (("info",), "For information")):
        listed = notices([f for f in view.findings(*severities) if str(f.get("code")).startswith("TB1")], title)
        if listed is not None:
            blocks.append(listed)
    if len(blocks) == 1:
        blocks.append(Text("The audit found nothing to report."))
    return Section("found", "What was found", tuple(blocks))


def _facts(view: View) -> tuple[tuple[str, str], ...]:
    counts = view.summary.get("counts") or {}
    facts = [(whole(counts[k]), name) for k, name in
             (("patients", "patients"), ("centres", "centres"), ("features", "candidate predictors")) if counts.get(k)]  # fmt: skip
    if counts.get("repeated"):
        facts.insert(1, (whole(counts["rows"]), "rows (several per patient)"))
    if view.events is not None and counts.get("usable_rows"):
        share = percent(view.events / counts["usable_rows"])
        facts.insert(
            1,
            (
                f"{whole(view.events)} ({share})",
                f"with {view.event_words}" if not view.is_survival else "had the event",
            ),
        )
    return tuple(facts)


def _who(view: View) -> Section:
    flow = view.summary.get("flow") or ()
    left: tuple[Block, ...] = (Figure(drawings.flow(flow), "From the files to the patients; grey boxes left, with the reason."),) if flow else ()  # fmt: skip
    right = patients.outcome_grid(view)
    blocks: tuple[Block, ...] = (
        (SideBySide(left, right),) if left and right and not drawings.is_wide(flow) else (*left, *right)
    )
    outcome = view.summary.get("outcome") or {}
    if outcome.get("histogram"):
        h = outcome["histogram"]
        blocks = (*blocks, Figure(drawings.histogram("outcome", h["edges"], h["counts"], view.outcome), f"{view.outcome}: distribution."))  # fmt: skip
    came_from = [b for name, r in (outcome.get("origins") or {}).items() for b in origin(r, view.title_of(name))]
    return Section("who", "Patients and outcome", (*blocks, *came_from, *patients.follow_up(view)))


def _missing(view: View) -> Section:
    """Share missing of every variable, overall, by centre and by outcome; empty where nothing is missing."""
    lines = [v for v in _described(view) if (v.get("missing") or {}).get("n")]
    if not lines:
        said = "No value is missing in any variable." if _described(view) else ""
        return Section("missing", "Missing values", (Text(said),) if said else ())
    lines.sort(key=lambda v: -(v["missing"].get("share") or 0))
    first = lines[0]["missing"]
    centres = [str(g.get("group")) for g in first.get("by_centre") or ()]
    outcomes = [str(g.get("group")) for g in first.get("by_outcome") or ()]
    rows = tuple(
        TableRow((str(v.get("title")), _count(v["missing"]),
                  *(_share(g) for g in (*(v["missing"].get("by_centre") or ()), *(v["missing"].get("by_outcome") or ())))))
        for v in lines
    )  # fmt: skip
    complete = len(_described(view)) - len(lines)
    note = f"{complete} further variables are complete." if complete else ""
    grid = Grid("Share missing", ("Variable", "All", *centres, *(f"outcome: {o}" for o in outcomes)), rows, note)
    return Section("missing", "Missing values", (grid,))


def _variables(view: View) -> Section:
    """A picture of every variable beside its numbers; drift is the largest SMD of one centre against the rest."""
    blocks: list[Block] = []
    cards = [_card(k, v) for k, v in enumerate(_described(view)[:SEEN])]
    blocks.extend(SideBySide(cards[k], cards[k + 1] if k + 1 < len(cards) else ()) for k in range(0, len(cards), 2))
    more = len(_described(view)) - SEEN
    if more > 0:
        blocks.append(Text(f"{more} further variables stand in the tables only.", "note"))
    return Section("variables", "Every variable", tuple(blocks))


def _card(k: int, variable: Record) -> tuple[Block, ...]:
    title = str(variable.get("title"))
    said = [f"{variable.get('n')} known"]
    missing = variable.get("missing") or {}
    if missing.get("n"):
        said.append(f"{_count(missing)} missing")
    q = variable.get("quantiles")
    if q:
        said.append(
            f"median {q['median']:g}, middle half {q['q25']:g} to {q['q75']:g}, range {q['min']:g} to {q['max']:g}"
        )
    drift = [d for d in variable.get("drift") or () if d.get("smd") is not None]
    if drift:
        worst = max(drift, key=lambda d: abs(d["smd"]))
        if abs(worst["smd"]) > 0.1:
            said.append(f"differs most at {worst['centre']} (SMD {worst['smd']:.2f})".replace("-", "−"))
    if variable.get("role") != "feature":
        said.append(f"role {str(variable.get('role')).replace('_', ' ')}")
    caption = "; ".join(said) + "."
    source = origin(variable.get("origins") or ())
    if variable.get("levels"):
        return (Figure(drawings.bars(f"v{k}", variable["levels"], title), caption, title), *source)
    h = variable.get("histogram")
    if h:
        return (Figure(drawings.histogram(f"v{k}", h["edges"], h["counts"], title), caption, title), *source)
    return (Text(caption), *source)


def origin(records: Sequence[Record], what: str = "") -> tuple[Block, ...]:
    """Where the numbers come from, folded away: one line per source with file, column and what was done."""
    if not records:
        return ()
    rows = tuple(
        TableRow((str(r["source"]), str(r["file"]) + (f", sheet {r['sheet']}" if r.get("sheet") else ""),
                  _column(r), _step(r), whole(r["rows"])))
        for r in records
    )  # fmt: skip
    title = f"Where {what or 'it'} comes from ({len(rows)} {'source' if len(rows) == 1 else 'sources'})"
    return (Folded(title, Grid("", ("Source", "File", "Column", "What was done", "Rows"), rows)),)


def _column(record: Record) -> str:
    if not record.get("column"):
        return "–"
    return f"{record['column']} “{record['header']}”"


def _step(record: Record) -> str:
    """Rule, unit step and translation in words."""
    n = record.get("recoded") or 0
    done = [str(record.get("rule") or ""), str(record.get("unit_step") or ""), f"{n} texts translated" if n else ""]
    return "; ".join(filter(None, done)) or "as it is"


def _tables(view: View) -> Section:
    found = tuple(patients.grid(t) for t in view.summary.get("tables") or () if t.get("rows"))
    return Section("tables", "Table 1", found)


def _size(view: View) -> Section:
    size = view.summary.get("sample_size") or {}
    if not size.get("parameters"):
        return Section("size", "Is the sample large enough?", ())
    said = (
        f"{size.get('events')} {size.get('counted', 'events')} for {size['parameters']} candidate parameters: "
        f"{size.get('events_per_parameter')} each (10 is a common floor)."
    )
    blocks: list[Block] = [Text(said)]
    if size.get("needed"):
        verdict = "enough" if size["n"] >= size["needed"] else "not enough"
        blocks.append(Text(
            f"By the criteria of Riley et al. {whole(size['needed'])} patients are needed when the predictors explain "
            f"{percent(size['assumed_nagelkerke'])} (Nagelkerke R²); there are {whole(size['n'])}: {verdict} on that assumption."
        ))  # fmt: skip
    return Section("size", "Is the sample large enough?", tuple(blocks))


def _described(view: View) -> list[Record]:
    return [v for v in view.summary.get("variables") or () if v.get("title")]


def _count(missing: Record) -> str:
    return f"{missing.get('n')} ({percent(missing.get('share') or 0)})"


def _share(group: Record) -> str:
    share = group.get("share")
    return "–" if share is None else percent(share) if share else "0"
