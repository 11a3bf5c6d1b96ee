"""Page one: does it work, for whom, the one number with its interval and its name, and what must be known first."""

from __future__ import annotations

from typing import Literal

from tabml.core.demographics import AGE_WORDS, SEX_WORDS, words_of
from tabml.core.labels import LOSS_LABELS
from tabml.core.results import ESTIMATES, SENSIBLE_RATIO, SENSIBLE_SLOPE
from tabml.report.blocks import Block, Facts, Figure, Section, Text, Verdict
from tabml.report.document import Record, View, text_of
from tabml.report.figures.performance import ladder
from tabml.report.sections.notices import notices
from tabml.report.words import HONEST, VERDICTS, count, listed, metric, percent, ranks_all_the_same, separation, whole

Answer = Literal["useful", "not_better", "no_signal", "unknown"]
SAME_MODEL = "Pairs are of one fold, so that both risks come from the same model."
RANKING = ("auroc", "hand_till_m", "one_vs_rest_auroc", "uno_c", "harrell_c", "auc_at")


def section(view: View) -> Section:
    """The answer, the simpler answers beside it, the patients in a line, the serious findings."""
    headline = view.headline()
    blocks: list[Block] = [_verdict(view, headline)]
    serious = notices(view.findings("grave"), "Read this first")
    if serious is not None:
        blocks.append(serious)
    blocks.append(Facts(_facts(view)))
    blocks.append(Text(_for_whom(view)))
    blocks.extend(_ladder(view, headline))
    return Section("answer", "The answer", tuple(blocks))


def answer(view: View) -> Answer:
    """The verdict stated by the study, else read off its findings and its headline."""
    stated = str(view.part("study").get("verdict") or "")
    known: dict[str, Answer] = {"useful": "useful", "not_better": "not_better", "no_signal": "no_signal"}
    if stated in known:
        return known[stated]
    if view.has_finding("TB240") or view.has_finding("TB201"):
        return "no_signal"
    if view.has_finding("TB230"):
        return "not_better"
    return _measured(view)


def _measured(view: View) -> Answer:
    """The verdict of the numbers alone: the interval against chance, the value against age and sex."""
    headline = view.headline()
    if headline is None:
        return "unknown"
    key = str(headline["key"])
    chance, lower = metric(key).chance, headline.get("lower")
    if chance is not None and lower is not None and float(lower) <= chance:
        return "no_signal"
    plain = view.estimate(key, "age_sex", estimate_type=(*HONEST, "cv_winner"))
    if plain is None or plain.get("value") is None:
        return "useful"
    gain = float(headline["value"]) - float(plain["value"])
    return "useful" if (gain < 0) == (headline.get("direction") == "lower_is_better") and gain else "not_better"


def _verdict(view: View, headline: Record | None) -> Verdict:
    found = answer(view)
    tone, mark, _ = VERDICTS[found]
    mark = mark.format(age_sex=view.age_sex)
    if headline is None:
        return Verdict(tone, mark, "No performance was estimated in this study.", (), "–", "", "", "", "")
    key = str(headline["key"])
    decimals = _decimals(headline)
    low, high = headline.get("lower"), headline.get("upper")
    kind = str(headline.get("estimate_type"))
    name, meaning = (ESTIMATES[kind].title, ESTIMATES[kind].meaning) if kind in ESTIMATES else (kind, "")
    unit = _unit(view, key)
    return Verdict(
        tone,
        mark,
        _sentence(view, found, headline),
        _details(view, key),
        f"{headline['value']:.{decimals}f}",
        _capital(metric(key).label),
        f"95 % interval {low:.{decimals}f} to {high:.{decimals}f}{unit}"
        if low is not None and high is not None
        else "",
        f"{name} estimate: {meaning}." if meaning else name,
        _reading(view, headline),
        unit.strip(),
    )


def _sentence(view: View, found: Answer, headline: Record) -> str:
    stated = view.part("study").get("verdict_text")
    if stated:
        return str(stated)
    if found == "no_signal":
        said = "The data hold no usable signal: no model is reliably better than giving everyone the same answer."
        return f"{said} {ranks_all_the_same(str(headline['key']), headline.get('lower'))}".strip()
    if found == "not_better":
        return f"The model is not reliably better than {view.age_sex} alone. Use the simpler answer."
    key, value = str(headline["key"]), float(headline["value"])
    if view.is_survival and key in RANKING:
        return f"The model tells patients who have the event early from those who have it late or never {separation(value)}."
    if key not in RANKING:
        return f"The model predicts {view.outcome} better than giving everyone the same answer."
    who = (
        f"the classes of {view.outcome}"
        if view.task == "multiclass"
        else f"patients with and without {view.event_words}"
    )
    return f"The model tells {who} apart {separation(value)}."


def _yet(view: View, key: str) -> str:
    """Where ranking is better and the loss that decides is not: both, so that neither seems to deny the other."""
    of_final = (c for c in view.rows("comparisons") if c.get("key") == key and c.get("model") == "final - age_sex")
    found = next(of_final, None)
    if answer(view) != "not_better" or found is None or key not in RANKING or float(found.get("lower") or 0) <= 0:
        return ""
    return (
        f"It orders patients better than {view.age_sex} alone ({metric(key).label} higher by {text_of(found)}), but its risks "
        f"are not reliably closer to what happened ({LOSS_LABELS.get(view.task, 'loss')}), and by these the verdict goes."
    )


def _reading(view: View, headline: Record) -> str:
    """The number as a clinician would say it."""
    key, value = str(headline["key"]), float(headline["value"])
    if key in RANKING:
        if key == "hand_till_m":
            return (
                "Two classes are taken, and a patient of each: on average over all pairs of classes the model orders "
                f"{100 * value:.0f} of 100 such pairs the right way round; a coin would do 50. {SAME_MODEL}"
            )
        pair = {"binary": "one patient with and one without the outcome",
                "multiclass": "one patient of the class and one of another"}.get(view.task, "two patients of whom one had the event earlier")  # fmt: skip
        return f"Of 100 pairs of {pair}, the model orders {100 * value:.0f} the right way round; a coin would do 50. {SAME_MODEL}"
    if key in ("mae", "rmse"):
        return f"Predictions are typically off by about {value:.{_decimals(headline)}f}{_unit(view, key)}."
    word = metric(key)
    return f"{word.label}: {word.plain}." if word.plain else ""


def _details(view: View, key: str) -> tuple[str, ...]:
    """Two or three sentences beside the number: the simpler answers, the risks themselves, the centres."""
    said: list[str] = [s for s in (_yet(view, key),) if s]
    plain = view.estimate(key, "age_sex", estimate_type=(*HONEST, "cv_winner"))
    if plain is not None and plain.get("value") is not None:
        columns = f" ({view.age_sex_columns})" if view.age_sex_columns else ""
        said.append(f"{view.age_sex.capitalize()} alone{columns}: {text_of(plain)}.")
    if view.simple_is_final:
        said.append(
            "The final model is also the simplest whose paired difference to the best is within one standard error."
        )
    said.extend(s for s in (_belief(view), _belief_elsewhere(view)) if s)
    if fall := _centres(view, key) or _hardest(view):
        said.append(fall)
    return tuple(said)


def _belief(view: View) -> str:
    ratio = view.estimate("observed_expected") or view.estimate("observed_expected_at")
    slope = view.estimate("calibration_slope") or view.estimate("survival_slope")
    if slope is None or slope.get("value") is None:
        return ""
    value = float(slope["value"])
    even = ratio is None or ratio.get("value") is None or _between(float(ratio["value"]), SENSIBLE_RATIO)
    if _between(value, SENSIBLE_SLOPE) and even:
        where = "patients of these centres" if (view.count("centres") or 1) > 1 else "patients like these"
        return f"On unseen {where} its risks are right on average."
    if not even and ratio is not None:
        return f"Its risks are off on average: {float(ratio['value']):.2f} events happened per event predicted."
    return f"Its risks are too {'extreme' if value < 1 else 'timid'} (calibration slope {value:.2f}): recalibrate before use."


def _between(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _belief_elsewhere(view: View) -> str:
    """What happened to the risks at centres that were left out; nothing is promised where none was."""
    found = [
        e for e in view.estimates(key=("observed_expected", "observed_expected_at"), model="final",
                                  estimate_type="internal_external")
        if str(e.get("population", "")).startswith("centre:") and e.get("value") is not None
    ]  # fmt: skip
    longest = max((e.get("horizon") or 0 for e in found), default=0)
    ordered = sorted((e for e in found if (e.get("horizon") or 0) == longest), key=lambda e: float(e["value"]))
    if not ordered:
        return "How right they are at another hospital is not known." if _belief(view) else ""
    low, high = ordered[0], ordered[-1]
    span = f"{float(low['value']):.2f} ({_place(low)}) to {float(high['value']):.2f} ({_place(high)}) events happened per event predicted"
    where = "hospitals left out of its fit" if view.choice_is_shared else "hospitals it had never seen"
    if all(_between(float(e["value"]), SENSIBLE_RATIO) for e in (low, high)) and not view.has_finding("TB303"):
        return f"At {where}, {span}."
    return f"At {where} they are off: {span}. Recalibrate before use elsewhere."


def _centres(view: View, key: str) -> str:
    found = [
        e for e in view.estimates(key=key, model="final", estimate_type="internal_external")
        if str(e.get("population", "")).startswith("centre:") and e.get("value") is not None
    ]  # fmt: skip
    if len(found) < 2 or key not in RANKING:
        return ""
    ordered = sorted(found, key=lambda e: float(e["value"]))
    worst, best = ordered[0], ordered[-1]
    where = "a hospital left out of its fit" if view.choice_is_shared else "a hospital it has never seen"
    return (
        f"On {where} it reaches {float(worst['value']):.2f} ({_place(worst)}) "
        f"to {float(best['value']):.2f} ({_place(best)})."
    )


def _hardest(view: View) -> str:
    """The class that is told from the others least well."""
    found = [
        e
        for e in view.estimates(key="one_vs_rest_auroc", model="final")
        if e.get("class") and e.get("value") is not None
    ]
    if len(found) < 2:
        return ""
    worst = min(found, key=lambda e: float(e["value"]))
    return f"Hardest to tell from the others: {view.class_label(str(worst['class']))} ({float(worst['value']):.2f})."


def _place(estimate: Record) -> str:
    return str(estimate.get("population", "")).removeprefix("centre:")


def _facts(view: View) -> tuple[tuple[str, str], ...]:
    facts: list[tuple[str, str]] = []
    patients = view.count("usable_patients", "patients")
    if patients is not None:
        facts.append((whole(patients), "patients"))
    if view.events is not None:
        share = f" ({percent(view.events / patients)})" if patients else ""
        facts.append(
            (f"{whole(view.events)}{share}", f"with {view.event_words}" if not view.is_survival else "had the event")
        )
    centres = view.count("centres")
    if centres and centres > 1:
        facts.append((str(centres), "centres"))
    features = view.count("features")
    if features:
        facts.append((str(features), "candidate predictor" + ("s" if features != 1 else "")))
    models = [m for m in view.rows("models") if m.get("status", "ok") in ("ok", "finished", "pruned")]
    if models:
        facts.append((str(len(models)), "model configurations compared" if len(models) > 1 else "model configuration"))
    return tuple(facts)


def _for_whom(view: View) -> str:
    """For whom the model was made, in a sentence from the summary."""
    said = [f"Built from {count(view.count('usable_patients', 'patients'), 'patient')}"]
    names = [str(r.get("centre")) for r in view.summary.get("outcome_by_centre", ()) if r.get("centre") != "All"]
    if names:
        said.append(f"of {listed(names)}")
    people = [p for p in (_age(view), _sex(view)) if p]
    tail = f": {', '.join(people)}" if people else ""
    return f"{' '.join(said)}{tail}. For patients unlike these the numbers on this page say nothing."


def _age(view: View) -> str:
    for v in view.summary.get("variables", ()):
        if AGE_WORDS.intersection(words_of(str(v.get("name", "")))[:1]) and v.get("quantiles"):
            q = (v.get("of_patients") or v).get("quantiles") or v["quantiles"]
            return f"half of them aged {q['q25']:.0f} to {q['q75']:.0f} years"
    return ""


def _sex(view: View) -> str:
    for v in view.summary.get("variables", ()):
        words = set(words_of(str(v.get("name", ""))))
        if words and words <= SEX_WORDS and v.get("levels"):
            known = [lv for lv in (v.get("of_patients") or v)["levels"] if lv.get("share")]
            if len(known) == 2 and str(known[0].get("label", "")).casefold() not in ("no", "yes", "0", "1"):
                return " and ".join(f"{percent(lv['share'])} {lv['label']}" for lv in known)
    return ""


def _ladder(view: View, headline: Record | None) -> list[Block]:
    if headline is None:
        return []
    key = str(headline["key"])
    rows = [headline, *(e for e in view.compared(key) if e.get("model") != "final")]
    if len(rows) < 2:
        return []
    word = metric(key)
    better = "further right is better" if headline.get("direction") != "lower_is_better" else "further left is better"
    kinds = sorted({str(e.get("estimate_type")) for e in rows[1:]})
    beside = " The simpler answers are cross-validated, without correction." \
        if kinds == ["cv_winner"] else ""  # fmt: skip
    svg = ladder(
        [(view.model_name(str(e["model"])), e) for e in rows], reference=word.chance, label=word.label, better=better
    )
    chance = " The dashed line is chance." if word.chance is not None else ""
    return [Figure(svg, f"The model beside simpler answers, with 95 % intervals.{chance}{beside}")]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _decimals(estimate: Record) -> int:
    """As many decimals as the printed text has."""
    digits = str(estimate.get("text") or "").split(" ")[0].partition(".")[2]
    return len(digits) if digits.isdigit() else 2


def _unit(view: View, key: str) -> str:
    unit = view.part("target").get("unit")
    return f" {unit}" if unit and key in ("mae", "rmse", "median_absolute_error") else ""
