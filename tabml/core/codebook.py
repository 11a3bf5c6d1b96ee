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


Aggregate = Literal["first", "last", "last_before_index", "mean", "max", "min", "count"]


class IdColumn(CodebookNode):
    column: str
    rule: Literal["as_is", "digits", "exact"] = "as_is"
    """`as_is` ignores case and leading zeros, `digits` all but digits ("P 0012" = 12), `exact` nothing."""
    fill_down: bool | None = None
    """The id stands on a patient's first row only and holds for the rows below it, up to the next blank or totals
    row. Unset: asked where the file looks like it (TB125)."""


class Join(CodebookNode):
    """This source adds columns to the patients of another one; it may never multiply them."""

    to: str
    on: str
    rule: Literal["as_is", "digits", "exact"] = "as_is"
    expect: Literal["one_to_one", "many_to_one"] = "one_to_one"


class Repeats(CodebookNode):
    """What happens to several rows of one id."""

    exact: Literal["merge", "keep"] = "merge"
    conflict: Literal["most_complete", "latest", "missing", "ask", "visits"] = "ask"
    """`visits`: the rows are repeated measurements and are all kept."""


class Source(CodebookNode):
    """One table (a csv file, or one sheet of a workbook), or several of one kind read below each other."""

    file: str | tuple[str, ...]
    """Base name; a list, or `*` for any text, names several files that are stacked."""
    sha256: str | None = None
    sheet: str | tuple[str, ...] | None = None
    """A list, or `*` for any text, names several sheets that are stacked."""
    table: str | None = None
    """Which table of a sheet that holds several: its range (`B3:F40`) or its number from 1."""
    other_sheets: dict[str, str] = Field(default_factory=dict)
    """Sheets of the same file that are no source, and tables of a sheet (`Data!B3:F40`), with the reason."""
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
    date: str | None = None
    """Column with the date of each row, where rows are visits or measurements: orders them for `aggregate`."""
    repeats: Repeats = Repeats()
    join: Join | None = None
    identifiers: tuple[str, ...] = ()
    """Columns that identify people: never written anywhere, may feed an expression."""
    unused: dict[str, str] = Field(default_factory=dict)
    """Column -> reason."""

    @property
    def files(self) -> tuple[str, ...]:
        return (self.file,) if isinstance(self.file, str) else self.file

    @property
    def sheets(self) -> tuple[str, ...]:
        """Names or patterns of the sheets; empty where the source does not say."""
        if self.sheet is None:
            return ()
        return (self.sheet,) if isinstance(self.sheet, str) else self.sheet

    @property
    def is_stack(self) -> bool:
        """Whether the source may be several files or sheets."""
        names = (*self.files, *self.sheets)
        return len(self.files) > 1 or len(self.sheets) > 1 or any("*" in name for name in names)

    @property
    def place(self) -> str:
        """What the codebook calls the source's place, for messages."""
        files = ", ".join(self.files)
        return f"{files}, sheet {', '.join(self.sheets)}" if self.sheets else files


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
    decimal: Literal[".", ","] | None = None
    """This column's decimal sign, where it is not the source's."""
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Only rows in which these columns hold one of these texts: `{Analyte: [Hb, Hemoglobin]}`."""
    aggregate: Aggregate | None = None
    """How several rows of a patient become one value. A baseline variable takes rows up to the index date only."""
    within_days: int | None = Field(None, ge=0)
    """Only rows at most so many days before the index date."""
    unit_column: str | None = None
    """Column with the unit of each row; `unit` holds where it is blank."""
    status: Status = "proposed"
    score: float | None = Field(None, ge=0, le=1)
    evidence: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> ColumnMapping:
        ways = [w for w in (self.column, self.constant, self.expr) if w is not None]
        if self.status not in ("absent", "rejected") and len(ways) != 1:
            raise ValueError("needs exactly one of column, constant and expr (or status: absent)")
        if self.within_days is not None and self.aggregate is None:
            raise ValueError("within_days needs an aggregate")
        return self

    def is_doubtful(self, accept_score: float) -> bool:
        """Whether a person must look at it: proposed, and less sure than that. Without a score a person wrote it."""
        return self.status == "proposed" and self.score is not None and self.score < accept_score

    @property
    def is_long(self) -> bool:
        """Whether the value is picked from a patient's rows."""
        return self.aggregate is not None or bool(self.where)

    @property
    def row_headers(self) -> tuple[str, ...]:
        """Columns that say which rows count and in what unit they are."""
        return (*self.where, *((self.unit_column,) if self.unit_column is not None else ()))


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
