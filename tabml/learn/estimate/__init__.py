"""Estimates that can be believed: bootstrap bias-corrected CV, rotating nested CV, and each centre left out."""
