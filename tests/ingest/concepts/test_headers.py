"""Headers as hospitals write them, in eight languages, against what they mean: by name alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tabml.ingest.concepts import LANGUAGES, lookup

HERE = Path(__file__).parent
#: A match of at least this score is taken without a look at the values.
HIGH = 0.9


def labelled(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def first(header: str) -> tuple[str, float]:
    found = lookup(header)
    return (found[0].concept.key, found[0].score) if found else ("none", 0.0)


FILES = ("hospital_headers.csv", "second_headers.csv", "third_headers.csv", "example_headers.csv")


@pytest.mark.parametrize("name", FILES)
def test_nine_of_ten_headers_are_named_right_at_first(name: str) -> None:
    rows = [r for r in labelled(name) if r["concept"] != "none"]
    wrong = [(r["header"], *first(r["header"])) for r in rows if first(r["header"])[0] != r["concept"]]
    assert len(wrong) <= 0.1 * len(rows), wrong


@pytest.mark.parametrize("name", FILES)
def test_at_most_one_header_in_a_hundred_has_a_wrong_match_of_high_score(name: str) -> None:
    rows = labelled(name)
    wrong = [(r["header"], *first(r["header"])) for r in rows if first(r["header"])[1] >= HIGH]
    wrong = [w for w in wrong if (w[0], w[1]) not in {(r["header"], r["concept"]) for r in rows}]
    assert len(wrong) <= 0.01 * len(rows), wrong


def test_every_language_has_at_least_fifty_headers() -> None:
    rows = labelled("hospital_headers.csv")
    assert {language: sum(r["language"] == language for r in rows) >= 50 for language in LANGUAGES} == dict.fromkeys(
        LANGUAGES, True
    )


def test_headers_that_name_no_concept_get_no_high_score() -> None:
    rows = [r["header"] for name in FILES for r in labelled(name) if r["concept"] == "none"]
    assert len(rows) >= 40
    assert [(h, *first(h)) for h in rows if first(h)[1] >= HIGH] == []
