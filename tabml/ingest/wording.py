"""Counts in words, as this room's findings and flow steps say them."""

from tabml.core.wording import counted

__all__ = ["counted"]
