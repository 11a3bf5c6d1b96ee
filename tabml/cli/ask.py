"""Questions to a person: asked on stderr, answered by number, by text, or by Enter for the safe answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from tabml.cli.front import Front
from tabml.cli.text import name, paragraph

if TYPE_CHECKING:
    from tabml.ingest.propose import Question


def asker(front: Front, *, yes: bool) -> Callable[[Question], str] | None:
    """A function that asks; None where nobody can be asked or `--yes` answers."""
    return ask if front.interactive and not yes else None


def ask(question: Question) -> str:
    """The chosen option's text; repeats until the answer is one of the options, where there are any."""
    labels = _labels(question.options)
    click.echo(paragraph(question.text), err=True)
    for label, option in labels.items():
        safe = "  (safe answer)" if option == question.safe else ""
        click.echo(f"  {label}  {name(option)}{safe}", err=True)
    while True:
        answer = str(click.prompt("  your answer", default=question.safe, err=True)).strip()
        chosen = _choose(answer, labels)
        if chosen is not None:
            return chosen
        click.echo("  please give one of the options above", err=True)


def ask_password(file: str) -> str:
    """The password of an encrypted file, typed unseen; stderr shows only which file asks."""
    return str(click.prompt(f"password of {name(file)}", hide_input=True, default="", show_default=False, err=True))


def _labels(options: Sequence[str]) -> dict[str, str]:
    """Numbers to choose by; letters where an option is itself a number."""
    letters = any(option.isdigit() for option in options)
    return {chr(ord("a") + i) if letters and i < 26 else str(i + 1): option for i, option in enumerate(options)}


def _choose(answer: str, labels: Mapping[str, str]) -> str | None:
    if not labels or answer in labels.values():
        return answer
    if answer in labels:
        return labels[answer]
    folded = [o for o in labels.values() if o.casefold() == answer.casefold()]
    return folded[0] if len(folded) == 1 else None
