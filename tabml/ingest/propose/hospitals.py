"""Which tables belong to one hospital: sheets and files whose ids overlap and whose columns complete each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from tabml.core.codebook import Join
from tabml.ingest.identity import normalise_id
from tabml.ingest.layout import Table
from tabml.ingest.propose.meaning import certain_concept, matches_of
from tabml.ingest.propose.profile import Profile
from tabml.ingest.propose.words import name_key
from tabml.ingest.values import fold, is_missing

Rule = Literal["as_is", "digits", "exact"]
#: Share of the shorter table's ids that must stand in the other: sheets of one file, and files of one hospital.
SAME_FILE, OTHER_FILE = 0.5, 0.9
#: Two tables that share more of their columns than this, and cannot be compared, are two hospitals that number alike.
SHARED_SHEET, SHARED_COLUMNS = 0.5, 0.25
#: A table of which nearly all stands in the other adds nothing to its patients.
MOST_SHARED = 0.8
#: Share of rows in which a column both tables have must agree, if one patient is meant by one id.
AGREE = 0.9
#: Columns of fewer rows, or that agree this often by chance (nearly everybody says no), tell nothing.
FEWEST_ROWS, MOST_CHANCE = 5, 0.7
#: Ids that leave out this many numbers for each they use are no mere count.
SPARSE = 3


@dataclass(frozen=True, eq=False)
class Part:
    """One table with its source name, its columns and its id column."""

    name: str
    table: Table
    columns: tuple[Profile, ...]
    id: str | None

    @cached_property
    def keys(self) -> Mapping[Rule, tuple[str, ...]]:
        """The id of each row as each rule compares it."""
        texts = () if self.id is None else self.table.texts(self.id)
        plain = ["" if is_missing(t) else t for t in texts]
        rules: tuple[Rule, ...] = ("as_is", "digits", "exact")
        return {rule: tuple(normalise_id(t, rule) for t in plain) for rule in rules}

    @cached_property
    def meanings(self) -> Mapping[str, str]:
        """What each column means (its concept, else its name) -> its header; ids and dates left out."""
        found = {}
        for column in self.columns:
            if column.header != self.id and not column.is_empty and not column.is_date and column.identifier is None:
                concept = certain_concept(matches_of(column))
                found[concept.key if concept is not None else column.key] = column.header
        return found

    @property
    def is_unique(self) -> bool:
        filled = [key for key in self.keys["as_is"] if key]
        return len(set(filled)) >= 0.95 * len(filled)


@dataclass(frozen=True, eq=False)
class Hospital:
    """A table of patients and the tables that add columns to them."""

    base: Part
    joined: tuple[tuple[Part, Join], ...] = field(default=())

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.base, *(part for part, _ in self.joined))

    @cached_property
    def signature(self) -> tuple[tuple[str, ...], ...]:
        """Headers of all its tables: hospitals with one signature are written alike."""
        return tuple(tuple(sorted(name_key(h) or h for h in part.table.headers)) for part in self.parts)


def hospitals(parts: Sequence[Part]) -> tuple[Hospital, ...]:
    """Tables grouped by hospital. A join never multiplies patients: the base has each id once, or is one of visits."""
    left = sorted(parts, key=lambda p: (-len(set(p.keys["as_is"])), not p.is_unique))
    order = {id(p): i for i, p in enumerate(parts)}
    found: list[tuple[Part, list[tuple[Part, Join]]]] = []
    for part in left:
        home = next(((base, more, rule) for base, more in found if (rule := _belongs(part, base)) is not None), None)
        if home is None:
            found.append((part, []))
            continue
        base, more, rule = home
        more.append((part, Join(to=base.name, on=part.id or "", rule=rule, expect="one_to_one")))
    found.sort(key=lambda pair: order[id(pair[0])])
    return tuple(Hospital(base, tuple(sorted(more, key=lambda m: order[id(m[0])]))) for base, more in found)


def _belongs(part: Part, base: Part) -> Rule | None:
    """The rule by which a table's ids are those of a base, where it adds columns to its patients; else None."""
    if part.id is None or base.id is None or not base.is_unique:
        return None
    same_file = part.table.sheet.file == base.table.sheet.file
    shared = _shared(part, base)
    fewest = max(1, min(len(part.columns), len(base.columns)) - 1)
    few = len(shared) <= (SHARED_SHEET if same_file else SHARED_COLUMNS) * fewest
    # Ids of other files are only compared as they are: every hospital has a patient 12.
    for rule in ("as_is", "digits") if same_file else ("as_is",):
        if _overlap(part, base, rule) < (SAME_FILE if same_file else OTHER_FILE):
            continue
        agree = _agree(part, base, rule, shared)
        # Columns that say the same of every patient cannot be those of two hospitals.
        if (agree and len(shared) <= MOST_SHARED * fewest) or (
            agree is None and few and (same_file or _is_telling(part))
        ):
            return rule
    return None


def _shared(part: Part, base: Part) -> list[tuple[str, str]]:
    """Columns that mean the same in both tables, besides their ids."""
    mine, other = part.meanings, base.meanings
    return [(mine[key], other[key]) for key in sorted(mine.keys() & other.keys())]


def _is_telling(part: Part) -> bool:
    """Whether equal ids are no chance: not numbered one by one (1, 2, 3..., P001, P002...), as every hospital counts."""
    numbers = {int(n) for key in part.keys["digits"] if (n := key) and n.isdigit()}
    return bool(numbers) and (max(numbers) - min(numbers) + 1) > SPARSE * len(numbers)


def _overlap(part: Part, base: Part, rule: Rule) -> float:
    mine, other = set(part.keys[rule]) - {""}, set(base.keys[rule]) - {""}
    if len(other) < len(set(base.keys["as_is"]) - {""}):  # the rule would make one patient of two
        return 0.0
    return len(mine & other) / min(len(mine), len(other)) if mine and other else 0.0


def _agree(part: Part, base: Part, rule: Rule, shared: Sequence[tuple[str, str]]) -> bool | None:
    """Whether the columns both have say the same of each patient; None where nothing can be compared."""
    row_of = {key: i for i, key in enumerate(base.keys[rule]) if key}
    seen = None
    for mine, other in shared:
        a, b = part.table.texts(mine), base.table.texts(other)
        pairs = [(a[i], b[row_of[key]]) for i, key in enumerate(part.keys[rule]) if key in row_of]
        both = [(fold(x), fold(y)) for x, y in pairs if x and y]
        if len(both) < FEWEST_ROWS or _by_chance(both) > MOST_CHANCE:
            continue
        if sum(x == y for x, y in both) < AGREE * len(both):
            return False
        seen = True
    return seen


def _by_chance(pairs: Sequence[tuple[str, str]]) -> float:
    """Share of rows that would agree if the two columns had nothing to do with each other."""
    first, second = Counter(x for x, _ in pairs), Counter(y for _, y in pairs)
    return sum(n * second[value] for value, n in first.items()) / len(pairs) ** 2
