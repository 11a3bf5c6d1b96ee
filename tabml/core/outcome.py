"""From the cohort's columns to the target: which column is the outcome, how it is coded, whether it can be modelled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.cohort import Cohort, Role, Variable
from tabml.core.config import Data, StudyConfig
from tabml.core.errors import ConfigError, DataError, did_you_mean
from tabml.core.findings import Finding, finding
from tabml.core.privacy import counted_levels, printable
from tabml.core.target import DAYS, SURVIVAL_TASKS, Target, Task, days, horizon_text, survival, usual_horizons
from tabml.core.weighting import patient_shares
from tabml.core.wording import counted

#: Outcome levels that say "it happened", in the languages tabml reads; compared after casefold.
POSITIVE_WORDS = frozenset(
    {
        *("yes", "y", "true", "positive", "pos", "event", "case", "dead", "died", "death", "deceased", "disease"),
        *("diseased", "sick", "ill", "relapse", "recurrence", "progression", "malignant", "cancer", "pd"),
        *("ja", "j", "tot", "verstorben", "krank", "bösartig", "død", "sykdom", "syk", "sjuk", "död", "syg"),
        *(
            "kyllä",
            "kuollut",
            "sairas",
            "sí",
            "sì",
            "sim",
            "si",
            "muerto",
            "fallecido",
            "enfermo",
            "oui",
            "décédé",
            "malade",
        ),
        *("是", "死亡"),
    }
)
#: Names that turn a 0/1 column around: 1 means the good outcome.
REVERSED_NAME = re.compile(r"alive|surviv|lebend|overlev|i live|vivo|1alive|healthy|gesund|frisk", re.IGNORECASE)
MIN_PER_CLASS = 2
#: Roles that change every number and that no estimate of this release takes into account.
NOT_USED: tuple[Role, ...] = ("entry", "weight", "offset", "group")


def with_roles(cohort: Cohort, data: Data) -> Cohort:
    """The cohort with the roles that `--target`, `--time` and `--event` name.

    An outcome that gives way becomes a sibling: it may tell the new outcome and is no feature.
    """
    chosen: dict[str, Role] = {}
    wanted: tuple[tuple[Role, str | None], ...] = (
        ("outcome", data.target), ("time", data.time), ("event", data.event),
    )  # fmt: skip
    for role, name in wanted:
        if name is None:
            continue
        if name not in cohort.variables:
            raise ConfigError(f"no column {name!r} for the {role}", hint=did_you_mean(name, cohort.variables))
        chosen[name] = role
    if not chosen:
        return cohort
    survival_asked = bool(data.time or data.event)
    variables: dict[str, Variable] = {}
    for name, variable in cohort.variables.items():
        if name in chosen:
            variable = replace(variable, role=chosen[name], timing="outcome")
        elif (variable.role == "outcome" and ("outcome" in chosen.values() or survival_asked)) or (
            variable.role in ("time", "event") and variable.role not in chosen.values() and data.target is not None
        ):
            variable = replace(variable, role="sibling")
        variables[name] = variable
    return replace(cohort, variables=variables)


def make_target(cohort: Cohort, config: StudyConfig) -> tuple[Target, tuple[Finding, ...]]:
    """The outcome of every usable row, its task, and what had to be said about it.

    Survival where the cohort has a time and an event; else the kind of the outcome decides: boolean or
    category is classification, number or integer is regression. Raises ConfigError where no outcome is
    named or a variable has a role that would be ignored (`NOT_USED`), DataError where the outcome cannot be
    modelled (one class, no event, a class of one patient).
    """
    _refuse_unused_roles(cohort)
    target, findings = _target_of(cohort, config)
    _refuse_unused_settings(target.task, config)
    return target, findings


def _target_of(cohort: Cohort, config: StudyConfig) -> tuple[Target, tuple[Finding, ...]]:
    time, event = cohort.with_role("time"), cohort.with_role("event")
    if time and event and not config.data.target:
        return _survival_target(cohort, time[0], event[0], config)
    outcome = cohort.with_role("outcome")
    if len(outcome) != 1:
        said = "no outcome is named" if not outcome else f"several outcomes: {', '.join(outcome)}"
        raise ConfigError(said, hint=f"--target {outcome[0] if outcome else 'COLUMN'}")
    variable = cohort.variables[outcome[0]]
    if variable.kind in ("number", "integer"):
        return _regression_target(cohort, variable)
    if variable.kind in ("boolean", "category"):
        return _class_target(cohort, variable, config)
    raise DataError(f"outcome {variable.name!r} is a {variable.kind} column", hint="choose another with --target")


def _refuse_unused_settings(task: Task, config: StudyConfig) -> None:
    """ConfigError for numbers asked of a task that has none of them: nothing that was asked is read past."""
    asked: tuple[tuple[str, object, tuple[str, ...], str], ...] = (
        ("report.thresholds", config.report.thresholds, ("binary",), "binary outcomes"),
        ("target.horizons", config.target.horizons, SURVIVAL_TASKS, "survival outcomes"),
    )
    for name, value, tasks, serves in asked:
        if value and task not in tasks:
            raise ConfigError(f"{name} is for {serves} and this one is {task}", hint=f"leave {name} out")


def _refuse_unused_roles(cohort: Cohort) -> None:
    """Late entry, weights, offsets and fold groups read past in silence would make every number a wrong one."""
    for name in cohort.with_role(*NOT_USED):
        role = cohort.variables[name].role
        raise ConfigError(
            f"variable {name!r} has role {role}, which this release does not use: its numbers would be wrong",
            hint="role: unused in the codebook, if the study holds without it",
        )


def is_positive(level: str, label: str) -> bool:
    """Whether a level's code or label says that the event happened."""
    return level.casefold() in POSITIVE_WORDS or label.casefold() in POSITIVE_WORDS


def positive_level(
    name: str, levels: Sequence[str], labels: Sequence[str], stated: str | None, *, shown: str | None = None
) -> str:
    """Which of two levels is predicted: the stated one, else by the word list; ConfigError where neither tells.

    `shown`: the levels as an error may name them, where some are too rare to be printed.
    """
    if stated is not None:
        for level, label in zip(levels, labels, strict=True):
            if stated.casefold() in (level.casefold(), label.casefold()):
                return level
        raise ConfigError(f"{stated!r} is no level of {name!r}", hint=f"levels: {shown or ', '.join(labels)}")
    said = [level for level, label in zip(levels, labels, strict=True) if is_positive(level, label)]
    if not said and list(labels) == list(levels) and set(levels) == {"0", "1"} and not REVERSED_NAME.search(name):
        said = ["1"]  # the one numeric code with a settled meaning; 1/2 has none
    if len(said) == 1:
        return said[0]
    raise ConfigError(
        f"which level of {name!r} is to be predicted is not certain: {' or '.join(labels)}",
        hint=f"--positive {said[0] if said else levels[-1]}",
    )


def _place(cohort: Cohort, name: str) -> str | None:
    """The files and sheets a variable was read from; None where that is not known."""
    if cohort.provenance is None:
        return None
    rules, sources = cohort.provenance.rules, cohort.provenance.sources
    named = sources[sources["source"].isin(rules["source"][rules["variable"] == name])]
    places = [f"{f}, sheet {s}" if s else str(f) for f, s in zip(named["file"], named["sheet"], strict=True)]
    return "; ".join(dict.fromkeys(places)) or None


def _present(cohort: Cohort, *names: str) -> NDArray[np.int64]:
    known: NDArray[np.bool_] = np.ones(len(cohort.frame), dtype=bool)
    for name in names:
        known &= cohort.frame[name].notna().to_numpy()
    return np.flatnonzero(known).astype(np.int64)


def _regression_target(cohort: Cohort, variable: Variable) -> tuple[Target, tuple[Finding, ...]]:
    rows = _present(cohort, variable.name)
    y = cohort.frame[variable.name].iloc[rows].astype("float64").to_numpy()
    if len(y) < 2 or float(np.ptp(y)) == 0.0:
        raise DataError(
            f"outcome {variable.name!r} has one value only in {counted(len(y), 'row')}",
            where=_place(cohort, variable.name),
            hint="check the column with tabml summary",
        )
    return Target("regression", y, rows, variable.name, variable.title, unit=variable.unit), ()


def _class_target(cohort: Cohort, variable: Variable, config: StudyConfig) -> tuple[Target, tuple[Finding, ...]]:
    name = variable.name
    rows = _present(cohort, name)
    column = cohort.frame[name].iloc[rows]
    codes = column.astype("boolean").astype("Int8").astype(str) if variable.kind == "boolean" else column.astype(str)
    seen = set(codes)
    known = ["0", "1"] if variable.kind == "boolean" else [*variable.levels, *sorted(seen - set(variable.levels))]
    levels = [level for level in known if level in seen]
    labels = [("no", "yes")[int(v)] if variable.kind == "boolean" else variable.levels.get(v, v) for v in levels]
    patients = cohort.rows["patient"].to_numpy()[rows]
    sizes = {v: len(np.unique(patients[(codes == v).to_numpy()])) for v in levels}
    small_cell = config.privacy.small_cell
    if len(levels) < 2:
        said = f" ({labels[0]})" if labels and (variable.kind == "boolean" or sizes[levels[0]] >= small_cell) else ""
        raise DataError(
            f"outcome {name!r} has one class only{said} in {counted(len(rows), 'row')}; two are needed",
            where=_place(cohort, name),
            hint="check the event coding: tabml summary, or another --target",
        )
    for level, label in zip(levels, labels, strict=True):
        if sizes[level] < MIN_PER_CLASS:
            value = (
                f"value {label}" if variable.kind == "boolean" or sizes[level] >= small_cell else "one of its values"
            )
            raise DataError(
                f"outcome {name!r} has {sizes[level]} patient with {value}; at least {MIN_PER_CLASS} are needed",
                hint="merge or leave out the class in the codebook (recode it, or recode it to null)",
            )
    if len(levels) > 2 and config.data.positive is not None:
        raise ConfigError(
            f"outcome {name!r} has {len(levels)} levels ({printable(labels, [sizes[v] for v in levels], small_cell)}); --positive needs two",
            hint="recode the others to null in a codebook, or leave out --positive to model all levels",
        )
    if len(levels) > 2:
        index = {level: i for i, level in enumerate(levels)}
        y = codes.map(index).to_numpy(dtype=np.int64)
        target = Target("multiclass", y, rows, name, variable.title, tuple(levels), tuple(labels))
        return target, _small_classes(name, labels, [sizes[v] for v in levels], small_cell)
    positive = (
        "1"
        if variable.kind == "boolean" and config.data.positive is None
        else positive_level(name, levels, labels, config.data.positive)
    )
    levels.sort(key=lambda level: level == positive)
    labels = [("no", "yes")[int(v)] if variable.kind == "boolean" else variable.levels.get(v, v) for v in levels]
    y = np.asarray(codes == positive, dtype=np.int64)
    target = Target("binary", y, rows, name, variable.title, tuple(levels), tuple(labels), positive)
    return target, _small_classes(name, labels, [sizes[v] for v in levels], small_cell)


def _small_classes(name: str, labels: Sequence[str], sizes: Sequence[int], small_cell: int) -> tuple[Finding, ...]:
    small = {label: n for label, n in zip(labels, sizes, strict=True) if n < 10}
    if not small:
        return ()
    return (
        finding(
            "TB132",
            f"classes of {name} with fewer than 10 patients: {counted_levels(small, small_cell)}",
            columns=[name],
            count=len(small),
        ),
    )


def _survival_target(
    cohort: Cohort, time_name: str, event_name: str, config: StudyConfig
) -> tuple[Target, tuple[Finding, ...]]:
    time_variable, event_variable = cohort.variables[time_name], cohort.variables[event_name]
    if time_variable.kind not in ("number", "integer"):
        raise DataError(
            f"follow-up time {time_name!r} is a {time_variable.kind} column, not a number", hint="--time COLUMN"
        )
    stated = _time_unit(time_variable, config.data)
    unit = stated or "days"
    rows = _present(cohort, time_name, event_name)
    time = cohort.frame[time_name].iloc[rows].astype("float64").to_numpy() * DAYS[unit]
    event = _event_codes(cohort, event_variable, rows, config)
    findings: list[Finding] = []
    if stated is None:
        said = f"the unit of {time_name} is not stated; its values were read as days"
        findings.append(
            finding("TB134", said, columns=[time_name], remedy="--set data.time_unit=months, or years, or days")
        )
    bad: NDArray[np.bool_] = time < 0
    if bad.any():
        findings.append(
            finding(
                "TB134",
                f"follow-up time below 0 in {counted(int(bad.sum()), 'row')}, left out",
                columns=[time_name],
                count=int(bad.sum()),
            )
        )
        rows, time, event = rows[~bad], time[~bad], event[~bad]
    zero = time == 0
    if zero.any():
        if not (time > 0).any():
            raise DataError(f"follow-up time {time_name!r} is 0 in every row", hint="check the dates")
        time = np.where(zero, time[~zero].min() / 2, time)
        findings.append(
            finding("TB220", f"{int(zero.sum())} follow-up times of 0", columns=[time_name], count=int(zero.sum()))
        )
    n_events = int((event == 1).sum())
    if n_events < MIN_PER_CLASS:
        raise DataError(
            f"event {event_name!r} happened in {n_events} of {counted(len(rows), 'row')}; at least {MIN_PER_CLASS} are needed",
            hint="check the event coding: --positive LEVEL says which value is the event",
        )
    share = patient_shares(cohort.rows["patient"].iloc[rows])
    horizons = tuple(sorted({days(h) for h in config.target.horizons})) or usual_horizons(time, share)
    beyond = [h for h in horizons if h > time.max()]
    if beyond:
        raise DataError(
            f"horizon of {horizon_text(beyond[0])} lies beyond the longest follow-up ({time.max():.0f} days)",
            hint=f"--horizon {int(usual_horizons(time, share)[-1])}d or shorter",
        )
    target = Target(
        "survival", survival(time, event), rows, event_name, event_variable.title, horizons=horizons, time_unit=unit
    )
    return target, tuple(findings)


def _time_unit(variable: Variable, data: Data) -> str | None:
    """The unit in the codebook or header of the time column, else the stated one; None where nobody says it."""
    ucum = {"d": "days", "mo": "months", "a": "years"}
    unit = (variable.unit or "").strip()
    unit = ucum.get(unit, unit.casefold())
    return unit if unit in DAYS else data.time_unit


def _event_codes(cohort: Cohort, variable: Variable, rows: NDArray[np.int64], config: StudyConfig) -> NDArray[np.int64]:
    """0 censored, 1 the event. Anything but yes/no or 0/1 needs --positive: a guessed polarity is a wrong study."""
    column = cohort.frame[variable.name].iloc[rows]
    if variable.kind == "boolean":
        happened = positive_level(variable.name, ("0", "1"), ("no", "yes"), config.data.positive or "yes") == "1"
        return np.asarray(column.astype("boolean").to_numpy(dtype=bool) == happened, dtype=np.int64)
    codes = column.astype(str).str.removesuffix(".0") if variable.kind in ("number", "integer") else column.astype(str)
    levels = sorted(set(codes))
    labels = [variable.levels.get(level, level) for level in levels]
    counts = codes.value_counts()
    shown = printable(labels, [int(counts[level]) for level in levels], config.privacy.small_cell)
    if config.data.positive is None and set(levels) <= {"0", "1"} and not REVERSED_NAME.search(variable.name):
        return np.asarray(codes == "1", dtype=np.int64)
    if config.data.positive is None and len(levels) != 2:
        raise ConfigError(
            f"event {variable.name!r} has {len(levels)} codes: {shown}",
            hint="--positive LEVEL names the event; all other codes then end follow-up without it",
        )
    positive = positive_level(variable.name, levels, labels, config.data.positive, shown=shown)
    return np.asarray(codes == positive, dtype=np.int64)
