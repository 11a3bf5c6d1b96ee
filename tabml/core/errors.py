"""The errors tabml raises on purpose: what happened, where, what to do next.

Each class carries the exit code the command line ends with, so that one table serves every verb:
1 failure, 2 usage or configuration, 3 an input cannot be read, 4 the data do not allow what was asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TabmlError(Exception):
    """A deliberate error. `what` never holds a cell's text or a raw patient id."""

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    @property
    def code(self) -> str:
        """The name programs match on, e.g. `input_error`."""
        name = type(self).__name__
        return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what}{place}"


class ConfigError(TabmlError):
    """A setting, flag, codebook or study file says something tabml cannot follow."""

    exit_code = 2


class QuestionError(ConfigError):
    """Only the user can decide; raised where there is no terminal to ask on.

    `questions` lists all open questions at once, each one sentence ending in what to type.
    """

    def __init__(
        self,
        what: str,
        *,
        questions: Iterable[str] = (),
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.questions = tuple(questions)


class InputError(TabmlError):
    """A file cannot be read, or does not hold what the codebook says it holds."""

    exit_code = 3


class BundleError(InputError):
    """A model file is damaged, hostile, too new, or a model cannot be put into one."""


class DataError(TabmlError):
    """The files were read, but the data do not allow what was asked (one class, no events...)."""

    exit_code = 4


class DependencyError(TabmlError):
    """An optional library is missing; the hint is the pip line that brings it."""


class StoreError(TabmlError):
    """The run store or the study folder cannot take or give back a document."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a mistyped one, or None when nothing is near.

    >>> closest("os_month", ["os_months", "age"])
    'os_months'
    """
    folded = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the near miss, or the known names when nothing is near."""
    known = list(known)
    near = closest(name, known)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known: {', '.join(sorted(known)[:12])}" if known else None
