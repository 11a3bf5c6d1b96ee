"""How one call of tabml speaks: the answer on stdout, everything else on stderr, or one JSON document."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tabml.cli.text import clean, name, paragraph

if TYPE_CHECKING:
    from tabml.core.findings import Finding

_SHARED: tuple[tuple[tuple[str, ...], str, dict[str, Any]], ...] = (
    (("-v", "--verbose"), "verbose", {"count": True, "help": "Log more; twice: with the traceback of a fault."}),
    (("-q", "--quiet"), "quiet", {"count": True, "help": "Errors and one line of result only."}),
    (("--json",), "as_json", {"is_flag": True, "help": "Print one JSON document and nothing else."}),
)
Command = TypeVar("Command", bound=Callable[..., Any])
LOG_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
SEVERITY_WORDS = {"grave": "GRAVE", "warn": "warning", "info": "note"}


@dataclass
class Front:
    """What the shared options of this call say: `--json`, `-q`, `-v`."""

    as_json: bool = False
    quiet: int = 0
    verbose: int = 0

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: stdin and stderr are terminals and stdout is no document."""
        return not self.as_json and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def animated(self) -> bool:
        """Whether bars may move: stderr is a terminal that can, and nobody asked for quiet."""
        plain = self.as_json or self.quiet or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return sys.stderr.isatty() and not plain

    def set_log_level(self) -> None:
        """Set what tabml's own log shows; lines carry no cell values."""
        level = logging.ERROR if self.quiet else LOG_LEVELS[min(self.verbose, 2)]
        logging.getLogger("tabml").setLevel(level)

    def answer(
        self, verb: str, result: Any, text: str, findings: Iterable[Finding] = (), *, line: str | None = None
    ) -> None:
        """Print what was asked for: `text` for people, `result` with the findings for programs.

        `line` is the text that `-q` leaves; a verb whose text is nothing but the answer has none.
        """
        if self.as_json:
            document = {"schema": f"tabml/{verb}/1", "ok": True, "result": result,
                        "findings": [finding_record(f) for f in findings]}  # fmt: skip
            print_json(document)
        elif self.quiet and line is not None:
            click.echo(name(line))
        elif text:
            click.echo(clean(text))


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout: ASCII, finite numbers, keys in the order given."""
    click.echo(json.dumps(document, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    return str(value)


def finding_record(finding: Finding) -> dict[str, Any]:
    """A finding as data, without its cell addresses: those are row-level and stay in `private/`."""
    return {"code": finding.code, "severity": finding.severity, "columns": list(finding.columns),
            "count": finding.count, "source": finding.source, "evidence": finding.evidence,
            "remedy": finding.remedy}  # fmt: skip


def finding_lines(findings: Iterable[Finding], *, severities: Sequence[str] = ("grave", "warn", "info")) -> str:
    """Findings as wrapped lines, grave first."""
    from tabml.core.findings import ordered

    lines = []
    for finding in ordered(findings):
        if finding.severity in severities:
            source = f" [{name(finding.source)}]" if finding.source else ""
            head = f"{finding.code} {SEVERITY_WORDS[finding.severity]}{source}: {finding.evidence}"
            lines.append(paragraph(head, indent="  ") + "\n" + paragraph(f"-> {finding.remedy}", indent="     "))
    return "\n".join(lines)


def count_findings(findings: Iterable[Finding]) -> str:
    """How many findings of each severity, in words."""
    counts = dict.fromkeys(SEVERITY_WORDS, 0)
    for finding in findings:
        counts[finding.severity] += 1
    warnings, notes = (f"{counts[s]} {SEVERITY_WORDS[s]}{'' if counts[s] == 1 else 's'}" for s in ("warn", "info"))
    return f"{counts['grave']} grave, {warnings}, {notes}"


def shared_options(command: Command) -> Command:
    """`--json`, `-q` and `-v`, read into the call's `Front` before any other option."""
    for names, attribute, settings in _SHARED:
        command = click.option(*names, expose_value=False, is_eager=True, callback=_set(attribute), **settings)(command)
    return command


def _set(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        front = ctx.ensure_object(Front)
        setattr(front, attribute, value)
        front.set_log_level()

    return callback


pass_front = click.make_pass_decorator(Front, ensure=True)
