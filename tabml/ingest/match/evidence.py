"""The evidence that two columns are one variable: names, kind, unit, values and levels, as one weight.

Each piece of evidence is a log likelihood ratio (start values, checked by `benchmarks/propose.py`): how much likelier
it is when the columns are the same variable than when they are not. They are summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tabml.ingest.match.column import NAMED, Column
from tabml.ingest.match.level_words import GROUP
from tabml.ingest.match.levels import match_levels
from tabml.ingest.match.names import name_words, resemblance
from tabml.ingest.match.scale import any_analyte, factors_of, overlap, shift
from tabml.ingest.values import fold

#: Weight of names: the concept two headers share, two concepts that differ, letters in common.
CONCEPT, OTHER_CONCEPT, EQUAL_NAME, LIKE_NAME = 6.0, -5.0, 5.5, 5.0
#: Numbers overlap: share of the distributions over each other -> weight.
OVERLAP = ((0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95), (-4.0, -2.5, -1.0, 0.0, 1.0, 2.0, 2.5))
#: Level words with a partner: share of the cells -> weight.
SHARED = ((0.0, 0.3, 0.6, 0.9, 1.0), (-3.0, -1.0, 1.0, 2.5, 3.5))
#: Three or more levels that all have a partner, some of them in words that no other variable uses.
SPECIFIC = 2.5
SHARED_CODES = ((0.0, 0.5, 1.0), (-2.0, 0.0, 1.0))
#: Names of two concepts whose levels are the same.
SYNONYMS = -1.0
#: Each is the only column of its hospital that names an outcome.
OUTCOMES = 5.0
#: Names of an outcome that do not say which.
GENERIC = ("outcome", "diagnosis", None)
FORMS: dict[frozenset[str], float] = {
    frozenset({"measure"}): 0.5, frozenset({"coded"}): 0.5, frozenset({"boolean"}): 0.7, frozenset({"category"}): 0.5,
    frozenset({"date"}): 1.5, frozenset({"measure", "coded"}): -1.0, frozenset({"coded", "category"}): 0.2,
    frozenset({"boolean", "category"}): 0.0, frozenset({"boolean", "coded"}): -0.5, frozenset({"measure", "boolean"}): -4.0,
    frozenset({"measure", "category"}): -4.0,
}  # fmt: skip
OTHER_FORMS = -6.0
#: Rows behind which values count half.
FEW = 15.0


@dataclass(frozen=True)
class Evidence:
    """The weight of all evidence, what it says in words, and which kinds of it stand on firm ground."""

    weight: float
    reasons: tuple[str, ...]
    is_named: bool
    """Names (or many specific level words) say that they are the same."""
    is_contradicted: bool = False
    """Values or kinds say that they are not."""


def compare(a: Column, b: Column) -> Evidence:
    """The evidence that column `a` is the variable of which `b` is a column."""
    name, is_named, said = _names(a, b)
    # A column without a value has no form.
    form = FORMS.get(frozenset({a.form, b.form}), OTHER_FORMS) if a.n and b.n else 0.0
    unit, unit_said, is_foreign = _units(a, b)
    values, values_said, is_far, is_specific = _values(a, b)
    if is_specific:  # two names for one thing, told by its levels
        name = max(name, SYNONYMS)
    missing = 0.3 - 0.6 * abs(a.missing - b.missing)
    outcome = OUTCOMES if a.is_endpoint and b.is_endpoint else 0.0
    reasons = tuple(r for r in (said, unit_said, values_said, "both are the outcome by name" if outcome else "") if r)
    contradicted = is_far or is_foreign or form <= -4.0
    weight = name + form + unit + values + missing + outcome
    return Evidence(weight, reasons, is_named or is_specific, contradicted)


def _names(a: Column, b: Column) -> tuple[float, bool, str]:
    """(weight, whether they say the same, words)."""
    mine, other = a.meant, b.meant
    common = sorted(((min(s, other[key]), key) for key, s in mine.items() if key in other), reverse=True)
    alike = max(resemblance(x, y) for x in a.names for y in b.names)
    weight = EQUAL_NAME if alike == 1.0 and _is_telling(a) else max(0.0, min(LIKE_NAME, 8 * (alike - 0.45)))
    said = f"names alike {alike:.2f}" if weight > 0 else ""
    firm = alike >= 0.8 and _is_telling(a)
    if a.timing != b.timing and "later" in (a.timing, b.timing) and not (a.is_endpoint and b.is_endpoint):
        return OTHER_CONCEPT, False, "measured at another time by name"
    if common:
        sure, key = common[0]
        shared = min(CONCEPT, max(0.0, 8 * (sure - 0.25)))
        best = sure >= max((*mine.values(), *other.values())) - 0.3
        if shared > weight and best:
            return shared, sure >= NAMED or firm, f"name: {b.leaf} ~ {key} {sure:.2f}"
    generic = a.is_endpoint and b.is_endpoint and (a.concept in GENERIC or b.concept in GENERIC)
    if a.concept is not None and b.concept is not None and a.concept != b.concept and not generic:
        return OTHER_CONCEPT + 0.5 * weight, False, f"names say {a.concept} and {b.concept}"
    return weight, firm, said


def _is_telling(a: Column) -> bool:
    """Whether a name says something: `V12`, `#3`, `Wert` and single letters do not."""
    words = name_words(a.leaf)
    return sum(len(w) for w in words if w.isalpha()) >= 3


def _units(a: Column, b: Column) -> tuple[float, str, bool]:
    if a.unit is None or b.unit is None:
        return 0.0, "", False
    if a.unit == b.unit:
        return 1.0, f"unit {a.unit}", False
    ways = any_analyte(a.unit, b.unit)
    if not ways:
        return -4.0, f"units {a.unit} and {b.unit} measure different things", True
    return 0.8, f"units {a.unit} and {b.unit}", False


def _values(a: Column, b: Column) -> tuple[float, str, bool, bool]:
    """(weight, words, whether values contradict, whether level words are so specific that they name the variable)."""
    if a.form == b.form == "date":
        return 0.0, "", False, False
    words = _level_words(a, b)
    if words is not None:
        return words
    if a.form in ("measure", "coded", "boolean") and b.form in ("measure", "coded", "boolean"):
        return _measures(a, b) if "measure" in (a.form, b.form) else _codes(a, b)
    return 0.0, "", False, False


def _level_words(a: Column, b: Column) -> tuple[float, str, bool, bool] | None:
    """Levels compared as words; None where one side has bare numbers."""
    if not (_has_words(a) and _has_words(b)):
        return None
    found = match_levels(a.words, b.words)
    trust = _trust(a, b)
    specific = [w for w in found.pairs if GROUP.get(w) not in ("yes", "no")]
    if not specific:
        yes_no = all(GROUP.get(w) in ("yes", "no") for w in (*a.words, *b.words))
        return (0.3 if yes_no else -1.5 * trust, "", False, False)
    weight = float(np.interp(found.share, *SHARED)) * trust
    said = f"{len(found.pairs)} of {max(len(a.words), len(b.words))} levels say the same"
    sure = 1.0 if _same_codes(a, b, found.pairs) else found.sure
    is_specific = found.share >= 0.95 and len(specific) >= 3 and sure >= 0.6
    if is_specific and any(GROUP.get(w) is None for w in specific):
        weight += SPECIFIC
    return weight, said, found.share < 0.2 and trust > 0.5, is_specific


def _same_codes(a: Column, b: Column, pairs: Mapping[str, str]) -> bool:
    """Whether both have a code list that gives each pair of words the same code."""
    mine, other = ({fold(m): c for c, m in x.meanings.items()} for x in (a, b))
    return len(pairs) >= 3 and all(w in mine and mine[w] == other.get(o) for w, o in pairs.items())


def _has_words(a: Column) -> bool:
    return a.form in ("category", "boolean", "coded") and any(not _is_number(w) for w in a.words)


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).replace(",", "", 1).lstrip("-").isdigit()


def _codes(a: Column, b: Column) -> tuple[float, str, bool, bool]:
    first, second = set(a.values.tolist()), set(b.values.tolist())
    if not first or not second:
        return 0.0, "", False, False
    share = len(first & second) / len(first | second)
    scale = 1.5 if len(first & second) >= 3 else 0.4
    weight = float(np.interp(share, *SHARED_CODES)) * scale * _trust(a, b)
    return weight, f"{len(first & second)} codes in common" if share > 0 else "", False, False


def _measures(a: Column, b: Column) -> tuple[float, str, bool, bool]:
    trust = _trust(a, b)
    best, factor, penalty = overlap(a.values, b.values), 1.0, 0.0
    for way, cost in _ways(a, b):
        reached = overlap(a.values * way, b.values)
        if reached - 0.2 * cost > best - 0.2 * penalty:
            best, factor, penalty = reached, way, cost
    weight = (float(np.interp(best, *OVERLAP)) - penalty) * trust
    said = f"quantile overlap {best:.2f}" + (f" after factor {factor:.4g}" if factor != 1 else "")
    return weight, said if trust > 0.2 else "", best < 0.15 and trust > 0.5, False


def _ways(a: Column, b: Column) -> list[tuple[float, float]]:
    """(factor from a to b, cost of believing in it): by the stated units, by the concept's, by the shift of scale."""
    if a.unit is not None and b.unit is not None:
        if a.unit == b.unit:
            return []
        stated = any_analyte(a.unit, b.unit)
        analyte = a.analyte or b.analyte
        known = [f for name, f in stated if name is None or name == analyte]
        return [(f, 0.0) for f in known] or [(f, 0.5) for _, f in stated]
    units = a.units or b.units
    between = factors_of(units, a.analyte or b.analyte) if units else ()
    found = shift(a.values, b.values)
    ways = [(f, 0.5) for factor in between for f in (factor, 1 / factor)]
    return ways if found is None else [*ways, (1 / found.factor, 1.0)]


def _trust(a: Column, b: Column) -> float:
    n = min(a.n, b.n)
    return n / (n + FEW)
