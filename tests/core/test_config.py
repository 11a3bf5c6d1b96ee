"""Settings: one tree from study file, environment and flags, with faults named."""

import re
from pathlib import Path

import pytest

from tabml.core import config
from tabml.core.errors import ConfigError


def load(tmp_path: Path, text: str, **more):
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    return config.load_config(file, environment=more.pop("environment", {}), **more)


def test_flags_win_over_environment_over_file_over_default(tmp_path):
    text = "seed: 2\nsplit: {outer_folds: 3, repeats: 2}\n"
    environment = {"TABML_SPLIT__OUTER_FOLDS": "4", "TABML_SEED": "5"}
    tree = load(tmp_path, text, environment=environment, assignments=["split.outer_folds=10"])
    assert (tree.split.outer_folds, tree.seed, tree.split.repeats) == (10, 5, 2)
    assert tree.estimate.resamples == 1000


def test_unknown_key_in_a_file_names_the_near_miss(tmp_path):
    with pytest.raises(ConfigError, match=r"unknown setting 'split\.outer_fold'") as caught:
        load(tmp_path, "split: {outer_fold: 3}\n")
    assert caught.value.hint == "did you mean 'split.outer_folds'?"
    assert caught.value.where == "study.yaml"
    assert caught.value.exit_code == 2


def test_unknown_group_is_refused_with_a_hint(tmp_path):
    with pytest.raises(ConfigError, match="unknown setting 'splits'") as caught:
        load(tmp_path, "splits: {outer_folds: 3}\n")
    assert "split" in str(caught.value.hint)


def test_unknown_path_in_set_names_the_near_miss():
    with pytest.raises(ConfigError, match=r"unknown setting 'split\.outerfolds'") as caught:
        config.load_config(assignments=["split.outerfolds=3"], environment={})
    assert caught.value.hint == "did you mean 'split.outer_folds'?"


def test_one_path_by_flag_and_by_set_is_refused():
    with pytest.raises(ConfigError, match="seed is set twice"):
        config.load_config(flags={"seed": 3}, assignments=["seed=4"], environment={})


def test_flag_that_was_not_given_changes_nothing():
    assert config.load_config(flags={"seed": None, "data.keep": ()}, environment={}).seed == 1


def test_set_without_equals_shows_an_example():
    with pytest.raises(ConfigError, match="is not PATH=VALUE"):
        config.load_config(assignments=["seed"], environment={})


def test_value_out_of_bounds_names_the_setting():
    with pytest.raises(ConfigError, match=r"split\.outer_folds: input should be greater than or equal to 2"):
        config.load_config(assignments=["split.outer_folds=1"], environment={})


def test_environment_variable_without_setting_is_refused_and_reserved_ones_are_not():
    with pytest.raises(ConfigError, match="TABML_SPLITS__X names no setting"):
        config.load_config(environment={"TABML_SPLITS__X": "1"})
    reserved = {"TABML_KEY_FILE": "a", "TABML_STORE_URL": "b", "TABML_TEST_MONGO_URL": "c", "PATH": "d"}
    assert config.load_config(environment=reserved) == config.StudyConfig()


def test_one_text_becomes_a_list_of_one():
    assert config.load_config(assignments=["data.keep=age"], environment={}).data.keep == ("age",)


def test_null_in_the_list_of_models_is_the_null_model():
    tree = config.load_config(assignments=["search.models=[null, ridge]"], environment={})
    assert tree.search.models == ("null", "ridge")


def test_column_names_that_look_like_numbers_or_booleans_stay_text(tmp_path):
    assert load(tmp_path, "data: {target: no, id: 0012}\n").data.model_dump(include={"target", "id"}) == {
        "target": "no",
        "id": "0012",
    }


def test_study_yaml_of_a_folder_is_read_as_its_tree(tmp_path):
    text = "config: {seed: 7}\nsoftware: {tabml: 0.1.0}\ndata: []\n"
    assert load(tmp_path, text).seed == 7


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n"])
def test_study_file_that_is_no_mapping_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match="a study file holds settings"):
        load(tmp_path, text)


def test_missing_study_file_is_named_without_its_folder(tmp_path):
    with pytest.raises(ConfigError, match="study file cannot be read") as caught:
        config.load_config(tmp_path / "absent.yaml", environment={})
    assert caught.value.where == "absent.yaml"


def test_study_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "study.yaml").write_bytes(b"out: \xff\xfe\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        config.load_config(tmp_path / "study.yaml", environment={})


def test_shipped_study_file_is_found_by_its_bare_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config.load_config(Path("quick"), environment={}).preset == "quick"
    assert config.load_config(Path("publication.yaml"), environment={}).preset == "publication"


def test_own_file_wins_over_the_shipped_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("quick.yaml").write_text("preset: standard\n", encoding="utf-8")
    assert config.load_config(Path("quick.yaml"), environment={}).preset == "standard"


def test_preset_fills_only_what_was_left_open():
    tree = config.load_config(assignments=["preset=publication", "estimate.method=bbc"], environment={})
    resolved = config.resolve(tree)
    assert (resolved.estimate.method, resolved.search.trials) == ("bbc", 0)
    assert config.resolve(resolved) == resolved


def test_every_preset_names_known_settings():
    known = {path for path, _, _ in config.settings()}
    assert {path for values in config.PRESETS.values() for path in values} <= known


def test_every_setting_is_documented():
    assert [path for path, _, text in config.settings() if not text.strip().endswith((".", ")"))] == []


def test_every_setting_is_read_somewhere():
    declared = Path(config.__file__).parent
    package = declared.parents[1]
    code = "\n".join(p.read_text(encoding="utf-8") for p in package.rglob("*.py") if declared not in p.parents)
    unread = []
    for path, _, _ in config.settings():
        group, _, name = path.rpartition(".")
        if not re.search(rf"\b(?:{group or 'config'}|config)\.{name}\b", code):
            unread.append(path)
    assert unread == []


def test_hash_ignores_where_it_runs_and_sees_what_decides_the_numbers():
    base = config.StudyConfig()
    elsewhere = config.load_config(assignments=["executor.workers=2", "out=a", "limits.time=5m"], environment={})
    assert config.config_sha256(elsewhere) == config.config_sha256(base)
    assert config.config_sha256(config.load_config(assignments=["seed=2"], environment={})) != config.config_sha256(
        base
    )


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("5m", 300), ("1h", 3600), ("45", 45), ("1.5m", 90)])
def test_durations(text, expected):
    assert config.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-5m", "0s", "5 weeks"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ConfigError, match="is not a duration"):
        config.seconds(text)


def test_where_a_study_stands_is_no_part_of_what_is_stored():
    one, two = (
        config.load_config(flags={"out": "a/one"}, environment={}),
        config.load_config(flags={"out": "two"}, environment={}),
    )
    assert config.shareable(one) == config.shareable(two)
    assert config.config_sha256(one) == config.config_sha256(two)
