"""Prepared matrices kept in a worker's memory, so that models with the same needs share one imputation a fold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")
MAX_ITEMS = 8  # recipes of about two folds


class Cache(Generic[V]):
    """The last few values by key; the least recently used one goes first. A failure is not kept."""

    def __init__(self, max_items: int = MAX_ITEMS) -> None:
        self._items: OrderedDict[Hashable, V] = OrderedDict()
        self._max_items = max_items

    def get(self, key: Hashable, build: Callable[[], V]) -> V:
        """The value of this key, built on first use."""
        if key in self._items:
            self._items.move_to_end(key)
            return self._items[key]
        value = build()
        self._items[key] = value
        if len(self._items) > self._max_items:
            self._items.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._items)
