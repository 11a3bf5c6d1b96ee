"""Small cells: how many patients must stand behind whatever is printed, drawn or kept in a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Fewer patients behind a level, a dot or a mean: not printed. The default of `privacy.small_cell`, and what
#: functions go by that see no settings.
SMALL_CELL = 5
MOST_LEVELS = 8


def printable(labels: Sequence[str], sizes: Sequence[int], small_cell: int = SMALL_CELL) -> str:
    """The levels that enough patients hold to be printed, and how many others there are.

    A column named by mistake may hold names: a rare level is a cell text.

    >>> printable(["no", "yes", "Meier"], [40, 12, 1])
    'no, yes, 1 others'
    """
    common = [label for label, n in zip(labels, sizes, strict=True) if n >= small_cell][:MOST_LEVELS]
    others = len(labels) - len(common)
    return ", ".join([*common, f"{others} {'others' if common else 'held by few patients each'}"] if others else common)


def counted_levels(sizes: Mapping[str, int], small_cell: int = SMALL_CELL) -> str:
    """Levels with the patients who hold them; rare ones are counted without a name.

    >>> counted_levels({"mild": 7, "Meier": 3})
    'mild (7), 1 with fewer than 5'
    """
    named = [f"{label} ({n})" for label, n in sizes.items() if n >= small_cell]
    rare = len(sizes) - len(named)
    return ", ".join([*named, f"{rare} with fewer than {small_cell}"] if rare else named)
