"""What is in the cohort and what is wrong with it, before any model: description, audit, sample size."""
