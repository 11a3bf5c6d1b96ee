"""Run the command line in its own process, with a site key of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Run:
    """What one call of tabml said: exit code, the answer (stdout), everything beside it (stderr)."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def call(folder: Path, *arguments: str | Path, stdin: str = "", timeout: float = 600) -> Run:
    """Run tabml in `folder` as a user without a terminal does; a traceback fails the test."""
    keys = folder.parent / f"{folder.name}-key"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TABML_")}
    environment = {**clean, "TABML_KEY_FILE": str(keys / "site.key"), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    keys.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", "from tabml.cli import main; main()", *map(str, arguments)],
        cwd=folder, env=environment, input=stdin, capture_output=True, encoding="utf-8", timeout=timeout, check=False,
    )  # fmt: skip
    run = Run(done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in run.out + run.err, run.said
    return run


@dataclass(frozen=True)
class Folder:
    """A folder to call tabml in."""

    folder: Path

    def __call__(self, *arguments: str | Path, stdin: str = "", timeout: float = 600) -> Run:
        return call(self.folder, *arguments, stdin=stdin, timeout=timeout)
