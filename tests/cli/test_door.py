"""Every failure leaves by one door: one message, one exit code, no traceback and no values."""

import errno
import json
from collections.abc import Callable

import pytest

from tabml.cli import VERBS
from tabml.cli.door import guard, run
from tabml.cli.front import Front
from tabml.core import errors


def failing(error: BaseException) -> Callable[[], int]:
    def action() -> int:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.TabmlError("x"), 1),
        (errors.DependencyError("x"), 1),
        (errors.StoreError("x"), 1),
        (errors.ConfigError("x"), 2),
        (errors.QuestionError("x"), 2),
        (errors.InputError("x"), 3),
        (errors.BundleError("x"), 3),
        (errors.DataError("x"), 4),
        (OSError(errno.EACCES, "Permission denied"), 1),
        (MemoryError(), 1),
        (RuntimeError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_failure_has_its_exit_code(error: BaseException, code: int, capsys) -> None:
    assert guard(Front(), failing(error)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("tabml: ")
    assert "Traceback" not in captured.err


def test_message_says_what_where_and_what_to_do(capsys) -> None:
    guard(Front(), failing(errors.InputError("cannot be read", where="a.xlsx, B3", hint="save it again")))
    assert capsys.readouterr().err == "tabml: cannot be read\n  where: a.xlsx, B3\n  hint: save it again\n"


def test_all_questions_are_printed_at_once(capsys) -> None:
    asked = errors.QuestionError("two choices", questions=["outcome? --target dead", "event? --positive 1"])
    guard(Front(), failing(asked))
    assert capsys.readouterr().err.splitlines()[1:] == ["  - outcome? --target dead", "  - event? --positive 1"]


def test_json_error_is_one_document_on_stdout(capsys) -> None:
    asked = errors.QuestionError("two choices", questions=["outcome?"], where="a.csv", hint="--target dead")
    assert guard(Front(as_json=True), failing(asked)) == 2
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == {
        "ok": False,
        "error": {"code": "question_error", "what": "two choices", "where": "a.csv", "hint": "--target dead",
                  "exit": 2, "questions": ["outcome?"]},
    }  # fmt: skip


def test_fault_shows_no_text_of_the_exception(capsys) -> None:
    assert guard(Front(), failing(ValueError("could not convert 'Müller, Hans'"))) == 1
    message = capsys.readouterr().err
    assert "this is a fault in tabml (ValueError)" in message
    assert "Müller" not in message


def test_traceback_only_with_vv(capsys) -> None:
    guard(Front(verbose=2), failing(ValueError("x")))
    assert "Traceback" in capsys.readouterr().err


def test_full_disk_is_named(capsys) -> None:
    assert guard(Front(), failing(OSError(errno.ENOSPC, "No space left on device", "/home/me/out/report.html"))) == 1
    message = capsys.readouterr().err
    assert "the disk is full" in message
    assert "where: report.html" in message
    assert "/home/me" not in message


def test_escape_in_a_message_is_stripped(capsys) -> None:
    guard(Front(), failing(errors.InputError("column '\x1b[31mred'")))
    assert "\x1b" not in capsys.readouterr().err


def test_mistyped_verb_gets_the_near_miss(capsys) -> None:
    assert run(["fitt", "a.xlsx"]) == 2
    assert "did you mean 'fit'?" in capsys.readouterr().err


def test_unknown_option_is_a_usage_error_in_json_too(capsys) -> None:
    assert run(["findings", "--nope", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["code"] == "usage_error"
    assert "--nope" in document["error"]["what"]


def test_no_verb_prints_help_and_is_a_usage_error(capsys) -> None:
    assert run([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_escape_in_an_argument_is_not_echoed(capsys) -> None:
    assert run(["\x1b[31mfit"]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys) -> None:
    assert run([verb, "--help"]) == 0
    help_page = capsys.readouterr().out
    assert "--json" in help_page
    assert "-q" in help_page
