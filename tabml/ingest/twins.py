"""One patient in two sources: by a global id, or by measurements that two people do not share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import Codebook
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.records import Records, person_number

#: Two people may share a few measurements, not as many as this.
LEAST_EQUAL = 6
#: A measurement tells people apart when it has so many values.
LEAST_VALUES = 10
#: Where more rows than this have a double, the table is made of few values by nature.
MOST_SHARE = 0.05


def find_twins(records: Records, codebook: Codebook) -> Iterator[Finding]:
    """TB124 for patients who stand in two sources; `records` before rows of one patient are merged."""
    sources = pd.factorize(records.ids["source"])[0]
    if not sources.any():
        return
    person = person_number(records.ids).to_numpy()
    if codebook.id_scope == "global":
        pairs = pd.DataFrame({"person": person, "source": sources}).drop_duplicates()
        n = int((pairs["person"].value_counts() > 1).sum())
        if n:
            evidence = f"{counted(n, 'patient')} with rows in two sources or more (ids are global)"
            yield finding(
                "TB124", evidence, count=n, remedy="one patient in every fold; say which centre counts, with repeats:"
            )
        return
    n = _equal_across(records, person, sources)
    if 0 < n <= MOST_SHARE * len(records):
        evidence = f"{counted(n, 'row')} of one source equal a row of another in {LEAST_EQUAL} measurements or more"
        yield finding("TB124", evidence, count=n)


def _equal_across(records: Records, person: NDArray[np.int64], sources: NDArray[np.int64]) -> int:
    """Rows that equal a row of another source in every measurement, of which enough are filled."""
    telling = [n for n in records.values if _tells(records.values[n], sources)]
    values = records.values[telling]
    enough = values.notna().sum(axis=1).to_numpy() >= LEAST_EQUAL
    rows = np.flatnonzero(enough)
    if len(telling) < LEAST_EQUAL or not len(rows):
        return 0
    keys = pd.util.hash_pandas_object(values.iloc[rows].astype("Float64").astype("float64"), index=False).to_numpy()
    table = pd.DataFrame({"key": keys, "source": sources[rows], "person": person[rows]})
    n_sources = table.groupby("key")["source"].transform("nunique")
    return int((n_sources > 1).sum() - table[n_sources > 1].drop_duplicates("key").shape[0])


def _tells(values: pd.Series, sources: NDArray[np.int64]) -> bool:
    """Whether a variable is a measurement of many values that every source has."""
    if values.dtype not in ("Float64", "Int64") or values.nunique() < LEAST_VALUES:
        return False
    return set(np.unique(sources[values.notna().to_numpy()])) == set(np.unique(sources))
