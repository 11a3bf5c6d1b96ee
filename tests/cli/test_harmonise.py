"""`tabml harmonise`, from proposal through a reviewed workbook to the table."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from tabml.cli.door import run

EXPORT = "PatID,Alter,Sex,Dx,died\n" + "\n".join(
    f"P{i},{40 + i},{'m' if i % 2 else 'f'},{'rare thing' if i == 7 else 'common' if i % 3 else 'usual'},{int(i * 7 % 11 < 4)}"
    for i in range(1, 41)
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("TABML_KEY_FILE", str(tmp_path / "key" / "site.key"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("clinic.csv").write_text(EXPORT + "\n", encoding="utf-8")
    return tmp_path / "work"


def here_now() -> list[str]:
    return sorted(p.name for p in Path().iterdir())


def answer(capsys, *arguments: str) -> dict:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["result"]


def edit(path: str, sheet: str, change) -> None:
    book = load_workbook(path)
    change(book[sheet])
    book.save(path)


def set_unit(page) -> None:
    titles = [c.value for c in page[1]]
    for row in page.iter_rows(min_row=2):
        if row[0].value == "Alter":
            row[titles.index("unit")].value = "a"
            row[titles.index("note")].value = "in years"


def test_a_proposal_goes_to_a_workbook_with_the_whole_codebook_beside_it(here: Path, capsys) -> None:
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx"]) == 0
    said = capsys.readouterr().out
    assert "Proposed mapping: 5 rows" in said and "Written: codebook.xlsx, codebook.yaml." in said
    assert "few patients hold stand only there" in said
    assert "tabml harmonise clinic.csv --codebook codebook.xlsx --apply" in said
    assert Path("codebook.yaml").stat().st_mode & 0o777 == 0o600
    assert "rare thing" in Path("codebook.yaml").read_text(encoding="utf-8")
    cells = [str(c.value) for s in load_workbook("codebook.xlsx") for r in s.iter_rows() for c in r]
    assert not [c for c in cells if "rare thing" in c]


def test_a_reviewed_workbook_is_applied_and_its_changes_are_shown(here: Path, capsys) -> None:
    run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx"])
    edit("codebook.xlsx", "Mapping", set_unit)
    capsys.readouterr()
    assert run(["harmonise", "clinic.csv", "--codebook", "codebook.xlsx", "--apply", "-o", "table.xlsx"]) == 0
    said = capsys.readouterr().out
    assert "Changed in the workbook: 2" in said and "(empty) -> in years" in said
    assert "40 patients, 40 rows written to clinic-harmonised/cohort.csv and table.xlsx" in said
    written = Path("clinic-harmonised/codebook.yaml").read_text(encoding="utf-8")
    assert "status: edited" in written and "rare thing" in written
    assert pd.read_excel("table.xlsx", engine="calamine").shape == pd.read_csv("clinic-harmonised/cohort.csv").shape
    assert "TB128" in Path("clinic-harmonised/findings.csv").read_text(encoding="utf-8")


def test_a_codebook_is_shown_and_written_in_its_other_form(here: Path, capsys) -> None:
    run(["harmonise", "clinic.csv", "--propose", "a.yaml"])
    run(["harmonise", "clinic.csv", "--codebook", "a.yaml", "--propose", "b.xlsx"])
    run(["harmonise", "clinic.csv", "--codebook", "b.xlsx", "--propose", "c.yaml"])
    assert Path("a.yaml").read_bytes() == Path("b.yaml").read_bytes() == Path("c.yaml").read_bytes()
    capsys.readouterr()
    shown = answer(capsys, "harmonise", "clinic.csv", "--codebook", "b.xlsx")
    assert shown["files"] == [] and shown["changes"] == [] and len(shown["mapping"]) == 5
    assert shown["mapping"][0]["status"] == "proposed"


def test_nothing_is_overwritten_and_a_dry_run_writes_nothing(here: Path, capsys) -> None:
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx", "--dry-run"]) == 0
    assert here_now() == ["clinic.csv"]
    Path("codebook.yaml").write_text("mine", encoding="utf-8")
    capsys.readouterr()
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx"]) == 2
    assert "codebook.yaml is there already and is written beside codebook.xlsx" in capsys.readouterr().err
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.yaml"]) == 2
    assert "a reviewed codebook is never overwritten" in capsys.readouterr().err
    assert Path("codebook.yaml").read_text(encoding="utf-8") == "mine"
    run(["harmonise", "clinic.csv", "--propose", "b.yaml"])
    assert run(["harmonise", "clinic.csv", "--codebook", "b.yaml", "--apply", "--dry-run", "-o", "t.csv"]) == 0
    assert "nothing was written (--dry-run)" in capsys.readouterr().out
    assert here_now() == ["b.yaml", "clinic.csv", "codebook.yaml"]


def test_a_disk_that_fails_leaves_neither_half(here: Path, capsys, monkeypatch) -> None:
    from tabml.study import harmonised, review

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(review, "write_bytes", full)
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx"]) == 1
    assert here_now() == ["clinic.csv"]
    monkeypatch.undo()
    monkeypatch.chdir(here)
    run(["harmonise", "clinic.csv", "--propose", "b.yaml"])
    monkeypatch.setattr(harmonised, "write_table", full)
    assert run(["harmonise", "clinic.csv", "--codebook", "b.yaml", "--apply", "-o", "t.csv"]) == 1
    assert here_now() == ["b.yaml", "clinic.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say --propose FILE to write a codebook"),
        (["--propose", "a.yaml", "--apply"], "apply it afterwards"),
        (["--propose", "a.docx"], "a codebook is written as .xlsx or .yaml"),
        (["--propose", "no/a.xlsx"], "the folder for the codebook does not exist"),
        (["--propose", "a.yaml", "-o", "t.csv"], "-o and --keep-ids go with --apply"),
        (["--codebook", "no.xlsx", "--apply"], "codebook 'no.xlsx' is not there"),
    ],
)
def test_what_does_not_go_together_says_what_does(here: Path, capsys, arguments: list[str], message: str) -> None:
    assert run(["harmonise", "clinic.csv", *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_apply_without_a_codebook_proposes_and_builds_beside_the_export(here: Path, capsys) -> None:
    shown = answer(capsys, "harmonise", "clinic.csv", "--apply")
    assert (shown["folder"], shown["patients"], shown["changes"]) == ("clinic-harmonised", 40, [])
    assert "score: 0.95" in Path("clinic-harmonised/codebook.yaml").read_text(encoding="utf-8")
    assert (
        run(
            [
                "harmonise",
                "clinic.csv",
                "--codebook",
                "clinic-harmonised/codebook.yaml",
                "--apply",
                "--id",
                "PatID",
                "--out",
                "h",
            ]
        )
        == 2
    )
    assert "data.id is not used beside a codebook" in capsys.readouterr().err


def test_quiet_leaves_the_line_of_what_was_written(here: Path, capsys) -> None:
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx", "-q"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Written: codebook.xlsx, codebook.yaml.") and "Proposed mapping" not in said
    assert run(["harmonise", "clinic.csv", "--codebook", "codebook.xlsx", "--apply", "-q"]) == 0
    assert capsys.readouterr().out.startswith("40 patients, 40 rows written to clinic-harmonised/cohort.csv.")


def test_a_workbook_kept_beside_the_exports_is_no_export(here: Path, capsys) -> None:
    Path("in").mkdir()
    Path("clinic.csv").rename("in/clinic.csv")
    assert run(["harmonise", "in", "--propose", "in/codebook.xlsx"]) == 0
    capsys.readouterr()
    assert answer(capsys, "harmonise", "in", "--codebook", "in/codebook.xlsx", "--apply")["patients"] == 40


def test_a_fit_and_a_summary_read_the_workbook_and_its_answers(here: Path, capsys) -> None:
    Path("clinic.csv").write_text(EXPORT.replace("died", "state") + "\n", encoding="utf-8")
    assert run(["harmonise", "clinic.csv", "--propose", "codebook.xlsx"]) == 0

    def answered(page) -> None:
        titles = [c.value for c in page[1]]
        assert page.cell(2, titles.index("setting") + 1).value == "data.target"
        page.cell(2, titles.index("answer") + 1).value = "state"

    edit("codebook.xlsx", "Questions", answered)
    capsys.readouterr()
    result = answer(capsys, "summary", "clinic.csv", "--codebook", "codebook.xlsx", "--out", "s")
    assert result["roles"]["outcome"] == ["state"]
    assert "role: outcome" in Path("s/codebook.yaml").read_text(encoding="utf-8")
