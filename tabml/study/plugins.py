"""Models of a model file that come from a plugin: recorded by content, loaded only from a file with that content."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabml.core.errors import BundleError, ConfigError

if TYPE_CHECKING:
    from tabml.learn.pipeline import FittedPipeline

#: Models whose modules begin so are tabml's own.
OWN = "tabml.models."
KEYS = {"model": str, "file": str, "sha256": str}
SHA256 = re.compile(r"[0-9a-f]{64}")


def plugins_of(pipeline: FittedPipeline) -> list[dict[str, str]]:
    """The manifest's record of the plugin models in a pipeline: model, base name and hash of the file."""
    from tabml.models.registry import get

    names = sorted({member.config.model for member in pipeline.members})
    found = [(name, file) for name in names if (file := _file_of(get(name).origin)) is not None]
    return [{"model": name, "file": file.name, "sha256": _sha256(file)} for name, file in found]


def check_record(record: Any, where: str) -> None:
    """Refuse a manifest whose record of plugins is none."""
    good = isinstance(record, list) and all(
        isinstance(entry, dict)
        and set(entry) == set(KEYS)
        and all(isinstance(entry[key], kind) for key, kind in KEYS.items())
        and SHA256.fullmatch(entry["sha256"])
        for entry in record
    )
    if not good:
        raise BundleError("the manifest is damaged: plugins", where=where)


def load_needed(record: Iterable[Mapping[str, str]], given: Sequence[Path], where: str) -> None:
    """Load the plugins a model file needs from the files given; nothing is run before its content fits.

    ConfigError (exit 2) where one is needed and neither given nor installed, or differs from the one the model
    was made with. Files that are not needed are left alone.
    """
    from tabml.models.registry import load_plugin

    by_hash = {_sha256(path): path for path in given}
    for entry in record:
        if entry["sha256"] in by_hash:
            load_plugin(by_hash[entry["sha256"]])
        elif not _is_installed(entry):
            raise _refusal(entry, given, where)


def _is_installed(entry: Mapping[str, str]) -> bool:
    """Whether an installed package, or a plugin loaded before, brings this model with the same content."""
    from tabml.models.registry import get

    try:
        file = _file_of(get(entry["model"]).origin)
    except ConfigError:
        return False
    return file is not None and _sha256(file) == entry["sha256"]


def _refusal(entry: Mapping[str, str], given: Sequence[Path], where: str) -> ConfigError:
    model, file = entry["model"], Path(entry["file"]).name
    if given:
        named = ", ".join(path.name for path in given)
        return ConfigError(
            f"the plugin given ({named}) is not the one model {model!r} was made with", where=where,
            hint=f"give {file} as it was then (sha256 {entry['sha256'][:12]}), or fit again with the new one",
        )  # fmt: skip
    return ConfigError(f"model {model!r} comes from the plugin {file}, which is not loaded", where=where,
                       hint=f"--plugin {file}")  # fmt: skip


def _file_of(origin: str) -> Path | None:
    """The file of a plugin's module; None for tabml's own models."""
    if origin.startswith(OWN):
        return None
    file = getattr(sys.modules.get(origin), "__file__", None)
    return Path(file) if file is not None else None


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"plugin cannot be read: {(error.strerror or '').lower()}", where=file.name,
                          hint="check the path after --plugin") from None  # fmt: skip
