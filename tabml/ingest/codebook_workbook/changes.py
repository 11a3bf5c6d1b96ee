"""What a person changed in the workbook, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: The value of a cell that was emptied: the key goes back to its default.
DROP = object()


@dataclass(frozen=True)
class Change:
    """One cell that no longer says what was written there.

    `path` leads to the key in the codebook; `cell` is empty where a whole row is gone.
    """

    sheet: str
    cell: str
    about: tuple[str, ...]
    field: str
    old: str
    new: str
    path: tuple[str, ...]
    value: Any

    @property
    def place(self) -> str:
        return f"{self.sheet}!{self.cell}" if self.cell else self.sheet

    @property
    def record(self) -> dict[str, str]:
        """The change as data, for `--json`."""
        return {
            "cell": self.place,
            "about": " / ".join(self.about),
            "field": self.field,
            "old": self.old,
            "new": self.new,
        }
