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
