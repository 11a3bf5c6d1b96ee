"""Long tables: rows that are measurements of a patient, or endpoints stacked below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tabml.ingest.identity import normalise_ids
from tabml.ingest.layout import Table
from tabml.ingest.read import Column
from tabml.ingest.units import canonical_unit
from tabml.ingest.values import fold, parse_number, read_date

SAMPLE = 20_000
#: Patients of a long table have at least so many rows on average.
LEAST_ROWS = 1.5
MOST_TESTS = 400
_TEST = (
    "analyte test parameter component measurement lab labtest lab_test investigation item observation analysis test_name name code "
    "analyse prøve parameter komponent undersøkelse undersökning analys prov undersøgelse tutkimus koe mittaus "
    "analyt messgröße laborwert untersuchung bezeichnung analito prueba determinación parámetro 项目 检验项目 指标"
)
_VALUE = (
    "value result results val numeric_value measurement_value verdi resultat svar värde værdi tulos arvo wert ergebnis messwert "
    "befund valor resultado 结果 数值 值"
)
_UNIT = "unit units uom enhet enhed yksikkö einheit unidad unidades 单位"
_ENDPOINT = (
    "endpoint event_type eventtype etype outcome_type endpoint_type endepunkt hendelse utfall utfallstyp hændelse päätetapahtuma "
    "endpunkt ereignis ereignistyp evento tipo_evento desenlace 终点 事件类型"
)


@dataclass(frozen=True)
class LongShape:
    """A laboratory table's columns by what they are. `tests`: the texts of the test column with their rows."""

    patient: str
    test: str
    value: str
    date: str | None
    unit: str | None
    tests: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class StackedEndpoints:
    """Endpoints as rows: each patient has one row for each text of `column`."""

    patient: str
    column: str
    endpoints: tuple[str, ...]


def long_shape(table: Table, patient: str) -> LongShape | None:
    """The columns of a laboratory table (patient, date, test, value, unit), or None of any other.

    `patient`: header of the id column. Test and value are told by their headers, by few texts that come again
    and again beside numbers, and by ids that do so too.
    """
    if not _repeats(table, patient):
        return None
    others = [h for h in table.headers if h != table.headers[table.position(patient)]]
    test = _named(others, _TEST) or _named(others, _ENDPOINT)
    value = _named(others, _VALUE)
    if test is None or value is None or test == value:
        return None
    texts = _sample(table, test).counts()
    if not 2 <= len(texts) <= MOST_TESTS or _share_of_numbers(_sample(table, value)) < 0.5:
        return None
    return LongShape(
        patient=patient,
        test=test,
        value=value,
        date=next((h for h in others if h not in (test, value) and _is_date(_sample(table, h))), None),
        unit=_named(others, _UNIT) or next((h for h in others if h not in (test, value) and _is_unit(_sample(table, h))), None),
        tests=tuple(sorted(texts.items(), key=lambda item: -item[1])),
    )  # fmt: skip


def stacked_endpoints(table: Table, patient: str) -> StackedEndpoints | None:
    """The endpoint column of a table in which every patient has one row for each of a few endpoints; else None."""
    others = [h for h in table.headers if h != table.headers[table.position(patient)]]
    column = _named(others, _ENDPOINT)
    if column is None or not _repeats(table, patient):
        return None
    cells, ids = _sample(table, column), normalise_ids(_sample(table, patient)).to_list()
    texts = cells.counts()
    pairs = list(zip(ids, cells.to_list(), strict=True))
    if not 2 <= len(texts) <= 10 or len(set(pairs)) < 0.98 * len(pairs):
        return None
    return StackedEndpoints(patient, column, tuple(texts))


def _sample(table: Table, header: str) -> Column:
    return table.column(header).slice(0, SAMPLE)


def _repeats(table: Table, patient: str) -> bool:
    ids = normalise_ids(_sample(table, patient))
    return ids.n_filled >= LEAST_ROWS * max(1, ids.n_distinct)


def _named(headers: Sequence[str], words: str) -> str | None:
    """The header that is one of the words, else the only one that begins or ends with one."""
    known = {fold(word.replace("_", " ")) for word in words.split()}
    leaves = {h: fold(h.rsplit(" / ", 1)[-1].replace("_", " ")) for h in headers}
    exact = [h for h, leaf in leaves.items() if leaf in known]
    if exact:
        return exact[0]
    parts = [h for h, leaf in leaves.items() if {*leaf.split()[:1], *leaf.split()[-1:]} & known]
    return parts[0] if len(parts) == 1 else None


def _share_of_numbers(cells: Column) -> float:
    texts = cells.counts()
    numbers = sum(n for t, n in texts.items() if parse_number(t, ".") is not None or parse_number(t, ",") is not None)
    return numbers / max(1, cells.n_filled)


def _is_date(cells: Column) -> bool:
    if cells.n_filled and np.mean(cells.is_kind("date", "moment")[cells.filled]) > 0.8:
        return True
    texts = list(cells.counts())[:200]
    read = [t for t in texts if any(c in t for c in "-./") and read_date(t).fault in (None, "order")]
    return len(read) > 0.8 * max(1, len(texts)) and bool(texts)


def _is_unit(cells: Column) -> bool:
    texts = list(cells.counts())[:50]
    return bool(texts) and sum(canonical_unit(t) is not None for t in texts) > 0.7 * len(texts)
