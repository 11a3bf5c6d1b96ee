"""The cohort: one row per patient (or visit), typed, with what every column means and where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NewType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.demographics import SEX_WORDS, words_of
from tabml.core.digest import table_bytes
from tabml.core.findings import Finding

PatientId = NewType("PatientId", str)
ColumnName = NewType("ColumnName", str)

Kind = Literal["id", "number", "integer", "boolean", "category", "date", "text"]
Role = Literal[
    "patient_id", "centre", "index_date", "visit", "feature", "outcome", "time", "event", "entry", "sibling",
    "score", "treatment", "subgroup", "weight", "offset", "group", "identifier", "unused",
]  # fmt: skip
Timing = Literal["baseline", "later", "outcome", "unknown"]

#: The dtype of each kind in `Cohort.frame`; missing is NA everywhere.
DTYPES: dict[str, str] = {
    "number": "Float64", "integer": "Int64", "boolean": "boolean", "category": "category", "date": "datetime64[ns]",
    "text": "string", "id": "string",
}  # fmt: skip


#: UCUM codes that nobody says aloud.
UNIT_TEXT = {"a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "mm[Hg]": "mmHg", "[lb_av]": "lb",
             "[in_i]": "in", "Cel": "°C", "[pH]": "pH"}  # fmt: skip


def unit_text(unit: str) -> str:
    """A UCUM unit as a reader knows it.

    >>> unit_text("mm[Hg]"), unit_text("a"), unit_text("mg/dL")
    ('mmHg', 'years', 'mg/dL')
    """
    return UNIT_TEXT.get(unit, unit)


@dataclass(frozen=True)
class Variable:
    """What one column of the cohort means. `levels` maps category codes (text) to labels."""

    name: str
    kind: Kind
    role: Role = "feature"
    label: str = ""
    unit: str | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    range: tuple[float, float] | None = None
    decimals: int | None = None
    timing: Timing = "baseline"
    block: str = "clinical"

    @property
    def two_words(self) -> tuple[str, str]:
        """What false and true are called: no and yes, or the codes of a sex, which is no yes/no."""
        words = set(words_of(self.name))
        return ("0", "1") if words and words <= SEX_WORDS else ("no", "yes")

    @property
    def title(self) -> str:
        """Label and unit as a reader sees them, e.g. `cholesterol (mg/dL)`."""
        name = self.label or self.name
        return f"{name} ({unit_text(self.unit)})" if self.unit and self.unit != "1" else name

    def show(self, value: Any) -> str:
        """One value in words: the level's label, `yes`/`no`, or the number with its decimals."""
        if value is None or value is pd.NA or value != value:
            return "missing"
        if self.kind == "boolean":
            return self.two_words[int(bool(value))]
        if self.kind == "category":
            return self.levels.get(str(value), str(value))
        if self.kind == "date":
            return str(pd.Timestamp(value).date())
        if self.kind in ("number", "integer"):
            return f"{float(value):.{self.decimals}f}" if self.decimals is not None else f"{float(value):g}"
        return str(value)


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow diagram: what happened to `rows` rows (or patients), and why.

    `kind` is `count` (a box on the main line) or `aside` (rows that left, with their reason).
    """

    label: str
    rows: int
    kind: Literal["count", "aside"] = "count"
    source: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Provenance:
    """Where every cell came from; written to `provenance/` as parquet, one table per field.

    - `sources`: source, file, sha256, sheet, encoding, confidence, header_rows, rows, offset, moved: one line per
      table. A stacked source has several; `offset` is added to the row numbers of each, and `moved` (JSON) gives the
      letter of columns that stand elsewhere than in the first
    - `rules`: rule (int), variable, source, column (letter), header, unit_step, expr, recode, rows (how several rows
      of a patient become one value)
    - `cells`: one row per cohort row; `source` is the patients' own table (position in `sources`), `row` the absolute
      row number in its file (1 = first; plus the table's offset), `{joined}.row` that in a table joined to it (-1 = none);
      `{variable}@{source}` the row of a value picked from a long table (-1 = none; -2, -3, ... = set 0, 1, ...)
    - `exceptions`: cohort row, variable, source, rows (text), action: merged duplicates and conflicts
    - `rowsets`: source, set (int), row: the rows behind values made from several
    """

    sources: pd.DataFrame
    rules: pd.DataFrame
    cells: pd.DataFrame
    exceptions: pd.DataFrame
    rowsets: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["source", "set", "row"]))

    def rows_in(self, source: str) -> NDArray[np.int32]:
        """Row number of every cohort row in one source's file, -1 where it has none: (n_rows,)."""
        if f"{source}.row" in self.cells:
            return self.cells[f"{source}.row"].to_numpy(dtype=np.int32)
        position = np.flatnonzero(self.sources["source"] == source)
        own = np.isin(self.cells["source"].to_numpy(), position)
        return np.where(own, self.cells["row"].to_numpy(), -1).astype(np.int32)

    def place_of(self, source: str, number: int) -> tuple[pd.Series, int]:
        """The line of `sources` a row number of one source lies in, and the row in that table's own file."""
        parts = self.sources[self.sources["source"] == source]
        part = parts[parts["offset"] < number].iloc[-1]
        return part, number - int(part["offset"])

    def rows_behind(self, row: int, variable: str, source: str) -> tuple[int, ...]:
        """Row numbers of one source behind one cell of the cohort: none, one, or all that an average was made from."""
        own = f"{variable}@{source}"
        number = int(self.cells[own].iloc[row]) if own in self.cells else int(self.rows_in(source)[row])
        if number >= 0:
            return (number,)
        mine = self.rowsets[(self.rowsets["source"] == source) & (self.rowsets["set"] == -2 - number)]
        return tuple(mine["row"].tolist())

    def rule_of(self, row: int, variable: str) -> int:
        """Position in `rules` of the rule that filled one cell of the cohort, -1 where none did.

        A variable has one rule for each source that fills it, and a row stands in one of these sources.
        """
        rules = self.rules[self.rules["variable"] == variable]
        pairs = zip(rules["rule"], rules["source"], strict=True)
        return next((int(rule) for rule, source in pairs if self.rows_behind(row, variable, source)), -1)


@dataclass(frozen=True)
class Cohort:
    """Harmonised patients.

    `frame`: index = row position, columns = `variables`, dtypes as in `DTYPES`. `rows`: one line per
    row of `frame`: `patient` (int position of the patient), `pseudonym` (16 base32 characters),
    `centre` (text or NA), `source` (text), `visit_date` (datetime or NaT), `group` (int: equal numbers
    may be one person and stay in one fold). Rows are ordered by (source name, normalised id).
    `flow` counts every row from file to patient. `raw_ids` (ids as the exports write them, by row) exists in memory
    only, for `--keep-ids` and the user's own prediction file; nothing else may read it.
    """

    frame: pd.DataFrame
    variables: Mapping[str, Variable]
    rows: pd.DataFrame
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    side: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    provenance: Provenance | None = None
    findings: tuple[Finding, ...] = ()
    flow: tuple[FlowStep, ...] = ()
    conflicts: pd.DataFrame | None = None
    raw_ids: tuple[str, ...] = field(default=(), repr=False)
    key_id: str = ""

    @property
    def n_patients(self) -> int:
        return int(self.rows["patient"].nunique())

    def with_role(self, *roles: Role) -> tuple[str, ...]:
        """Names of the variables that have one of these roles, in column order."""
        return tuple(n for n in self.frame.columns if self.variables[n].role in roles)

    def features(self) -> tuple[str, ...]:
        """Columns a model may see: role `feature`, `treatment` or `subgroup`, known at baseline."""
        return tuple(
            n for n in self.with_role("feature", "treatment", "subgroup") if self.variables[n].timing == "baseline"
        )

    @property
    def cohort_sha256(self) -> str:
        """Hash of frame, rows (without the pseudonym), blocks and side tables: depends on no key."""
        digest = hashlib.sha256()
        public_rows = self.rows.drop(columns=["pseudonym"], errors="ignore")
        side = {f"side {name}": self.side[name] for name in sorted(self.side)}
        for name, table in {"frame": self.frame, "rows": public_rows, **side}.items():
            digest.update(f"{len(name.encode())}:{name}:{len(table.columns)}:".encode())
            for part in table_bytes(table):
                digest.update(part)
        head = {n: asdict(v) for n, v in self.variables.items()}
        digest.update(
            json.dumps([head, {k: list(v) for k, v in self.blocks.items()}], sort_keys=True, default=str).encode()
        )
        return digest.hexdigest()
