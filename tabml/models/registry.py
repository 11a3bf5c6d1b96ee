"""The registry: which models exist, whether they can run here, and how one is fitted.

A model is one file with a decorated `build`. Its keyword parameters are those of its space, and what it may
ask of a fit besides: `task`, `seed`, `n_classes` (multiclass) and `times` (survival, days). It returns a
scikit-learn estimator, or an object whose `fit(X, y, *, weight)` gives back the fitted model.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import logging
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast, get_args

from tabml.core.errors import ConfigError, did_you_mean
from tabml.core.spec import NEEDS, Family, ModelSpec, Need, Space, State
from tabml.core.target import TASKS, Task

log = logging.getLogger(__name__)

CONTEXT = ("task", "seed", "n_classes", "times")
PATHS = ("rounds", "trees", "strength", "epochs")
ENTRY_POINTS = "tabml.models"
#: What each optional extra brings; a model that names it is unavailable without.
EXTRAS: dict[str, tuple[str, ...]] = {"nn": ("torch", "safetensors"), "boost": ("lightgbm", "catboost")}
#: Too slow or too large to import before the model that needs them is fitted.
HEAVY = ("torch", "xgboost", "lifelines", "shap", "optuna", "sklearn", "lightgbm", "catboost", "statsmodels")
#: Order of families when two models are as good (search.md section 8).
SIMPLICITY: dict[str, int] = {
    "baseline": 0,
    "linear": 3,
    "tree": 4,
    "forest": 7,
    "boosting": 8,
    "neural": 9,
    "other": 9,
}

_specs: dict[str, ModelSpec] = {}
_failed: dict[str, str] = {}
_loaded: set[str] = set()

Build = Callable[..., Any]


def model(
    *,
    name: str,
    tasks: Iterable[str],
    family: str,
    needs: Iterable[str] = (),
    space: Space | None = None,
    simplicity: int | None = None,
    path: str | None = None,
    extra: str | None = None,
    restore: Callable[[State], Any] | None = None,
    stores_rows: bool = False,
    version: int = 1,
) -> Callable[[Build], Build]:
    """Register a builder of a model; refuses what cannot be right before anything is fitted."""

    def register(build: Build) -> Build:
        from tabml.models.families import restorer

        _check_words(name, "task", tasks, TASKS)
        _check_words(name, "need", needs, NEEDS)
        _check_words(name, "family", [family], get_args(Family))
        _check_words(name, "path", [path] if path else [], PATHS)
        _check_words(name, "extra", [extra] if extra else [], EXTRAS)
        _check_space(name, space or {}, build)
        _check_new(name, build)
        module = inspect.getmodule(build)
        _specs[name] = ModelSpec(
            name=name,
            family=cast(Family, family),
            tasks=cast("frozenset[Task]", frozenset(tasks)),
            needs=cast("frozenset[Need]", frozenset(needs)),
            space=dict(space or {}),
            build=build,
            restore=restore or restorer(name, family),
            doc=(inspect.getdoc(module) or "").partition("\n")[0] if module else "",
            simplicity=SIMPLICITY[family] if simplicity is None else simplicity,
            path=path,
            extra=extra,
            stores_rows=stores_rows,
            version=version,
            origin=build.__module__,
        )
        return build

    return register


def get(name: str) -> ModelSpec:
    """The model of this name; a ConfigError offers the near miss. Plugins load only when they are asked for."""
    _load_own()
    if name not in _specs:
        _load_entry_points()
    if name in _specs:
        return _specs[name]
    if name in _failed:
        raise ConfigError(f"model {name!r} is not available: {_failed[name]}", hint="tabml models")
    raise ConfigError(f"unknown model {name!r}", hint=did_you_mean(name, _specs))


def specs() -> tuple[ModelSpec, ...]:
    """Every registered model, by name."""
    _load_own()
    _load_entry_points()
    return tuple(_specs[n] for n in sorted(_specs))


def unavailable() -> dict[str, str]:
    """Plugins that could not be loaded, with the reason."""
    specs()
    return dict(sorted(_failed.items()))


def available(name: str) -> tuple[bool, str]:
    """Whether this model can run here, and if not, why: a missing library, or a plugin that failed."""
    try:
        spec = get(name)
    except ConfigError as error:
        return False, error.what
    missing = [m for m in EXTRAS.get(spec.extra or "", ()) if importlib.util.find_spec(m) is None]
    if missing:
        return False, f"needs {', '.join(missing)}: pip install 'tabml[{spec.extra}]'"
    return True, ""


def load_plugin(path: Path) -> tuple[str, ...]:
    """Register the models of one Python file; gives their names. Loading it again changes nothing."""
    path = Path(path).resolve()
    module_name = f"tabml_plugin_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    known = {n for n, s in _specs.items() if s.origin == module_name}
    if str(path) in _loaded:
        return tuple(sorted(known))
    _refuse_heavy_imports(path)
    _load_own()
    found = importlib.util.spec_from_file_location(module_name, path)
    if found is None or found.loader is None:
        raise ConfigError("plugin is not a Python file", where=path.name)
    module = importlib.util.module_from_spec(found)
    sys.modules[module_name] = module
    before = set(_specs)
    try:
        found.loader.exec_module(module)
    except ConfigError:
        raise
    except Exception as error:  # whatever a stranger's file does, the user is told which file and why
        raise ConfigError(f"plugin cannot be loaded: {type(error).__name__}: {error}", where=path.name) from error
    _loaded.add(str(path))
    return tuple(sorted(set(_specs) - before))


@contextmanager
def borrowed() -> Iterator[None]:
    """Leave the registry as it was found, whatever is registered meanwhile; for tests of plugins."""
    specs()  # modules register only once, so those of tabml come first
    models, failed, loaded = dict(_specs), dict(_failed), set(_loaded)
    try:
        yield
    finally:
        _restore(_specs, models)
        _restore(_failed, failed)
        _loaded.clear()
        _loaded.update(loaded)


def _check_words(name: str, what: str, given: Iterable[str], known: Iterable[str]) -> None:
    for word in given:
        if word not in known:
            raise ConfigError(f"model {name!r} names unknown {what} {word!r}", hint=did_you_mean(word, known))


def _check_space(name: str, space: Space, build: Build) -> None:
    parameters = [p for p in inspect.signature(build).parameters if p not in CONTEXT]
    for key in space:
        if key not in parameters:
            hint = did_you_mean(key, parameters)
            raise ConfigError(f"model {name!r} declares space key {key!r} that build() lacks", hint=hint)


def _check_new(name: str, build: Build) -> None:
    known = _specs.get(name)
    if known is not None and _place(known.build) != _place(build):  # the same place: a module loaded again
        raise ConfigError(f"model {name!r} is registered twice: by {known.origin} and by {build.__module__}",
                          hint="give one of them another name")  # fmt: skip


def _place(build: Build) -> tuple[str, int]:
    code = inspect.unwrap(build).__code__
    return code.co_filename, code.co_firstlineno


def _restore(here: dict[str, Any], before: dict[str, Any]) -> None:
    here.clear()
    here.update(before)


def _load_own() -> None:
    if "own" in _loaded:
        return
    _loaded.add("own")
    package = importlib.import_module("tabml.models")
    for found in pkgutil.iter_modules(package.__path__):
        if not (found.ispkg or found.name.startswith("_") or found.name == "registry"):
            importlib.import_module(f"tabml.models.{found.name}")


def _load_entry_points() -> None:
    if ENTRY_POINTS in _loaded:
        return
    _loaded.add(ENTRY_POINTS)
    for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda p: p.name):
        try:
            point.load()
        except Exception as error:  # a plugin that fails is listed with its reason and never stops a study
            _failed[point.name] = f"{type(error).__name__}: {error}"
            log.warning("plugin %s cannot be loaded: %s", point.name, type(error).__name__)


def _refuse_heavy_imports(path: Path) -> None:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise ConfigError(f"plugin cannot be read: {type(error).__name__}", where=path.name) from None
    for node in tree.body:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.partition(".")[0] in HEAVY:
                raise ConfigError(f"plugin imports {name} at the top", where=f"{path.name}:{node.lineno}",
                                  hint="import it inside build(), so that tabml starts fast")  # fmt: skip
