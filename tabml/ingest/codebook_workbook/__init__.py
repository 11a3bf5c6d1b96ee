"""The codebook as a workbook that a clinician edits: written with every cell as text, read back by its keys.

`pages` says what stands on which sheet, `text` how a value is written in a cell, `rare` which levels stay
away, `write` makes the file, `read` finds what was changed, `merge` brings the changes into the codebook.
"""

from __future__ import annotations

from tabml.ingest.codebook_workbook.changes import Change
from tabml.ingest.codebook_workbook.rare import Rare, count_levels, mask_rare
from tabml.ingest.codebook_workbook.read import Reviewed, read_reviewed, read_workbook_codebook
from tabml.ingest.codebook_workbook.write import workbook_bytes

__all__ = [
    "Change", "Rare", "Reviewed", "count_levels", "mask_rare", "read_reviewed", "read_workbook_codebook", "workbook_bytes",
]  # fmt: skip
