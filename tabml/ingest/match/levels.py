"""Two sets of level words: which word of one says what a word of the other says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tabml.ingest.match.level_words import GROUP
from tabml.ingest.match.names import name_words, resemblance

#: Words that resemble each other less than this have no partner by name.
ALIKE = 0.45
#: A word left alone on both sides is the partner of the other by elimination, and less sure.
BY_ELIMINATION = 0.5
_NEGATED = re.compile(
    r"\b(?:non|not|no|nicht|kein\w*|ikke|ingen|inte|ej|icke|ei|sin|ohne|without|uten|utan|uden|pas)\b"
)
MOST = 25


@dataclass(frozen=True)
class LevelMatch:
    """`pairs`: word -> the other side's word; `share` of the cells on both sides that have a partner; `sure`: the least resemblance among them."""

    pairs: Mapping[str, str]
    share: float
    sure: float


def match_levels(a: Mapping[str, int], b: Mapping[str, int]) -> LevelMatch:
    """Pair the level words of two columns (word -> count), one to one, by meaning and resemblance."""
    from scipy.optimize import linear_sum_assignment

    mine, other = sorted(a), sorted(b)
    if not mine or not other or max(len(mine), len(other)) > MOST:
        return LevelMatch({}, 0.0, 0.0)
    alike = np.array([[same_level(x, y) for y in other] for x in mine])
    rows, columns = linear_sum_assignment(-alike)
    found = {
        mine[i]: (other[j], float(alike[i, j])) for i, j in zip(rows, columns, strict=True) if alike[i, j] >= ALIKE
    }
    left = [w for w in mine if w not in found], [w for w in other if w not in {o for o, _ in found.values()}]
    if len(left[0]) == len(left[1]) == 1 and len(found) > 1 and not (_is_code(left[0][0]) or _is_code(left[1][0])):
        found[left[0][0]] = (left[1][0], BY_ELIMINATION)
    pairs = {w: o for w, (o, _) in found.items()}
    shares = sum(a[w] for w in pairs) / sum(a.values()), sum(b[o] for o in pairs.values()) / sum(b.values())
    return LevelMatch(pairs, float(min(shares)), min((s for _, s in found.values()), default=0.0))


@lru_cache(maxsize=65536)
def same_level(a: str, b: str) -> float:
    """How surely two level words say the same, 0 to 1; codes only where equal.

    >>> same_level("typisch", "typical angina") > same_level("atypisch", "typical angina")
    True
    >>> same_level("nein", "nei"), same_level("1", "2"), same_level("anginal", "not anginal") < 0.5
    (1.0, 0.0, True)
    """
    if a == b:
        return 1.0
    if _is_code(a) or _is_code(b):
        return 0.0
    if a in GROUP and b in GROUP:
        return 1.0 if GROUP[a] == GROUP[b] else 0.0
    alike = max(resemblance(a, b), _core(_plain(a), _plain(b)))
    return 0.4 * alike if bool(_NEGATED.search(a)) != bool(_NEGATED.search(b)) else alike


def _plain(text: str) -> tuple[str, ...]:
    """The words of a level, each by its common meaning where it has one."""
    return tuple(w for word in text.split() for w in name_words(GROUP.get(word.strip(".,;:()"), word)))


def _core(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Share of the shorter side's letters that stand in words which begin alike: `typisch` in `typical angina`."""
    short, long = sorted((first, second), key=lambda words: sum(map(len, words)))
    letters = sum(map(len, short))
    return 0.9 * sum(len(w) * max(_begins(w, other) for other in long) for w in short) / letters if letters else 0.0


def _begins(a: str, b: str) -> float:
    if a == b:
        return 1.0
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return 0.5 + 0.5 * same / max(len(a), len(b)) if same >= 3 or same == min(len(a), len(b)) > 1 else 0.0


def _is_code(word: str) -> bool:
    return re.fullmatch(r"[-+0-9.,]+", word) is not None
