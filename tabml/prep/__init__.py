"""Preparation: what is learned from training rows before a model sees them."""
