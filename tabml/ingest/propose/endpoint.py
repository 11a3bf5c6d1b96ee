"""The outcome among matched variables: which one it is, graded against yes/no, and what tells it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tabml.core.codebook import ColumnMapping
from tabml.core.cohort import Role
from tabml.core.config import Data
from tabml.core.errors import ConfigError, closest
from tabml.core.findings import Finding, finding
from tabml.core.outcome import is_positive
from tabml.ingest.match.assign import Member
from tabml.ingest.match.evidence import compare
from tabml.ingest.propose.endpoints import doubtful_levels, set_aside_endpoints
from tabml.ingest.propose.group import Group, Placed
from tabml.ingest.propose.question import Question
from tabml.ingest.propose.roles import NO_OUTCOME, Roles, find_roles
from tabml.ingest.propose.variables import Built, Seat, build_variable
from tabml.ingest.propose.words import EVENT, OUTCOME
from tabml.ingest.values import fold

#: A yes/no made of a graded outcome is as sure as the column itself, and no surer than this.
GRADED = 0.95
#: Where no code list says that all grades above 0 are the same thing, another cut may be meant (mRS above 2).
UNEXPLAINED = 0.8
#: Score of an outcome that was only guessed.
GUESSED = 0.4


@dataclass(frozen=True)
class Endpoint:
    """Names of the variables by role, what must be asked, and settings that named a column by its header."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)


def find_endpoint(built: Sequence[Built], groups: Sequence[Group], data: Data) -> Endpoint:
    """The outcome, or time and event: by the settings, else by what each hospital's own names say."""
    stated = {role: _stated(built, getattr(data, setting), f"data.{setting}")
              for role, setting in (("outcome", "target"), ("time", "time"), ("event", "event"))}  # fmt: skip
    named = {f"data.{s}": name for r, s in (("outcome", "target"), ("time", "time"), ("event", "event"))
             if (name := stated[r]) is not None}  # fmt: skip
    votes = _votes(built, groups)
    if stated["outcome"] and not (stated["time"] or stated["event"]):
        return Endpoint({stated["outcome"]: "outcome"}, (), named)
    time = stated["time"] or _only(votes["time"])
    event = stated["event"] or _only(votes["event"])
    if time and event:
        return Endpoint({time: "time", event: "event"}, (), named)
    if stated["time"] or stated["event"]:
        role, setting = ("event", "event") if time else ("time", "time")
        text = "which column is the follow-up time?" if role == "time" else "which column says that the event happened?"
        options = tuple(votes[role]) or tuple(b.name for b in built)
        return Endpoint({}, (Question(f"data.{setting}", text, options, f"--{setting} COLUMN", None),), named)
    outcome = _only(votes["outcome"])
    if outcome is not None:
        return Endpoint({outcome: "outcome"}, (), named)
    return Endpoint({}, (_which(votes["outcome"] or votes["event"], built),), named)


def _which(candidates: Iterable[str], built: Sequence[Built]) -> Question:
    """The question about the outcome; without a recognised one it lists all that could be."""
    found = tuple(candidates)
    could = found or tuple(b.name for b in built if b.spec.kind in ("boolean", "category"))
    text = "which column is the outcome to predict?" if found else NO_OUTCOME
    return Question("data.target", text, could, "--target COLUMN", None)


def _stated(built: Sequence[Built], value: str | None, setting: str) -> str | None:
    """The variable a setting names, by its name or by the header of one of its columns."""
    if value is None:
        return None
    by_name = {b.name: b.name for b in built}
    headers: dict[str, str] = {}
    for b in built:
        for seat in b.seats:
            for name in (seat.placed.column.header, seat.placed.column.leaf):
                headers.setdefault(fold(name), b.name)
    found = by_name.get(value) or headers.get(fold(value))
    if found is None:
        near = closest(value, [*by_name, *headers])
        hint = f"did you mean {near!r}?" if near else f"columns: {', '.join(list(by_name)[:12])}"
        raise ConfigError(f"there is no column {value!r}", where=setting, hint=hint)
    return found


def _votes(built: Sequence[Built], groups: Sequence[Group]) -> dict[str, list[str]]:
    """Role -> names of variables for which hospitals' own names speak, most votes first."""
    of_header = {(s.group.key, s.placed.column.header): b.name for b in built for s in b.seats}
    counts: dict[str, Counter[str]] = {role: Counter() for role in ("outcome", "time", "event")}
    for group in groups:
        roles = find_roles(group.profiles, Data())
        for role in counts:
            header = getattr(roles, role)
            if header is not None and (group.key, header) in of_header:
                counts[role][of_header[group.key, header]] += 2
        for question in roles.questions:
            asked = {"data.target": "outcome", "data.time": "time", "data.event": "event"}.get(question.key)
            for option in question.options if asked is not None and question.named else ():
                counts[asked or ""][of_header.get((group.key, option), "")] += 1
    for b in built:
        if b.concept is not None and b.concept.role == "outcome":
            counts["outcome"][b.name] += 1
    found = {}
    for role, counter in counts.items():
        counter.pop("", None)
        best = max(counter.values(), default=0)
        found[role] = [name for name, n in sorted(counter.items(), key=lambda i: (-i[1], i[0])) if n == best]
    return found


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def with_endpoint(
    built: Sequence[Built], endpoint: Endpoint, groups: Sequence[Group], data: Data
) -> tuple[tuple[Built, ...], tuple[Finding, ...]]:
    """The variables with their roles; a graded outcome beside yes/no ones becomes yes/no, its grades a sibling.

    A hospital without a column for the outcome gets its likeliest one proposed, never accepted unseen.
    """
    names = dict(zip((b.name for b in built), (_completed(b, endpoint, groups) for b in built), strict=True))
    built = tuple(names.values())
    done: list[Built] = []
    aside = _aside(built, endpoint, groups, data)
    findings: list[Finding] = []
    for b in built:
        role = endpoint.roles.get(b.name)
        if role is None:
            sibling, told = _sibling(b, endpoint, aside, data)
            findings += told
            done.append(sibling)
            continue
        findings += _doubtful(b) if role == "outcome" else ()
        done += [
            _with_role(x, role if i == 0 else "sibling") for i, x in enumerate(_graded(b) if role != "time" else (b,))
        ]
    return tuple(done), tuple(findings)


def _completed(b: Built, endpoint: Endpoint, groups: Sequence[Group]) -> Built:
    """The outcome (or event) with a guess for every hospital that gives it no column."""
    if endpoint.roles.get(b.name) not in ("outcome", "event") or b.spec.kind not in ("boolean", "category"):
        return b
    seats = list(b.seats)
    for group in groups:
        if any(s.group is group for s in b.seats):
            continue
        could = [
            (compare(p.column, s.placed.column).weight, i)
            for i, p in enumerate(group.placed)
            if _may_tell(p)
            for s in b.seats
        ]
        if could:
            placed = group.placed[max(could)[1]]
            member = Member(placed.column, GUESSED, ("the likeliest outcome of this hospital",))
            seats.append(Seat(group, placed, member))
    return b if len(seats) == len(b.seats) else build_variable(b.name, seats, b.concept)


def _may_tell(placed: Placed) -> bool:
    """Whether a column may be an outcome: by its name or its role in the list."""
    exact, hints = OUTCOME
    role = placed.concept.role if placed.concept is not None else None
    named = placed.profile.key in exact | EVENT or bool(set(placed.profile.key.split()) & hints)
    return placed.column.form in ("boolean", "coded", "category") and (
        role in ("outcome", "event") or (role is None and named)
    )


def _with_role(b: Built, role: Role) -> Built:
    return replace(b, spec=b.spec.model_copy(update={"role": role, "timing": "outcome"}))


def _sibling(
    b: Built, endpoint: Endpoint, aside: Mapping[tuple[str, str], Finding], data: Data
) -> tuple[Built, tuple[Finding, ...]]:
    """What tells the outcome, by its name at some hospital or by its usual role, is no predictor unless it is kept."""
    kept = {b.name, *(s.placed.column.header for s in b.seats)} & set(data.keep)
    if not endpoint.roles or kept:
        return b, ()
    told = next((f for s in b.seats if (f := aside.get((s.group.key, s.placed.column.header))) is not None), None)
    if told is not None:
        return _with_role(b, "sibling"), (replace(told, columns=(b.name,)),)
    if b.concept is None or b.concept.role not in ("outcome", "event", "time"):
        return b, ()
    evidence = (
        f"{b.name!r} names what is known only afterwards; set aside, for it may tell {next(iter(endpoint.roles))!r}"
    )
    return _with_role(b, "sibling"), (finding("TB141", evidence, columns=[b.name], count=1),)


def _aside(
    built: Sequence[Built], endpoint: Endpoint, groups: Sequence[Group], data: Data
) -> dict[tuple[str, str], Finding]:
    """(group, header) of columns that tell a hospital's own outcome: other endpoints and forms of one score (TB135, TB141)."""
    found = {}
    for group in groups:
        played = {role: s.placed.column.header for b in built for s in b.seats
                  if s.group is group and (role := endpoint.roles.get(b.name)) is not None}  # fmt: skip
        roles = Roles(outcome=played.get("outcome"), time=played.get("time"), event=played.get("event"))
        for told in set_aside_endpoints(group.profiles, roles, data.keep)[1]:
            found[group.key, told.columns[0]] = told
    return found


def _doubtful(b: Built) -> tuple[Finding, ...]:
    return tuple(f for s in b.seats for f in doubtful_levels(s.placed.profile))


def _graded(b: Built) -> tuple[Built, ...]:
    """(yes/no outcome, its grades) where some hospitals give yes/no and others grades from 0 up; else the variable."""
    graded = [s for s in b.seats if _is_graded(s)]
    plain = [s for s in b.seats if s not in graded]
    if not graded or not plain:
        return (b,)
    base = build_variable(b.name, plain, b.concept)
    if base.spec.kind != "boolean":
        return (b,)
    grades = build_variable(f"{b.name}_grade", graded, None)
    mappings = dict(base.spec.from_)
    for seat in graded:
        header = seat.placed.column.header.replace('"', "")
        for source in seat.sources:
            score = min(GRADED if _is_explained(seat) else UNEXPLAINED, seat.score)
            said = "; ".join([*seat.member.reasons, "yes/no from grades: 0 against the others"])
            mappings[source] = ColumnMapping(
                expr=f'col("{header}") > 0', status="proposed", score=round(score, 2), evidence=said
            )
    spec = base.spec.model_copy(update={"from_": mappings})
    return replace(base, spec=spec, seats=b.seats, findings=()), replace(grades, findings=())


def _is_graded(seat: Seat) -> bool:
    values = set(seat.placed.column.values.tolist())
    return seat.placed.column.form == "coded" and 0.0 in values and max(values) > 1 and min(values) >= 0


def _is_explained(seat: Seat) -> bool:
    """Whether a code list gives 0 one meaning and all other grades another: `0 = none; 1-4 = disease`."""
    meanings = {
        fold(code): re.sub(r"\s*\d+$", "", fold(meaning)) for code, meaning in seat.placed.column.meanings.items()
    }
    above = {meaning for code, meaning in meanings.items() if code != "0"}
    return "0" in meanings and len(above) == 1


def polarity(built: Sequence[Built], data: Data) -> tuple[Question, ...]:
    """A question where no word says which of two levels of the outcome is the event (TB131)."""
    for b in built:
        if b.spec.role not in ("outcome", "event") or data.positive is not None or b.spec.kind != "category":
            continue
        levels = b.spec.levels
        if len(levels) != 2 or sum(is_positive(code, label) for code, label in levels.items()) == 1:
            continue
        text = f"which level of {b.name!r} is to be predicted?"
        return (Question("data.positive", text, tuple(levels.values()), "--positive LEVEL", None),)
    return ()
