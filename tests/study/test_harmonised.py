"""A harmonised folder: clean table, provenance and findings; cell addresses stay private."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tabml.core.config import parse_config
from tabml.core.errors import ConfigError
from tabml.study.harmonised import harmonise_files

BOOK = """
codebook: 1
sources:
  ward: {file: ward.csv, id: {column: Pat}}
variables:
  patient: {kind: id, role: patient_id, from: {ward: {column: Pat, status: accepted}}}
  chol: {kind: number, range: [50, 600], outside: missing, from: {ward: {column: Chol, status: accepted}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ward.csv").write_text("Pat,Chol\nA-17,210\nB-22,9999\nC-31,180\n", encoding="utf-8")
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    return tmp_path


def _run(folder: Path, **more: bool):
    said = {"data": {"codebook": str(folder / "book.yaml")}, "privacy": {"key_file": str(folder / "key")}}
    return harmonise_files([folder / "ward.csv"], parse_config(said), folder / "out", **more).cohort


def test_the_folder_holds_table_provenance_and_findings_without_ids(folder: Path) -> None:
    cohort = _run(folder)
    out = folder / "out"
    assert cohort.n_patients == 3
    assert {"cohort.csv", "cohort.parquet", "provenance", "findings.csv", "codebook.yaml", "private"} <= {
        p.name for p in out.iterdir()
    }
    assert not any("A-17" in p.read_text(encoding="utf-8", errors="replace") for p in out.rglob("*") if p.is_file())
    public, private = (pd.read_csv(out / part / "findings.csv") for part in (".", "private"))
    assert "where" not in public.columns and "where" in private.columns
    assert private["where"].str.contains("3").any()


def test_ids_stand_in_the_table_where_they_are_asked_for(folder: Path) -> None:
    _run(folder, keep_ids=True)
    assert "A-17" in (folder / "out" / "cohort.csv").read_text(encoding="utf-8")


def test_a_folder_in_use_is_refused_before_anything_is_read(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match="out"):
        _run(folder)
