"""Testing: laws that models inherit, and small tables with a known signal."""
