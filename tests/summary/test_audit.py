from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabml.core.config import StudyConfig
from tabml.summary.audit import Audit, audit
from tests.summary.cohorts import cohort, noise, settings, target_of

RNG = np.random.default_rng(7)
N = 400
SICK = RNG.random(N) < 0.4


def audited(made, config: StudyConfig | None = None) -> Audit:
    config = config or StudyConfig()
    made, target = target_of(made, config)
    return audit(made, target, config)


def sick(extra: dict, kinds: dict | None = None, **more):
    kinds = {"sick": "boolean", **(kinds or {})}
    return cohort(
        {**noise(N, 4), **extra, "sick": SICK}, kinds=kinds, roles={"sick": "outcome", **more.pop("roles", {})}, **more
    )


def codes(found: Audit) -> set[str]:
    return {f.code for f in found.findings}


class TestLeaks:
    def test_a_clean_table_has_no_leak_and_keeps_every_column(self) -> None:
        found = audited(sick({}))
        assert codes(found) <= {"TB163"}
        assert found.features == ("v0", "v1", "v2", "v3")

    def test_an_exact_copy_of_the_outcome_is_set_aside_without_asking(self) -> None:
        found = audited(sick({"diagnosis": np.where(SICK, "b", "a")}, {"diagnosis": "category"}))
        assert found.set_aside["diagnosis"] == ("TB140", "exact copy of the outcome")
        assert found.asks == {}
        assert "diagnosis" not in found.features

    def test_a_graded_outcome_is_a_leak_that_asks(self) -> None:
        grade = np.where(SICK, RNG.integers(1, 5, N), 0)
        found = audited(sick({"grade": grade}))
        assert found.set_aside["grade"][0] == "TB140"
        assert found.asks == {"grade": "--keep grade"}

    def test_two_copies_of_one_leak_do_not_hide_each_other(self) -> None:
        leak = SICK + 0.1 * RNG.normal(size=N)
        found = audited(sick({"leak": leak, "leak_in_other_unit": 38.67 * leak}))
        assert {"leak", "leak_in_other_unit"} <= set(found.set_aside)

    def test_a_strong_column_beside_a_strong_unrelated_one_is_a_warning_only(self) -> None:
        one = 4.2 * SICK + RNG.normal(size=N)
        other = 4.2 * SICK + RNG.normal(size=N)
        found = audited(sick({"one": one, "other": other}))
        assert found.set_aside == {}
        assert {f.severity for f in found.findings if f.code == "TB140"} == {"warn"}

    @pytest.mark.parametrize("shift", [1.35, 1.5, 1.7])  # out-of-fold AUC from .81
    def test_one_real_predictor_among_noise_is_no_leak(self, shift: float) -> None:
        found = audited(sick({"age": shift * SICK + np.random.default_rng(8).normal(size=N)}))
        assert found.set_aside == {} and "TB140" not in codes(found)

    @pytest.mark.parametrize(
        ("spread", "is_leak"), [(1.5, False), (1.2, False), (0.3, True)]
    )  # out-of-fold R2 .33, .43, .88
    def test_one_real_predictor_of_a_number_is_no_leak_below_r2_of_08(self, spread: float, is_leak: bool) -> None:
        rng = np.random.default_rng(9)
        score = rng.normal(size=N)
        made = cohort({**noise(N, 4), "motor": score + spread * rng.normal(size=N), "total": 20 + 5 * score},
                      roles={"total": "outcome"})  # fmt: skip
        assert ("motor" in audited(made).set_aside) == is_leak

    def test_a_column_far_above_the_rest_and_strong_by_itself_is_a_leak_below_the_leak_score(self) -> None:
        made = sick({"score": 2.05 * SICK + np.random.default_rng(8).normal(size=N)})  # out-of-fold AUC .91
        assert audited(made).asks == {"score": "--keep score"}
        lax = StudyConfig.model_validate({"audit": {"gap_score": 0.95}})
        assert audited(made, lax).set_aside == {}

    def test_a_kept_leak_is_a_feature_with_a_finding(self) -> None:
        made = sick({"grade": np.where(SICK, RNG.integers(1, 5, N), 0)})
        found = audited(made, settings(keep=["grade"]))
        assert "grade" in found.features and found.set_aside == {}
        said = [f for f in found.findings if f.code == "TB140"]
        assert len(said) == 1 and said[0].evidence.startswith("grade is kept as asked")

    def test_another_endpoint_by_name_and_strength_is_a_sibling(self) -> None:
        score = RNG.normal(size=N) * 10 + 30
        columns = {**noise(N, 3), "motor_UPDRS": score + RNG.normal(size=N), "total_UPDRS": score}
        found = audited(cohort(columns, roles={"total_UPDRS": "outcome"}))
        assert found.set_aside["motor_UPDRS"][0] == "TB135"

    def test_a_sibling_of_the_codebook_is_told_and_no_feature(self) -> None:
        found = audited(sick({"num": np.where(SICK, 2, 0)}, roles={"num": "sibling"}))
        assert "num" not in found.features
        assert [f.severity for f in found.findings if f.code == "TB135"] == ["info"]

    @pytest.mark.parametrize(
        "name", ["TIME", "follow_up_days", "death_date_known", "relapse", "os_months", "Überlebenszeit"]
    )
    def test_a_name_that_tells_the_outcome_is_set_aside(self, name: str) -> None:
        found = audited(sick({name: RNG.random(N)}))
        assert found.set_aside[name][0] == "TB141"

    @pytest.mark.parametrize(
        "name", ["prior_relapse", "family_death", "prothrombin_time", "time_of_day", "age", "daytime"]
    )
    def test_history_and_innocent_names_stay(self, name: str) -> None:
        assert name in audited(sick({name: RNG.random(N)})).features

    def test_follow_up_time_of_a_survival_run_is_no_feature_and_no_finding(self) -> None:
        columns = {**noise(N, 2), "TIME": RNG.integers(1, 900, N), "Event": SICK}
        found = audited(cohort(columns, kinds={"Event": "boolean"}), settings(time="TIME", event="Event"))
        assert found.features == ("v0", "v1") and "TB141" not in codes(found)

    def test_a_row_number_is_set_aside(self) -> None:
        found = audited(sick({"#1": np.arange(N) + 1}, {"#1": "integer"}))
        assert found.set_aside["#1"] == ("TB144", "numbers the rows")

    def test_a_file_sorted_by_outcome_is_said(self) -> None:
        columns = {**noise(N, 2), "sick": np.sort(SICK)}
        found = audited(cohort(columns, kinds={"sick": "boolean"}, roles={"sick": "outcome"}))
        assert [f.severity for f in found.findings if f.code == "TB144"] == ["info"]
        assert found.set_aside == {}

    def test_columns_equal_after_recoding_are_told(self) -> None:
        sex = RNG.integers(0, 2, N)
        found = audited(sick({"sex": sex, "geschlecht": np.where(sex == 1, "m", "w")}, {"geschlecht": "category"}))
        assert [f.columns for f in found.findings if f.code == "TB146"] == [("sex", "geschlecht")]

    def test_columns_of_distinct_numbers_are_not_equal(self) -> None:
        assert "TB146" not in codes(audited(sick({})))


class TestOutcome:
    def test_repeated_patients_are_counted(self) -> None:
        found = audited(sick({}, patient=np.arange(N) // 2))
        assert [f.count for f in found.findings if f.code == "TB123"] == [N // 2]

    def test_few_events_per_parameter(self) -> None:
        found = audited(cohort({**noise(N, 40), "sick": SICK}, kinds={"sick": "boolean"}, roles={"sick": "outcome"}))
        assert "TB133" in codes(found)

    def test_a_class_that_does_not_reach_every_fold(self) -> None:
        y = np.where(np.arange(N) < 12, "rare", "common")
        made = cohort({**noise(N, 2), "y": y}, kinds={"y": "category"}, roles={"y": "outcome"})
        config = StudyConfig.model_validate({"data": {"positive": "rare"}, "split": {"outer_folds": 15}})
        assert "TB132" in codes(audited(made, config))

    def test_an_outcome_that_reads_as_the_good_one(self) -> None:
        made = cohort({**noise(N, 2), "alive": SICK}, kinds={"alive": "boolean"}, roles={"alive": "outcome"})
        assert "TB131" in codes(audited(made))
        assert "TB131" not in codes(audited(made, settings(positive="no")))

    def test_follow_up_that_is_missing_or_short_at_a_centre(self) -> None:
        time = np.where(np.arange(N) < 200, 900.0, 100.0) * RNG.uniform(0.5, 1, N)
        time[:3] = np.nan
        made = cohort({**noise(N, 2), "t": time, "e": RNG.random(N) < 0.2}, kinds={"e": "boolean"},
                      roles={"t": "time", "e": "event"}, centre=np.where(np.arange(N) < 200, "long", "short"))  # fmt: skip
        said = [f for f in audited(made).findings if f.code == "TB134"]
        assert {f.source: f.count for f in said} == {"short": 200, None: 3}


class TestCentres:
    centre = np.where(np.arange(N) < 200, "north", "south")

    def test_prevalence_and_distribution_that_drift(self) -> None:
        sick_north = np.where(self.centre == "north", RNG.random(N) < 0.2, RNG.random(N) < 0.6)
        columns = {**noise(N, 2), "shifted": RNG.normal(size=N) + (self.centre == "north"), "sick": sick_north}
        found = audited(cohort(columns, kinds={"sick": "boolean"}, roles={"sick": "outcome"}, centre=self.centre))
        said = [f for f in found.findings if f.code == "TB150"]
        assert {f.source for f in said} == {"north", "south"}
        assert all("shifted" in f.columns and "outcome in" in f.evidence for f in said)

    def test_a_centre_that_separates_the_classes(self) -> None:
        found = audited(cohort({**noise(N, 2), "sick": self.centre == "north"}, kinds={"sick": "boolean"},
                               roles={"sick": "outcome"}, centre=self.centre))  # fmt: skip
        assert "TB145" in codes(found)

    def test_a_column_absent_at_one_centre(self) -> None:
        ca = np.where(self.centre == "north", RNG.random(N), np.nan)
        found = audited(sick({"ca": ca}, centre=self.centre))
        said = [f for f in found.findings if f.code == "TB151"]
        assert said[0].columns == ("ca",) and "south (100 % missing)" in said[0].evidence


class TestMissing:
    def test_mostly_missing_and_constant_columns(self) -> None:
        rare = np.where(RNG.random(N) < 0.3, RNG.random(N), np.nan)
        found = audited(sick({"rare": rare, "same": np.ones(N), "none": np.full(N, np.nan)}))
        assert [f.columns for f in found.findings if f.code == "TB160"] == [("rare",)]
        assert {n: c for n, (c, _) in found.set_aside.items()} == {"same": "TB104", "none": "TB104"}

    def test_missing_rate_that_differs_by_outcome(self) -> None:
        lab = np.where(SICK | (RNG.random(N) < 0.5), RNG.random(N), np.nan)
        said = [f for f in audited(sick({"lab": lab})).findings if f.code == "TB161"]
        assert said[0].columns == ("lab",) and said[0].evidence.startswith("by outcome")

    def test_absence_that_alone_tells_the_outcome(self) -> None:
        assert "TB142" in codes(audited(sick({"biopsy": np.where(SICK, RNG.random(N), np.nan)})))


class TestLaws:
    def test_shuffling_the_rows_changes_nothing_set_aside(self) -> None:
        columns = {
            **noise(N, 3),
            "grade": np.where(SICK, RNG.integers(1, 5, N), 0),
            "TIME": RNG.random(N),
            "sick": SICK,
        }
        order = RNG.permutation(N)
        plain, turned = (
            audited(cohort(c, kinds={"sick": "boolean"}, roles={"sick": "outcome"}))
            for c in (columns, {k: np.asarray(v)[order] for k, v in columns.items()})
        )
        assert set(plain.set_aside) == set(turned.set_aside) == {"grade", "TIME"}

    def test_noise_raises_no_alarm(self) -> None:
        alarms = 0
        for seed in range(10):
            y = np.random.default_rng(seed).random(120) < 0.3
            made = cohort({**noise(120, 10, seed), "y": y}, kinds={"y": "boolean"}, roles={"y": "outcome"})
            alarms += len(audited(made).set_aside)
        assert alarms == 0

    def test_evidence_names_no_cell(self) -> None:
        names = [f"Kowalski {k}" for k in range(N)]
        found = audited(sick({"note": names}, {"note": "category"}))
        assert "Kowalski" not in str(found)
        assert found.set_aside["note"][0] == "TB144"

    def test_it_works_without_provenance_and_centres(self) -> None:
        made = sick({})
        bare = type(made)(made.frame, made.variables, made.rows.drop(columns=["source"]))
        assert isinstance(audited(bare), Audit)
        assert pd.isna(made.rows["centre"]).all()
