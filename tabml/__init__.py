"""tabml: from messy hospital exports to a clinical prediction model that can be trusted, reported and used.

    import tabml
    outcome = tabml.fit("cohort.xlsx", settings={"data.target": "death_30d"}, out="study")
    model = tabml.load("study/model.tabml")

Nothing heavy is imported before it is used: `import tabml` costs milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tabml.core.config import StudyConfig as StudyConfig
    from tabml.models.registry import model as model
    from tabml.study.bundle import Bundle
    from tabml.study.run import StudyOutcome

__version__ = "0.1.0"
__all__ = ["StudyConfig", "__version__", "fit", "load", "model"]

_HOMES = {"StudyConfig": "tabml.core.config", "model": "tabml.models.registry"}


def fit(
    inputs: str | Path | Sequence[str | Path],
    *,
    config: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    yes: bool = False,
) -> StudyOutcome:
    """Run a study as `tabml fit` does and return its folder, results document and findings.

    `settings` maps dotted paths to values (`{"split.outer_folds": 10}`); `config` is a study file or the
    name of a packaged one. Raises the `TabmlError`s the command line prints; `yes` takes the safe answer
    to every question instead of raising `QuestionError`.
    """
    from pathlib import Path

    from tabml.core.config import load_config, study_file
    from tabml.core.progress import silent
    from tabml.study.run import fit as run

    paths = [Path(p) for p in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    flags = dict(settings or {})
    if out is not None:
        flags["out"] = str(out)
    tree = load_config(study_file(str(config)) if config is not None else None, flags=flags)
    return run(paths, tree, ask=None, yes=yes, progress=silent)


def load(path: str | Path, *, plugins: Sequence[str | Path] = ()) -> Bundle:
    """Open a model file; `.predict(frame)` answers for canonical columns. Runs no code from the file.

    `plugins` are the files of plugins whose models it holds, as they were when it was made.
    """
    from pathlib import Path

    from tabml.study.bundle import read_bundle
    from tabml.study.plugins import load_needed

    bundle = read_bundle(Path(path))
    load_needed(bundle.plugins, [Path(p) for p in plugins], Path(path).name)
    return bundle


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tabml' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
