"""From a header to the concepts it may mean: exact names first, then shared words and near spellings."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from tabml.ingest.concepts.folding import is_cjk, spelling, words_of
from tabml.ingest.concepts.header import Form, forms_of
from tabml.ingest.concepts.records import Concept, Match
from tabml.ingest.concepts.table import table
from tabml.ingest.concepts.words import FILLERS, qualifiers_in
from tabml.ingest.units import can_convert, canonical_unit

#: Scores below this are noise.
LEAST = 0.3
MOST = 8
#: An ambiguous name alone: enough to be looked at, not to be accepted.
AMBIGUOUS = 0.8
#: Names shorter than this are compared as they are: `K`, `Hb`, `GOT` have too many near neighbours.
FUZZY_LENGTH = 6
FUZZY_CUTOFF = 84
#: A word cut short (`Syst.`, `Frec.`) has at least so many letters, and is so certain.
SHORTEST_CUT = 4
CUT = 0.94
#: `Death at 1 year` is not the death of the whole follow-up.
WITHIN = 0.8
#: What a qualifier of the header that the concept's name lacks leaves of the score.
_QUALIFIED = {
    "family": 0.4, "relation": 0.5, "history": 0.7, "change": 0.5, "ratio": 0.5, "maximum": 0.65, "date": 0.35, "duration": 0.4,
    "age": 0.4, "dose": 0.5, "about": 0.45, "negation": 0.5, "side": 0.8, "threshold": 0.5, "treatment": 0.6, "urine": 0.4,
    "csf": 0.4,
}  # fmt: skip
#: Pairs of beginnings that turn a name round: near spellings across them are no matches.
_OPPOSITES = (
    ("hyper", "hypo"), ("sys", "dia"), ("max", "min"), ("macro", "micro"), ("ldl", "hdl"), ("pre", "post"), ("ipsi", "contra"),
    ("before", "after"), ("abs", "rel"), ("mono", "poly"), ("anti", "pro"), ("non", ""), ("intra", "inter"), ("in", "out"),
)  # fmt: skip


@dataclass(frozen=True)
class _Hit:
    score: float
    evidence: str
    form: Form
    language: str
    name: str


@lru_cache(maxsize=8192)
def lookup(header: str, *, unit: str | None = None, language: str | None = None) -> tuple[Match, ...]:
    """The concepts a header may mean, best first.

    A name of the list scores 1; less where words were left out, an abbreviation means several things, words are shared or a
    spelling is near. A unit that fits raises, one that cannot be converted lowers; words that make another variable of
    it (family, date of, change, maximum) lower where the concept's name lacks them.

    >>> [(m.concept.key, m.score) for m in lookup("Cholesterin [mmol/l]")][:1]
    [('chol', 1.0)]
    >>> lookup("Hobbies")
    ()
    """
    hits: dict[str, _Hit] = {}
    forms = forms_of(header, unit)
    for form in forms:
        _keep(hits, _exact(form, language))
    if max((hit.score for hit in hits.values()), default=0.0) < 0.9:
        for form in _for_search(forms):
            _keep(hits, _shared(form))
            _keep(hits, _near(form))
    matches = [_judged(table().concepts[key], hit, language) for key, hit in hits.items()]
    ranked = sorted((m for m in matches if m.score >= LEAST), key=lambda m: (-m.score, m.concept.key))
    return tuple(ranked[:MOST])


def _keep(hits: dict[str, _Hit], found: Iterable[tuple[str, _Hit]]) -> None:
    for key, hit in found:
        if key not in hits or hits[key].score < hit.score:
            hits[key] = hit


def _exact(form: Form, language: str | None) -> Iterable[tuple[str, _Hit]]:
    named = table().index.get(form.compact, {})
    if len(form.compact) < 2 and form.weight < 0.9:
        return
    spelled = _as_spelled(form.spelling, named) if len(named) > 1 else []
    for key, lang in named.items():
        score = form.weight if len(named) == 1 else AMBIGUOUS * form.weight
        how = "name" if len(named) == 1 else f"ambiguous name of {len(named)} concepts"
        if spelled and len(spelled) < len(named):
            score, how = (0.9 * form.weight, "name as spelled") if key in spelled else (0.7 * form.weight, how)
        evidence = "; ".join(part for part in (f"{how} {form.compact!r}", form.note) if part)
        yield key, _Hit(score, evidence, form, lang, form.compact)


def _as_spelled(text: str, keys: Iterable[str]) -> list[str]:
    """The concepts among `keys` that have this very spelling: by capitals and accents, else by accents."""
    exact = [key for key in keys if text in _spelled(key)]
    return exact or [key for key in keys if text.casefold() in {n.casefold() for n in _spelled(key)}]


@lru_cache(maxsize=256)
def _spelled(key: str) -> frozenset[str]:
    """A concept's names with capitals and accents, without signs and spaces."""
    return frozenset(spelling(n) for names in table().concepts[key].synonyms.values() for n in names)


def _for_search(forms: tuple[Form, ...]) -> tuple[Form, ...]:
    """The forms worth a search: the literal ones and those with the least words left."""
    return tuple(f for f in forms if f.weight > 0.85)[:10]


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[tuple[str, ...], str, str, str], ...]:
    """(words, compact, key, language) of every name, without its fillers where two words stay."""
    found = []
    for key, concept in table().concepts.items():
        seen = set()
        for language, names in concept.synonyms.items():
            for name in names:
                words = words_of(name)
                bare = tuple(w for w in words if w not in FILLERS)
                words = bare if len(bare) > 1 else words  # `subject number` is not any number
                if words not in seen:
                    seen.add(words)
                    found.append((words, "".join(words), key, language))
    return tuple(found)


@lru_cache(maxsize=1)
def _by_word() -> dict[str, tuple[int, ...]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, (words, *_rest) in enumerate(_names()):
        for word in set(words):
            places[word].append(place)
    return {word: tuple(p) for word, p in places.items()}


@lru_cache(maxsize=1)
def _cjk_names() -> tuple[int, ...]:
    return tuple(place for place, (_, text, *_rest) in enumerate(_names()) if is_cjk(text) and len(text) > 1)


def _shared(form: Form) -> Iterable[tuple[str, _Hit]]:
    """Names that share words with the header: the share of letters in common, more where one holds the other."""
    if is_cjk(form.compact):
        yield from _cjk_shared(form)
        return
    words = [w for w in form.words if w not in FILLERS]
    spelled = {near: ratio for word in words for near, ratio in _spellings(word)}
    places = {place for word in spelled for place in _by_word().get(word, ())}
    for place in places:
        names, text, key, language = _names()[place]
        common = [w for w in names if w in spelled]
        weight = sum(len(w) for w in common)
        total = weight + sum(len(w) for w in words if not any(near in common for near, _ in _spellings(w)))
        if weight < 4 or (len(text) < 4 and len(words) > 1):
            continue
        share = weight / (total + len(text) - weight) if total + len(text) > weight else 1.0
        share = min(share, 1.0)
        certain = sum(len(w) * spelled[w] for w in common) / weight
        if not any(w in words for w in common):  # abbreviations alone: as much as of the name is written
            certain *= min(1.0, sum(len(w) for w in words) / len(text))
        held = len(common) in (len(names), len(words))
        score = (0.4 + 0.55 * share if held else 0.85 * share) * certain * form.weight
        yield key, _Hit(score, f"shares {' '.join(common)!r} with {' '.join(names)!r}", form, language, " ".join(names))


@lru_cache(maxsize=1)
def _vocabulary() -> list[str]:
    return sorted(_by_word())


@lru_cache(maxsize=4096)
def _spellings(word: str) -> tuple[tuple[str, float], ...]:
    """The word itself and those it abbreviates (`Syst.`); where it is unknown and long, the nearest ones."""
    if len(word) < SHORTEST_CUT or word.isdigit() or word in table().index:
        return ((word, 1.0),)
    whole = _vocabulary()
    longer = whole[bisect_left(whole, word) : bisect_left(whole, word + "\uffff")]
    if longer:
        return tuple((w, 1.0 if w == word else CUT) for w in longer[:60])
    if len(word) < FUZZY_LENGTH:
        return ()
    from rapidfuzz import fuzz, process

    near = process.extract(
        word, [w for w in _by_word() if len(w) >= FUZZY_LENGTH], scorer=fuzz.ratio, limit=3, score_cutoff=FUZZY_CUTOFF
    )
    return tuple((w, ratio / 100) for w, ratio, _ in near if _same_sense(word, w))


def _cjk_shared(form: Form) -> Iterable[tuple[str, _Hit]]:
    text = form.compact
    for place in _cjk_names():
        _, name, key, language = _names()[place]
        if name in text or (len(text) > 1 and text in name):
            share = min(len(name), len(text)) / max(len(name), len(text))
            score = (0.4 + 0.5 * share) * form.weight
            yield key, _Hit(score, f"holds {name!r}", form, language, name)


def _near(form: Form) -> Iterable[tuple[str, _Hit]]:
    """Names spelled nearly like the header as a whole."""
    text = form.compact
    if len(text) < FUZZY_LENGTH or is_cjk(text):
        return
    from rapidfuzz import fuzz, process

    found = process.extract(text, _compact_names(), scorer=fuzz.ratio, limit=6, score_cutoff=FUZZY_CUTOFF)
    for name, ratio, place in found:
        _, _, key, language = _names()[place]
        if len(name) >= FUZZY_LENGTH and _same_sense(text, name):
            yield key, _Hit(0.97 * ratio / 100 * form.weight, f"spelled like {name!r}", form, language, name)


@lru_cache(maxsize=1)
def _compact_names() -> tuple[str, ...]:
    return tuple(text for _, text, *_rest in _names())


def _same_sense(one: str, other: str) -> bool:
    """Whether two near spellings may be one word: same numbers, same first letter, no opposite beginnings."""
    if [c for c in one if c.isdigit()] != [c for c in other if c.isdigit()] or one[0] != other[0]:
        return False
    return not any(
        a and b and ((a in one and b in other and a not in other) or (b in one and a in other and b not in other))
        for a, b in _OPPOSITES
    )


def _judged(concept: Concept, hit: _Hit, language: str | None) -> Match:
    """The hit's score after units, qualifiers and language."""
    score, notes = hit.score, [hit.evidence]
    header_says = qualifiers_in(hit.form.words)
    name_says = qualifiers_in(words_of(hit.name)) if " " in hit.name or hit.score < AMBIGUOUS else frozenset()
    exact = hit.name == hit.form.compact
    for qualifier in () if exact else sorted(header_says ^ name_says):
        score *= _QUALIFIED[qualifier]
        notes.append(f"{'says' if qualifier in header_says else 'lacks'} {qualifier}")
    if hit.form.timing == "later" and concept.timing == "outcome":
        score *= WITHIN
        notes.append("an outcome by a date")
    score, note = _with_unit(concept, hit.form.unit, score, ambiguous=exact and hit.evidence.startswith("ambiguous"))
    if note:
        notes.append(note)
    if language is not None and exact and score < 1.0 and language == hit.language:
        score = min(1.0, score + 0.05)
    return Match(
        concept,
        round(score, 3),
        "; ".join(notes),
        hit.language,
        hit.form.timing,
        () if exact else tuple(sorted(header_says)),
    )


def _with_unit(concept: Concept, unit: str | None, score: float, *, ambiguous: bool) -> tuple[float, str]:
    code = canonical_unit(unit) if unit else None
    if code is None:
        return score, ""
    if concept.unit is None:
        if concept.kind in ("number", "integer"):
            return score, ""
        return score * 0.6, f"unit {code}, but no measurement"
    if fits(concept, code):
        return (score + (1 - score) * (0.75 if ambiguous else 0.35)), f"unit {code} fits"
    if code in concept.other_units:
        return score, f"unit {code} is seen for it"
    return score * 0.5, f"unit {code} does not fit {concept.unit}"


def fits(concept: Concept, unit: str) -> bool:
    """Whether values in `unit` can be brought to the concept's unit."""
    if concept.unit is None:
        return False
    if unit in (concept.unit, *concept.units):
        return True
    return can_convert(unit, concept.unit, concept.analyte) and not (
        concept.unit.startswith("{") or unit.startswith("{")
    )
