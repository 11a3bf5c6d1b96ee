from __future__ import annotations

import copy
from typing import Any

import pytest

from tabml.report.methods import methods, to_fill
from tests.report.studies import binary


@pytest.fixture(scope="module")
def heart() -> dict[str, Any]:
    return binary()


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    node = document["provenance"]["config"]
    *parents, key = path.split(".")
    for part in parents:
        node = node[part]
    node[key] = value
    return document


def test_the_study_is_told_from_its_records(heart: dict[str, Any]) -> None:
    text = " ".join(methods(heart))
    for said in ("920 patients from 4 centres", "5-fold cross-validation", "bias-corrected", "1000 resamples", "1.645 standard errors",
                 "Cleveland, Budapest, Zürich and Oslo", "seed 1", "calibrated blend"):  # fmt: skip
        assert said in text
    assert "author must fill" not in text


@pytest.mark.parametrize(
    ("path", "value"),
    [("preset", "publication"), ("prep.missing_flags", True), ("prep.max_missing", 0.4), ("final.choice", "simple"),
     ("data.codebook", None)],
)  # fmt: skip
def test_a_setting_that_changes_changes_the_text(heart: dict[str, Any], path: str, value: Any) -> None:
    assert methods(changed(heart, path, value)) != methods(heart)


@pytest.mark.parametrize(
    ("part", "asked"),
    [("provenance", "handling of missing values"), ("models", "models that were tried"), ("target", "definition of the outcome"),
     ("estimates", "measures of performance")],
)  # fmt: skip
def test_a_missing_record_is_left_to_the_author(heart: dict[str, Any], part: str, asked: str) -> None:
    text = " ".join(methods({k: v for k, v in heart.items() if k != part}))
    assert f"author must fill: {asked}" in text


def test_stated_methods_are_printed_as_they_are() -> None:
    assert methods({"methods": ["As in the protocol."]}) == ("As in the protocol.",)


def test_what_only_authors_know_is_asked_of_them() -> None:
    assert any("ethics" in line for line in to_fill())


def test_rows_of_a_patient_are_said_to_count_as_one(heart: dict[str, Any]) -> None:
    once = "rows of a patient count as one together"
    counts = heart.get("counts") or {}
    assert once not in " ".join(methods(heart))
    assert once in " ".join(methods({**heart, "counts": {**counts, "usable_rows": 5000, "usable_patients": 42}}))


def test_resamples_are_those_of_the_headline(heart: dict[str, Any]) -> None:
    document = copy.deepcopy(heart)
    for e in document["estimates"]:
        if e["estimate_type"] == "apparent":
            e["resamples"] = 200
    assert "rest on 1000 resamples" in " ".join(methods(document))


def test_the_model_that_was_chosen_is_named_not_the_one_that_was_asked_for(heart: dict[str, Any]) -> None:
    name = heart["models"][1]["model"]
    models = [{**m, "trial": k} for k, m in enumerate(heart["models"])]
    why = "a single model beat the blend by more than one standard error"
    selection = {"final": [[1, None]], "simple": [[1, None]], "is_blend": False, "reason": why}
    text = " ".join(methods({**heart, "models": models, "study": {**heart["study"], "selection": selection}}))
    assert f"The final model is one configuration, {name}, calibrated, for {why}; it was refitted" in text
    assert "calibrated blend" not in text


def test_predictors_that_the_model_does_not_read_are_named(heart: dict[str, Any]) -> None:
    text = " ".join(methods({**heart, "study": {**heart["study"], "not_used": {"# vessels": "missing"}}}))
    assert "It does not use # vessels (too much of it is missing)." in text


def test_intervals_on_fewer_resamples_are_said(heart: dict[str, Any]) -> None:
    document = copy.deepcopy(heart)
    document["study"]["resamples"] = 200
    for e in document["estimates"]:
        e["resamples"] = 100 if e["key"] == "ici" else 190
    text = " ".join(methods(document))
    assert "rest on 200 resamples of patients (1000 were asked for; repeated folds and many patients get fewer)" in text
    assert "(of which 190 or more could be used)" in text and "those of calibration error (ICI) on 100" in text


def test_without_missing_flags_every_model_leaves_out_what_is_mostly_missing(heart: dict[str, Any]) -> None:
    assert "all models left out variables with more than 60 % missing" in " ".join(methods(heart))
    flags = changed(heart, "prep.missing_flags", True)
    assert "models that need complete data left out" in " ".join(methods(flags))


def test_the_estimator_of_the_auroc_is_named(heart: dict[str, Any]) -> None:
    assert "For AUROC pairs of patients of one fold are counted" in " ".join(methods(heart))
