"""Records, settings, errors and findings: the words every other room speaks. Imports no model library."""
