"""What a study leaves behind: predictions, private files and the run store."""

from __future__ import annotations

import sqlite3

import pandas as pd


def test_predictions_carry_pseudonyms_and_no_ids(study) -> None:
    table = pd.read_csv(study.folder / "predictions.csv")
    assert table["patient"].str.fullmatch("[A-Z2-7]{16}").all()


def test_row_level_files_are_the_owner_s(study) -> None:
    for name in ("predictions.csv", "cohort.parquet", "study.db"):
        assert (study.folder / name).stat().st_mode & 0o077 == 0


def test_the_store_holds_the_study_its_trials_and_its_folds(study) -> None:
    with sqlite3.connect(study.folder / "study.db") as db:
        kinds = dict(db.execute("SELECT kind, count(*) FROM documents GROUP BY kind"))
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    db.close()
    assert kinds == {"study": 1, "trial": len(study.document["models"]), "fold": 5}
    assert tables - {"sqlite_sequence"} == {"documents"}
