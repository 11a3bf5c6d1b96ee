"""A model file's foreign members are opened in a child process first: a crash there is a refusal, not a dead caller.

Our own json and arrays are checked before they are built. Files of other libraries (ubj, safetensors, txt) are
parsed by those libraries' C++ code, which a hostile file may crash or make allocate without end.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tabml.core.errors import BundleError, TabmlError

SECONDS = 30
MEMORY_BYTES = 8_000_000_000
FOREIGN = (".ubj", ".safetensors", ".txt")


def needs_probe(names: tuple[str, ...]) -> bool:
    """Whether a model file holds members that other libraries parse."""
    return any(name.endswith(FOREIGN) for name in names)


def probe(path: Path, plugins: Sequence[Path] = ()) -> None:
    """Open a model file in a child process with bounded memory and time; BundleError where that fails."""
    files = [str(file.resolve()) for file in (path, *plugins)]
    command = [sys.executable, "-P", "-c", "from tabml.study.probe import _child; _child()", *files]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BundleError(f"the model file takes longer than {SECONDS} s to open", where=path.name,
                          hint="do not use it") from None  # fmt: skip
    if done.returncode != 0:
        raise BundleError("the model file cannot be opened: its parts crash the libraries that read them",
                          where=path.name, hint="copy it again from where it was made; if that fails, do not use it")  # fmt: skip


def _child() -> None:
    _limit_memory()
    from tabml.study.bundle import read_bundle
    from tabml.study.plugins import load_needed

    model, *plugins = map(Path, sys.argv[1:])
    try:
        bundle = read_bundle(model)
        load_needed(bundle.plugins, plugins, model.name)
        _ = bundle.pipeline
    except TabmlError:
        return  # the caller meets it too, and prints it


def _limit_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
