"""A question that only the user can answer, with the words to type."""

from __future__ import annotations

import re
from dataclasses import dataclass


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

    @property
    def commands(self) -> tuple[str, ...]:
        """The exact words for each option, quoted where needed; the plain command without options.

        >>> Question("data.target", "", ("Death within 30 days", "relapse"), "--target COLUMN", None).commands
        ('--target "Death within 30 days"', '--target relapse')
        """
        flag = re.sub(r"[A-Z]+$", "", self.command)
        if flag == self.command:
            return (self.command,)
        return tuple(flag + quoted(option) for option in self.options) or (self.command,)


def quoted(text: str) -> str:
    """A word for the command line of any system: in double quotes unless it is plain."""
    plain = text.translate(str.maketrans("", "", "_-./")).isalnum() and not text.startswith("-")
    return text if plain and text.isascii() else '"' + text.replace('"', '\\"') + '"'
