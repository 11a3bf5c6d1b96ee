"""The ids of a source's rows: filled down where they stand on first rows only, normalised, their doubts named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, Source
from tabml.core.errors import QuestionError
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.identity import normalise_id, normalise_ids
from tabml.ingest.read import Column
from tabml.ingest.source_table import SourceTable

#: Excel keeps 15 digits of a number: longer ids stored as numbers have lost their end.
EXCEL_DIGITS = 1e15
#: From this share of rows without an id, below rows that have one, the id stands on first rows only.
FIRST_ROWS_SHARE = 0.2
#: An id as a spreadsheet program abbreviates a long number.
_SCIENTIFIC = r"^[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+$"


def id_table(at: SourceTable, codebook: Codebook) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The ids table; a source that states no id takes each row as one patient."""
    source = at.source
    column, rule = id_column(source)
    n = len(at)
    scope = "" if codebook.id_scope == "global" else at.name
    if column is None:
        made, shown = (pa.array([form.format(number) for number in at.row_numbers]) for form in ("row {:09d}", "{}"))
        ids = _id_table(at.name, at.name, made, shown, np.zeros(n, dtype=bool))
        return ids, (
            finding(
                "TB108", f"{at.place} has no id column: each of its {counted(n, 'row')} is one patient", source=at.name
            ),
        )
    cells = at.column(column)
    findings: list[Finding] = []
    if source.id is not None and source.id.fill_down:
        cells, n_filled = filled_down(cells, at.blocks)
        if n_filled:
            evidence = (
                f"the id {column!r} of {at.place} stands on first rows only: {counted(n_filled, 'row')} filled down"
            )
            findings.append(finding("TB125", evidence, count=n_filled, source=at.name, severity="info"))
    normal = normalise_ids(cells, rule)
    ids = _id_table(at.name, scope, normal.to_arrow(), cells.to_arrow(), normal.filled)
    return ids, (*findings, *_id_findings(at, column, cells, normal, rule))


def _id_table(source: str, scope: str, ids: pa.Array, shown: pa.Array, has_id: NDArray[np.bool_]) -> pd.DataFrame:
    texts = {k: pd.array(v.fill_null(""), dtype="string[pyarrow]") for k, v in (("id", ids), ("shown", shown))}
    names = {k: np.full(len(ids), v, dtype=object) for k, v in (("source", source), ("scope", scope))}
    return pd.DataFrame({**names, **texts, "has_id": has_id}, copy=False)


def _id_findings(at: SourceTable, column: str, cells: Column, normal: Column, rule: str) -> Iterator[Finding]:
    n_ids = normal.n_distinct
    collisions = cells.where(normal.filled).n_distinct - n_ids if n_ids < normal.n_filled else 0
    if collisions:
        reasons = ", ".join(_why_equal(cells.distinct, rule))
        evidence = (
            f"{counted(collisions, 'id')} of {column!r} ({at.name}) written differently but counted as equal: {reasons}"
        )
        yield finding("TB126", evidence, count=collisions, source=at.name)
    # Parquet, SPSS and the like hold long whole numbers as they are; only a workbook cuts them
    is_workbook = any(part.table.sheet.sheet is not None for part in at.parts)
    numbers = cells.where(cells.is_kind("number")).counts().items() if is_workbook else []
    long = sum(n for text, n in numbers if abs(float(text)) >= EXCEL_DIGITS)
    if long:
        evidence = (
            f"{counted(long, 'id')} of {column!r} ({at.name}): numbers of more than 15 digits, Excel cut their end"
        )
        yield finding("TB126", evidence, count=long, source=at.name)
    yield from _abbreviated(at, column, cells)


def _why_equal(texts: list[str], rule: str) -> list[str]:
    """What two ids that count as equal differ in, most often first."""
    groups: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        groups.setdefault(normalise_id(text, rule), []).append(text)
    found: dict[str, int] = {}
    for same in groups.values():
        for text in same[1:] if len(same) > 1 else ():
            reason = next(why for why, form in _FORMS.items() if form(text) == form(same[0]))
            found[reason] = found.get(reason, 0) + 1
    return [f"{reason} ({n})" for reason, n in sorted(found.items(), key=lambda item: -item[1])]


#: Why two spellings are one id -> the form in which they agree.
_FORMS: dict[str, Callable[[str], str]] = {
    "upper and lower case": lambda text: text.casefold(),
    "leading zeros, as 007 and 7": lambda text: text.casefold().lstrip("0"),
    "decimals, as 7.0 and 7": lambda text: text.casefold().lstrip("0").split(".")[0],
    "characters that the id rule leaves out": lambda _: "",
}


def _abbreviated(at: SourceTable, column: str, cells: Column) -> Iterator[Finding]:
    """Ids such as 1.23E+11 among numbers: a spreadsheet program wrote a long number short, its end is lost."""
    texts = cells.arrow_distinct
    short = pc.match_substring_regex(texts, _SCIENTIFIC).to_numpy(zero_copy_only=False)
    others = texts.filter(pa.array(~short))
    n = int(np.count_nonzero(cells.spread(short, False)))
    has_decimals = short.any() and pc.any(pc.match_substring_regex(texts.filter(pa.array(short)), "[.,]")).as_py()
    # Where other ids hold letters, 1e5 is one of them.
    if n and (has_decimals or pc.all(pc.match_substring_regex(others, r"^[0-9]*$")).as_py()):
        evidence = (
            f"{counted(n, 'id')} of {column!r} ({at.name}) written as 1.2E+11: the last digits of the number are lost"
        )
        yield finding("TB126", evidence, count=n, source=at.name, remedy="export the id as text from the first program")


def id_column(source: Source) -> tuple[str | None, str]:
    """The column that holds a source's ids, and the rule by which they are compared."""
    if source.id is not None:
        return source.id.column, source.id.rule
    return (source.join.on, source.join.rule) if source.join is not None else (None, "as_is")


def filled_down(cells: Column, blocks: NDArray[np.int64]) -> tuple[Column, int]:
    """Empty cells filled from the last filled one of their block, and how many were."""
    filled = cells.filled
    last = np.maximum.accumulate(np.where(filled, np.arange(len(cells)), -1))
    known = (last >= 0) & (blocks[last] == blocks)
    texts = cells.to_arrow().take(pa.array(last, mask=~known))
    kinds = None if cells.kinds is None else cells.kinds[last]
    return Column.of_texts(texts, kinds), int(np.count_nonzero(known & ~filled))


def settle_first_rows(
    tables: Mapping[str, SourceTable], *, yes: bool
) -> tuple[dict[str, SourceTable], tuple[Finding, ...]]:
    """Where ids seem to stand on first rows only and the codebook says nothing: asked, or with `yes` filled down (TB125)."""
    doubtful = {name: n for name, at in tables.items() if (n := _rows_below_their_id(at))}
    if doubtful and not yes:
        raise QuestionError(
            "ids that stand on the first row of a patient only",
            questions=[
                f"source {name!r}: do {counted(n, 'row')} without an id belong to the id above? In the codebook set "
                f"sources.{name}.id.fill_down to true or false"
                for name, n in doubtful.items()
            ],
            hint="or --yes: they are filled down",
        )
    settled = dict(tables)
    findings = []
    for name, n in doubtful.items():
        at = tables[name]
        assert at.source.id is not None
        node = at.source.id.model_copy(update={"fill_down": True})
        settled[name] = replace(at, source=at.source.model_copy(update={"id": node}))
        evidence = (
            f"{counted(n, 'row')} of {at.place} have no id of their own: taken for the patient above, not confirmed"
        )
        findings.append(finding("TB125", evidence, count=n, source=name))
    return settled, tuple(findings)


def _rows_below_their_id(at: SourceTable) -> int:
    """Rows without an id that stand below one that has it, where they are many; 0 where the codebook has decided."""
    if at.source.id is None or at.source.id.fill_down is not None:
        return 0
    cells = at.column(at.source.id.column)
    n = len(at) - cells.n_filled
    if n < FIRST_ROWS_SHARE * len(at) or n < 2:
        return 0
    return filled_down(cells, at.blocks)[1]
