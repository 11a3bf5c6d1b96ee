"""Bad input: one message that names the place and what to do, the right exit code, nothing left behind."""

from __future__ import annotations

import csv
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.running import EXAMPLES, Folder, Run

COHORT = EXAMPLES / "clean" / "cohort.xlsx"
CODEBOOK = """
codebook: 1
sources:
  clinic:
    file: clinic.csv
    id: {column: id}
variables:
  patient: {kind: id, role: patient_id, from: {clinic: {column: id, status: accepted}}}
  age: {kind: integer, unit: a, from: {clinic: {column: age, status: accepted}}}
  weight: {kind: number, unit: kg, from: {clinic: {column: weigth_kg, status: accepted}}}
  died: {kind: boolean, role: outcome, timing: outcome, from: {clinic: {column: died, recode: {"yes": "1", "no": "0"}, status: accepted}}}
"""


def write_clinic(file: Path, *, died: str | None = None) -> None:
    """Eighty invented patients; `died` fills the outcome with one value."""
    draw = random.Random(4)
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["id", "age", "weight_kg", "died"])
        for number in range(80):
            said = died or draw.choice(["yes", "no"])
            table.writerow([f"C{number:03d}", draw.randint(40, 90), draw.randint(50, 110), said])


def write_encrypted(file: Path) -> None:
    """The clean workbook behind a password, as Excel writes it."""
    from msoffcrypto.format.ooxml import OOXMLFile

    with COHORT.open("rb") as plain, file.open("wb") as locked:
        OOXMLFile(plain).encrypt("secret-of-the-ward", locked)


@dataclass(frozen=True)
class Refused(Folder):
    """Calls tabml, expecting this exit code and these words, and a folder that looks as before."""

    def expect(self, code: int, *arguments: str | Path, says: tuple[str, ...]) -> Run:
        before = sorted(self.folder.rglob("*"))
        done = self(*arguments)
        assert done.code == code, done.said
        assert "tabml: " in done.err, done.said
        assert [word for word in says if word not in done.err] == [], done.said
        assert sorted(self.folder.rglob("*")) == before
        return done


@pytest.fixture
def refused(tabml: Folder) -> Refused:
    return Refused(tabml.folder)


def test_truncated_workbook(refused):
    whole = COHORT.read_bytes()
    (refused.folder / "broken.xlsx").write_bytes(whole[: len(whole) // 2])
    refused.expect(3, "fit", "broken.xlsx", says=("broken.xlsx", "hint: "))


def test_workbook_of_random_bytes(refused):
    (refused.folder / "noise.xlsx").write_bytes(random.Random(1).randbytes(5000))
    refused.expect(3, "fit", "noise.xlsx", says=("noise.xlsx", "hint: "))


def test_workbook_with_a_damaged_sheet(refused):
    import zipfile

    with zipfile.ZipFile(COHORT) as old, zipfile.ZipFile(refused.folder / "sheet.xlsx", "w") as new:
        for item in old.namelist():
            body = old.read(item)
            new.writestr(item, body[: len(body) // 2] if item.startswith("xl/worksheets/") else body)
    refused.expect(3, "fit", "sheet.xlsx", says=("sheet.xlsx", "hint: "))


def test_encrypted_workbook(refused):
    write_encrypted(refused.folder / "locked.xlsx")
    refused.expect(3, "fit", "locked.xlsx", says=("locked.xlsx", "password", "hint: "))


@pytest.mark.parametrize("name", ["empty.csv", "empty.xlsx"])
def test_empty_file(refused, name):
    (refused.folder / name).write_bytes(b"")
    refused.expect(3, "fit", name, says=(name, "empty"))


def test_header_without_rows(refused):
    (refused.folder / "head.csv").write_text("id,age,died\n", encoding="utf-8")
    refused.expect(3, "fit", "head.csv", "--target", "died", says=("head.csv",))


def test_file_that_is_not_there(refused):
    refused.expect(3, "fit", "absent.xlsx", says=("absent.xlsx",))


def test_folder_without_tables(refused):
    (refused.folder / "exports").mkdir()
    (refused.folder / "exports" / "README.md").write_text("nothing\n", encoding="utf-8")
    refused.expect(3, "fit", "exports", says=("exports",))


def test_column_of_the_codebook_that_no_file_has(refused):
    write_clinic(refused.folder / "clinic.csv")
    (refused.folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    refused.expect(3, "fit", "clinic.csv", "--codebook", "codebook.yaml", says=("clinic.csv", "weigth_kg", "weight_kg"))


def test_codebook_with_an_unknown_key(refused):
    write_clinic(refused.folder / "clinic.csv")
    text = CODEBOOK.replace("file: clinic.csv", "fiel: clinic.csv")
    (refused.folder / "codebook.yaml").write_text(text, encoding="utf-8")
    refused.expect(
        2, "fit", "clinic.csv", "--codebook", "codebook.yaml", says=("codebook.yaml", "fiel", "did you mean 'file'?")
    )


def test_codebook_that_is_not_there(refused):
    write_clinic(refused.folder / "clinic.csv")
    refused.expect(2, "fit", "clinic.csv", "--codebook", "absent.yaml", says=("absent.yaml",))


def test_outcome_with_one_class(refused):
    write_clinic(refused.folder / "clinic.csv", died="no")
    refused.expect(
        4,
        "fit",
        "clinic.csv",
        "--target",
        "died",
        says=("'died'", "one class only", "80 rows", "where: clinic.csv", "hint: "),
    )
    refused.expect(4, "fit", "clinic.csv", says=("'died'", "one class only", "where: clinic.csv", "hint: "))


def test_outcome_that_is_no_column(refused):
    write_clinic(refused.folder / "clinic.csv")
    refused.expect(2, "fit", "clinic.csv", "--target", "dead", says=("'dead'", "hint: "))


def test_unknown_key_in_set(refused):
    write_clinic(refused.folder / "clinic.csv")
    refused.expect(
        2,
        "fit",
        "clinic.csv",
        "--set",
        "split.outer_fold=3",
        says=("split.outer_fold", "did you mean 'split.outer_folds'?"),
    )


def test_unknown_key_in_a_study_file(refused):
    write_clinic(refused.folder / "clinic.csv")
    (refused.folder / "study.yaml").write_text("serch: {trials: 3}\n", encoding="utf-8")
    says = ("study.yaml", "serch", "did you mean 'search'?")
    refused.expect(2, "fit", "clinic.csv", "--config", "study.yaml", says=says)


def test_output_folder_that_cannot_be_made(refused):
    write_clinic(refused.folder / "clinic.csv")
    (refused.folder / "occupied").write_text("a file\n", encoding="utf-8")
    refused.expect(
        1,
        "fit",
        "clinic.csv",
        "--target",
        "died",
        "--out",
        "occupied/study",
        says=("cannot be written", "occupied", "--out"),
    )


def test_output_folder_that_is_not_empty(refused):
    write_clinic(refused.folder / "clinic.csv")
    (refused.folder / "old").mkdir()
    (refused.folder / "old" / "thesis.txt").write_text("years of work\n", encoding="utf-8")
    refused.expect(2, "fit", "clinic.csv", "--target", "died", "--out", "old", says=("old", "--out"))


def test_model_file_that_is_none(refused):
    shutil.copy(COHORT, refused.folder / "model.tabml")
    shutil.copy(COHORT, refused.folder / "new.xlsx")
    refused.expect(3, "predict", "model.tabml", "new.xlsx", "-o", "risk.csv", says=("model.tabml",))


def test_no_message_quotes_a_cell(refused):
    write_clinic(refused.folder / "clinic.csv")
    text = (refused.folder / "clinic.csv").read_text(encoding="utf-8")
    (refused.folder / "clinic.csv").write_text(text.replace("C003,", "Hallvard Testesen,"), encoding="utf-8")
    (refused.folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    done = refused.expect(3, "fit", "clinic.csv", "--codebook", "codebook.yaml", says=("weigth_kg",))
    assert "Testesen" not in done.out + done.err


def test_json_error_has_the_same_exit_code(tabml):
    write_clinic(tabml.folder / "clinic.csv")
    run = tabml("fit", "clinic.csv", "--set", "split.outer_fold=3", "--json")
    assert run.code == 2, run.said
    error = run.document["error"]
    assert (run.document["ok"], error["code"], error["exit"]) == (False, "config_error", 2)
    assert error["hint"] == "did you mean 'split.outer_folds'?"


def test_mistyped_verb_names_the_near_one(tabml):
    run = tabml("fitt", "clinic.csv")
    assert run.code == 2 and "did you mean 'fit'?" in run.err, run.said


def test_a_time_limit_too_small_says_so_and_what_helps(tmp_path: Path) -> None:
    write_clinic(tmp_path / "clinic.csv")
    words = ("no model could be fitted within --time-limit 0.5s", "hint: give a larger --time-limit")
    Refused(tmp_path).expect(4, "fit", "clinic.csv", "--target", "died", "--time-limit", "0.5s", says=words)


def test_one_huge_number_is_missing_and_its_cell_is_kept_in_private(tabml: Folder) -> None:
    write_clinic(tabml.folder / "clinic.csv")
    text = (tabml.folder / "clinic.csv").read_text(encoding="utf-8").splitlines()
    text[8] = ",".join([*text[8].split(",")[:2], "1e308", text[8].split(",")[3]])
    (tabml.folder / "clinic.csv").write_text("\n".join(text), encoding="utf-8")
    done = tabml("fit", "clinic.csv", "--target", "died", "--preset", "quick", "--out", "s")
    assert done.code == 0, done.said
    assert "Warning:" not in done.err, done.said
    found = pd.read_parquet(tabml.folder / "s" / "private" / "findings.parquet")
    assert found.loc[found["code"] == "TB112", "where"].tolist() == ["clinic.csv, cell C9"]
