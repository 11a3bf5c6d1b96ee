"""The TPE stage: whether Optuna may search further, and what it asks next."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tabml.core.config import StudyConfig
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, finding
from tabml.core.spec import Choice, Config, Float, Int, ModelSpec
from tabml.learn.material import Material
from tabml.learn.plan import MIN_EVENTS_TO_SEARCH

TRIALS_PER_FAMILY, FAMILIES = 10, 3
MIN_PATIENTS_FOR_TPE, MIN_EVENTS_FOR_TPE, MIN_EVENTS_FOR_ONE_FAMILY = 300, 100, 30


def gate(material: Material, config: StudyConfig) -> tuple[int, int, tuple[Finding, ...]]:
    """How many families TPE tunes and with how many trials each."""
    asked, events, n = config.search.trials, material.events, material.patients.n
    if asked and (config.preset == "publication" or config.estimate.method == "nested"):
        raise ConfigError(
            "search.trials cannot be used with a nested estimate",
            hint="nested CV runs the portfolio; --estimate bbc tunes",
        )
    if asked == 0 or config.estimate.method == "nested" or events < MIN_EVENTS_TO_SEARCH:
        return 0, 0, ()
    wide = n >= MIN_PATIENTS_FOR_TPE and events >= MIN_EVENTS_FOR_TPE
    if asked is not None:
        families = min(FAMILIES, math.ceil(asked / TRIALS_PER_FAMILY))
        gate = FAMILIES * TRIALS_PER_FAMILY if wide else TRIALS_PER_FAMILY if events >= MIN_EVENTS_FOR_ONE_FAMILY else 0
        said = f"{asked} trials asked; {n} patients with {events} events would get {gate}"
        findings = (finding("TB207", said, count=asked),) if asked > gate else ()
        return families, math.ceil(asked / families), findings
    if wide:
        return FAMILIES, TRIALS_PER_FAMILY, ()
    families = 1 if events >= MIN_EVENTS_FOR_ONE_FAMILY else 0
    tuned = "one family is tuned" if families else "none is tuned"
    said = f"{n} patients with {events} events ({MIN_PATIENTS_FOR_TPE} with {MIN_EVENTS_FOR_TPE} are wanted): {tuned}"
    return families, TRIALS_PER_FAMILY, (finding("TB206", said, count=events),)


def ask_tpe(
    spec: ModelSpec, base: Config, known: Sequence[tuple[Config, float]], count: int, seed: int
) -> list[Config]:
    """The next configurations by a new TPE sampler that is told all finished trials of this model."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {name: _distribution(axis) for name, axis in tunable(spec).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # multivariate and constant_liar are marked experimental
        sampler = optuna.samplers.TPESampler(multivariate=True, constant_liar=True, n_startup_trials=0, seed=seed)
        study = optuna.create_study(direction="minimize", sampler=sampler)
        for config, value in known:
            params = {**_defaults(spec), **config.params}
            told = {name: params.get(name) for name in distributions}
            if all(_inside(axis, told[n]) for n, axis in tunable(spec).items()):
                study.add_trial(optuna.trial.create_trial(params=told, distributions=distributions, value=value))
        asked = [study.ask(distributions).params for _ in range(count)]
    return [replace(base, params={**base.params, **_rounded(spec, p)}, origin="tpe") for p in asked]


def tunable(spec: ModelSpec) -> dict[str, Float | Int | Choice]:
    """What can be tuned; the axis of the checkpoints costs nothing and is not drawn."""
    return {name: axis for name, axis in sorted(spec.space.items()) if name != spec.path}


def _distribution(axis: Float | Int | Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(axis, Choice):
        return CategoricalDistribution(axis.options)
    return (FloatDistribution if isinstance(axis, Float) else IntDistribution)(axis.low, axis.high, log=axis.log)


def _defaults(spec: ModelSpec) -> dict[str, Any]:
    parameters = inspect.signature(spec.build).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _inside(axis: Float | Int | Choice, value: Any) -> bool:
    if isinstance(axis, Choice):
        return value in axis.options
    return value is not None and axis.low <= value <= axis.high


def _rounded(spec: ModelSpec, params: Mapping[str, Any]) -> dict[str, Any]:
    """Four significant digits, inside the axis: a parameter that can be read out and typed again."""
    out = dict(params)
    for name, axis in spec.space.items():
        if isinstance(axis, Float) and name in out:
            out[name] = min(axis.high, max(axis.low, float(f"{out[name]:.4g}")))
    return out
