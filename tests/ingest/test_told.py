"""A proposal takes what the file says of its columns before it guesses: SPSS labels, a REDCap dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from tabml.core.codebook import Codebook
from tabml.core.config import Data
from tabml.ingest.propose import propose
from tabml.ingest.read import read_files
from tests.ingest.read.test_redcap import EVENTS, dictionary, write


@pytest.fixture(scope="module")
def spss(tmp_path_factory: pytest.TempPathFactory) -> Codebook:
    draw = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "pasientid": [f"P{i}" for i in range(n)],
            "kjonn": draw.choice([1.0, 2.0, 9.0], n),
            "v7": draw.integers(30, 90, n).astype(float),
            "royk": draw.choice([0.0, 1.0, 2.0], n),
            "dod": draw.choice([0.0, 1.0], n),
        }
    )
    frame.loc[:5, "v7"] = -99
    path = tmp_path_factory.mktemp("spss") / "study.sav"
    pyreadstat.write_sav(
        frame, str(path), column_labels={"v7": "Alder (år)", "dod": "Død innen 30 dager"},
        variable_value_labels={
            "kjonn": {1: "mann", 2: "kvinne", 9: "ukjent"}, "royk": {0: "aldri", 1: "før", 2: "nå"},
            "dod": {0: "nei", 1: "ja"},
        },
        missing_ranges={"kjonn": [9], "v7": [-99]}, variable_measure={"kjonn": "nominal", "royk": "ordinal"},
    )  # fmt: skip
    return propose(read_files([path], Data()), Data(target="dod")).codebook


class TestSpss:
    def test_labelled_codes_are_levels_with_their_labels(self, spss: Codebook) -> None:
        assert (spss.variables["kjonn"].kind, spss.variables["kjonn"].levels) == (
            "category",
            {"1": "mann", "2": "kvinne"},
        )
        assert (spss.variables["royk"].ordered, spss.variables["royk"].levels["1"]) == (True, "før")

    def test_user_missing_values_are_missing(self, spss: Codebook) -> None:
        assert spss.variables["kjonn"].from_["study"].missing == ("9",)
        assert spss.variables["v7"].from_["study"].missing == ("-99",)

    def test_variable_label_gives_name_and_unit(self, spss: Codebook) -> None:
        assert (spss.variables["v7"].label, spss.variables["v7"].unit) == ("Alder", "a")
        assert spss.variables["dod"].label == "Død innen 30 dager"

    def test_codes_labelled_yes_and_no_are_a_yes_no_variable(self, spss: Codebook) -> None:
        assert spss.variables["dod"].kind == "boolean"


def test_redcap_dictionary_reaches_the_codebook(tmp_path: Path) -> None:
    rows = [EVENTS[0]]
    for i in range(30):
        rows += [
            [str(i), "baseline_arm_1", "", "", str(1 + i % 2), str(100 + i), "", "", ""],
            [str(i), "month_6_arm_1", "", "", "", str(110 + i), "", "", ""],
            [str(i), "year_1_arm_1", "", "", "", "", "", "", str(int(i % 3 == 0))],
        ]
    sheets = read_files([write(tmp_path / "raw.csv", rows), dictionary(tmp_path)], Data())
    found = propose(sheets, Data(target="dead")).codebook
    assert found.variables["sex"].levels == {"1": "Male", "2": "Female"}
    assert (found.variables["sbp"].label, found.variables["sbp"].unit) == ("Systolic BP", "mm[Hg]")
    assert (found.variables["sbp"].timing, found.variables["month_6 / sbp"].timing) == ("baseline", "later")
    assert found.variables["dead"].label == "Dead at one year"


def test_identifiers_and_forms_of_the_dictionary_are_no_variables(tmp_path: Path) -> None:
    rows = [["record_id", "name", "age", "demographics_complete", "dead"]]
    rows += [[str(i), f"word{i % 4}", str(30 + i), str(i % 3), str(i % 2)] for i in range(40)]
    sheets = read_files([write(tmp_path / "raw.csv", rows), dictionary(tmp_path)], Data())
    (source,) = propose(sheets, Data(target="dead")).codebook.sources.values()
    assert source.identifiers == ("name",)
    assert source.unused == {"demographics_complete": "state of a form"}
