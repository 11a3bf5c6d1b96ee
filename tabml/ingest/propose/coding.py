"""A variable of levels at several hospitals: one set of codes, and how each hospital's words lead to it (TB119)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tabml.core.findings import Finding, finding
from tabml.ingest.concepts import Concept, levels_for
from tabml.ingest.match.column import Column
from tabml.ingest.match.level_words import GROUP
from tabml.ingest.match.levels import match_levels
from tabml.ingest.propose.words import YES_NO
from tabml.ingest.values import fold, parse_number

#: What a mapping can score at most whose codes nobody explains, and whose words lack a partner.
UNEXPLAINED, UNPAIRED = 0.6, 0.8
#: Share of a column's cells that may hold levels the others do not know, without a question.
OWN_LEVELS = 0.02
#: Level words pair well enough where all pair and none resembles its partner less than this.
ALL_PAIR = 0.45
CODES = {"yes": "1", "no": "0"}


@dataclass(frozen=True)
class Reading:
    """How one source's texts are read: text -> code, the most its mapping may score, and why."""

    recode: Mapping[str, str] = field(default_factory=dict)
    cap: float = 1.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coding:
    """Levels (code -> label; empty for yes/no) and each column's reading, in the order of the columns."""

    is_boolean: bool
    levels: Mapping[str, str]
    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...] = ()


def coding_of(name: str, columns: Sequence[Column], concept: Concept | None) -> Coding:
    """One code set for the columns of a variable, by the concept's levels, a code list, or the words themselves."""
    coding = _yes_no(columns, concept) or _by_concept(columns, concept) or _by_words(columns)
    return _with_findings(name, columns, coding)


def _texts(column: Column) -> dict[str, str]:
    """Text as written -> the word it stands for, by the code list where there is one."""
    told = {fold(code): meaning for code, meaning in column.meanings.items()}
    return {text: told.get(fold(text), text) for text in column.counts}


def is_bare(column: Column) -> bool:
    """Whether a column holds numbers that nobody explains."""
    return bool(column.counts) and all(parse_number(word) is not None for word in _texts(column).values())


def _yes_no(columns: Sequence[Column], concept: Concept | None) -> Coding | None:
    """Yes and no in words, 1 and 0 in numbers; None where a column says something else."""
    worded = [c for c in columns if c.counts and not is_bare(c)]
    said = {_yes_or_no(word) for c in worded for word in _texts(c).values()}
    if concept is not None and concept.kind != "boolean" and concept.levels and said != {"1", "0"}:
        return None
    readings = []
    for column in columns:
        words = {text: _yes_or_no(word) for text, word in _texts(column).items()}
        if is_bare(column):
            readings.append(_yes_no_codes(column))
        elif None not in words.values():
            readings.append(Reading({fold(t): w for t, w in words.items() if w is not None}))
        else:
            return _as_boolean(columns, concept)
    if not any(len(c.counts) for c in columns) or any(r is None for r in readings):
        return None
    return Coding(True, {}, tuple(r for r in readings if r is not None))


def _yes_or_no(word: str) -> str | None:
    """1 for a yes, 0 for a no, None for anything else."""
    return YES_NO.get(fold(word)) or CODES.get(GROUP.get(fold(word), ""))


def _yes_no_codes(column: Column) -> Reading | None:
    values = set(column.values.tolist())
    if values <= {0.0, 1.0}:
        return Reading()
    if values <= {1.0, 2.0}:
        return Reading({}, UNEXPLAINED, ("codes 1 and 2 that nobody explains",))
    return None


def _as_boolean(columns: Sequence[Column], concept: Concept | None) -> Coding | None:
    """The two levels of a boolean concept by its own words, such as alive and dead."""
    if concept is None or concept.kind != "boolean":
        return None
    readings = []
    for column in columns:
        found = levels_for(concept, _texts(column).values())
        if is_bare(column):
            reading = _yes_no_codes(column)
            if reading is None:
                return None
            readings.append(reading)
        elif found is None or found.score < 0.95:
            return None
        else:
            readings.append(Reading({fold(t): found.mapping[" ".join(w.split())] for t, w in _texts(column).items()}))
    return Coding(True, {}, tuple(readings))


def _by_concept(columns: Sequence[Column], concept: Concept | None) -> Coding | None:
    """The concept's own codes, where all words of all columns are words of its levels."""
    if concept is None or not concept.levels or concept.kind == "boolean":
        return None
    worded = [c for c in columns if c.counts and not is_bare(c)]
    if not worded:
        return None
    readings = []
    for column in columns:
        texts = _texts(column)
        if not texts:
            readings.append(Reading())
            continue
        if is_bare(column):
            readings.append(_bare(column, {level.code for level in concept.levels}))
            continue
        found = levels_for(concept, texts.values())
        if found is None or found.score < 0.95:
            return None
        recode = {fold(t): found.mapping[" ".join(w.split())] for t, w in texts.items()}
        readings.append(Reading(recode, 1.0, (found.evidence,)))
    return Coding(False, {level.code: level.label for level in concept.levels}, tuple(readings))


def _bare(column: Column, codes: set[str]) -> Reading:
    """Numbers beside words: the same code may mean something else here."""
    own = {t: f"{parse_number(t) or 0:.15g}" for t in column.counts}
    recode = {fold(t): code for t, code in own.items() if code in codes}
    return Reading(recode, UNEXPLAINED, ("codes that nobody explains",))


def _by_words(columns: Sequence[Column]) -> Coding:
    """One column's codes or words as the set, the others' words paired with them."""
    worded = [c for c in columns if c.counts and not is_bare(c)]
    if not worded:
        codes = sorted({v for c in columns for v in c.values.tolist()})
        numbered = tuple(_numbers(c, columns) for c in columns)
        return Coding(False, {f"{v:.15g}": f"{v:.15g}" for v in codes}, numbered)
    reference = max(worded, key=lambda c: (bool(c.meanings), len(c.words), c.n))
    codes_of = _codes(reference)
    levels = dict(codes_of.values())
    readings = []
    for column in columns:
        if is_bare(column):
            readings.append(_bare(column, set(levels)))
            continue
        reading, more = _paired(column, reference, {word: code for word, (code, _) in codes_of.items()})
        levels |= {code: label for code, label in more.items() if code not in levels}
        readings.append(reading)
    return Coding(False, levels, tuple(readings))


def _codes(reference: Column) -> dict[str, tuple[str, str]]:
    """Folded word of the reference -> (code, label): its own codes where a code list explains them, else the words."""
    found: dict[str, tuple[str, str]] = {}
    common = sorted(_texts(reference).items(), key=lambda item: (-reference.counts[item[0]], item[0]))
    for text, word in common:
        code = text if text != word else word
        found.setdefault(fold(word), (code.strip(), word))
    return dict(sorted(found.items(), key=lambda item: item[1][0]))


def _paired(column: Column, reference: Column, codes: Mapping[str, str]) -> tuple[Reading, dict[str, str]]:
    """A column's words led to the reference's codes, and the levels only it has."""
    pairs = (
        {w: w for w in column.words} if column is reference else dict(match_levels(column.words, reference.words).pairs)
    )
    found = match_levels(column.words, reference.words) if column is not reference else None
    recode, own, lost = {}, {}, 0
    for text, word in _texts(column).items():
        partner = pairs.get(fold(word))
        if partner is not None:
            recode[fold(text)] = codes[partner]
        else:
            recode[fold(text)] = own_code = word if word not in codes.values() else f"{word} ({column.source})"
            own[own_code] = word
            lost += column.counts[text]
    if found is None:
        return Reading(recode), own
    if lost > OWN_LEVELS * column.n:
        return Reading(recode, UNPAIRED, (f"{len(own)} of its levels have no partner",)), own
    cap = 1.0 if found.sure >= ALL_PAIR else UNPAIRED
    return Reading(recode, cap, (f"{len(found.pairs)} levels paired by their words",)), own


def _numbers(column: Column, columns: Sequence[Column]) -> Reading:
    """Bare codes everywhere: one set is no question, two sets are (sex 0/1 and 1/2)."""
    mine = set(column.values.tolist())
    others = [set(c.values.tolist()) for c in columns if c is not column and c.n]
    differs = any(not (mine <= o or o <= mine) for o in others if mine)
    return Reading({}, UNEXPLAINED if differs else 1.0, ("another set of codes than elsewhere",) if differs else ())


def _with_findings(name: str, columns: Sequence[Column], coding: Coding) -> Coding:
    found = [
        finding(
            "TB119", f"{name!r} at {column.source}: {'; '.join(reading.reasons) or 'levels that the others lack'}",
            columns=[name], count=column.n, source=column.source,
        )
        for column, reading in zip(columns, coding.readings, strict=True)
        if reading.cap < 0.9
    ]  # fmt: skip
    return Coding(coding.is_boolean, coding.levels, coding.readings, tuple(found))
