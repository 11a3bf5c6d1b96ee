"""Who trains and who tests: stratified folds by person, and one fold per centre."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.core.cohort import Cohort
from tabml.core.config import Split
from tabml.core.errors import ConfigError, DataError
from tabml.core.findings import Finding, finding
from tabml.core.splits import Fold, PlanKind, Positions, SplitPlan, check_plan, derive_seed
from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.core.wording import counted
from tabml.learn.patients import Patients, effective_events, usable_patients

MIN_EVENTS_PER_FOLD = 5  # fewer: a fold's C-index is mostly noise
MIN_EVENTS_TO_SEARCH = 10  # fewer: baselines only, in many small folds
MIN_EVENTS_FOR_NESTED = 25
FOLDS_WITHOUT_SEARCH, REPEATS_WITHOUT_SEARCH = 2, 10
MOST_FOLDS = 5
LARGE_COHORT, FOLDS_OF_LARGE_COHORT = 20_000, 3


def plan_kind(method: Literal["bbc", "nested"] | None, events: int) -> tuple[PlanKind, tuple[Finding, ...]]:
    """Nested folds where asked for and where events allow; else plain ones."""
    if method != "nested":
        return "cv", ()
    if events >= MIN_EVENTS_FOR_NESTED:
        return "nested", ()
    said = f"nested estimate asked, but {events} events are fewer than {MIN_EVENTS_FOR_NESTED}: BBC-CV instead"
    return "cv", (finding("TB202", said, count=events),)


def make_plan(
    cohort: Cohort, target: Target, split: Split, *, kind: PlanKind = "cv", seed: int
) -> tuple[SplitPlan, tuple[Finding, ...]]:
    """Folds shared by search, blend, calibration and estimate; `kind` is `cv` (or `repeated`) or `nested`.

    Positions are those of `usable_patients`. Raises ConfigError where more folds are asked than there are
    persons, DataError where no folds can be made at all.
    """
    patients, findings = usable_patients(cohort, target)
    wanted, repeats, said = _how_many(patients, split, kind)
    folds: list[Fold] = []
    for r in range(repeats):
        parts, strata, more = _split(patients, np.arange(patients.n), wanted, derive_seed(seed, "plan", r))
        wanted = len(parts)  # every repeat has as many folds as the first one got
        said += more if r == 0 else ()
        folds += _pairs(parts) if kind == "nested" else _plain(parts, r)
    name: PlanKind = "nested" if kind == "nested" else "repeated" if repeats > 1 else "cv"
    plan = SplitPlan(name, seed, strata, patients.n, cohort.cohort_sha256, tuple(folds), patients.of_row)
    check_plan(plan, patients.group)
    _check_training(plan.folds, patients)
    return plan, (*findings, *said)


@dataclass(frozen=True)
class CentrePlan:
    """Each centre left out once; `inner` holds the folds of the other centres in which models are chosen again."""

    outer: SplitPlan
    inner: Mapping[str, tuple[Fold, ...]]


def centre_plan(
    cohort: Cohort, target: Target, *, seed: int, reselect: bool = True
) -> tuple[CentrePlan | None, tuple[Finding, ...]]:
    """One fold per centre, all others training; None with fewer than two centres.

    A centre whose absence leaves nothing to learn from is not left out. Patients without a centre always train.
    """
    patients, _ = usable_patients(cohort, target)
    outer: list[Fold] = []
    inner: dict[str, tuple[Fold, ...]] = {}
    findings: list[Finding] = []
    for j, centre in enumerate(patients.centres):
        test = np.flatnonzero(patients.centre == centre).astype(np.int64)
        train = np.flatnonzero(patients.centre != centre).astype(np.int64)
        if not _can_train(patients, train):
            findings.append(
                finding("TB203", f"without {centre} the other centres hold one outcome only", source=centre)
            )
            continue
        outer.append(Fold(f"c{j}", 0, train, test, _nobody(), centre))
        if reselect:
            k = max(2, min(MOST_FOLDS, effective_events(patients, train) // MIN_EVENTS_PER_FOLD))
            parts, _, _ = _split(patients, train, k, derive_seed(seed, "centre", j))
            inner[centre] = tuple(
                Fold(f"c{j}f{i}", 0, np.setdiff1d(train, part), part, _nobody(), centre) for i, part in enumerate(parts)
            )
    if len(patients.centres) < 2 or not outer:
        return None, ()
    sha = cohort.cohort_sha256
    plan = SplitPlan("centre", seed, "centre", patients.n, sha, tuple(outer), patients.of_row)
    check_plan(plan, patients.group)
    for folds in inner.values():  # held to the same promises, on the patients of the other centres
        others = np.flatnonzero(patients.centre != folds[0].centre).astype(np.int64)
        check_plan(replace(plan, kind="cv", folds=folds), patients.group, others)
        _check_training(folds, patients)
    return CentrePlan(plan, inner), tuple(findings)


def _how_many(patients: Patients, split: Split, kind: PlanKind) -> tuple[int, int, tuple[Finding, ...]]:
    """Folds and repeats, from the settings and from the events there are."""
    persons = len(np.unique(patients.group))
    if split.outer_folds is not None and split.outer_folds > persons:
        raise ConfigError(
            f"split.outer_folds={split.outer_folds} but only {persons} patients", hint=f"at most {persons}"
        )
    if persons < 2:
        raise DataError(f"{persons} person cannot be split into training and test", hint="check the patient id column")
    events = patients.events
    if events < MIN_EVENTS_TO_SEARCH:
        what = "patients in the smallest class" if patients.task == "multiclass" else "events"
        said = f"{events} {what} of {patients.n} patients: {MIN_EVENTS_TO_SEARCH} are needed to search"
        folds = split.outer_folds or FOLDS_WITHOUT_SEARCH
        return folds, split.repeats or REPEATS_WITHOUT_SEARCH, (finding("TB201", said, count=events),)
    repeats = 1 if kind == "nested" else split.repeats or 1
    if split.outer_folds is not None:
        if kind == "nested" and split.outer_folds < 3:
            raise ConfigError("a nested estimate needs split.outer_folds of 3 or more")
        return split.outer_folds, repeats, ()
    if patients.n > LARGE_COHORT:
        return FOLDS_OF_LARGE_COHORT, repeats, ()
    folds = min(MOST_FOLDS, max(2, events // MIN_EVENTS_PER_FOLD), persons)
    if folds == MOST_FOLDS:
        return folds, repeats, ()
    return folds, repeats, (finding("TB202", f"{folds} folds instead of {MOST_FOLDS}: {events} events", count=folds),)


def _split(patients: Patients, among: Positions, k: int, seed: int) -> tuple[list[Positions], str, tuple[Finding, ...]]:
    """Test parts of k folds over the patients `among`; fewer folds where k of them cannot be filled."""
    wanted = k
    while k >= 2:
        label, strata, merged = _strata(_subset(patients, among), k)
        for attempt in range(3):  # the greedy splitter may leave a fold empty where groups are large
            parts = [among[t] for t in _stratified(label, patients.group[among], k, derive_seed(seed, k, attempt))]
            if all(len(p) and _can_train(patients, np.setdiff1d(among, p)) for p in parts):
                return parts, strata, _merged_strata(merged, wanted, k)
        k -= 1
    raise DataError(
        f"{counted(patients.n, 'patient')} are too few: {len(among)} of them cannot be split into two parts that both hold the outcome",
        hint="more patients of the smaller class, or another target",
    )


def _strata(patients: Patients, k: int) -> tuple[NDArray[np.int64], str, tuple[int, int] | None]:
    """A stratum number per patient; a stratum smaller than k gives up time first, then the centre."""
    centre = np.array(["" if c is None else c for c in patients.centre], dtype=object)
    factors = np.stack([patients.outcome, centre, patients.time_third], axis=1).astype(str)
    before = len(np.unique(factors, axis=0))
    for given_up in (2, 1):
        code = np.unique(factors, axis=0, return_inverse=True)[1].ravel()
        factors[np.bincount(code)[code] < k, given_up:] = "*"
    _, code = np.unique(factors, axis=0, return_inverse=True)
    after = int(code.max()) + 1
    names = ["outcome", *(["centre"] if len(patients.centres) > 1 else [])]
    names += ["time third"] if patients.task in SURVIVAL_TASKS else []
    return code.ravel().astype(np.int64), " x ".join(names), (before, after) if after < before else None


def _merged_strata(merged: tuple[int, int] | None, wanted: int, k: int) -> tuple[Finding, ...]:
    said = [f"{wanted} folds wanted, {k} could be filled"] if k < wanted else []
    said += [f"{merged[0]} strata merged to {merged[1]}: some hold fewer patients than folds"] if merged else []
    return tuple(finding("TB202", text, count=k) for text in said)


def _stratified(label: NDArray[np.int64], group: Positions, k: int, seed: int) -> Iterator[NDArray[np.int64]]:
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n_splits=k, shuffle=True, random_state=seed)
    if np.bincount(label).max() < k:
        label = np.zeros_like(label)  # too few in every stratum to balance anything
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # small strata are known, counted and reported
        for _, test in splitter.split(np.zeros(len(label)), label, group):
            yield np.sort(test).astype(np.int64)


def _plain(parts: list[Positions], repeat: int) -> list[Fold]:
    everyone = np.sort(np.concatenate(parts))
    return [
        Fold(f"r{repeat}f{i}", repeat, np.setdiff1d(everyone, part), part, _nobody()) for i, part in enumerate(parts)
    ]


def _pairs(parts: list[Positions]) -> list[Fold]:
    """Every test fold with every other one as validation. In repeat r test fold t has validation fold t + r + 1."""
    k = len(parts)
    folds = []
    for r in range(k - 1):
        for t in range(k):
            v = (t + r + 1) % k
            train = np.sort(np.concatenate([parts[i] for i in range(k) if i not in (t, v)]))
            folds.append(Fold(f"r{r}t{t}v{v}", r, train, parts[t], parts[v]))
    return folds


def _nobody() -> Positions:
    return np.zeros(0, dtype=np.int64)


def _subset(patients: Patients, among: Positions) -> Patients:
    return replace(
        patients, position=patients.position[among], group=patients.group[among], centre=patients.centre[among],
        outcome=patients.outcome[among], time_third=patients.time_third[among],
    )  # fmt: skip


def _can_train(patients: Patients, train: Positions) -> bool:
    """At least two classes, or one event."""
    if len(train) == 0:
        return False
    if patients.task in SURVIVAL_TASKS:
        return bool((patients.outcome[train] == "1").any())
    return patients.task == "regression" or len(set(patients.outcome[train])) >= 2


def _check_training(folds: tuple[Fold, ...], patients: Patients) -> None:
    for fold in folds:
        if not _can_train(patients, fold.train):
            raise DataError(f"fold {fold.fold_id}: its training part holds one outcome only")
