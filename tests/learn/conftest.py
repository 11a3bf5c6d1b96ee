"""Fixtures for learning: small cohorts and quick settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tests.learn.learn_cohorts import quick_config, small_cohort


@pytest.fixture
def config() -> Callable[..., StudyConfig]:
    return quick_config


@pytest.fixture
def make_cohort() -> Callable[..., Cohort]:
    return small_cohort
