"""The codebook: how each source's columns become the cohort's variables.

A reviewed codebook is the whole truth about the exports: with it nothing is guessed. data.md section 2
describes the file; `ingest/codebook_file.py` reads and writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tabml.core.cohort import Kind, Role, Timing, Variable

Status = Literal["proposed", "accepted", "edited", "rejected", "absent"]


class CodebookNode(BaseModel):
    """Frozen, extra keys refused; a number written where text is meant (recode keys) becomes text."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, populate_by_name=True, use_attribute_docstrings=True
    )


class IdColumn(CodebookNode):
    column: str
    rule: Literal["as_is", "digits"] = "as_is"
    """`digits` compares numbers: "0012" = 12."""


class Join(CodebookNode):
    """This source adds columns to the patients of another one; it may never multiply them."""

    to: str
    on: str
    rule: Literal["as_is", "digits"] = "as_is"
    expect: Literal["one_to_one", "many_to_one"] = "one_to_one"


class Repeats(CodebookNode):
    """What happens to several rows of one id."""

    exact: Literal["merge", "keep"] = "merge"
    conflict: Literal["most_complete", "latest", "missing", "ask", "visits"] = "ask"
    """`visits`: the rows are repeated measurements and are all kept."""


class Source(CodebookNode):
    """One table: a csv file, or one sheet of a workbook."""

    file: str
    sha256: str | None = None
    sheet: str | None = None
    other_sheets: dict[str, str] = Field(default_factory=dict)
    """Sheets of the same file that are no source, with the reason."""
    encoding: str | None = None
    delimiter: str | None = None
    header_rows: tuple[int, ...] = ()
    """Row numbers from 1; several are joined with ` / `. Empty: found by rule."""
    data_rows: tuple[int, int] | None = None
    set_aside: dict[str, str] = Field(default_factory=dict)
    """Row number -> reason (totals, blank, title)."""
    missing: tuple[str, ...] = ()
    """Cell texts that mean missing, besides the empty cell."""
    decimal: Literal[".", ","] = "."
    dates: Literal["dmy", "mdy", "ymd"] | None = None
    century: int | None = None
    """Two-digit years are read as the latest year at or before this one: 85 with 1999 is 1985."""
    id: IdColumn | None = None
    repeats: Repeats = Repeats()
    join: Join | None = None
    identifiers: tuple[str, ...] = ()
    """Columns that identify people: never written anywhere, may feed an expression."""
    unused: dict[str, str] = Field(default_factory=dict)
    """Column -> reason."""


class ColumnMapping(CodebookNode):
    """How one source fills one variable: exactly one of column, constant and expr, or status absent."""

    column: str | None = None
    constant: str | None = None
    expr: str | None = None
    unit: str | None = None
    analyte: str | None = None
    """Names the molar factor when the units differ in amount of substance, e.g. cholesterol."""
    recode: dict[str, str | None] = Field(default_factory=dict)
    """Cell text -> level code; compared after strip, NFC and casefold. `null` means missing."""
    missing: tuple[str, ...] = ()
    """Cell texts that mean missing in this column only, such as 0."""
    status: Status = "proposed"
    score: float | None = Field(None, ge=0, le=1)
    evidence: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> ColumnMapping:
        ways = [w for w in (self.column, self.constant, self.expr) if w is not None]
        if self.status not in ("absent", "rejected") and len(ways) != 1:
            raise ValueError("needs exactly one of column, constant and expr (or status: absent)")
        return self


class VariableSpec(CodebookNode):
    """One variable of the cohort and the columns that fill it."""

    kind: Kind
    label: str = ""
    unit: str | None = None
    levels: dict[str, str] = Field(default_factory=dict)
    ordered: bool = False
    range: tuple[float, float] | None = None
    outside: Literal["keep", "missing"] = "keep"
    decimals: int | None = Field(None, ge=0, le=12)
    role: Role = "feature"
    timing: Timing = "baseline"
    block: str = "clinical"
    note: str | None = None
    from_: dict[str, ColumnMapping] = Field(default_factory=dict, alias="from")

    def variable(self, name: str) -> Variable:
        """The record the cohort carries."""
        return Variable(
            name=name, kind=self.kind, role=self.role, label=self.label, unit=self.unit, levels=dict(self.levels),
            ordered=self.ordered, range=self.range, decimals=self.decimals, timing=self.timing, block=self.block,
        )  # fmt: skip


class Codebook(CodebookNode):
    """Sources and variables of one study."""

    codebook: Literal[1] = 1
    title: str = ""
    id_scope: Literal["source", "global"] = "source"
    """`source`: an id means a patient only within its source; `global`: ids are the same everywhere."""
    sources: dict[str, Source]
    variables: dict[str, VariableSpec]

    def mappings(self, source: str) -> Iterator[tuple[str, VariableSpec, ColumnMapping]]:
        """(variable name, its spec, its mapping) for every variable this source fills."""
        for name, spec in self.variables.items():
            mapping = spec.from_.get(source)
            if mapping is not None and mapping.status not in ("absent", "rejected"):
                yield name, spec, mapping

    def base_sources(self) -> tuple[str, ...]:
        """Sources whose rows are patients; the others join to one of them."""
        return tuple(n for n, s in self.sources.items() if s.join is None)
