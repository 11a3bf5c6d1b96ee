"""What is known of a study before any model is fitted: the record that learning, evidence and the folder start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tabml.core.codebook import Codebook
from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tabml.core.findings import Finding
from tabml.core.target import Target


@dataclass(frozen=True)
class Known:
    """`config` is resolved and holds the answers given; `cohort` has lost the predictors the audit set aside.

    `summary` describes it as plain data; `set_aside` maps a column to (code, reason); `files` are base names with
    their sha256.
    """

    config: StudyConfig
    codebook: Codebook
    cohort: Cohort
    target: Target
    summary: Mapping[str, Any]
    set_aside: Mapping[str, tuple[str, str]]
    findings: tuple[Finding, ...]
    files: tuple[tuple[str, str], ...]
