"""Errors: exit codes, machine names, near misses."""

import pytest

from tabml.core import errors


@pytest.mark.parametrize(
    ("kind", "exit_code", "code"),
    [
        (errors.ConfigError, 2, "config_error"),
        (errors.QuestionError, 2, "question_error"),
        (errors.InputError, 3, "input_error"),
        (errors.BundleError, 3, "bundle_error"),
        (errors.DataError, 4, "data_error"),
        (errors.DependencyError, 1, "dependency_error"),
        (errors.StoreError, 1, "store_error"),
    ],
)
def test_each_error_has_its_exit_code_and_name(kind, exit_code, code):
    error = kind("what happened", where="a.xlsx, sheet 'S', B4", hint="do this")
    assert (error.exit_code, error.code) == (exit_code, code)
    assert str(error) == "what happened (a.xlsx, sheet 'S', B4)"
    assert error.hint == "do this"


def test_error_without_place_is_its_sentence():
    assert str(errors.DataError("no events")) == "no events"


def test_question_error_lists_all_questions():
    assert errors.QuestionError("two questions", questions=["a", "b"]).questions == ("a", "b")


def test_near_miss_ignores_case_and_answers_none_when_nothing_is_near():
    assert errors.closest("OS_Month", ["os_months", "age"]) == "os_months"
    assert errors.closest("zzz", ["os_months", "age"]) is None


def test_hint_lists_known_names_when_nothing_is_near():
    assert errors.did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert errors.did_you_mean("zzz", []) is None


def test_a_near_miss_may_be_one_word_of_a_longer_name_and_noise_is_none():
    assert errors.closest("Deth", ["Age", "Death (30 days)"]) == "Death (30 days)"
    assert errors.closest("Chol", ["Serum cholesterol (mg/dl)"]) == "Serum cholesterol (mg/dl)"
    assert errors.closest("ST depression", ["Admission"]) is None
    assert errors.closest("Sex", ["Centre", "Age"]) is None


def test_a_long_list_starts_with_the_nearest_and_counts_the_rest():
    known = [f"column {i}" for i in range(12)] + ["dead in hospital"]
    hint = errors.did_you_mean("dd", known)
    assert hint is not None and hint.startswith("known: dead in hospital, ") and hint.endswith(" and 1 more")
