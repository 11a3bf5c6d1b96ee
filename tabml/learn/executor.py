"""Where fits run: in this process, or in worker processes with one thread each. Both give the same numbers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from tabml.core.config import ExecutorNode
from tabml.learn.budget import Remaining, forever
from tabml.learn.material import Material
from tabml.learn.trial import Worker

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")

Done = Callable[[int], None]


class Job(Protocol):
    """Work that can be sent to a worker; `lost` answers when it kills its worker."""

    def run(self, worker: Worker) -> Any: ...

    def parts(self) -> Sequence[Job]: ...

    def lost(self) -> Any: ...


class Executor(Protocol):
    """Runs jobs and gives their results in the order of the jobs; None for those the time limit cut off."""

    workers: int

    def run(self, jobs: Sequence[Job], *, done: Done, remaining: Remaining) -> list[Any]: ...

    def close(self) -> None: ...


def make_executor(config: ExecutorNode, material: Material, *, limited: bool = False) -> Executor:
    """The executor of the settings.

    A single worker needs no process of its own, unless time is `limited`: only a process can be stopped in a fit.
    """
    workers = config.workers or usable_cores()
    inline = config.kind == "inline" or (workers == 1 and not limited)
    return Inline(material) if inline else Loky(material, workers)


def usable_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Inline:
    """All fits in this process, one thread each."""

    workers = 1

    def __init__(self, material: Material) -> None:
        self._worker = Worker(material)

    def run(self, jobs: Sequence[Job], *, done: Done, remaining: Remaining = forever) -> list[Any]:
        results: list[Any] = []
        with one_thread():
            for job in jobs:
                results.append(job.run(self._worker) if remaining() > 0 else None)
                done(len(results))
        return results

    def close(self) -> None:
        """Nothing to close."""


class Loky:
    """Worker processes that hold the material; it is sent once to each of them."""

    def __init__(self, material: Material, workers: int) -> None:
        self.workers = workers
        self._material = material
        self._pool: Any = None

    def run(self, jobs: Sequence[Job], *, done: Done, remaining: Remaining = forever) -> list[Any]:
        results: list[Any] = [None] * len(jobs)
        dead: list[int] = []
        pending: dict[Future[Any], int] = {self._start().submit(_run, job): i for i, job in enumerate(jobs)}
        while pending:
            left = remaining()
            if left <= 0:
                self._kill()
                return results
            finished, _ = wait(pending, timeout=None if left == float("inf") else left, return_when=FIRST_COMPLETED)
            for future in finished:
                i = pending.pop(future)
                try:
                    results[i] = future.result()
                except (BrokenProcessPool, CancelledError):
                    dead.append(i)
            done(len(jobs) - len(pending) - len(dead))
        for i in sorted(dead):
            results[i] = self._one_at_a_time(jobs[i])
            done(len(jobs))
        return results

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    def _one_at_a_time(self, job: Job) -> Any:
        """A worker died with this job in flight: run it again alone, with the same seed, piece by piece."""
        self._kill()
        answers: list[Any] = []
        for part in job.parts():
            try:
                answers += self._start().submit(_run, part).result()
            except BrokenProcessPool:
                self._kill()
                answers += part.lost()
        return tuple(answers)

    def _start(self) -> Any:
        if self._pool is None:
            from loky import ProcessPoolExecutor

            self._pool = ProcessPoolExecutor(
                max_workers=self.workers, initializer=_hold, initargs=(self._material, _silent()), env=ONE_THREAD
            )
        return self._pool

    def _kill(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS and OpenMP held to one thread, so that sums are taken in the same order everywhere."""
    import scipy.linalg  # noqa: F401  (its BLAS must be loaded to be limited)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


_worker: Worker | None = None


def _silent() -> bool:
    """Whether this process shows no warnings: the front door says so, for they may quote data."""
    return bool(warnings.filters) and warnings.filters[0][:3] == ("ignore", None, Warning)


def _hold(material: Material, silent: bool) -> None:
    """First call in a worker process: keep the material, and as quiet as the process that started it."""
    global _worker
    if silent:
        warnings.simplefilter("ignore")
    _worker = Worker(material)


def _run(job: Job) -> Any:
    if _worker is None:
        raise RuntimeError("worker has no material")
    return job.run(_worker)
