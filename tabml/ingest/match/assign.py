"""From pairs of columns to variables: each hospital gives a variable at most one column, the best for all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.match.column import Column
from tabml.ingest.match.evidence import Evidence, compare
from tabml.ingest.match.structure import structure_weights

#: Below this score a column is a variable of its own: a question about it would only take time.
LEAST = 0.25
#: What a mapping can score at most when no name supports it, and when values or kinds speak against it.
UNNAMED, CONTRADICTED = 0.85, 0.8
#: A runner-up this close makes a mapping doubtful.
MARGIN = 0.1
#: From this score on a pair is an anchor for what goes together with it.
ANCHOR = 0.9
#: Rounds of messages after which the probabilities of pairs no longer move.
ROUNDS = 60
#: Columns of one variable a new column is compared with.
MOST_COMPARED = 4


@dataclass(frozen=True)
class Member:
    """A column's place in a variable: score, evidence, and the best other variable it could belong to."""

    column: Column
    score: float
    reasons: tuple[str, ...] = ()
    runner_up: str | None = None
    runner_up_score: float = 0.0

    @property
    def is_close(self) -> bool:
        """Whether the runner-up comes too near."""
        return self.runner_up is not None and self.score - self.runner_up_score < MARGIN


@dataclass(frozen=True)
class Matched:
    """One variable with its column at every hospital that has it, in order of joining."""

    members: tuple[Member, ...]

    @property
    def first(self) -> Column:
        return self.members[0].column


def match(hospitals: Sequence[Sequence[Column]]) -> tuple[Matched, ...]:
    """The variables of all hospitals, each hospital's columns given in one sequence.

    The hospital with the most columns of certain meaning begins; the others join one by one, each by the
    one-to-one assignment of greatest total evidence (`scipy.optimize.linear_sum_assignment`).
    """
    order = sorted(
        hospitals, key=lambda cs: (-sum(c.concept is not None for c in cs), -len(cs), cs[0].hospital if cs else "")
    )
    variables: list[Matched] = []
    for columns in order:
        variables = _joined(variables, columns) if variables else [Matched((Member(c, 1.0),)) for c in columns]
    return tuple(variables)


def _joined(variables: list[Matched], columns: Sequence[Column]) -> list[Matched]:
    if not columns:
        return variables
    table = [[_against(column, variable) for variable in variables] for column in columns]
    scores = _scores(table, len(variables), len(columns))
    table = _with_structure(table, scores, columns, variables)
    scores = _scores(table, len(variables), len(columns))
    chosen = _assigned(table, scores)
    joined = list(variables)
    for i, column in enumerate(columns):
        j = chosen.get(i)
        if j is None:
            joined.append(Matched((_alone(column, scores[i], variables),)))
        else:
            joined[j] = Matched((*variables[j].members, _member(i, j, columns, variables, table, scores)))
    return joined


def _against(column: Column, variable: Matched) -> Evidence:
    """The evidence of a column against the members of a variable: the best one, tempered by the others."""
    members = sorted(variable.members, key=lambda m: -m.column.n)[:MOST_COMPARED]
    found = sorted((compare(column, m.column) for m in members), key=lambda e: -e.weight)
    mean = sum(e.weight for e in found) / len(found)
    return replace(found[0], weight=0.7 * found[0].weight + 0.3 * mean)


def _with_structure(
    table: list[list[Evidence]], scores: NDArray[np.float64], columns: Sequence[Column], variables: Sequence[Matched]
) -> list[list[Evidence]]:
    """Add what columns go together with, hospital by hospital; the pairs that are certain are the anchors."""
    sure = [(i, int(np.argmax(line))) for i, line in enumerate(scores) if line.max(initial=0.0) >= ANCHOR]
    best = np.zeros(scores.shape)
    for hospital in sorted({m.column.hospital for v in variables for m in v.members}):
        seats = [next((m.column for m in v.members if m.column.hospital == hospital), None) for v in variables]
        anchors = [(columns[i], b) for i, j in sure if (b := seats[j]) is not None]
        there = [j for j, column in enumerate(seats) if column is not None]
        found = structure_weights(columns, [c for c in seats if c is not None], anchors)
        for k, j in enumerate(there):
            best[:, j] = np.where(np.abs(found[:, k]) > np.abs(best[:, j]), found[:, k], best[:, j])
    return [
        [
            replace(e, weight=e.weight + float(w), reasons=(*e.reasons, *_told(float(w))))
            for e, w in zip(row, line, strict=True)
        ]
        for row, line in zip(table, best, strict=True)
    ]


def _told(weight: float) -> tuple[str, ...]:
    if abs(weight) < 1.0:
        return ()
    return ("goes together with the same columns",) if weight > 0 else ("goes together with other columns",)


def _scores(table: list[list[Evidence]], n_variables: int, n_columns: int) -> NDArray[np.float64]:
    """Probability of each pair, given that a column fills one variable at most and a variable has one column.

    Marginals of the matching by belief propagation (monomers and dimers; exact where rivals do not form rings). To
    stay alone is as likely as that any of the other side's columns is the one.
    """
    weights = np.array([[e.weight for e in row] for row in table])
    odds = np.exp(np.clip(weights, -50.0, 20.0)) / max(n_variables, n_columns)
    free, free_other = np.ones_like(odds), np.ones_like(odds)  # column free but for this variable, and the reverse
    for _ in range(ROUNDS):
        taken = odds * free_other
        free = 1.0 / (1.0 + np.maximum(taken.sum(axis=1, keepdims=True) - taken, 0.0))
        taken = odds * free
        free_other = 1.0 / (1.0 + np.maximum(taken.sum(axis=0, keepdims=True) - taken, 0.0))
    joint = odds * free * free_other
    joint = joint / (1.0 + joint)
    return np.array(
        [[_capped(e, float(p)) for e, p in zip(row, line, strict=True)] for row, line in zip(table, joint, strict=True)]
    )


def _capped(evidence: Evidence, score: float) -> float:
    if not evidence.is_named:
        score = min(score, UNNAMED)
    return min(score, CONTRADICTED) if evidence.is_contradicted else score


def _assigned(table: list[list[Evidence]], scores: NDArray[np.float64]) -> dict[int, int]:
    """Column -> variable, one to one; what scores too low stays alone."""
    from scipy.optimize import linear_sum_assignment

    # To stay alone is worth what the least accepted score would be.
    alone = np.log(max(scores.shape)) + np.log(LEAST / (1 - LEAST))
    gain = np.array([[max(e.weight, alone) for e in row] for row in table])
    rows, columns = linear_sum_assignment(-gain)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if scores[i, j] >= LEAST}


def _member(
    i: int, j: int, columns: Sequence[Column], variables: Sequence[Matched], table: list[list[Evidence]],
    scores: NDArray[np.float64],
) -> Member:  # fmt: skip
    others = [(float(scores[i, k]), variables[k].first.leaf) for k in range(len(variables)) if k != j]
    others += [(float(scores[k, j]), columns[k].leaf) for k in range(len(columns)) if k != i]
    best = max(others, default=(0.0, ""))
    named = best[1] if best[0] >= LEAST else None
    return Member(columns[i], float(scores[i, j]), table[i][j].reasons, named, best[0])


def _alone(column: Column, scores: NDArray[np.float64], variables: Sequence[Matched]) -> Member:
    best = int(np.argmax(scores))
    close = float(scores[best])
    return Member(column, 1.0, (), variables[best].first.leaf if close >= LEAST else None, close)
