"""Matching: which columns of several hospitals' exports are one variable, with the evidence for it."""
