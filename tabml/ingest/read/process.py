"""A reader in a process of its own: what it does to its memory, or to itself, it does to nobody else."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def running(command: Sequence[str], content: bytes | None) -> Iterator[subprocess.Popen[bytes]]:
    """The process with `content` on its standard input; it is killed when the reader has what it wants."""
    # pyarrow's own pool would reserve more address space than a limit on memory leaves
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if content is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        try:
            if content is not None and process.stdin is not None:
                # a child that died early is told by its silence
                with contextlib.suppress(OSError):
                    process.stdin.write(content)
                with contextlib.suppress(OSError):
                    process.stdin.close()
            yield process
        finally:
            process.kill()
