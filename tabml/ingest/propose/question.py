"""A question that only the user can answer, with the words to type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """`key`: the setting that answers it (data.target). `command`: what to type; a last word in capitals is a placeholder.

    `safe` is the answer `--yes` takes; None where there is no safe one.
    """

    key: str
    text: str
    options: tuple[str, ...]
    command: str
    safe: str | None
    adds: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)
    """Option -> (setting of several values, the value that is added to it), where `key` alone does not answer it."""

    named: bool = True
    """Whether the options were recognised by their names, and not merely listed because nothing was."""

    @property
    def commands(self) -> tuple[str, ...]:
        """The exact words for each option, quoted where needed; the plain command without options.

        >>> Question("data.target", "", ("Death within 30 days", "relapse"), "--target COLUMN", None).commands
        ('--target "Death within 30 days"', '--target relapse')
        """
        if self.adds:
            return tuple(
                f"--{path.removeprefix('data.').replace('_', '-')} {quoted(v)}" for path, v in self.adds.values()
            )
        flag = re.sub(r"[A-Z]+$", "", self.command)
        if flag == self.command:
            return (self.command,)
        return tuple(flag + quoted(option) for option in self.options) or (self.command,)


def quoted(text: str) -> str:
    """A word for the command line of any system: in double quotes unless it is plain."""
    plain = text.translate(str.maketrans("", "", "_-./")).isalnum() and not text.startswith("-")
    return text if plain and text.isascii() else '"' + text.replace('"', '\\"') + '"'
