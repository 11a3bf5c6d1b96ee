"""A header taken apart: the forms its name may be looked up in, its unit, and when it was measured."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tabml.ingest.concepts.folding import is_cjk, spelling, words_of
from tabml.ingest.concepts.words import (
    AT,
    BASELINE,
    BEGINNINGS,
    CJK_BASELINE,
    CJK_FILLERS,
    CJK_LATER,
    ENDINGS,
    FILLERS,
    LATER,
    MOMENT_WORDS,
    MOMENTS,
    OTHER_SPECIMENS,
    SPECIMENS,
    TIME_UNITS,
    WEAK_FILLERS,
)
from tabml.ingest.units import canonical_unit, split_unit

Timing = Literal["baseline", "later"] | None
_CAMEL = re.compile(r"(?<=[a-zæøåäöüß])(?=[A-ZÆØÅÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
#: Specimen and analyte as Nordic laboratories write them: `P-Na`, `fP-Glukos`, `B—Hb`.
_SPECIMEN = re.compile(r"(?:[SPBELU]|f[SPB]|[AVK]b|[avck]B|[Pp]t|d?U|Sp|Csv|Ery|Erc)\s?[-\u2013\u2014]\s?(?=[^\W\d])")
_BRACKETS = re.compile(r"[\[(（【]([^\[\]()（）【】]*)[\])）】]")
_RATE = re.compile(
    r"\b(?:pr|per|pro|por|je)\b|/\s*(?:uge|uke|vecka|woche|week|vk|semana|day|dag|tag|pv|dia|day|周|天|日)",
    re.IGNORECASE,
)
#: Units that are words of headers too; they count in brackets only.
_NOT_LAST_WORDS = frozenset(words_of("a s m g l h d min st w pg py tid time c stone j v std mes sem date sek meter k"))


@dataclass(frozen=True)
class Form:
    """Words to look up, what remains certain after taking others away (1 = all words are there), and what was done."""

    words: tuple[str, ...]
    weight: float
    unit: str | None
    timing: Timing = None
    note: str = ""
    spelling: str = ""

    @property
    def compact(self) -> str:
        return "".join(self.words)


def forms_of(header: str, unit: str | None = None) -> tuple[Form, ...]:
    """Every way to read a header, the most literal first; `unit` is what is known of the unit from elsewhere.

    >>> [f.compact for f in forms_of("P-Kreatinin")][:2]
    ['kreatinin', 'pkreatinin']
    >>> [(f.compact, f.timing) for f in forms_of("hb_v3") if f.timing]
    [('hb', 'later')]
    """
    header = unicodedata.normalize("NFKC", " ".join(header.split()))
    found: dict[tuple[str, str | None], Form] = {}
    for name, stated, weight in _readings(header):
        coded = _SPECIMEN.match(name)
        at = coded.end() if coded else 0
        words = words_of(name[:at] + (name[at:] if name.isupper() else _CAMEL.sub(" ", name[at:])))
        if not words:
            continue
        start = Form(words, weight, stated or unit, spelling=spelling(name[at:]))
        # `P-K` is potassium in plasma, not the Swedish PK; but fP-Glukos is the fasting glucose.
        literal = replace(start, weight=0.9 * weight) if coded and not name.startswith("f") else start
        for form in (literal, *_reduced(start)):
            if form.words:
                kept = found.get((form.compact, form.unit))
                if kept is None or kept.weight < form.weight:
                    found[form.compact, form.unit] = form
    return tuple(sorted(found.values(), key=lambda f: -f.weight))


def _readings(header: str) -> Iterator[tuple[str, str | None, float]]:
    """(name, unit, weight): the whole header, without unit, without brackets, its brackets alone, its last part."""
    for part, weight in _parts(header):
        yield part, None, weight
        name, unit = split_unit(part)
        if unit is not None:
            yield name, unit, weight
        else:
            name, unit = _trailing_unit(part)
            if unit is not None:
                yield name, unit, weight * 0.995
        if unit == "%":
            yield f"{name} %", unit, weight
        bare = _BRACKETS.sub(" ", part).strip()
        inside = [m for m in _BRACKETS.findall(part) if m.strip()]
        unit = unit or next((u for u in (m.strip() for m in inside) if canonical_unit(u)), None)
        if inside and bare:
            # `Alcohol (glasses per week)` is not the yes or no of alcohol, though we know no such unit
            rated = unit is None and any(_RATE.search(content) for content in inside)
            yield bare, unit, weight * (0.85 if rated else 0.98)
            if unit is None:
                name, unit = _trailing_unit(bare)
                if unit is not None:
                    yield name, unit, weight * 0.975
            for content in inside:
                if canonical_unit(content) is None and re.search(r"[^\W\d]", content):
                    yield content, unit, weight * 0.93


def _parts(header: str) -> Iterator[tuple[str, float]]:
    yield header, 1.0
    if " / " in header:  # heads of several rows: the last part is the column's, the first only its group's
        yield header.rsplit(" / ", 1)[-1], 0.99
        yield header.split(" / ", 1)[-1], 0.98
        yield header.split(" / ", 1)[0], 0.6
        return
    for sign in (";", ":", "|", " - ", "\u2013", "/", ","):
        if sign in header:
            first, rest = header.split(sign, 1)
            if len(first.strip()) > 1:
                yield first, 0.9
            if len(rest.strip()) > 2:
                yield rest, 0.85


def _trailing_unit(name: str) -> tuple[str, str | None]:
    """A unit written with underscores or dots: `hb_g_dl`, `Hb..g.dL.`, `wbc_10e9_l`."""
    pieces = [p for p in re.split(r"[\s_.]+", name.replace("%", " %")) if p]
    for count in (4, 3, 2, 1):
        if len(pieces) <= count:
            continue
        tail = pieces[-count:]
        if count == 1 and (tail[0].casefold() in _NOT_LAST_WORDS or not re.search(r"[^\W\d]|%", tail[0])):
            continue
        for sign in ("/", "_", ""):
            text = sign.join(tail)
            if canonical_unit(text) is not None and (sign == "/" or count == 1 or sign == "_"):
                return " ".join(pieces[:-count]), text
    return name, None


def _reduced(form: Form) -> Iterator[Form]:
    """The same name with specimen, point in time, fillers and numbers taken away, step by step."""
    steps = [form]
    for step in (_without_specimen, _without_time, _without_fillers, _without_affix, _without_weak, _without_number):
        for known in list(steps):
            less = step(known)
            if less is not None and less.words:
                steps.append(less)
    yield from steps[1:]


def _less(form: Form, words: tuple[str, ...], factor: float, note: str, timing: Timing = None) -> Form:
    notes = "; ".join(n for n in (form.note, note) if n)
    return Form(words, form.weight * factor, form.unit, timing or form.timing, notes, form.spelling)


def _without_specimen(form: Form) -> Form | None:
    first, rest = form.words[0], form.words[1:]
    if first in OTHER_SPECIMENS and rest and rest[0].isalpha():
        return _less(form, (OTHER_SPECIMENS[first], *rest), 1.0, f"{OTHER_SPECIMENS[first]} specimen")
    if first in SPECIMENS and rest and rest[0].isalpha():
        return _less(form, rest, 0.995, "specimen letters off")
    if len(form.words) > 1 and form.words[-1] in {"s", "p", "b"}:
        return _less(form, form.words[:-1], 0.97, "specimen letters off")
    return None


def _without_time(form: Form) -> Form | None:
    words, timing = list(form.words), form.timing
    if any(is_cjk(w) for w in words):
        return _cjk_time(form)
    kept: list[str] = []
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word in TIME_UNITS and after.isdigit() and (len(words) > 2):
            timing, at = ("baseline" if _is_first(word, int(after)) else "later"), at + 2
        elif word.isdigit() and after in TIME_UNITS and len(words) > 2:
            timing, at = ("baseline" if int(word) == 0 else "later"), at + 2
        elif word in AT and (after in MOMENTS or after in BASELINE) and at > 0:
            timing, at = "baseline", at + 2
        elif (word in MOMENT_WORDS and at > 0) or (word in BASELINE and len(words) > 1):
            timing, at = "baseline", at + 1
        elif word in LATER and len(words) > 1:
            timing, at = "later", at + 1
        else:
            kept.append(word)
            at += 1
    return _less(form, tuple(kept), 0.98, f"time: {timing}", timing) if len(kept) < len(words) else None


def _is_first(unit: str, number: int) -> bool:
    return number == 0 or (number == 1 and unit.startswith(("v", "b", "k")))


def _cjk_time(form: Form) -> Form | None:
    words: list[str] = []
    timing: Timing = form.timing
    moments: tuple[tuple[tuple[str, ...], Timing], ...] = ((CJK_BASELINE, "baseline"), (CJK_LATER, "later"))
    for word in form.words:
        for signs, when in moments:
            for sign in signs:
                if sign in word and word != sign:
                    word, timing = word.replace(sign, ""), when
        words.append(word)
    return _less(form, tuple(w for w in words if w), 0.98, f"time: {timing}", timing) if timing != form.timing else None


def _without_fillers(form: Form) -> Form | None:
    kept = tuple(_cjk_bare(w) if is_cjk(w) else w for w in form.words if w not in FILLERS)
    kept = tuple(w for w in kept if w)
    return _less(form, kept, 0.98, "fillers off") if kept and kept != form.words else None


def _cjk_bare(word: str) -> str:
    for filler in CJK_FILLERS:
        if word != filler:
            word = word.replace(filler, "") or word
    return word


def _without_affix(form: Form) -> Form | None:
    words = list(form.words)
    for ending in ENDINGS:
        if words[-1].endswith(ending) and len(words[-1]) > len(ending) + 1:
            words[-1] = words[-1][: -len(ending)]
            break
    for beginning in BEGINNINGS:
        if len(beginning) > 3 and words[0].startswith(beginning) and len(words[0]) > len(beginning) + 2:
            words[0] = words[0][len(beginning) :]
            break
    return _less(form, tuple(words), 0.97, "affix off") if tuple(words) != form.words else None


def _without_weak(form: Form) -> Form | None:
    kept = tuple(w for w in form.words if w not in WEAK_FILLERS)
    return _less(form, kept, 0.93, "weak fillers off") if kept and kept != form.words else None


def _without_number(form: Form) -> Form | None:
    if len(form.words) > 1 and form.words[-1].isdigit():
        return _less(form, form.words[:-1], 0.93, "number off")
    return None
