"""The door: runs a verb, and turns whatever goes wrong into one message and one exit code.

Only here are exceptions caught widely. A deliberate error prints what, where and what to do; anything else
is a fault in tabml, shown without its text (which may hold cell values) unless `-vv` asks for it.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from tabml.cli.front import Front, print_json
from tabml.cli.text import clean
from tabml.core.errors import QuestionError, TabmlError

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run tabml with these arguments; the exit code."""
    from tabml.cli.group import tabml

    front = Front(as_json="--json" in arguments, verbose=2 if "-vv" in arguments else 0)
    _prepare_streams()
    return guard(front, lambda: _invoke(tabml, arguments, front))


def _invoke(group: click.Group, arguments: Sequence[str], front: Front) -> int:
    from tabml.cli.ask import ask_password
    from tabml.core.password import asker

    _prepare_log(front)
    asker.set(lambda file: ask_password(file) if front.interactive else None)
    code = group.main(list(arguments), prog_name="tabml", standalone_mode=False, obj=front)
    return code if isinstance(code, int) else 0


def guard(front: Front, action: Callable[[], int]) -> int:
    """Run `action`; print one message for whatever it raises."""
    try:
        return action()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except TabmlError as error:
        _print_error(front, error.code, error.what, error.where, error.hint, error.exit_code, _questions(error))
        return error.exit_code
    except click.ClickException as error:
        hint = error.ctx.command_path + " --help" if isinstance(error, click.UsageError) and error.ctx else None
        _print_error(front, "usage_error", error.format_message(), None, hint, error.exit_code)
        return error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        _print_error(front, "interrupted", "interrupted; nothing unfinished was kept", None, None, INTERRUPTED)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of stdout, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        _print_error(front, "io_error", *_explain_os_error(error), 1)
        return 1
    except MemoryError:
        _print_error(front, "memory_error", "not enough memory", None, "fewer --workers, or a smaller table", 1)
        return 1
    except Exception as error:
        _print_fault(front, error)
        return 1


def _questions(error: TabmlError) -> tuple[str, ...]:
    return error.questions if isinstance(error, QuestionError) else ()


def _print_error(
    front: Front,
    code: str,
    what: str,
    where: str | None,
    hint: str | None,
    exit_code: int,
    questions: Sequence[str] = (),
) -> None:
    if front.as_json:
        body: dict[str, object] = {"code": code, "what": clean(what), "where": where, "hint": hint, "exit": exit_code}
        if questions:
            body["questions"] = list(questions)
        print_json({"ok": False, "error": body})
        return
    lines = [f"tabml: {what}"]
    if where:
        lines.append(f"  where: {where}")
    lines.extend(f"  - {question}" for question in questions)
    if hint:
        lines.append(f"  hint: {hint}")
    click.echo("\n".join(clean(line) for line in lines), err=True)


def _explain_os_error(error: OSError) -> tuple[str, str | None, str | None]:
    where = Path(os.fsdecode(error.filename)).name if isinstance(error.filename, str | bytes) else None
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno == errno.ENOSPC:
        return "the disk is full", where, "free some space, or write elsewhere with --out"
    return f"the system refused: {reason}", where, "check that the place exists and that you may read and write there"


def _print_fault(front: Front, error: Exception) -> None:
    """Type and place only: the message of an unexpected exception may hold values of the data."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "tabml" in Path(f.filename).parts]
    place = None
    if frames:
        parts = Path(frames[-1].filename).parts
        start = len(parts) - 1 - parts[::-1].index("tabml")
        place = f"{'/'.join(parts[start:])}, line {frames[-1].lineno}"
    if front.verbose >= 2:
        click.echo(clean("".join(traceback.format_exception(error))), err=True)
    what = f"this is a fault in tabml ({type(error).__name__}), not in your data or settings"
    hint = "-vv prints the traceback; it may hold values of your data, so read it before you pass it on"
    _print_error(front, "fault", what, place, hint, 1)


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console of another code page prints ? instead of failing
            stream.reconfigure(errors="replace")


def _prepare_log(front: Front) -> None:
    """Log lines go to stderr; third-party warnings are silent unless -vv, for they may quote data."""
    if front.verbose < 2:
        warnings.simplefilter("ignore")
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True)
    logging.getLogger().setLevel(logging.ERROR)
