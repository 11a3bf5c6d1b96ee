"""The cohort on disk is the cohort: types, order, roles and provenance come back."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from tabml.core.cohort import Cohort, Provenance, Variable
from tabml.core.errors import InputError
from tabml.study.cohort_file import read_cohort, write_cohort
from tabml.study.folder import StudyFolder


def small_cohort() -> Cohort:
    frame = pd.DataFrame(
        {
            "age": pd.array([61, None, 70], dtype="Int64"),
            "chol": pd.array([5.25, 4.0, None], dtype="Float64"),
            "smoker": pd.array([True, None, False], dtype="boolean"),
            "stage": pd.Categorical(["1", None, "2"]),
            "seen": pd.to_datetime(["2020-01-02", None, "2021-12-31"]),
        }
    )
    kinds = {"age": "integer", "chol": "number", "smoker": "boolean", "stage": "category", "seen": "date"}
    variables = {name: Variable(name, kind) for name, kind in kinds.items()}  # type: ignore[arg-type]
    variables["stage"] = Variable("stage", "category", levels={"1": "early", "2": "late"}, range=None)
    variables["age"] = Variable("age", "integer", unit="a", range=(18.0, 110.0))
    rows = pd.DataFrame(
        {
            "patient": np.arange(3),
            "pseudonym": ["A" * 16, "B" * 16, "C" * 16],
            "centre": pd.array(["Oslo", None, "Bern"], dtype="string"),
            "source": ["a", "a", "b"],
            "visit_date": pd.to_datetime([None, None, None]),
            "group": [0, 1, 2],
        }
    )
    table = pd.DataFrame({"source": ["a", "b"]})
    return Cohort(frame, variables, rows, {"clinical": tuple(kinds)}, provenance=Provenance(table, table, table, table))


def test_cohort_comes_back_with_types_levels_and_hash(tmp_path):
    folder, cohort = StudyFolder(tmp_path), small_cohort()
    write_cohort(folder, cohort)
    again = read_cohort(folder)
    pd.testing.assert_frame_equal(again.frame, cohort.frame)
    assert again.variables == cohort.variables
    assert again.rows["pseudonym"].tolist() == cohort.rows["pseudonym"].tolist()
    assert again.blocks == cohort.blocks
    assert again.provenance is not None


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_row_level_files_are_for_the_owner_only(tmp_path):
    folder = StudyFolder(tmp_path)
    write_cohort(folder, small_cohort())
    assert folder.cohort.stat().st_mode & 0o777 == 0o600
    assert folder.provenance.stat().st_mode & 0o777 == 0o700


def test_same_cohort_gives_the_same_bytes(tmp_path):
    one, two = StudyFolder(tmp_path / "one"), StudyFolder(tmp_path / "two")
    write_cohort(one, small_cohort())
    write_cohort(two, small_cohort())
    assert one.cohort.read_bytes() == two.cohort.read_bytes()


def test_damaged_cohort_is_an_input_error(tmp_path):
    folder = StudyFolder(tmp_path)
    folder.cohort.write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="the cohort cannot be read"):
        read_cohort(folder)
