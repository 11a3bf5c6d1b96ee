"""Which column plays which role, and what only the user can decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tabml.core.config import Data
from tabml.core.errors import ConfigError, DataError, closest, listed
from tabml.core.outcome import REVERSED_NAME, is_positive
from tabml.ingest.propose.meaning import certain_concept, matches_of
from tabml.ingest.propose.people import has_record_shape, holds_names, identifying, is_persons_number, repeats
from tabml.ingest.propose.profile import MOST_LEVELS, Profile
from tabml.ingest.propose.question import Question
from tabml.ingest.propose.words import AGE, CENTRE, DATE, EVENT, OUTCOME, PATIENT_ID, SEX, TIME

MOST_CENTRES = 60
NO_OUTCOME = "no column is recognised as the outcome; which one is it?"
#: Parts of a header that say: the date of a visit, an admission or an examination.
DATED = re.compile(
    r"\bdate|date\b|dato\b|datum\b|\bfecha|päivä|\bpvm\b|visit|admission|baseline|\bdata\b|дата\b|\btarihi?\b|日期|入院日|[初受]診日|입원일"
)


@dataclass(frozen=True)
class Roles:
    """Headers by role; None where no column plays it."""

    patient_id: str | None = None
    centre: str | None = None
    index_date: str | None = None
    outcome: str | None = None
    time: str | None = None
    event: str | None = None
    age: str | None = None
    sex: str | None = None
    questions: tuple[Question, ...] = field(default=())

    @property
    def endpoint(self) -> str | None:
        """The column that says what happened."""
        return self.outcome or self.event


def find_roles(columns: Sequence[Profile], data: Data, where: str | None = None) -> Roles:
    """Roles by the user's settings first, then by header, kind and values; a tie is a question.

    `where`: the files the columns stand in. A DataError says that the outcome has one class.
    """
    by_name = {c.header: c for c in columns}
    stated = {
        name: _stated(value, by_name, f"data.{name}")
        for name, value in (("id", data.id), ("centre", data.centre), ("target", data.target), ("time", data.time),
                            ("event", data.event))
    }  # fmt: skip
    taken = {h for h in stated.values() if h is not None}
    free = [c for c in columns if c.header not in taken and not c.is_empty]
    questions: list[Question] = []
    patient_id = stated["id"] or id_column([c for c in free if c.header not in data.keep], questions)
    free = [c for c in free if c.header != patient_id]
    centre = stated["centre"] or _one(c for c in free if c.key in CENTRE and 2 <= c.distinct <= MOST_CENTRES)
    free = [c for c in free if c.header != centre]
    roles = _outcome(free, stated, questions, where)
    free = [c for c in free if c.header not in (roles.outcome, roles.time, roles.event)]
    roles = replace(
        roles,
        patient_id=patient_id,
        centre=centre,
        index_date=_index_date(free),
        age=_one(c for c in free if c.key in AGE and c.is_numeric),
        sex=_one(c for c in free if c.key in SEX and c.distinct == 2),
    )
    questions += _polarity(roles, by_name, data)
    return replace(roles, questions=tuple(questions))


def named_column(name: str, columns: Iterable[str], setting: str) -> str:
    """The header a setting names; ConfigError with the near miss where there is none."""
    known = list(columns)
    if name in known:
        return name
    folded = [h for h in known if h.casefold() == name.strip().casefold() or h.rsplit(" / ", 1)[-1] == name]
    if len(folded) == 1:
        return folded[0]
    near = closest(name, known)
    hint = f"did you mean {near!r}?" if near else f"columns: {listed(name, known)}"
    raise ConfigError(f"there is no column {name!r}", where=setting, hint=hint)


def _stated(value: str | None, by_name: dict[str, Profile], setting: str) -> str | None:
    return None if value is None else named_column(value, by_name, setting)


def id_column(free: Sequence[Profile], questions: list[Question]) -> str | None:
    """The column with the patient's id; several candidates are a question."""
    for tier in PATIENT_ID:
        found = [c for c in free if c.key in tier and _can_be_id(c)]
        numbered = [c for c in found if not holds_names(c)] or found
        if len(numbered) == 1:
            return _or_person(numbered[0], free, questions)
        if numbered:
            return _asked(numbered, questions)
    known = [c for c in free if _can_be_id(c) and is_persons_number(c)]
    if len(known) == 1:
        return known[0].header
    if known:
        return _asked(known, questions)
    records = [c for c in free if has_record_shape(c) and _can_be_id(c)]
    own = [c for c in records if identifying(c) is not None]
    if len(own) == 1:
        return own[0].header
    if records:
        # Rows of one patient in two folds would flatter every number: --yes takes the repeated number for the patient's.
        return _asked(own or records, questions, safe=records[0].header if len(records) == 1 else None)
    # Without a named id the numbering of the rows serves, and else a direct identifier.
    unnamed = [c for c in free if c.numbers_rows]
    if unnamed:
        return unnamed[0].header
    return _one(c for c in free if c.identifier is not None and not repeats(c) and not c.is_date)


def _or_person(named: Profile, free: Sequence[Profile], questions: list[Question]) -> str | None:
    """The column named as id; a question where it counts the rows beside a national number that repeats."""
    if repeats(named):
        return named.header
    persons = [c for c in free if c is not named and repeats(c) and _can_be_id(c) and is_persons_number(c)]
    return _asked([*persons, named], questions) if persons else named.header


def _asked(found: Sequence[Profile], questions: list[Question], *, safe: str | None = None) -> str | None:
    """No id yet: the question is added."""
    options = tuple(c.header for c in found)
    text = "which column is the patient's id?"
    if len(options) == 1:
        text = f"{options[0]!r} looks like a number of patients with several rows each: is it the patient's id? (else --keep COLUMN)"
    questions.append(Question("data.id", text, options, "--id COLUMN", safe))
    return None


def _can_be_id(column: Profile) -> bool:
    if column.is_date or (column.is_numeric and _has_fractions(column)):
        return False
    return column.distinct > min(5, len(column.texts) // 2)


def _has_fractions(column: Profile) -> bool:
    values = column.numbers[~np.isnan(column.numbers)]
    return bool((values != np.round(values)).any())


def _outcome(
    free: Sequence[Profile], stated: dict[str, str | None], questions: list[Question], where: str | None
) -> Roles:
    """The outcome, or time and event of a survival outcome."""
    if stated["target"] is not None and not (stated["time"] or stated["event"]):
        return Roles(outcome=stated["target"])
    times = [c for c in free if c.key in TIME and _can_be_time(c)]
    events = [c for c in free if c.key in EVENT and _can_be_event(c)]
    time = stated["time"] or _one(times)
    event = stated["event"] or _one(events)
    if time and event:
        return Roles(time=time, event=event)
    if stated["time"] or stated["event"] or (times and events):
        if not time:
            options = tuple(c.header for c in times)
            questions.append(
                Question("data.time", "which column is the follow-up time?", options, "--time COLUMN", None)
            )
        if not event:
            options = tuple(c.header for c in events)
            questions.append(
                Question("data.event", "which column says that the event happened?", options, "--event COLUMN", None)
            )
        return Roles(time=time, event=event)
    return _classes(free, questions, where)


def _can_be_time(column: Profile) -> bool:
    values = column.numbers[~np.isnan(column.numbers)]
    return column.is_numeric and column.distinct >= 10 and bool((values >= 0).all())


def _can_be_event(column: Profile) -> bool:
    return column.kind in ("boolean", "category") or (column.kind == "integer" and column.distinct <= 5)


def _classes(free: Sequence[Profile], questions: list[Question], where: str | None) -> Roles:
    exact, word = OUTCOME
    named = [c for c in free if c.key in exact and _can_be_outcome(c, by_name=True)]
    hinted = [c for c in free if set(c.key.split()) & word and _can_be_outcome(c, by_name=False)]
    found = named or hinted
    if len(found) == 1:
        return Roles(outcome=found[0].header)
    if not found:
        _refuse_one_class([c for c in free if c.key in exact or set(c.key.split()) & word], where)
    could = found or [c for c in free if c.key not in SEX and _can_be_outcome(c, by_name=False)]
    text = "which column is the outcome to predict?" if found else NO_OUTCOME
    options = tuple(c.header for c in could)
    questions.append(Question("data.target", text, options, "--target COLUMN", None, named=bool(found)))
    return Roles()


def _refuse_one_class(named: Sequence[Profile], where: str | None) -> None:
    """DataError where the only column with an outcome's name says the same of all patients."""
    constant = _one(c for c in named if c.distinct == 1)
    if constant is not None:
        raise DataError(
            f"outcome {constant!r} has one class only; two are needed",
            where=where,
            hint="check the event coding: tabml summary, or name another with --target",
        )


def _can_be_outcome(column: Profile, *, by_name: bool) -> bool:
    if column.is_constant or column.is_date or column.identifier is not None:
        return False
    if column.kind in ("boolean", "category"):
        return column.distinct >= 2
    return (by_name and column.is_numeric) or (column.kind == "integer" and column.distinct <= MOST_LEVELS // 2)


def _index_date(free: Sequence[Profile]) -> str | None:
    """A date column whose header says that it is one of a visit; a nameless date may be a birth date."""
    dates = [
        c
        for c in free
        if c.is_date and not c.is_birth_date and (c.key in DATE or DATED.search(c.key)) and not _is_later_date(c)
    ]
    return _one(dates) or _one(c for c in dates if c.key in DATE)


def _is_later_date(column: Profile) -> bool:
    """Whether a date is one of death, discharge or last contact."""
    concept = certain_concept(matches_of(column))
    return concept is not None and concept.role == "date"


def _polarity(roles: Roles, by_name: dict[str, Profile], data: Data) -> list[Question]:
    """A question where neither a word nor a plain 0/1 says which level is the event (TB131)."""
    name = roles.endpoint
    if name is None or data.positive is not None:
        return []
    column = by_name[name]
    if column.distinct != 2 or (column.kind not in ("boolean", "category")):
        return []
    if not is_reversed(column):
        if column.kind == "boolean":
            return []
        said = [level for level, label in column.levels.items() if is_positive(level, label)]
        if len(said) == 1:
            return []
    options = tuple(column.levels)
    return [
        Question("data.positive", f"which level of {name!r} is to be predicted?", options, "--positive LEVEL", None)
    ]


def is_reversed(column: Profile) -> bool:
    """Whether a two-level column's name says that its 1 is the good outcome, or a censoring."""
    return bool(REVERSED_NAME.search(column.header)) or column.key.startswith("censor")


def _one(found: Iterable[Profile]) -> str | None:
    """The only candidate's header."""
    candidates = list(found)
    return candidates[0].header if len(candidates) == 1 else None
