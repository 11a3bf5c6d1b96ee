"""Time and memory of a command with all the processes it starts, for the other scripts of this folder."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
HEART4 = ROOT / "examples" / "heart4"
TABML = (sys.executable, "-c", "from tabml.cli import main; main()")
MB = 1_000_000


@dataclass(frozen=True)
class Measured:
    """What one command cost. `largest` and `tree` are peaks in MB: the largest process, and PSS summed over all."""

    wall: float
    cpu: float
    largest: float = 0.0
    tree: float = 0.0
    libraries: frozenset[str] = frozenset()


def run(command: Sequence[str | Path], folder: Path, *, watch: bool = False, libraries: Sequence[str] = ()) -> Measured:
    """Run a command to its end; CPU seconds include its children. A failure raises with what it said.

    `watch` samples the memory of the process tree twenty times a second; `libraries` are looked for among
    the files mapped by any of its processes.
    """
    # an installed package is compiled once, not at every start
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TABML_") and k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"TABML_KEY_FILE": str(folder / "key" / "site.key"), "OMP_NUM_THREADS": "1"}
    (folder / "key").mkdir(exist_ok=True)
    said = folder / "said.txt"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    with said.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env=environment, stdout=output, stderr=output
        )
        peak = _watch(process, libraries) if watch else (0.0, 0.0, frozenset[str]())
        code = process.wait()
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {code}:\n{said.read_text(errors='replace')}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, cpu, *peak)


def median_of(times: int, measure: Callable[[int], Measured]) -> Measured:
    """Measure several times (the argument counts from 0); the median of each figure."""
    made = [measure(i) for i in range(times)]
    return Measured(
        *(statistics.median(getattr(m, name) for m in made) for name in ("wall", "cpu", "largest", "tree")),
        frozenset().union(*(m.libraries for m in made)),
    )


def machine() -> str:
    """The machine in words, for the line above a table."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def show(title: str, rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table with aligned columns."""
    print(f"\n{title}\n{machine()}")
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _watch(process: subprocess.Popen[bytes], libraries: Sequence[str]) -> tuple[float, float, frozenset[str]]:
    largest = tree = 0.0
    seen: set[str] = set()
    root = psutil.Process(process.pid)
    while process.poll() is None:
        sizes = [s for s in map(_size, _family(root)) if s is not None]
        largest = max([largest, *(rss for rss, _ in sizes)])
        tree = max(tree, sum(pss for _, pss in sizes))
        for member in _family(root) if len(seen) < len(libraries) else ():
            seen |= {name for name in libraries if _maps(member, name)}
        time.sleep(0.05)
    return largest / MB, tree / MB, frozenset(seen)


def _family(root: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [root, *root.children(recursive=True)]
    return []


def _size(process: psutil.Process) -> tuple[int, int] | None:
    """Resident and proportional size in bytes; the resident one stands in where the system has no PSS."""
    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return full.rss, getattr(full, "pss", full.rss)
    return None


def _maps(process: psutil.Process, name: str) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return any(f"/{name}/" in Path(mapped.path).as_posix() for mapped in process.memory_maps())
    return False
