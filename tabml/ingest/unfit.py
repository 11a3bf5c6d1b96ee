"""Why a file of new patients cannot be read: no rows, no table, or no convention that has its columns."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tabml.core.codebook import Codebook
from tabml.core.errors import DataError, InputError
from tabml.ingest.layout import NoTable, Table, find_table
from tabml.ingest.read import RawSheet
from tabml.ingest.sources import missing_columns, needed_headers, with_joined
from tabml.ingest.together import LEAST_SHARE
from tabml.ingest.values import cell_text, fold

#: What a file of nothing but headers is told.
NO_ROWS = "no rows below the header"


def no_table(sheets: Sequence[RawSheet], codebook: Codebook, variables: Sequence[str]) -> InputError | DataError:
    """Why there is nothing to read: known headers with no row below them, or no table at all."""
    where = ", ".join(sorted({s.file for s in sheets}))
    reasons = sorted({t.reason for s in sheets if isinstance(t := find_table(s), NoTable)})
    if NO_ROWS in reasons or any(ends_with_headers(s, codebook, variables) for s in sheets):
        return DataError(NO_ROWS, where=where, hint="export the patients again")
    return InputError(f"no table found{': ' + '; '.join(reasons) if reasons else ''}", where=where)


def ends_with_headers(sheet: RawSheet, codebook: Codebook, variables: Sequence[str]) -> bool:
    """Whether the last row with anything in it names the columns of a source: nothing stands below it."""
    last = () if sheet.is_empty else sheet.rows(sheet.n_rows, 1)[0]  # reading leaves no blank rows at the end
    texts = {fold(cell_text(value)) for value in last if value is not None}
    for source in codebook.sources:
        headers = needed_headers(codebook, source, variables)
        if headers and sum(fold(h) in texts for h in headers) >= max(2, LEAST_SHARE * len(headers)):
            return True
    return False


def no_convention(tables: Sequence[Table], codebook: Codebook, variables: Sequence[str]) -> InputError:
    """The error that names, for the convention that comes nearest, what the file lacks."""
    known = [fold(leaf) for table in tables for leaf in table.leaves]

    def nearness(name: str) -> tuple[float, str]:
        needed = [fold(h) for h in needed_headers(codebook, name, variables)]
        close = sum(bool(difflib.get_close_matches(h, known, n=1, cutoff=0.75)) for h in needed)
        return close / max(1, len(needed)), name

    name = max(codebook.base_sources(), key=nearness)
    table = max(tables, key=lambda t: len(t.headers))
    headers = dict.fromkeys(h for s in with_joined(codebook, name) for h in needed_headers(codebook, s, variables))
    lacking = [h for h in headers if all(t.find(h) is None for t in tables)]
    error = missing_columns(name, lacking, table)
    what = error.what.replace("named in the codebook not found", "the model needs not found in the file")
    return InputError(
        what, where=error.where, hint="headers must be those of a training export, or the variables' names"
    )
