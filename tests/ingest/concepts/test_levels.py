"""Cell texts to level codes."""

from __future__ import annotations

import pytest

from tabml.ingest.concepts import Recode, levels_for, load, lookup


def recode(key: str, *texts: str, language: str | None = None) -> Recode:
    found = levels_for(load()[key], texts, language=language)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("texts", "female"),
    [
        (("M", "F"), "F"), (("m", "w"), "w"), (("Mann", "Kvinne"), "Kvinne"), (("M", "K"), "K"), (("H", "M"), "M"),
        (("mies", "nainen"), "nainen"), (("男", "女"), "女"), (("hombre", "mujer"), "mujer"), (("Hane", "Kvinna"), "Kvinna"),
        (("homme", "femme"), "femme"), (("mand", "kvinde"), "kvinde"), (("V", "N"), "N"),
    ],
)  # fmt: skip
def test_sexes_are_read_in_one_language(texts: tuple[str, str], female: str) -> None:
    found = recode("sex", *texts)
    assert found.mapping.get(female) == "0"
    assert {code for text, code in found.mapping.items() if text != female} <= {"1"}


def test_both_sexes_read_with_certainty() -> None:
    assert recode("sex", "M", "F", "ukjent").score == 1.0
    assert dict(recode("sex", "H", "M").mapping) == {"H": "1", "M": "0"}


def test_bare_numbers_are_never_enough() -> None:
    assert recode("sex", "1", "2").score == 0.0
    assert recode("sex", "0", "1").score <= 0.6


@pytest.mark.parametrize(
    "texts", [("ja", "nei"), ("Ja", "Nein"), ("kyllä", "ei"), ("sí", "no"), ("是", "否"), ("Y", "N"), ("有", "无")]
)
def test_yes_comes_first_in_eight_languages(texts: tuple[str, str]) -> None:
    found = recode("diabetes", *texts)
    assert dict(found.mapping) == {texts[0]: "1", texts[1]: "0"}
    assert found.score == 1.0


def test_alive_is_zero_and_dead_is_one() -> None:
    assert dict(recode("death", "levende", "død").mapping) == {"levende": "0", "død": "1"}
    assert dict(recode("death", "vivo", "fallecido").mapping) == {"vivo": "0", "fallecido": "1"}


def test_a_column_that_says_survived_is_read_the_other_way_round() -> None:
    assert lookup("Survived")[0].concept.key == lookup("Alive")[0].concept.key == "survived"
    assert lookup("censored")[0].concept.key == "censored"
    assert dict(recode("survived", "ja", "nei").mapping) == {"ja": "1", "nei": "0"}
    assert dict(recode("survived", "dead", "alive").mapping) == {"dead": "0", "alive": "1"}
    assert dict(recode("death", "ja", "nei").mapping) == {"ja": "1", "nei": "0"}


def test_the_chest_pain_of_four_exports() -> None:
    german = recode("chest_pain", "typisch", "atypisch", "nicht anginös", "asymptomatisch")
    norwegian = recode("chest_pain", "typisk", "atypisk", "ikke-anginøs", "asymptomatisk")
    assert list(german.mapping.values()) == [german.mapping[t] for t in german.mapping]
    assert german.mapping["nicht anginös"] == norwegian.mapping["ikke-anginøs"] == "3"
    assert (german.score, norwegian.score) == (1.0, 1.0)


def test_missing_words_are_left_out_and_unknown_words_are_named() -> None:
    found = recode("smoking", "aldri", "røyker", "tidligere", "ukjent", "pipe")
    assert found.unmatched == ("pipe",)
    assert found.score == 0.75


def test_a_concept_without_levels_has_no_recoding() -> None:
    assert levels_for(load()["chol"], ["high", "low"]) is None


def test_stages_are_read_with_their_prefix_and_suffix() -> None:
    found = recode("t_stage", "pT1", "T2", "T3a", "pT4b")
    assert dict(found.mapping) == {"T2": "2", "T3a": "3", "pT1": "1", "pT4b": "4"}
