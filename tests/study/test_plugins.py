"""A model of a plugin in a model file: another process needs the plugin's file, with the content it had."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tabml.core.errors import BundleError, ConfigError
from tabml.models import registry
from tabml.study.bundle import parse_bundle, read_bundle
from tabml.study.plugins import check_record, load_needed
from tests.e2e.running import Folder
from tests.study.fitted import write_model
from tests.study.test_bundle import rebuilt

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "plugin" / "discriminant.py"
NEW_ROWS = "Pat;Alter;Geschlecht;Chol;FBS\n1;50;m;200;ja\n2;61;w;180;nein\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the plugin, a model file that holds its model, and new patients."""
    shutil.copy(PLUGIN, tmp_path / "discriminant.py")
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    with registry.borrowed():
        registry.load_plugin(tmp_path / "discriminant.py")
        write_model(tmp_path / "m.tabml", models=("discriminant", "ridge"))
    return tmp_path


def test_the_plugin_is_recorded_by_content(folder: Path) -> None:
    (entry,) = read_bundle(folder / "m.tabml").plugins
    assert (entry["model"], entry["file"]) == ("discriminant", "discriminant.py")
    assert len(entry["sha256"]) == 64
    write_model(folder / "own.tabml")
    assert "plugins" not in read_bundle(folder / "own.tabml").manifest


def test_predict_in_a_new_process_needs_the_plugin_and_takes_it(folder: Path) -> None:
    call = Folder(folder)
    refused = call("predict", "m.tabml", "new.csv", "-o", "r.csv")
    assert refused.code == 2, refused.said
    assert "model 'discriminant' comes from the plugin discriminant.py, which is not loaded" in refused.err
    assert "hint: --plugin discriminant.py" in refused.err
    done = call("predict", "m.tabml", "new.csv", "-o", "r.csv", "--plugin", "discriminant.py")
    assert done.code == 0, done.said
    assert "2 rows written" in done.out


def test_a_changed_plugin_is_refused_and_not_run(folder: Path) -> None:
    changed = folder / "discriminant.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "\nraise SystemExit('run')\n", encoding="utf-8")
    refused = Folder(folder)("predict", "m.tabml", "new.csv", "-o", "r.csv", "--plugin", "discriminant.py", "--json")
    assert refused.code == 2, refused.said
    error = refused.document["error"]
    assert "is not the one model 'discriminant' was made with" in error["what"]
    assert "fit again" in error["hint"]


def test_a_plugin_file_that_is_not_there_is_a_usage_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match="plugin cannot be read: no such file"):
        load_needed(read_bundle(folder / "m.tabml").plugins, [folder / "absent.py"], "m.tabml")


def test_load_takes_the_plugin_too(folder: Path) -> None:
    code = "import sys, tabml; print(len(tabml.load(sys.argv[1], plugins=sys.argv[2:]).pipeline.members))"
    arguments = [str(folder / "m.tabml"), str(folder / "discriminant.py")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"


@pytest.mark.parametrize(
    "record",
    ["x", [1], [{}], [{"model": "a", "file": "b", "sha256": "c"}], [{"model": 1, "file": "b", "sha256": "a" * 64}]],
)
def test_a_hostile_record_is_refused(record) -> None:
    with pytest.raises(BundleError, match="the manifest is damaged: plugins"):
        check_record(record, "m.tabml")

    def change(manifest: dict, members: dict[str, bytes]) -> None:
        manifest["plugins"] = json.loads(json.dumps(record))

    with pytest.raises(BundleError, match="the manifest is damaged: plugins"):
        parse_bundle(rebuilt(change), "m.tabml")
