"""Counts in words."""

from tabml.core.wording import counted


def test_one_is_singular_and_the_rest_plural():
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert counted(2, "copy", "copies") == "2 copies"
