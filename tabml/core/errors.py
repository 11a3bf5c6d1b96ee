"""The errors tabml raises on purpose: what happened, where, what to do next.

Each class carries the exit code the command line ends with, so that one table serves every verb:
1 failure, 2 usage or configuration, 3 an input cannot be read, 4 the data do not allow what was asked.
"""

from __future__ import annotations

import difflib
import re
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


#: Two names at least this alike (0 to 1) are offered as a near miss; below it a guess is noise.
NEAR = 0.7
MOST_LISTED = 12
#: A word this long that begins or ends another says enough: chol, Cholesterol.
LONG_WORD = 4


def likeness(a: str, b: str) -> float:
    """How alike two names are, 0 to 1: as wholes, or one of them as a word of the other.

    >>> round(likeness("os_month", "OS_months"), 2), round(likeness("Deth", "Death (30 d)"), 2)
    (0.94, 0.8)
    """
    one, other = a.casefold(), b.casefold()
    whole = difflib.SequenceMatcher(None, one, other).ratio()
    short, long = sorted((one, other), key=len)
    words = [w for w in re.split(r"[\W_]+", long) if len(w) >= LONG_WORD]
    if len(short) < LONG_WORD:
        return whole
    by_word = [difflib.SequenceMatcher(None, short, w).ratio() for w in words]
    by_word += [0.85 for w in words if w.startswith(short)]
    return max(whole, 0.9 * max(by_word, default=0.0))


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """The known names, the most alike first; names equally alike keep their order."""
    return sorted(known, key=lambda k: -likeness(name, k))


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a mistyped one, or None when nothing is near.

    >>> closest("os_month", ["os_months", "age"])
    'os_months'
    """
    first = next(iter(nearest_first(name, known)), None)
    return first if first is not None and likeness(name, first) >= NEAR else None


def listed(name: str, known: Iterable[str]) -> str:
    """The known names for a message, nearest first; those that do not fit are counted.

    >>> listed("b", ["a", "b"])
    'b, a'
    """
    names = nearest_first(name, known)
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"{', '.join(names[:MOST_LISTED])}{more}"


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the near miss, or the known names when nothing is near."""
    known = list(known)
    near = closest(name, known)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known: {listed(name, sorted(known))}" if known else None
