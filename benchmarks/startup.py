"""CPU seconds until `tabml --help` has answered, beside Python itself and the import of click: median of 3."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import TABML, median_of, run, show

COMMANDS = {
    "tabml --help": (*TABML, "--help"),
    "tabml fit --help": (*TABML, "fit", "--help"),
    "anchor: python -c pass": (sys.executable, "-c", "pass"),
    "anchor: import click": (sys.executable, "-c", "import click"),
    "anchor: import sklearn, pandas": (sys.executable, "-c", "import sklearn, pandas"),
}


def main() -> None:
    """Print one line a command; the goal for `tabml --help` is 0.2 CPU s."""
    rows: list[tuple[str, ...]] = [("command", "CPU s", "wall s")]
    with tempfile.TemporaryDirectory() as folder:
        for name, command in COMMANDS.items():
            run(command, Path(folder))  # fills the disk cache
            cost = median_of(3, lambda _, command=command: run(command, Path(folder)))
            rows.append((name, f"{cost.cpu:.3f}", f"{cost.wall:.3f}"))
    show("start-up, median of 3", rows)


if __name__ == "__main__":
    main()
