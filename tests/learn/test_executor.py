"""Executors: results in the order of the jobs, stopped fits are None, a killed worker costs one job."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tabml.core.config import ExecutorNode
from tabml.core.outcome import make_target
from tabml.learn.budget import forever
from tabml.learn.executor import Inline, Loky, make_executor
from tabml.learn.material import Material, assemble
from tests.learn.learn_cohorts import quick_config, small_cohort


@dataclass(frozen=True)
class Sleep:
    """A job that takes a while and gives back its number; a negative number kills its worker."""

    number: int
    seconds: float = 0.0

    def run(self, worker: Any) -> tuple[int]:
        time.sleep(self.seconds)
        if self.number < 0:
            os._exit(1)
        return (self.number,)

    def parts(self) -> Sequence[Sleep]:
        return (self,)

    def lost(self) -> tuple[int]:
        return (-1000,)


@pytest.fixture(scope="module")
def material() -> Material:
    cohort, settings = small_cohort(30), quick_config()
    return assemble(cohort, make_target(cohort, settings)[0], settings)


@pytest.fixture
def loky(material):
    executor = Loky(material, 2)
    yield executor
    executor.close()


@dataclass(frozen=True)
class Warn(Sleep):
    """A job that warns, as a library would."""

    def run(self, worker: Any) -> tuple[int]:
        np.float32(1e30) * np.float32(1e30)
        warnings.warn("cell 7 overflows", RuntimeWarning, stacklevel=1)
        return (self.number,)


@pytest.mark.parametrize("silent", [True, False])
def test_workers_are_as_quiet_as_the_process_that_started_them(material, capfd, silent) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if silent else "always")
        executor = Loky(material, 1)
        executor.run([Warn(1)], done=lambda _: None, remaining=forever)
        executor.close()
    assert ("overflows" in capfd.readouterr().err) is not silent


def test_results_come_in_the_order_of_the_jobs(material, loky) -> None:
    jobs = [Sleep(1, 0.3), Sleep(2), Sleep(3)]
    heard: list[int] = []
    assert loky.run(jobs, done=heard.append, remaining=forever) == [(1,), (2,), (3,)]
    assert Inline(material).run(jobs, done=heard.append) == [(1,), (2,), (3,)]
    assert heard[-1] == 3


def test_a_running_fit_is_stopped_at_the_deadline_and_the_next_ones_run(loky) -> None:
    loky.run([Sleep(0)], done=lambda n: None)  # workers are up
    until = time.monotonic() + 1.0
    found = loky.run([Sleep(1), Sleep(2, 60.0)], done=lambda n: None, remaining=lambda: until - time.monotonic())
    assert found == [(1,), None]
    assert time.monotonic() - until < 10
    assert loky.run([Sleep(3)], done=lambda n: None) == [(3,)]


def test_a_job_that_kills_its_worker_is_lost_alone(loky) -> None:
    assert loky.run([Sleep(-1), Sleep(2)], done=lambda n: None) == [(-1000,), (2,)]


def test_one_worker_needs_no_process_but_where_time_is_limited(material) -> None:
    one = ExecutorNode(workers=1)
    assert isinstance(make_executor(one, material), Inline)
    assert isinstance(make_executor(one, material, limited=True), Loky)
    assert isinstance(make_executor(ExecutorNode(kind="inline"), material, limited=True), Inline)
