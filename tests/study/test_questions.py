"""Questions: asked, answered by --yes where that is safe, else listed with the exact words to type."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tabml.core.config import StudyConfig, load_config
from tabml.core.errors import ConfigError, QuestionError
from tabml.ingest.propose import Question
from tabml.study.questions import SAID_BY_CODEBOOK, _answered, settle_codebook, settle_leaks
from tabml.summary.audit import Audit

WHICH = Question("data.target", "which column is the outcome?", ("death 30 d", "relapse"), "--target COLUMN", None)
SAFE = Question("data.date_order", "which date order?", ("dmy", "mdy"), "--set data.date_order=ORDER", "dmy")


def audit_with(asks: Mapping[str, str]):
    """An audit that asks about these columns until they are kept."""
    return lambda config: Audit((), {}, (), {n: c for n, c in asks.items() if n not in config.data.keep})


def test_kept_column_that_the_codebook_lacks_is_refused_with_the_near_miss(tmp_path):
    book = tmp_path / "book.yaml"
    book.write_text(
        "codebook: 1\nsources: {a: {file: a.csv}}\n"
        "variables: {chol: {kind: number, from: {a: {column: Chol, status: accepted}}}}\n",
        encoding="utf-8",
    )
    config = load_config(flags={"data.codebook": str(book), "data.keep": ("cholo",)}, environment={})
    with pytest.raises(ConfigError, match="no variable 'cholo'") as caught:
        settle_codebook([], config, ask=None, yes=False)
    assert caught.value.hint == "did you mean 'chol'?"


def test_without_a_terminal_all_questions_are_listed_at_once():
    with pytest.raises(QuestionError, match="only you can decide") as caught:
        _answered([WHICH, SAFE], StudyConfig(), ask=None, yes=False, typed="a.xlsx")
    assert len(caught.value.questions) == 2
    assert caught.value.hint == 'type, for example: tabml fit a.xlsx --target "death 30 d" --set data.date_order=dmy'


def test_yes_takes_safe_answers_and_never_guesses_the_outcome():
    assert _answered([SAFE], StudyConfig(), ask=None, yes=True, typed="a.xlsx").data.date_order == "dmy"
    with pytest.raises(QuestionError, match="only you can decide") as caught:
        _answered([WHICH, SAFE], StudyConfig(), ask=None, yes=True, typed="a.xlsx")
    assert len(caught.value.questions) == 1


def test_an_answer_becomes_a_setting():
    config = _answered([WHICH], StudyConfig(), ask=lambda q: q.options[1], yes=False, typed="a.xlsx")
    assert config.data.target == "relapse"


def test_a_suspected_leak_is_asked_about_and_can_be_kept():
    with pytest.raises(QuestionError, match="nearly determine the outcome") as caught:
        settle_leaks(audit_with({"AST": "--keep AST"}), StudyConfig(), ask=None, yes=False)
    assert "--keep AST" in caught.value.questions[0]
    _, config = settle_leaks(audit_with({"AST": "--keep AST"}), StudyConfig(), ask=lambda q: "keep", yes=False)
    assert config.data.keep == ("AST",)
    _, config = settle_leaks(audit_with({"AST": "--keep AST"}), StudyConfig(), ask=None, yes=True)
    assert config.data.keep == ()


@pytest.mark.parametrize("name", sorted(SAID_BY_CODEBOOK))
def test_what_the_codebook_says_is_not_said_twice(name):
    value = {"header_row": "4", "date_order": "dmy"}.get(name, "MRN")
    config = load_config(assignments=["data.codebook=codebook.yaml", f"data.{name}={value}"], environment={})
    with pytest.raises(ConfigError, match=f"data.{name} is not used beside a codebook"):
        settle_codebook([], config, ask=None, yes=True)
