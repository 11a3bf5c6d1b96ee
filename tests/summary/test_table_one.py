"""Table 1: how its numbers are printed."""

from __future__ import annotations

from tabml.summary.table_one import number_text


def test_numbers_print_with_three_figures() -> None:
    assert [number_text(v) for v in (136.4, 12.35, 1.183, 0.000123, -5.0)] == ["136", "12.3", "1.18", "0.000123", "-5"]
