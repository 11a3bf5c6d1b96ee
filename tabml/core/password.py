"""The password of an encrypted file: from the environment, else from whoever sits at the terminal.

Never an argument, a setting or part of a study: command lines and configurations are logged and shared.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar

VARIABLE = "TABML_PASSWORD"
#: What the front door uses to ask for the password of a file; gives None where nobody can be asked.
asker: ContextVar[Callable[[str], str | None] | None] = ContextVar("password_asker", default=None)


def password_of(file: str) -> str | None:
    """The password for a file (base name), or None where the environment has none and nobody can be asked."""
    stated = os.environ.get(VARIABLE)
    if stated:
        return stated
    ask = asker.get()
    return ask(file) if ask is not None else None
