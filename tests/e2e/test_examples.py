"""The other example folders, each with its own study file: survival, repeated rows, small classes, a plugin."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import EXAMPLES, Folder


def fitted(tabml: Folder, name: str, data: str) -> dict[str, Any]:
    """The results document of an example fitted with its study file."""
    folder = EXAMPLES / name
    run = tabml("fit", folder / data, "--config", folder / "study.yaml", "--out", "study")
    assert run.code == 0, run.said
    return json.loads((tabml.folder / "study" / "results.json").read_text(encoding="utf-8"))


def headline(document: dict[str, Any], key: str) -> dict[str, Any]:
    """The corrected estimate of the final model over all patients (the first one, where horizons differ)."""
    return next(
        e for e in document["estimates"]
        if (e["key"], e["model"], e["population"]) == (key, "final", "all") and e["estimate_type"].startswith("corrected")
    )  # fmt: skip


def explained(document: dict[str, Any]) -> set[str]:
    """Variables the final model's explanation knows."""
    return {i["variable"] for e in document["explanations"] for i in e["importances"]}


def codes(document: dict[str, Any]) -> set[str]:
    return {f["code"] for f in document["findings"]}


def test_follow_up_time_is_no_predictor_in_a_survival_study(tabml):
    document = fitted(tabml, "heart_failure", "S1Data.csv")
    assert document["target"]["task"] == "survival"
    assert 0.62 < headline(document, "harrell_c")["value"] < 0.78
    assert "Age" in explained(document)
    assert not {"TIME", "Event"} & explained(document)
    risk = tabml("predict", "study/model.tabml", EXAMPLES / "heart_failure" / "S1Data.csv", "-o", "risk.csv")
    assert risk.code == 0, risk.said


def test_small_classes_are_named(tabml):
    document = fitted(tabml, "hcv", "hcvdat0.csv")
    assert document["target"]["task"] == "multiclass"
    assert {"TB132"} <= codes(document)
    assert not {"#1", ""} & explained(document)


def test_recordings_of_one_person_stay_in_one_fold(tabml, tmp_path):
    whole = (EXAMPLES / "parkinsons_updrs" / "parkinsons_updrs.data").read_text(encoding="utf-8").splitlines()
    thin = tmp_path / "every_twelfth.csv"
    thin.write_text("\n".join([whole[0], *whole[1::12]]) + "\n", encoding="utf-8")
    check_parkinsons(tabml, thin)


@pytest.mark.slow
def test_all_recordings_of_42_people(tabml):
    check_parkinsons(tabml, EXAMPLES / "parkinsons_updrs" / "parkinsons_updrs.data")


def check_parkinsons(tabml: Folder, data: Path) -> None:
    document = fitted(tabml, "parkinsons_updrs", str(data))
    assert document["target"]["task"] == "regression"
    assert document["counts"]["patients"] == 42
    assert headline(document, "r2")["value"] < 0.3  # split by row these models reach 0.9
    assert "TB123" in codes(document)
    assert not {"motor_UPDRS", "subject#"} & explained(document)
    check_own_file(tabml, data)


def check_own_file(tabml: Folder, data: Path) -> None:
    """The file of training lies within the range of training, but for about 2 % of its rows per variable."""
    run = tabml("predict", "study/model.tabml", data, "-o", "risk.csv")
    assert run.code == 0, run.said
    with (tabml.folder / "risk.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    outside = [row["reasons"].removeprefix("outside: ").split(", ") for row in rows if row["flag"] == "review"]
    counts = Counter(name for names in outside for name in names)
    assert max(counts.values()) <= 0.025 * len(rows)
    assert len(outside) < 0.2 * len(rows)
    assert all(len(row["prediction"].partition(".")[2]) <= 2 for row in rows)


def test_plugin_competes_like_any_model(tabml):
    plugin = EXAMPLES / "plugin" / "discriminant.py"
    run = tabml(
        "fit", EXAMPLES / "clean" / "cohort.xlsx", "--preset", "quick", "--plugin", plugin, "--out", "study",
        "--set", "search.models=[null, ridge, discriminant]",
    )  # fmt: skip
    assert run.code == 0, run.said
    document = json.loads((tabml.folder / "study" / "results.json").read_text(encoding="utf-8"))
    assert "discriminant" in json.dumps(document["models"])
