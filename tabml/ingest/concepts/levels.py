"""From the cell texts of a column to the level codes of its concept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from tabml.ingest.concepts.folding import compact
from tabml.ingest.concepts.records import ALSO, LANGUAGES, Concept, Level, Recode
from tabml.ingest.values import is_missing

_SIGNS = {"+": "plus", "-": "minus", "++": "plusplus", "+++": "plusplusplus"}
#: Numbers that are the concept's codes may still mean something else elsewhere (sex 1/2): never accepted unseen.
BARE_CODES = 0.6


def levels_for(concept: Concept, texts: Iterable[str], *, language: str | None = None) -> Recode | None:
    """The codes proposed for the distinct cell texts of a column; None where the concept has no levels.

    All texts are read in one language: `H`/`M` are the sexes in Spanish, `K`/`M` in the Nordic languages. A text of two
    levels (`M` in Spanish) takes the one that no other text has taken. Numbers that equal the codes are proposed with a
    low score.
    """
    if not concept.levels:
        return None
    distinct = sorted({" ".join(t.split()) for t in texts if not is_missing(t)})
    if not distinct:
        return Recode({}, (), 0.0, "no values")
    numbers = [t for t in distinct if t.lstrip("-").replace(".", "", 1).isdigit()]
    readings = [(name, _read(concept, distinct, name)) for name in ([language] if language else _languages(concept))]
    readings = [(name, found) for name, found in readings if found]
    if not readings:
        return _codes(concept, distinct, numbers)
    # Most texts read, then most levels told apart: H and M are not both male.
    most = max(len(found) for _, found in readings)
    apart = max(len(set(found.values())) for _, found in readings if len(found) == most)
    best = [(n, found) for n, found in readings if len(found) == most and len(set(found.values())) == apart]
    mapping = best[0][1]
    agree = all(found == mapping for _, found in best)
    score = most / len(distinct) * (1.0 if agree else 0.5)
    evidence = f"{most} of {len(distinct)} texts are words of its levels ({best[0][0]})"
    if not agree:
        evidence += f"; read otherwise in {', '.join(name for name, found in best if found != mapping)}"
    if numbers and all(t in mapping for t in numbers) and len(numbers) == len(distinct):
        score = min(score, BARE_CODES)
    return Recode(mapping, tuple(t for t in distinct if t not in mapping), round(score, 3), evidence)


def _codes(concept: Concept, distinct: list[str], numbers: list[str]) -> Recode:
    known = {level.code for level in concept.levels}
    mapping = {t: t.removesuffix(".0") for t in numbers if t.removesuffix(".0") in known}
    score = BARE_CODES if len(mapping) == len(distinct) else 0.0
    return Recode(mapping if score else {}, tuple(t for t in distinct if t not in mapping), score, "bare codes")


def _languages(concept: Concept) -> list[str]:
    present = {name for level in concept.levels for name in level.words}
    return [name for name in (*LANGUAGES, *ALSO) if name in present or name == "en"]


def _read(concept: Concept, texts: list[str], language: str) -> dict[str, str]:
    """Texts of one language to codes: those of one level first, then those for which one level is left."""
    words = _words(concept.levels, language)
    options = {text: words.get(_key(text), frozenset()) for text in texts}
    mapping = {text: next(iter(codes)) for text, codes in options.items() if len(codes) == 1}
    for text, codes in options.items():
        left = codes - set(mapping.values()) if len(codes) > 1 else frozenset()
        if len(left) == 1:
            mapping[text] = next(iter(left))
    return mapping


def _key(text: str) -> str:
    return _SIGNS.get(text.strip()) or compact(text) or text.strip()


@lru_cache(maxsize=2048)
def _cached(levels: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for code, names in levels:
        for name in names:
            for form in {_key(name), compact(name, digraphs=True) or _key(name)}:
                found.setdefault(form, set()).add(code)
    return {form: frozenset(codes) for form, codes in found.items()}


def _words(levels: tuple[Level, ...], language: str) -> Mapping[str, frozenset[str]]:
    """Folded word -> codes; what the language lacks is filled by words of every language."""
    return _cached(
        tuple(
            (level.code, (level.label, *level.words.get("any", ()), *level.words.get(language, ()))) for level in levels
        )
    )
