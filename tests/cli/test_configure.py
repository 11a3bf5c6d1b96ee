"""Options of `fit` are settings of the one tree, each declared once."""

import json
from pathlib import Path

import pytest

from tabml.cli.configure import SETTINGS, from_options
from tabml.cli.door import run
from tabml.core.config import settings
from tabml.core.errors import ConfigError


def test_every_option_names_a_setting() -> None:
    known = {path for path, _, _ in settings()}
    assert {path for path, _ in SETTINGS.values()} <= known


def test_options_reach_the_tree() -> None:
    config = from_options({"data__target": "dead", "target__horizons": "1y, 5y", "search__trials": 3,
                           "data__keep": ("a", "b"), "seed": 7})  # fmt: skip
    assert config.data.target == "dead"
    assert config.target.horizons == ("1y", "5y")
    assert config.search.trials == 3
    assert config.data.keep == ("a", "b")
    assert config.seed == 7


def test_shipped_study_file_is_found_by_name() -> None:
    assert from_options({"config_file": "quick"}).preset == "quick"


def test_option_and_set_for_one_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed is set twice"):
        from_options({"seed": 7, "assignments": ("seed=8",)})


def test_config_lists_every_setting_with_its_sentence(capsys) -> None:
    assert run(["config", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["result"]
    assert {r["path"] for r in rows} == {path for path, _, _ in settings()}
    assert all(r["meaning"].endswith(".") for r in rows)


def test_config_tells_where_a_value_comes_from(tmp_path: Path, capsys, monkeypatch) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("preset: quick\nseed: 5\n", encoding="utf-8")
    monkeypatch.setenv("TABML_SPLIT__OUTER_FOLDS", "10")
    assert run(["config", str(file), "--set", "final.choice=best", "--origin", "--json"]) == 0
    rows = {r["path"]: (r["value"], r["origin"]) for r in json.loads(capsys.readouterr().out)["result"]}
    assert rows["seed"] == (5, "study file")
    assert rows["split.outer_folds"] == (10, "environment TABML_SPLIT__OUTER_FOLDS")
    assert rows["final.choice"] == ("best", "--set")
    assert rows["search.trials"] == (0, "preset quick")
    assert rows["report.title"] == (None, "default")


def test_unknown_key_gets_the_near_miss(tmp_path: Path, capsys) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("split:\n  outer_fold: 3\n", encoding="utf-8")
    assert run(["config", str(file)]) == 2
    assert "did you mean 'split.outer_folds'?" in capsys.readouterr().err
