"""The words a spreadsheet program writes for an error; exports as text carry them in the program's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabml.ingest.read.column import Column
from tabml.ingest.read.records import address

#: As a workbook stores them.
ERROR_WORDS = frozenset(
    (
        "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA",
        "#FIELD!", "#BLOCKED!", "#UNKNOWN!",
    )
)  # fmt: skip
ADDRESSES_KEPT = 100
#: Excel in nb, da, sv, fi, de, fr and es.
_LOCAL: Mapping[str, str] = {
    "#N/A": "#I/T #SAKNAS! #PUUTTUU! #NV #N/D",
    "#DIV/0!": "#DIVISION/0! #JAKO/0! #¡DIV/0!",
    "#VALUE!": "#VERDI! #VÆRDI! #VÄRDEFEL! #ARVO! #WERT! #VALEUR! #¡VALOR!",
    "#REF!": "#REFERENCE! #REFERENS! #VIITTAUS! #BEZUG! #¡REF!",
    "#NAME?": "#NAVN? #NAMN? #NIMI? #NOM? #¿NOMBRE?",
    "#NUM!": "#OGILTIGT! #LUKU! #ZAHL! #NOMBRE! #¡NUM!",
    "#NULL!": "#SKÄRNING! #TYHJÄ! #NUL! #¡NULO!",
}
_IN_TEXT = {w: w for w in ERROR_WORDS} | {local: word for word, names in _LOCAL.items() for local in names.split()}
_WORDS = pa.array(sorted(_IN_TEXT), pa.string())


def without_errors(columns: Sequence[Column]) -> tuple[tuple[Column, ...], dict[str, int], tuple[str, ...]]:
    """Columns of a text file with error words emptied; how many of each there were, and where."""
    kept, counts, places = [], Counter[str](), []
    for number, column in enumerate(columns, start=1):
        is_error = np.asarray(pc.is_in(column.arrow_distinct, value_set=_WORDS.cast(column.arrow_distinct.type)))
        if not is_error.any():
            kept.append(column)
            continue
        cells = column.spread(is_error, False)
        for text, n in column.where(cells).counts().items():
            counts[_IN_TEXT[text]] += n
        places += [(row + 1, number) for row in np.flatnonzero(cells).tolist()]
        kept.append(column.where(~cells))
    shown = tuple(address(row, number) for row, number in sorted(places)[:ADDRESSES_KEPT])
    return tuple(kept), dict(sorted(counts.items())), shown
