"""Questions: one of the options, by label or by text; Enter takes the safe answer."""

from dataclasses import dataclass

import pytest

from tabml.cli import ask as asking
from tabml.cli.front import Front


@dataclass(frozen=True)
class Question:
    key: str = "data.target"
    text: str = "Which column is the outcome?"
    options: tuple[str, ...] = ("dead", "relapse")
    command: str = "--target dead"
    safe: str | None = None


@pytest.mark.parametrize(
    ("typed", "options", "chosen"),
    [
        (["1"], ("dead", "relapse"), "dead"),
        (["Relapse"], ("dead", "relapse"), "relapse"),
        (["3", "nothing", "2"], ("dead", "relapse"), "relapse"),
        (["a"], ("0", "1"), "0"),
        (["1"], ("0", "1"), "1"),
        (["free text"], (), "free text"),
    ],
)
def test_answer_by_label_or_text(typed: list[str], options: tuple[str, ...], chosen: str, monkeypatch) -> None:
    answers = iter(typed)
    monkeypatch.setattr(asking.click, "prompt", lambda *a, **k: next(answers))
    assert asking.ask(Question(options=options)) == chosen


def test_nobody_is_asked_without_a_terminal_or_with_yes(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert asking.asker(Front(), yes=False) is asking.ask
    assert asking.asker(Front(), yes=True) is None
    assert asking.asker(Front(as_json=True), yes=False) is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert asking.asker(Front(), yes=False) is None
