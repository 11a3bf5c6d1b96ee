"""The tree from study file, environment, `--set` and flags, in this order of precedence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tabml.core.config.tree import PATH_SETTINGS, StudyConfig, assign, parse_config
from tabml.core.errors import ConfigError, did_you_mean
from tabml.core.strictyaml import load_yaml

RESERVED_ENVIRONMENT = ("TABML_STORE_URL", "TABML_SERVE_TOKEN", "TABML_KEY_FILE", "TABML_PASSWORD", "TABML_TEST_")


def load_config(
    file: Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    assignments: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> StudyConfig:
    """Build the tree from a study file, the environment, `--set` assignments and named flags.

    `file` is a path or the name of a shipped study file (see `study_file`). `flags` maps dotted paths to
    values; None means "not given". A path named both by a flag and by `--set` is a ConfigError, as is an
    unknown key (with the near miss).
    """
    tree = _read_tree(study_file(file)) if file is not None else {}
    for path, value in _from_environment(os.environ if environment is None else environment):
        assign(tree, path, value)
    given = {path: value for path, value in (flags or {}).items() if value not in (None, ())}
    for path, value in given.items():
        assign(tree, path, value)
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        path = path.strip()
        if not equals or not path:
            raise ConfigError(f"--set {assignment!r} is not PATH=VALUE", hint="e.g. --set split.outer_folds=10")
        if path in given:
            raise ConfigError(f"{path} is set twice: by its own option and by --set", hint="use one of them")
        assign(tree, path, load_yaml(text, f"--set {path}"))
    return parse_config(tree, where=file.name if file else None)


def configs_folder() -> Path:
    """Folder of the study files tabml ships: inside an installed package, beside it in a clone."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def study_file(name: Path | str) -> Path:
    """The study file meant: a path as given, or a shipped one by its bare name, such as `survival`."""
    path = Path(name)
    shipped = configs_folder() / f"{path.name.removesuffix('.yaml')}.yaml"
    return shipped if not path.exists() and path.name == str(path) and shipped.is_file() else path


def _read_tree(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"study file cannot be read: {reason}", where=file.name, hint="check --config") from None
    tree = load_yaml(text, file.name)
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError("a study file holds settings, one `key: value` a line", where=file.name)
    # A stored study.yaml carries the tree under `config`, beside versions and hashes.
    if "config" in tree and "software" in tree:
        tree = tree["config"]
    return _beside(dict(tree), file.parent)


def _beside(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths in a study file are meant from the folder it stands in; `out` is meant from where one stands."""
    for path in PATH_SETTINGS[:-1]:
        node: Any = tree
        *parents, key = path.split(".")
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if isinstance(node, dict) and node.get(key):
            value = node[key]
            node[key] = [str(folder / v) for v in value] if isinstance(value, list) else str(folder / str(value))
    return tree


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    top = set(StudyConfig.model_fields)
    for name in sorted(environment):
        if not name.startswith("TABML_") or name.startswith(RESERVED_ENVIRONMENT):
            continue
        path = name.removeprefix("TABML_").lower().replace("__", ".")
        if path.split(".")[0] not in top:
            raise ConfigError(
                f"environment variable {name} names no setting", hint=did_you_mean(path.split(".")[0], top)
            )
        yield path, load_yaml(environment[name], name)
