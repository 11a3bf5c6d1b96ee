"""A model file applied to new rows: one line out per row in, no number where a row is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tabml.core.errors import DataError, InputError
from tabml.study.apply import apply_rows, flag_counts, open_bundle, predict_file
from tests.study.fitted import cohort, write_model


def rows_of(frame: pd.DataFrame) -> SimpleNamespace:
    n = len(frame)
    return SimpleNamespace(
        frame=frame, row_numbers=tuple(range(2, n + 2)), raw_ids=tuple(f"p{i}" for i in range(n)),
        centre=(None,) * n, source="ward", findings=(), absent={}, place="new.csv", unread={},
    )  # fmt: skip


def test_a_refused_row_has_no_number_and_all_others_have_the_model_s(tmp_path: Path) -> None:
    live = write_model(tmp_path / "m.tabml")
    frame = cohort().frame.head(6).copy()
    frame.loc[2, ["age", "chol", "fbs"]] = pd.NA
    applied = apply_rows(open_bundle(tmp_path / "m.tabml"), rows_of(frame))
    assert applied.table["row"].tolist() == [2, 3, 4, 5, 6, 7]
    assert applied.table["flag"][2] == "refuse" and np.isnan(applied.table["probability_1"][2])
    kept = [0, 1, 3, 4, 5]
    expected = np.round(live.predict(frame.iloc[kept].reset_index(drop=True)).probability, 4)
    assert applied.table["probability_1"][kept].tolist() == expected.tolist()
    assert flag_counts(applied.table["flag"])["refuse"] == 1


def test_no_row_is_an_error(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml")
    with pytest.raises(DataError, match="no row to predict"):
        apply_rows(open_bundle(tmp_path / "m.tabml"), rows_of(cohort().frame.head(0)))


def test_absent_columns_are_named_together_with_the_file(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml")
    (tmp_path / "new.csv").write_text("Pat,Alter\n1,50\n2,60\n", encoding="utf-8")
    with pytest.raises(InputError, match="'Geschlecht'") as caught:
        predict_file(tmp_path / "m.tabml", [tmp_path / "new.csv"])
    assert "'Chol'" in str(caught.value) and "new.csv" in str(caught.value.where)


def test_rare_levels_follow_the_small_cell_of_the_model_file(tmp_path: Path) -> None:
    """A file that does not say how small a cell may be is held to the default."""
    write_model(tmp_path / "m.tabml")
    assert open_bundle(tmp_path / "m.tabml").small_cell == 5


def test_a_value_far_beyond_the_limits_of_the_model_gets_no_number(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml")
    rows = ["1,50,w,200,ja", "2,640,m,210,nein", "3,115,m,210,nein", "4,60,m,1e20,ja"]
    (tmp_path / "new.csv").write_text("\n".join(["Pat,Alter,Geschlecht,Chol,FBS", *rows]), encoding="utf-8")
    table = predict_file(tmp_path / "m.tabml", [tmp_path / "new.csv"]).table
    assert table["flag"].tolist() == ["use", "refuse", "review", "refuse"]
    assert table["reasons"].tolist() == ["", "far_outside: age", "outside: age; imputed: age", "far_outside: chol"]
    assert table["probability_1"].isna().tolist() == [False, True, False, True]
