"""Wide visits: `hb_v1, hb_v2` or `Hb 0 mnd, Hb 3 mnd` are one measurement at several times; only the first is baseline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tabml.ingest.values import fold

#: Words for a numbered occasion, in nb sv da fi de en es zh.
_OCCASIONS = (
    "visit|visitt|vis|v|t|tp|timepoint|wave|w|round|besök|besøk|besøg|bes|kontroll|kontrol|kontrolle|käynti|besuch|termin|"
    "visite|visita|vis|control|fu|follow ?up|oppfølging|uppföljning|opfølgning|seuranta|nachsorge|seguimiento|访视|随访|第"
)
#: Unit of time -> its words, in nb sv da fi de en es zh; the unit is what two times are compared in (days).
_UNITS: Mapping[float, str] = {
    1: "days?|d|dager?|dagar?|dage|pv|päivää?|tage?|días?|dias?|天|日",
    7: "weeks?|wks?|w|uker?|veckor|vecka|uger?|vko|viikkoa?|wochen?|wo|semanas?|sem|周",
    30.4375: "months?|mths?|mo|m|mnd|måneder|måned|mdr|mån|månader|månad|kk|kuukautta|kuukausi|monate?|mon|mes|meses|月|个月",
    365.25: "years?|yrs?|y|år|vuotta|vuosi|jahre?|j|años?|年",
}
_BASELINE = (
    "baseline|base|bl|basal|screening|scr|admission|adm|pre|innkomst|innleggelse|start|utgangspunkt|baslinje|inskrivning|"
    "indlæggelse|alku|lähtö|aufnahme|ausgang|ausgangswert|eingang|ingreso|inicio|基线|入院"
)
_LATER = "post|discharge|end|final|last|utskrivning|utskrivelse|entlassung|abschluss|alta|final|loppu|出院"
_WORDED = {"baseline": _BASELINE, "later": _LATER}
_SEP = r"[\s_./\-:,()\[\]]+"


@dataclass(frozen=True)
class VisitGroup:
    """One measurement at several times. `headers` in the order of time; the first is the baseline."""

    stem: str
    headers: tuple[str, ...]
    days: tuple[float, ...]
    """Days since baseline, or the number of the occasion where only that is known."""

    @property
    def baseline(self) -> str:
        return self.headers[0]

    @property
    def later(self) -> tuple[str, ...]:
        return self.headers[1:]


def visit_groups(headers: Sequence[str]) -> tuple[VisitGroup, ...]:
    """The measurements that a table holds at two times or more.

    >>> [(g.stem, g.headers) for g in visit_groups(["id", "hb_v1", "hb_v2", "Age"])]
    [('hb', ('hb_v1', 'hb_v2'))]
    >>> visit_groups(["Hb 3 mnd", "Hb 0 mnd"])[0].baseline
    'Hb 0 mnd'
    """
    found: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for header in headers:
        parts = _parts(header)
        if parts is not None:
            stem, kind, when = parts
            found.setdefault((stem, kind), []).append((when, header))
    groups = []
    for (stem, _), members in _with_plain(found, headers).items():
        times = [when for when, _ in members]
        if len(set(times)) == len(times) > 1:
            members.sort()
            groups.append(VisitGroup(stem, tuple(h for _, h in members), tuple(w for w, _ in members)))
    return tuple(groups)


def later_headers(headers: Sequence[str]) -> frozenset[str]:
    """The columns measured after the first visit: timing `later`."""
    return frozenset(h for group in visit_groups(headers) for h in group.later)


def _parts(header: str) -> tuple[str, str, float] | None:
    """(stem, kind of time, when) of a header that names an occasion; None of any other."""
    text = fold(header)
    if re.search(r"(?<![0-9])[23]d$", text):  # two- and three-dimensional, no days
        return None
    for days, words in _UNITS.items():
        for pattern in (rf"(\d+)\s*(?:{words})", rf"(?:{words})(?:{_SEP})?(\d+)"):
            if (found := _occasion(text, pattern)) is not None:
                stem, number = found
                return stem, "time", days * float(number)
    if (found := _occasion(text, rf"(?:{_OCCASIONS})(?:{_SEP})?(\d{{1,2}})")) is not None:
        return found[0], "number", float(found[1])
    for word, words in _WORDED.items():
        if (found := _occasion(text, f"({words})")) is not None:
            return found[0], "word", 0.0 if word == "baseline" else 1e6
    return None


def _occasion(text: str, pattern: str) -> tuple[str, str] | None:
    """The rest of a header and the time in it, which stands at its end, at its beginning or in brackets."""
    for form in (rf"(?P<stem>.+?){_SEP}{pattern}[)\]]?", rf"{pattern}{_SEP}(?P<stem>.+)"):
        if (found := re.fullmatch(form, text)) is not None:
            stem = re.sub(rf"^{_SEP}|{_SEP}$", "", found["stem"])
            return (stem, next(g for g in found.groups() if g is not None and g != found["stem"])) if stem else None
    return None


def _with_plain(
    found: Mapping[tuple[str, str], list[tuple[float, str]]], headers: Sequence[str]
) -> dict[tuple[str, str], list[tuple[float, str]]]:
    """Words such as `baseline` are time 0 of the same stem's months; a plain header is the first of its later ones."""
    plain = {fold(re.split(r"\s*[\[(]", header)[0]): header for header in headers}
    groups: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for (stem, kind), members in found.items():
        if kind == "word" and (stem, "time") in found:
            continue
        joined = [*members, *(found.get((stem, "word"), []) if kind == "time" else [])]
        if stem in plain and all(when > 0 for when, _ in joined) and plain[stem] not in {h for _, h in joined}:
            joined.append((0.0, plain[stem]))
        groups[stem, kind] = joined
    return groups
