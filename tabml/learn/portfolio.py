"""Which configurations are tried, in which order: the baselines, the blend's members, then the sized portfolio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tabml.core.cohort import Variable
from tabml.core.config import StudyConfig
from tabml.core.demographics import AGE_WORDS, SEX_WORDS, words_of
from tabml.core.errors import ConfigError, did_you_mean
from tabml.core.findings import Finding, finding
from tabml.core.spec import Configuration
from tabml.core.target import SURVIVAL_TASKS
from tabml.learn.ensemble import BLEND
from tabml.learn.material import Material
from tabml.learn.plan import MIN_EVENTS_TO_SEARCH
from tabml.models import available, get, specs

#: Number of stage-1 configurations by patients: the CPU curve of AutoGluon 1.6, read log-log, held at its ends.
SIZE_BY_PATIENTS = ((100, 4), (500, 8), (2500, 15), (10000, 40))
EVENTS_FOR_FULL_SIZE, LEAST_SIZE = 50, 3
QUICK_LINES = 6

#: Stage 1 after the blend's members, in order; the second settings of a family come after the first of all.
LINES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("forest", {}),
    ("xgboost", {}),
    ("elastic_net", {"l1_ratio": 0.5}),
    ("elastic_cox", {"l1_ratio": 0.5}),
    ("xgboost_shallow", {"depth": 1, "step": 0.1}),
    ("xgboost_cox", {"depth": 1, "step": 0.1}),
    ("extra_trees", {"leaf": 10, "features": 0.5}),
    ("xgboost_shallow", {"depth": 3, "step": 0.03, "l2": 30.0}),
    ("forest", {"leaf": 15, "features": 0.5}),
    ("xgboost", {"depth": 3, "step": 0.05, "l2": 10.0, "rows": 0.8, "columns": 0.5}),
)
LAST_LINE = "mlp"


@dataclass(frozen=True)
class Portfolio:
    """The lines to run: `configs` in order, `stage` 0 (always run, always reported) or 1 for each."""

    configs: tuple[Configuration, ...]
    stage: tuple[int, ...]


def make_portfolio(material: Material, config: StudyConfig) -> tuple[Portfolio, tuple[Finding, ...]]:
    """Lines for this task, preset and number of events; lines whose library is missing give way, with TB210."""
    flags = bool(config.prep.missing_flags)
    baselines = _baselines(material, flags)
    lines: tuple[Configuration, ...] = ()
    findings: tuple[Finding, ...] = ()
    if config.search.models:
        lines = _named(config.search.models, material, flags)
    elif material.events >= MIN_EVENTS_TO_SEARCH:
        lines, findings = _sized(material, config, flags, len(baselines))
    seen = {c.config_id for c in baselines}
    later = tuple(c for c in lines if c.config_id not in seen)
    return Portfolio((*baselines, *later), (0,) * len(baselines) + (1,) * len(later)), findings


def age_and_sex(variables: Mapping[str, Variable]) -> tuple[str, ...]:
    """The columns that hold age and sex, by a whole word of their name or label; at most one of each.

    >>> age_and_sex({"Alter_Jahre": Variable("Alter_Jahre", "number"), "bmi": Variable("bmi", "number")})
    ('Alter_Jahre',)
    """
    found = []
    for words, kinds in ((AGE_WORDS, ("number", "integer")), (SEX_WORDS, ("boolean", "category", "integer"))):
        named = [v for v in variables.values() if v.kind in kinds and words & set(words_of(v.name, v.label))]
        found += [min(named, key=lambda v: len(set(words_of(v.name)))).name] if named else []
    return tuple(found)


def portfolio_size(patients: int, events: int) -> int:
    """Stage-1 lines of the standard preset.

    >>> portfolio_size(303, 139), portfolio_size(150, 30), portfolio_size(920, 400)
    (6, 3, 10)
    """
    x, y = np.log(np.array(SIZE_BY_PATIENTS, dtype=float)).T
    full = float(np.exp(np.interp(np.log(max(patients, 1)), x, y)))
    return max(LEAST_SIZE, int(full * min(1.0, events / EVENTS_FOR_FULL_SIZE)))


def _baselines(material: Material, flags: bool) -> tuple[Configuration, ...]:
    demographic = age_and_sex(material.variables)
    linear = "cox" if material.task in SURVIVAL_TASKS else "ridge"
    known = {s.name: s.version for s in specs() if material.task in s.tasks}

    def line(name: str, features: tuple[str, ...] | None = None) -> Configuration:
        return Configuration(
            name, features=features, origin="baseline", missing_flags=flags, spec_version=known.get(name, 1)
        )

    lines = [line("null"), *([line("age_sex", demographic)] if demographic else []), line(linear)]
    missing = [c.model for c in lines if c.model not in known]
    if missing:
        raise ConfigError(
            f"no model of this release serves {material.task}", hint="tabml models lists what each serves"
        )
    return tuple(lines)


def _named(names: Iterable[str], material: Material, flags: bool) -> tuple[Configuration, ...]:
    """The models the user asked for, with their defaults; `age_sex` sees age and sex, whoever asks for it."""
    task, demographic = material.task, age_and_sex(material.variables)
    lines = []
    for name in names:
        spec = get(name)
        if task not in spec.tasks:
            serving = sorted(s.name for s in specs() if task in s.tasks)
            raise ConfigError(f"model {name!r} does not serve {task}", hint=did_you_mean(name, serving))
        able, reason = available(name)
        if not able:
            raise ConfigError(f"model {name!r} is not available: {reason}", hint=reason.rpartition(": ")[2])
        if name == "age_sex" and not demographic:
            raise ConfigError("no column is known to hold age or sex", hint="leave age_sex out of search.models")
        features = demographic if name == "age_sex" else None
        lines.append(
            Configuration(name, features=features, origin="user", missing_flags=flags, spec_version=spec.version)
        )
    return tuple(lines)


def _sized(
    material: Material, config: StudyConfig, flags: bool, baselines: int
) -> tuple[tuple[Configuration, ...], tuple[Finding, ...]]:
    """The blend's members, then the table's lines until the portfolio has its size, then the net."""
    known = {s.name: s for s in specs() if material.task in s.tasks}
    findings: list[Finding] = []

    def able(name: str) -> bool:
        if name not in known:
            return False
        here, reason = available(name)
        if not here:
            findings.append(finding("TB210", f"model {name} left out: {reason}"))
        return here

    def line(name: str, params: Mapping[str, Any]) -> Configuration:
        return Configuration(name, dict(params), flags, spec_version=known[name].version)

    blend = [line(name, {}) for name in BLEND.get(material.task, ()) if able(name)]
    if config.preset == "quick":
        return tuple(blend[: QUICK_LINES - baselines + 1]), tuple(findings)  # the linear baseline is a member too
    size = portfolio_size(material.patients.n, material.events)
    own = [c for c in blend if c.model not in ("ridge", "cox")]
    more = [line(name, params) for name, params in LINES if name in known and available(name)[0]]
    net = [line(LAST_LINE, {})] if LAST_LINE in known and able(LAST_LINE) else []
    return (*blend, *more[: max(0, size - len(own))], *net), tuple(findings)
