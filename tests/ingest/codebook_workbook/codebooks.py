"""Codebooks drawn at random, with everything that a spreadsheet likes to spoil in their texts."""

from __future__ import annotations

from hypothesis import strategies as st
from pydantic import ValidationError

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Join, Repeats, Source, VariableSpec
from tabml.core.errors import ConfigError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook

SPOILED = ("0012", "-9", "0-4", "=1+1", "+1", "@SUM(A1)", "1e5", "01.02.2020", "TRUE", "no", "null", "(missing)", "a = b", "x; y",
           '"q"', " blank ", "Größe\nin cm", "Chol. [mmol/l]", "男", "_x0041_", "{a}", "[1]", "(rare, 2 levels)", "http://a.b", "1,5",
           "Cafe\u0301", "Caf\u00e9", "")  # fmt: skip
texts = st.sampled_from(SPOILED) | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
words = texts.filter(bool)
optional = st.none() | words


def small_dict(values):
    return st.dictionaries(texts, values, max_size=4)


several = st.lists(words, min_size=2, max_size=3, unique=True).map(tuple)
sources = st.builds(
    Source, file=words | several, sha256=optional, sheet=optional | several,
    table=st.sampled_from([None, "B3:F40", "2"]), date=optional, other_sheets=small_dict(texts), encoding=optional,
    delimiter=st.sampled_from([None, ";", ",", "\t"]), header_rows=st.lists(st.integers(1, 9), max_size=2).map(tuple),
    data_rows=st.none() | st.tuples(st.integers(1, 9), st.integers(10, 99)), set_aside=small_dict(texts),
    missing=st.lists(texts, max_size=3).map(tuple), decimal=st.sampled_from([".", ","]),
    dates=st.sampled_from([None, "dmy", "mdy", "ymd"]), century=st.none() | st.integers(1900, 2030),
    id=st.none() | st.builds(IdColumn, column=words, rule=st.sampled_from(["as_is", "digits", "exact"]),
                             fill_down=st.sampled_from([None, True, False])),
    repeats=st.builds(Repeats, conflict=st.sampled_from(["ask", "latest", "visits"])),
    join=st.none() | st.builds(Join, to=words, on=words), identifiers=st.lists(words, max_size=2, unique=True).map(tuple),
    unused=small_dict(texts),
)  # fmt: skip
mappings = st.builds(
    ColumnMapping, column=words, where=small_dict(words | several),
    aggregate=st.sampled_from([None, "first", "mean", "count", "last_before_index"]), unit_column=optional, unit=optional, analyte=optional, recode=small_dict(st.none() | texts),
    missing=st.lists(texts, max_size=2).map(tuple), status=st.sampled_from(["proposed", "accepted", "edited", "rejected"]),
    score=st.none() | st.floats(0, 1), evidence=optional, note=optional,
)  # fmt: skip
variables = st.builds(
    VariableSpec, kind=st.sampled_from(["number", "integer", "boolean", "category", "date", "text"]), label=texts, unit=optional,
    levels=small_dict(texts), ordered=st.booleans(),
    range=st.none() | st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6) | st.integers(0, 500)),
    outside=st.sampled_from(["keep", "missing"]), decimals=st.none() | st.integers(0, 12),
    role=st.sampled_from(["feature", "outcome", "sibling", "unused"]), timing=st.sampled_from(["baseline", "later", "unknown"]),
    note=optional,
)  # fmt: skip


@st.composite
def codebooks(draw) -> Codebook:
    """A codebook that the loader takes: names that must exist do, codes are levels, joins lead somewhere."""
    tables = draw(st.dictionaries(words, sources, min_size=1, max_size=3))
    filled = {
        name: spec.model_copy(
            update={"from_": draw(st.dictionaries(st.sampled_from(list(tables)), mappings, max_size=3))}
        )
        for name, spec in draw(st.dictionaries(words, variables, max_size=4)).items()
    }
    tables = {n: t.model_copy(update={"join": None, "identifiers": ()}) for n, t in tables.items()}
    filled = {n: _lawful(spec) for n, spec in filled.items()}
    book = Codebook(
        title=draw(texts), id_scope=draw(st.sampled_from(["source", "global"])), sources=tables, variables=filled
    )
    try:
        return parse_codebook(dump_codebook(book))
    except (ConfigError, ValidationError):
        from hypothesis import reject

        reject()


def _lawful(spec: VariableSpec) -> VariableSpec:
    """Recodes lead to levels, and to 0 or 1 of a boolean."""
    codes = (
        ["0", "1"] if spec.kind == "boolean" else list(spec.levels) if spec.kind == "category" and spec.levels else []
    )

    def lawful(recode: dict[str, str | None]) -> dict[str, str | None]:
        return {t: c if c is None or not codes else codes[len(c) % len(codes)] for t, c in recode.items()}

    return spec.model_copy(
        update={"from_": {s: m.model_copy(update={"recode": lawful(m.recode)}) for s, m in spec.from_.items()}}
    )
