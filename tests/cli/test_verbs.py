"""The verbs that read exports, a study or a model file, called as a user calls them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from tabml.cli.door import run
from tests.ingest.test_propose_several import mainz, pair
from tests.study.fitted import write_model

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "heart4"
NEW_ROWS = (
    "Pat;Alter;Geschlecht;Chol;FBS\n0012;50;m;200;ja\n=13;?;w;?;nein\n14;51;X;180;\n15;51;w;180;ja\n16;52;m;190;ja\n"
)


@pytest.fixture(autouse=True)
def site_key(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TABML_KEY_FILE", str(tmp_path / "key" / "site.key"))


@pytest.fixture
def harmonised(tmp_path: Path, capsys) -> Path:
    arguments = ["harmonise", str(EXAMPLE / "exports"), "--codebook", str(EXAMPLE / "codebook.yaml"), "--apply"]
    assert run([*arguments, "--out", str(tmp_path / "h")]) == 0, capsys.readouterr().err
    return tmp_path / "h"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_model(tmp_path / "m.tabml")
    return tmp_path / "m.tabml"


def test_harmonise_writes_pseudonyms_and_says_so(harmonised: Path, capsys) -> None:
    said = capsys.readouterr().out
    assert "920 patients" in said
    assert "pseudonyms, no original ids" in said
    table = pd.read_csv(harmonised / "cohort.csv", dtype=str)
    assert len(table) == 920
    assert table["pseudonym"].str.fullmatch("[A-Z2-7]{16}").all()
    assert "local_id" not in table.columns
    assert "CC-00001" not in (harmonised / "cohort.csv").read_text(encoding="utf-8")


def test_harmonise_keeps_ids_only_when_asked_and_warns(tmp_path: Path, capsys) -> None:
    arguments = ["harmonise", str(EXAMPLE / "exports"), "--codebook", str(EXAMPLE / "codebook.yaml"), "--apply"]
    assert run([*arguments, "--keep-ids", "--out", str(tmp_path / "h")]) == 0
    assert "ORIGINAL patient ids" in capsys.readouterr().out
    assert "CC-00001" in (tmp_path / "h" / "cohort.csv").read_text(encoding="utf-8")


@pytest.fixture
def doubtful(tmp_path: Path) -> list[str]:
    """Two exports without a codebook, one of which codes the sexes 1 and 2 without a word."""
    second = mainz()
    second["Geschlecht"] = [1 if s == "m" else 2 for s in second["Geschlecht"]]
    return [str(file) for file in pair(tmp_path, None, second)]


def test_harmonise_proposes_a_codebook_to_review(doubtful: list[str], tmp_path: Path, capsys) -> None:
    file = tmp_path / "codebook.yaml"
    assert run(["harmonise", *doubtful, "--propose", str(file)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Proposed mapping: ") and "1 of them doubtful" in said and "TB119" in said
    assert said.splitlines()[3].split()[:3] == ["?", "sex", "mainz"]  # doubtful rows first
    assert run(["harmonise", *doubtful, "--propose", str(file)]) == 2
    assert "there already" in capsys.readouterr().err


def test_harmonise_without_a_codebook_writes_the_proposal_or_takes_safe_answers(
    doubtful: list[str], tmp_path: Path, capsys
) -> None:
    arguments = ["harmonise", *doubtful, "--apply", "--out", str(tmp_path / "h")]
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert "tabml: 1 doubtful mapping\n" in said and "h-codebook.yaml" in said and "--codebook" in said
    assert (tmp_path / "h-codebook.yaml").is_file() and not (tmp_path / "h").exists()
    assert run([*arguments, "--yes"]) == 0
    table = pd.read_csv(tmp_path / "h" / "cohort.csv", dtype=str)
    assert len(table) == 120 and table["sex"].notna().sum() == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--propose", "x.yaml", "--apply"], "apply it afterwards"),
        ([], "say --propose FILE"),
        (["--propose", "x.yaml", "--keep-ids"], "-o and --keep-ids go with --apply"),
    ],
)
def test_harmonise_does_one_thing_at_a_time(arguments, message, capsys) -> None:
    assert run(["harmonise", str(EXAMPLE / "exports"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_harmonise_into_a_full_folder_is_refused_before_reading(harmonised: Path, capsys) -> None:
    arguments = ["harmonise", str(EXAMPLE / "exports"), "--codebook", str(EXAMPLE / "codebook.yaml"), "--apply"]
    assert run([*arguments, "--out", str(harmonised)]) == 2
    assert "not empty" in capsys.readouterr().err


def test_cell_addresses_stay_private(harmonised: Path) -> None:
    assert "H17" not in (harmonised / "findings.csv").read_text(encoding="utf-8")
    assert "H17" in (harmonised / "private" / "findings.csv").read_text(encoding="utf-8")


def test_trace_by_raw_id_on_standard_input(harmonised: Path, capsys, monkeypatch) -> None:
    import io

    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("CC-00001\n"))
    assert run(["trace", str(harmonised), "-", "chol"]) == 0
    said = capsys.readouterr().out
    assert "cleveland_clinic.xlsx, sheet Patients, row 5" in said
    assert "I5 'Serum cholesterol (mg/dl)': '233'" in said
    assert "CC-00001" not in said


def test_trace_by_pseudonym_gives_data(harmonised: Path, capsys) -> None:
    capsys.readouterr()
    pseudonym = pd.read_csv(harmonised / "cohort.csv", dtype=str)["pseudonym"].iloc[-1]
    assert run(["trace", str(harmonised), pseudonym, "age", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["result"]
    assert answer["pseudonym"] == pseudonym
    assert answer["source"] == "zuerich"


@pytest.mark.parametrize(
    ("patient", "variable", "message"),
    [
        ("AAAAAAAAAAAAAAAA", "chol", "no patient of this study has that pseudonym"),
        (None, "chl", "did you mean 'chol'?"),
    ],
)
def test_trace_of_nobody_or_nothing(harmonised: Path, capsys, patient, variable, message) -> None:
    patient = patient or pd.read_csv(harmonised / "cohort.csv", dtype=str)["pseudonym"].iloc[0]
    assert run(["trace", str(harmonised), patient, variable]) == 2
    assert message in capsys.readouterr().err


def test_trace_with_another_key_is_refused(harmonised: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("CC-00001\n"))
    assert run(["trace", str(harmonised), "-", "chol", "--key", str(tmp_path / "other.key")]) == 2
    assert "another site key" in capsys.readouterr().err


def test_predict_gives_one_row_per_row_in_order(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "risk.csv")]) == 0
    said = capsys.readouterr().out
    assert "5 rows written to" in said
    table = pd.read_csv(tmp_path / "risk.csv", dtype={"patient_id": str})
    assert list(table.columns) == ["row", "patient_id", "probability_1", "flag", "reasons", "bundle"]
    assert table["row"].tolist() == [2, 3, 4, 5, 6]
    assert table["patient_id"].tolist() == ["0012", "'=13", "14", "15", "16"]
    assert table["flag"].tolist() == ["use", "review", "review", "use", "use"]
    assert table["probability_1"].between(0, 1).all()


def test_predict_writes_workbooks_and_json(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.xlsx"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["result"]["flags"] == {"use": 3, "review": 2, "refuse": 0}
    assert {f["code"] for f in document["findings"]} >= {"TB703", "TB704"}
    table = pd.read_excel(tmp_path / "r.xlsx", engine="calamine", dtype={"patient_id": str})
    assert table["patient_id"].tolist() == ["0012", "=13", "14", "15", "16"]


def test_predict_by_variable_names_and_shuffled_columns(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("fbs,chol,sex,age\nyes,200,male,50\nno,210,0,61\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("age,sex,extra,chol,fbs\n50,1,x,200,1\n61,female,y,210,0\n", encoding="utf-8")
    for name in "ab":
        out = str(tmp_path / f"{name}_risk.csv")
        assert run(["predict", str(model), str(tmp_path / f"{name}.csv"), "-o", out]) == 0
    first, second = (pd.read_csv(tmp_path / f"{n}_risk.csv")["probability_1"].tolist() for n in "ab")
    assert first == second


def test_absent_columns_are_named_all_at_once(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text("Pat;Alter;Geschlecht\n1;50;m\n", encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv")]) == 3
    said = capsys.readouterr().err
    assert "columns the model needs not found: 'Chol'" in said and "'FBS'" in said
    assert "where: new.csv, read as ward" in said
    assert not (tmp_path / "r.csv").exists()


def test_prediction_is_not_written_over(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    (tmp_path / "r.csv").write_text("mine", encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv")]) == 2
    assert (tmp_path / "r.csv").read_text(encoding="utf-8") == "mine"


def test_damaged_model_file_is_one_message(model: Path, tmp_path: Path, capsys) -> None:
    model.write_bytes(model.read_bytes()[:-100])
    assert run(["show", str(model)]) == 3
    assert "not a tabml model file" in capsys.readouterr().err


def test_show_tells_what_a_model_wants(model: Path, capsys) -> None:
    assert run(["show", str(model)]) == 0
    said = capsys.readouterr().out
    assert "Predicts dead (binary)" in said
    assert re.search(r"sex +category +0 female, 1 male", said)
    assert run(["show", str(model), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["result"]["target"]["task"] == "binary"


def test_models_lists_and_explains(capsys) -> None:
    assert run(["models", "--json"]) == 0
    models = {m["name"]: m for m in json.loads(capsys.readouterr().out)["result"]}
    assert {"null", "ridge", "forest", "xgboost", "cox", "mlp"} <= set(models)
    assert run(["models", "--explain", "ridge"]) == 0
    assert "tasks: binary" in capsys.readouterr().out
    assert run(["models", "--explain", "rigde"]) == 2
    assert "did you mean 'ridge'?" in capsys.readouterr().err


def test_model_without_its_library_says_what_to_install(capsys, monkeypatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "torch" else real(name, *a))
    assert run(["models"]) == 0
    assert "pip install 'tabml[nn]'" in re.sub(r"\s+", " ", capsys.readouterr().out)


def test_metrics_of_one_task(capsys) -> None:
    assert run(["metrics", "--task", "survival", "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)["result"]
    assert all("survival" in m["tasks"] for m in metrics)
    assert run(["metrics", "--task", "survivl"]) == 2


def test_report_of_no_study_is_one_message(tmp_path: Path, capsys) -> None:
    assert run(["report", str(tmp_path / "absent")]) == 3
    assert "no such study folder" in capsys.readouterr().err


def test_quiet_leaves_one_line_without_findings(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv"), "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert captured.out.endswith("r.csv: 3 use, 2 review, 0 refuse\n")
    assert captured.err == ""


def test_one_row_is_singular(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text("Pat;Alter;Geschlecht;Chol;FBS\n0012;50;m;200;ja\n", encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv"), "-q"]) == 0
    assert "1 row written" in capsys.readouterr().out


def test_a_place_that_takes_no_file_is_named_not_the_temporary_file(model: Path, tmp_path: Path, capsys, monkeypatch):
    def refused(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".r.csv.abc.tmp"))

    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    monkeypatch.setattr("tempfile.mkstemp", refused)
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv")]) == 1
    said = capsys.readouterr().err
    assert "the file cannot be written: permission denied" in said
    assert f"where: {tmp_path / 'r.csv'}\n  hint: " in said  # as it was typed
    assert ".tmp" not in said


def test_an_unreadable_input_is_exit_3(model: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    monkeypatch.setattr("os.access", lambda path, mode, **kw: not str(path).endswith("new.csv"))  # as root may read all
    real = Path.open

    def refused(self: Path, *args: object, **kwargs: object):
        if self.name == "new.csv":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refused)
    for arguments in (["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv")],
                      ["fit", str(tmp_path / "new.csv"), "--out", str(tmp_path / "s")]):  # fmt: skip
        assert run(arguments) == 3
        assert "the file cannot be opened: Permission denied" in capsys.readouterr().err


def test_trace_says_why_a_value_is_missing(harmonised: Path, capsys) -> None:
    capsys.readouterr()
    table = pd.read_csv(harmonised / "cohort.csv", dtype=str)
    at = table[table["ca"].isna() & (table["source"] == "cleveland")].iloc[0]
    assert run(["trace", str(harmonised), at["pseudonym"], "ca"]) == 0
    assert "missing, because: a word that means missing in this export" in capsys.readouterr().out
    assert run(["trace", str(harmonised), at["pseudonym"], "ca", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["result"]
    assert answer["why"] == "a word that means missing in this export"
    assert run(["trace", str(harmonised), at["pseudonym"], "age", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["result"][0]["why"] == ""


def test_predict_tells_warnings_and_rows_set_aside_and_counts_other_notes(model: Path, tmp_path: Path, capsys) -> None:
    text = "Alter;Geschlecht;Chol;FBS\n50;m;200;ja\n51;w;180;nein\n52;w;190;nein\n;Summe;;\n"
    (tmp_path / "new.csv").write_text(text, encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "a.csv")]) == 0
    said = capsys.readouterr().out
    assert "1 row of new.csv set aside (1 totals)" in said
    assert "1 note more: -v lists them" in said and "TB108" not in said
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "b.csv"), "-v"]) == 0
    assert "TB108" in capsys.readouterr().out


@pytest.fixture
def without_chol(tmp_path: Path) -> Path:
    """A model that was given cholesterol and does not look at it: too much of it was missing."""
    write_model(tmp_path / "thin.tabml", max_missing=0.05)
    return tmp_path / "thin.tabml"


def predicted(model: Path, text: str) -> pd.DataFrame:
    number = len(list(model.parent.glob("new*.csv")))
    new, out = model.parent / f"new{number}.csv", model.parent / f"risk{number}.csv"
    new.write_text(text, encoding="utf-8")
    assert run(["predict", str(model), str(new), "-o", str(out)]) == 0
    return pd.read_csv(out, dtype={"patient_id": str})


def test_a_column_the_model_does_not_use_may_be_absent_empty_or_strange(without_chol: Path, capsys) -> None:
    whole = predicted(without_chol, "Pat;Alter;Geschlecht;Chol;FBS\n1;50;m;200;ja\n2;61;w;190;nein\n")
    absent = predicted(without_chol, "Pat;Alter;Geschlecht;FBS\n1;50;m;ja\n2;61;w;nein\n")
    strange = predicted(without_chol, "Pat;Alter;Geschlecht;Chol;FBS\n1;50;m;9999;ja\n2;61;w;?;nein\n")
    assert whole["probability_1"].tolist() == absent["probability_1"].tolist() == strange["probability_1"].tolist()
    assert absent["flag"].tolist() == strange["flag"].tolist() == ["use", "use"]


def test_a_row_is_refused_by_what_the_model_uses_only(without_chol: Path, model: Path) -> None:
    text = "Pat;Alter;Geschlecht;Chol;FBS\n1;50;?;?;ja\n2;?;w;200;?\n3;50;m;200;ja\n"
    rows = predicted(without_chol, text)
    assert rows["flag"].tolist() == ["review", "refuse", "use"]  # of three variables: one, two, none missing
    assert rows["reasons"].tolist()[1] == "missing: age, fbs"
    assert predicted(model, text)["flag"].tolist() == ["review", "review", "use"]  # of four: two are half


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_show_says_what_the_model_does_not_use(without_chol: Path, model: Path, capsys) -> None:
    assert run(["show", str(without_chol)]) == 0
    said = capsys.readouterr().out
    assert "Not used by the model, so a file need not hold them: chol (too often missing in training)" in one_line(said)
    assert not re.search(r"^chol ", said, re.MULTILINE)
    assert run(["show", str(model)]) == 0
    assert "Not used" not in capsys.readouterr().out


def test_show_says_units_as_people_do(model: Path, capsys) -> None:
    assert run(["show", str(model)]) == 0
    assert re.search(r"age +integer +years +\d", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("no_signal", "No usable signal"), ("not_better", "Not clearly better than age and sex alone"), ("useful", "")],
)
def test_show_and_predict_say_the_verdict(tmp_path: Path, capsys, verdict: str, words: str) -> None:
    write_model(tmp_path / "m.tabml", verdict=verdict)
    (tmp_path / "new.csv").write_text(NEW_ROWS, encoding="utf-8")
    for arguments in (["show", str(tmp_path / "m.tabml")],
                      ["predict", str(tmp_path / "m.tabml"), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv")]):  # fmt: skip
        assert run(arguments) == 0
        said = capsys.readouterr().out
        assert words in said
        assert words or not re.search("signal|clearly", said)
    arguments = ["predict", str(tmp_path / "m.tabml"), str(tmp_path / "new.csv"), "-o", str(tmp_path / "q.csv"), "-q"]
    assert run(arguments) == 0
    assert ("No usable signal" in capsys.readouterr().out) == (verdict == "no_signal")


def test_trace_says_to_what_a_converted_value_is_rounded(harmonised: Path, capsys) -> None:
    capsys.readouterr()
    table = pd.read_csv(harmonised / "cohort.csv", dtype=str)
    at = table[table["chol"].notna() & (table["source"] == "budapest")].iloc[0]
    assert run(["trace", str(harmonised), at["pseudonym"], "chol"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"unit +\S+ to mg/dL: x 38.67\n +round +to a whole number", said), said
    plain = table[table["source"] == "cleveland"].iloc[0]
    assert run(["trace", str(harmonised), plain["pseudonym"], "age"]) == 0
    assert "round " not in capsys.readouterr().out


def test_show_of_a_workbook_says_that_it_is_none(capsys) -> None:
    for file in (EXAMPLE / "exports" / "oslo_sykehus.xlsx", EXAMPLE / "exports" / "budapest_herzzentrum.csv"):
        assert run(["show", str(file)]) == 3
        assert "not a tabml model file" in capsys.readouterr().err
    assert run(["show", str(EXAMPLE / "exports" / "oslo_sykehus.xlsx")]) == 3
    said = capsys.readouterr().err
    assert "but a workbook" in said and "hint: give the model.tabml of a study folder" in said


def test_every_absent_column_is_named_and_only_near_names_are_offered(model: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "new.csv").write_text("Pat;Altr;Admission\n1;50;x\n", encoding="utf-8")
    assert run(["predict", str(model), str(tmp_path / "new.csv"), "-o", str(tmp_path / "r.csv")]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "'Alter' (nearest: 'Altr'); 'Chol'; 'FBS'; 'Geschlecht'" in said
    assert "Admission" not in said


def test_a_place_that_cannot_be_made_is_named_as_it_was_typed(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    arguments = ["fit", str(EXAMPLE.parent / "clean" / "cohort.xlsx"), "--out", "taken/deep/study"]
    assert run(arguments) == 1
    assert "where: --out taken/deep/study\n" in capsys.readouterr().err


def test_show_tells_horizons_and_classes_of_a_measure_apart() -> None:
    from tabml.cli.show import _measure

    assert _measure({"key": "brier_at", "horizon": 90, "cls": None}) == "brier_at (90 days)"
    assert _measure({"key": "auroc", "cls": "2=Fibrosis"}) == "auroc (class 2=Fibrosis)"
    assert _measure({"key": "auroc"}) == "auroc"
