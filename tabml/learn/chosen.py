"""The choice on all out-of-fold losses: which candidates are the final and the simple model, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabml.core.config import StudyConfig
from tabml.core.splits import SplitPlan
from tabml.learn.calibrate import Teacher, teacher
from tabml.learn.ensemble import Decision, Field, Members, decide
from tabml.learn.material import Material
from tabml.learn.trials import SearchResult, Trial, field_of


@dataclass(frozen=True)
class Selection:
    """What was chosen: members as (trial order, checkpoint) of the final and of the simple model."""

    final: tuple[tuple[int, float | None], ...]
    simple: tuple[tuple[int, float | None], ...]
    is_blend: bool
    reason: str


@dataclass(frozen=True)
class Chosen:
    """A search whose choice is made: what refit and estimates start from."""

    material: Material
    plan: SplitPlan
    config: StudyConfig
    found: SearchResult
    field: Field
    decision: Decision
    lesson: Teacher
    selection: Selection

    def members(self, name: str) -> Members:
        """Candidates of the final or the simple model."""
        return (self.decision.final if name == "final" else self.decision.simple)[0]


def choose(material: Material, plan: SplitPlan, found: SearchResult, config: StudyConfig) -> Chosen:
    """Make the choice on all out-of-fold losses."""
    trials = found.done
    field = field_of(trials, found.rule)
    decision = decide(field, config.final.choice)
    lesson = teacher(material.target, material.events, material.grid, material.patients.share)
    final, simple = decision.final[0], decision.simple[0]
    selection = Selection(
        _named(field, trials, final), _named(field, trials, simple), len(final) > 1,
        _why(config, final, field, decision),
    )  # fmt: skip
    return Chosen(material, plan, config, found, field, decision, lesson, selection)


def _named(field: Field, trials: Sequence[Trial], members: Members) -> tuple[tuple[int, float | None], ...]:
    return tuple(
        (trials[field.trial[c]].order, trials[field.trial[c]].checkpoints[field.checkpoint[c]]) for c in members
    )  # fmt: skip


def _why(config: StudyConfig, final: Members, field: Field, decision: Decision) -> str:
    if config.final.choice != "blend":
        return f"final.choice={config.final.choice}"
    if len(final) > 1:
        return "the equal-weight blend; no single model beat it by more than one standard error"
    if len(field.blend) < 2:
        return "fewer than two members of the blend could be fitted: the best single model"
    return "a single model beat the blend by more than one standard error"
