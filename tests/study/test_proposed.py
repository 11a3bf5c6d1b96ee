"""A proposal on its way: doubtful rows first, asked on a terminal, else written down with the command to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from tabml.core.codebook import Codebook, ColumnMapping, Source, VariableSpec
from tabml.core.config import Data, StudyConfig
from tabml.core.errors import ConfigError, QuestionError
from tabml.ingest.codebook_file import load_codebook
from tabml.study.harmonised import harmonise_files
from tabml.study.proposed import ACCEPT, LEAVE_OUT, Review, ask_doubts, doubts, mapping_rows, write_proposal
from tabml.study.questions import settle_codebook
from tabml.study.review import draft_codebook
from tests.ingest.exports import sheets
from tests.ingest.test_propose_several import mainz, pair


@pytest.fixture(autouse=True)
def site_key(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TABML_KEY_FILE", str(tmp_path / "key" / "site.key"))


@pytest.fixture
def doubtful(tmp_path: Path) -> tuple[Path, Path]:
    """Two exports of which one codes the sexes 1 and 2 without a word."""
    second = mainz()
    second["Geschlecht"] = [1 if s == "m" else 2 for s in second["Geschlecht"]]
    return pair(tmp_path, None, second)


def settle(files, **more):
    given = {"ask": None, "yes": False, **more}
    return settle_codebook(sheets(*files), StudyConfig(), typed="bergen.csv mainz.csv", **given)


def test_without_a_terminal_the_proposal_is_written_and_the_command_shown(doubtful, tmp_path):
    with pytest.raises(QuestionError, match=r"^1 doubtful mapping \(the proposed") as caught:
        settle(doubtful, review=Review(None, tmp_path / "out"))
    error = caught.value
    assert "out-codebook.yaml" in (error.where or "") and "sex: is it 'Geschlecht' at mainz?" in error.questions[0]
    file = tmp_path / "out-codebook.yaml"
    assert f"tabml fit bergen.csv mainz.csv --codebook {file.as_posix()}" in (error.hint or "")
    assert doubts(load_codebook(file), 0.9)[0].variable == "sex"


def test_a_proposal_never_replaces_one_that_was_edited(doubtful, tmp_path):
    with pytest.raises(QuestionError, match="doubtful"):
        settle(doubtful, review=Review(None, tmp_path / "out"))
    (tmp_path / "out-codebook.yaml").write_text("codebook: 1  # edited\n", encoding="utf-8")
    book = load_codebook_of(doubtful)
    assert write_proposal(book, tmp_path / "out").name == "out-codebook-2.yaml"
    assert write_proposal(book, tmp_path / "out").name == "out-codebook-2.yaml"  # the same again


def load_codebook_of(files):
    return settle(files, yes=True)[0]


def test_yes_leaves_the_doubtful_out_and_counts_it(doubtful, tmp_path):
    cohort = harmonise_files(doubtful, StudyConfig(), tmp_path / "clean", yes=True).cohort
    sexes = cohort.frame["sex"].groupby(cohort.rows["source"]).count()
    assert (sexes["bergen"], sexes["mainz"]) == (60, 0)
    assert [f.evidence for f in cohort.findings if f.code == "TB104"] == [
        "doubtful mapping of 'sex' not used: missing at mainz"
    ]


def test_on_a_terminal_each_doubtful_row_is_asked_after_the_table(doubtful):
    told: list[str] = []
    shown: list[int] = []

    def ask(question):
        told.append(question.text)
        return ACCEPT

    codebook, _, _ = settle(doubtful, ask=ask, review=Review(lambda book, accept: shown.append(len(book.variables))))
    assert len(told) == 1 and len(shown) == 1
    assert codebook.variables["sex"].from_["mainz"].status == "accepted"


def test_a_row_that_is_left_out_is_rejected(doubtful):
    codebook = ask_doubts(load_codebook_of(doubtful), 0.9, lambda question: LEAVE_OUT)
    assert codebook.variables["sex"].from_["mainz"].status == "rejected"
    assert doubts(codebook, 0.9) == ()


def test_doubtful_rows_stand_first_the_least_sure_at_the_top(doubtful):
    book = load_codebook_of(doubtful)
    age = book.variables["age"]
    worse = ColumnMapping(**{**age.from_["mainz"].model_dump(), "score": 0.3})
    changed = age.model_copy(update={"from_": {**age.from_, "mainz": worse}})
    rows = mapping_rows(book.model_copy(update={"variables": {**book.variables, "age": changed}}), 0.9)
    assert [(r.variable, r.is_doubtful) for r in rows[:3]] == [("age", True), ("sex", True), ("patient_id", False)]


def test_a_reviewed_proposal_is_applied(doubtful, tmp_path):
    file = tmp_path / "codebook.yaml"
    proposal = draft_codebook(doubtful, StudyConfig(), file)
    assert len(proposal.codebook.variables) > 5
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("score: 0.6\n", "score: 0.6\n        status: rejected\n"), encoding="utf-8")
    reviewed = StudyConfig(data=Data(codebook=str(file)))
    assert harmonise_files(doubtful, reviewed, tmp_path / "clean").cohort.n_patients == 120
    with pytest.raises(ConfigError, match="there already"):
        draft_codebook(doubtful, StudyConfig(), file)


def test_a_mapping_written_by_hand_without_a_score_is_accepted():
    spec = VariableSpec(
        kind="number", from_={"a": ColumnMapping(column="Hb"), "b": ColumnMapping(column="Hb", score=0.5)}
    )
    codebook = Codebook(sources={"a": Source(file="a.csv"), "b": Source(file="b.csv")}, variables={"hb": spec})
    assert [row.source for row in doubts(codebook, 0.9)] == ["b"]
