"""Ingest: exports become a cohort; only `read`, `codebook_file` and `identity` touch files."""
