"""Text for terminals: names without control characters, plain tables, wrapped paragraphs."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence

#: C0 and C1 controls but for tab and newline, line separators, and the marks that reorder text.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(text: object) -> str:
    """A text that cannot steer a terminal or reorder what stands around it.

    >>> clean("age\\x1b[31m")
    'age[31m'
    """
    return _UNSAFE.sub("", str(text))


def name(text: object) -> str:
    """A name on one line, cleaned."""
    return " ".join(clean(text).split())


def width() -> int:
    """Columns of the terminal, within 60 to 110; 100 where there is none."""
    return max(60, min(110, shutil.get_terminal_size((100, 24)).columns))


def paragraph(text: object, *, indent: str = "") -> str:
    """One paragraph wrapped to the terminal."""
    return textwrap.fill(
        name(text), width(), initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns side by side, two blanks between; the last column wraps within the terminal."""
    body = [[name("" if cell is None else cell) for cell in row] for row in rows]
    lines = [list(headers), ["-" * len(h) for h in headers], *body] if any(headers) else body
    if not lines:
        return ""
    widths = [max(len(line[j]) for line in lines) for j in range(len(lines[0]))]
    left = sum(w + 2 for w in widths[:-1])
    room = max(30, width() - left)
    out = []
    for line in lines:
        head = "".join(line[j].ljust(widths[j] + 2) for j in range(len(line) - 1))
        wrapped = textwrap.wrap(line[-1], room, break_long_words=False, break_on_hyphens=False) or [""]
        out.append((head + wrapped[0]).rstrip())
        out.extend(" " * left + more for more in wrapped[1:])
    return "\n".join(out)
