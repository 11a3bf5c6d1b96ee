"""Headers to concepts: what is taken off, what is respected, what is never guessed."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from tabml.ingest.concepts import Match, fits, folding, header, load, lookup, match, words


@pytest.mark.parametrize("module", [folding, header, match, words])
def test_examples_in_docstrings_run(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def best(text: str, **known: str | None) -> Match:
    return lookup(text, **known)[0]


def keys(text: str, least: float = 0.3) -> list[str]:
    return [m.concept.key for m in lookup(text) if m.score >= least]


class TestExactNames:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("Cholesterin [mmol/l]", "chol"),
            ("SystolicBP", "sbp"),
            ("systolic_bp", "sbp"),
            ("Serum.cholesterol..mg.dl.", "chol"),
            ("hb_g_dl", "haemoglobin"),
            ("Koen", "sex"),
            ("Groesse (cm)", "height"),
            ("胆固醇", "chol"),
            ("presión arterial sistólica", "sbp"),
            ("Nüchternzucker > 6,7 mmol/l", "fasting_glucose_high"),
        ],
    )
    def test_the_list_is_found_however_it_is_spelled(self, text: str, key: str) -> None:
        assert best(text).concept.key == key
        assert best(text).score >= 0.98

    @pytest.mark.parametrize("key", ["na", "k", "crp", "hb"])
    def test_specimen_letters_come_off(self, key: str) -> None:
        for specimen in ("S-", "P-", "B-", "fP-"):
            assert best(specimen + key.capitalize()).concept == best(key).concept

    def test_potassium_in_plasma_is_not_the_swedish_pk(self) -> None:
        assert best("P-K").concept.key == "potassium"
        assert best("PK").concept.key == "inr"

    def test_urine_is_another_concept(self) -> None:
        assert best("U-Natrium").concept.key == "urine_sodium"
        assert best("U-Kreatinin").concept.key == "urine_creatinine"

    @pytest.mark.parametrize(("text", "when"), [("hb_v3", "later"), ("BMI baseline", "baseline"), ("Hb", None),
                                               ("CRP dag 0", "baseline"), ("入院收缩压", "baseline"), ("end_wbc", "later")])  # fmt: skip
    def test_the_time_a_header_states_is_handed_on(self, text: str, when: str | None) -> None:
        assert best(text).timing == when

    def test_a_percentage_of_cells_is_not_their_count(self) -> None:
        assert best("Lymphocytes %").concept.key == "lymphocytes_pct"
        assert best("Lymfocytter (%)").concept.key == "lymphocytes_pct"
        assert best("Lymphocytes (10^9/L)").concept.key == "lymphocytes"


class TestUnits:
    def test_a_unit_settles_an_abbreviation_of_two_concepts(self) -> None:
        assert best("Ca", unit="mmol/L").concept.key == "calcium"
        assert best("RR (mmHg)").concept.key in ("blood_pressure", "respiratory_rate")
        assert best("RR (breaths/min)").concept.key == "respiratory_rate"
        assert best("PTT [s]").concept.key == "aptt"

    def test_a_unit_that_cannot_be_converted_halves_the_score(self) -> None:
        assert best("Cholesterol (kg)").score == 0.5
        assert best("Diabetes (years)").score < 0.7

    def test_fits_follows_the_molar_factor(self) -> None:
        assert fits(load()["chol"], "mmol/L")
        assert not fits(load()["sbp"], "mg/dL")

    def test_hba1c_in_mmol_per_mol_is_known_but_not_proportional(self) -> None:
        assert best("HbA1c (mmol/mol)").concept.key == "hba1c"
        assert not fits(load()["hba1c"], "mmol/mol")


class TestAmbiguity:
    def test_an_abbreviation_of_two_concepts_gives_both_below_acceptance(self) -> None:
        assert {m.concept.key for m in lookup("qt")} == {"qt", "chemotherapy"}
        assert max(m.score for m in lookup("ttp")) < 0.9

    def test_accents_and_capitals_tell_names_apart(self) -> None:
        assert [best(t).concept.key for t in ("Død", "DOD", "pT", "PT")] == [
            "death", "date_of_death", "t_stage", "pt_seconds",
        ]  # fmt: skip

    def test_an_abbreviation_that_bears_two_meanings_across_languages_is_not_decided(self) -> None:
        for text in ("HF", "AF", "TB", "FA", "RR"):
            assert len(lookup(text)) >= 2
            assert lookup(text)[0].score < 0.9

    def test_the_group_over_a_column_does_not_name_it(self) -> None:
        assert best("Klinik / Angina").concept.key in ("angina", "chest_pain")
        assert best("Visit 1 / BP").concept.key == "blood_pressure"

    def test_the_language_raises_its_own_reading(self) -> None:
        assert best("ttp", language="es").concept.key == "aptt"


class TestQualifiers:
    @pytest.mark.parametrize(
        ("text", "never"),
        [
            ("Family history of stroke", "stroke"),
            ("Mother's age", "age"),
            ("Date of CRP", "crp"),
            ("Change in creatinine", "creatinine"),
            ("Hb reference limit", "haemoglobin"),
            ("Edad de la pareja", "age"),
            ("Dato for CRP", "crp"),
            ("父亲身高", "height"),
            ("体重变化", "weight"),
            ("No diabetes", "diabetes"),
        ],
    )
    def test_words_that_make_another_variable_keep_the_score_low(self, text: str, never: str) -> None:
        assert {m.concept.key: m.score for m in lookup(text)}.get(never, 0.0) < 0.75

    def test_qualified_concepts_of_their_own_are_found(self) -> None:
        assert best("Family history of diabetes").concept.key == "family_history_diabetes"
        assert best("Date of death").concept.key == "date_of_death"
        assert best("Max HR").concept.key == "max_heart_rate"
        assert best("Maternal age").concept.key == "maternal_age"


class TestNearSpellings:
    @pytest.mark.parametrize(("text", "key"), [("kolestrol", "chol"), ("body hieght", "height"), ("Geschlect", "sex"),
                                              ("trombocyter", "platelets"), ("Syst. blodtryck", "sbp"), ("Frec. cardíaca", "heart_rate")])  # fmt: skip
    def test_a_slip_or_a_cut_word_is_found_below_certainty(self, text: str, key: str) -> None:
        assert best(text).concept.key == key

    @pytest.mark.parametrize("text", ["Hc", "GOR", "Kb", "LDX", "HbX"])
    def test_short_abbreviations_are_never_guessed(self, text: str) -> None:
        assert lookup(text) == ()

    def test_numbers_and_opposites_are_not_slips(self) -> None:
        assert "ca125" not in keys("CA 15-4", 0.8)
        assert "hypothyroidism" not in keys("hyperthyreoidism", 0.8)
        assert best("diastolic bp").concept.key == "dbp"

    def test_an_outcome_by_a_date_is_not_the_outcome_of_the_follow_up(self) -> None:
        assert best("Relapse after 2 years").score < 0.9
        assert best("Alkohol (Gläser pro Woche)").score < 0.9

    def test_unknown_headers_match_nothing(self) -> None:
        assert lookup("Hobbies") == ()
        assert lookup("") == ()
        assert keys("Parkeringsplass", 0.6) == []
        assert keys("Number", 0.9) == []
