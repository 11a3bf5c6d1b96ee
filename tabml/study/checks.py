"""Checks of new rows against what a model has seen: which cells are not believed, which rows to review or refuse."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.errors import DataError
from tabml.core.findings import Finding, finding
from tabml.core.privacy import SMALL_CELL
from tabml.core.wording import counted
from tabml.study.scale import refuse_other_unit
from tabml.study.schema import typed

if TYPE_CHECKING:
    from tabml.ingest.new_rows import NewRows

#: Rows with more than this share of the predictors missing get no number.
MOST_MISSING = 0.5
#: A column with more than this share of filled cells in unknown levels is coded in another way.
MOST_UNSEEN = 0.2
#: A value further beyond the training quantiles than this many times their distance is a slip, or nothing the model knows...
FAR_QUANTILES = 5.0
#: ...and so is one further beyond the limits than their own distance.
FAR_LIMITS = 1.0
REASONS = ("missing", "far_outside", "outside", "unseen_level", "imputed")
#: Variables named behind a reason; the rest are counted.
MOST_NAMED = 8

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Checked:
    """`frame`: what the model is given (n rows); `flag`, `reasons`: text (n,), such as `outside: chol; imputed: age, sex`."""

    frame: pd.DataFrame
    flag: NDArray[np.object_]
    reasons: NDArray[np.object_]
    findings: tuple[Finding, ...]


@dataclass
class _Notes:
    """Per reason and variable the rows it concerns, and the findings so far."""

    n: int
    place: str | None = None
    small_cell: int = SMALL_CELL
    rows: dict[str, dict[str, Mask]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def mark(self, reason: str, name: str, mask: Mask) -> None:
        of_reason = self.rows.setdefault(reason, {})
        of_reason[name] = of_reason.get(name, np.zeros(self.n, dtype=bool)) | mask

    def any(self, reason: str) -> Mask:
        """The rows a reason concerns, whatever the variable."""
        found = np.zeros(self.n, dtype=bool)
        for mask in self.rows.get(reason, {}).values():
            found = found | mask
        return found

    def words(self, reason: str, row: int) -> str:
        """A reason of one row with its variables; empty where it does not concern the row."""
        names = [name for name, mask in self.rows.get(reason, {}).items() if mask[row]]
        if not names:
            return ""
        more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
        return f"{reason}: {', '.join([*names[:MOST_NAMED], *more])}"


def check_rows(
    rows: NewRows,
    schema: Sequence[Mapping[str, Any]],
    *,
    small_cell: int = SMALL_CELL,
    judged: Collection[str] = (),
) -> Checked:
    """Compare rows with the schema.

    A value outside the limits and a level the model has never seen become missing (TB705, TB704); outside
    the training quantiles the value is used and the row is `review`, far outside either it is `refuse`. Missing where training never was:
    `review` (TB703). More than half of the predictors missing: `refuse`. Each reason names its variables; levels
    that fewer than `small_cell` rows hold are not printed. `judged`: variables whose limits ingest left to this check;
    what it could not believe all the same is no measurement.
    """
    frame = typed(rows.frame, schema)
    notes = _Notes(len(frame), rows.place or None, small_cell)
    read = _Reading(rows)
    for entry in schema:
        name = entry["name"]
        if entry["kind"] == "category" or entry["kind"] == "boolean":
            frame[name] = _known_levels(frame[name], entry, read, notes)
        elif entry["kind"] in ("number", "integer"):
            frame[name] = _inside(frame[name], entry, read, notes, is_judged=name in judged)
    never_missing = [e["name"] for e in schema if e["trained_missing"] == 0]
    for name in never_missing:
        _note_imputed(frame[name], name, notes)
    is_missing = frame.isna()
    too_many = (is_missing.mean(axis=1) > MOST_MISSING).to_numpy()
    for name in frame.columns:
        notes.mark("missing", name, is_missing[name].to_numpy() & too_many)
    notes.findings = [*read.others, *notes.findings]
    return _flagged(frame, notes)


class _Reading:
    """What ingest could not believe while it read (unknown levels, implausible values), by variable.

    Those findings are told again in the model's words (TB704, TB705); `others` stay as they are.
    """

    def __init__(self, rows: NewRows) -> None:
        self._frame, self._source, self._unread = rows.frame, rows.source, rows.unread
        self._position = {number: i for i, number in enumerate(rows.row_numbers)}
        kinds = {n: str(rows.frame[n].dtype) for n in rows.frame.columns}
        self._levels: dict[str, list[Finding]] = {}
        self._values: dict[str, list[Finding]] = {}
        self.others: list[Finding] = []
        for found in rows.findings:
            name = found.columns[0] if found.columns else ""
            if found.code == "TB110" and kinds.get(name) in ("category", "boolean"):
                self._levels.setdefault(name, []).append(found)
            elif found.code == "TB112" and name in kinds:
                self._values.setdefault(name, []).append(found)
            elif found.code == "TB110" and found.severity == "grave" and name in kinds:
                raise DataError(found.evidence, where=rows.place or None,
                                hint="write the column as numbers, or give a codebook for this file with --codebook")  # fmt: skip
            else:
                self.others.append(found)

    def texts_of(self, name: str, least: int) -> list[str]:
        """Texts that are no level of a variable and stand in at least so many rows, in order."""
        return sorted(text for text, n in self._unread.get(name, {}).items() if n >= least)

    def unknown_levels(self, name: str) -> tuple[int, Mask]:
        """How many cells held no level, and their rows as far as addresses were kept."""
        found = self._levels.get(name, [])
        return sum(f.count for f in found), self._rows(found)

    def implausible(self, name: str) -> Mask:
        """Rows whose value was made missing; one that the codebook keeps is left to the limits."""
        return self._rows(self._values.get(name, [])) & self._frame[name].isna().to_numpy()

    def _rows(self, findings: Sequence[Finding]) -> Mask:
        mask = np.zeros(len(self._frame), dtype=bool)
        for found in findings:
            numbers = [re.search(r"(\d+)$", place) for place in found.where if found.source == self._source]
            mask[[self._position[int(m[1])] for m in numbers if m and int(m[1]) in self._position]] = True
        return mask


def _known_levels(column: pd.Series, entry: Mapping[str, Any], read: _Reading, notes: _Notes) -> pd.Series:
    name = entry["name"]
    unread, unread_rows = read.unknown_levels(name)
    unseen = np.zeros(notes.n, dtype=bool)
    if entry["kind"] == "category":
        codes = column.astype("string")
        unseen = (codes.notna() & ~codes.isin(list(entry["levels"]))).fillna(False).to_numpy(dtype=bool)
    bad = int(unseen.sum()) + unread
    if not bad:
        return column
    filled = int(column.notna().sum()) + unread
    if bad > MOST_UNSEEN * filled:
        raise _coded_otherwise(column, unseen, entry, notes, read.texts_of(name, notes.small_cell))
    notes.findings.append(
        finding("TB704", f"{bad} of {counted(filled, 'cell')} of {name!r} {'holds' if bad == 1 else 'hold'} a level the model has never seen",
                columns=[name], count=bad)
    )  # fmt: skip
    notes.mark("unseen_level", name, unseen | unread_rows)
    return column.mask(unseen)


def _coded_otherwise(
    column: pd.Series, unseen: Mask, entry: Mapping[str, Any], notes: _Notes, unread: Sequence[str]
) -> DataError:
    counts = column[unseen].astype("string").value_counts()
    common = sorted({*unread, *(str(level) for level, n in counts.items() if n >= notes.small_cell)})
    own = f" {'/'.join(common[:6])}" if common else " in another way"
    known = "/".join(list(entry["levels"])[:6]) if entry["kind"] == "category" else "yes/no"
    return DataError(f"column {entry['name']!r} is coded{own}, the model knows {known}", where=notes.place,
                     hint="recode the column, or give a codebook for this file with --codebook")  # fmt: skip


def _inside(
    column: pd.Series, entry: Mapping[str, Any], read: _Reading, notes: _Notes, *, is_judged: bool
) -> pd.Series:
    name = entry["name"]
    refuse_other_unit(column.to_numpy(dtype=np.float64, na_value=np.nan), entry, notes.place)
    beyond, unread = _beyond(column, entry["limits"]), read.implausible(name)
    far = _far(column, entry) | (unread & is_judged)
    if far.any():
        bad = int(far.sum())
        evidence = (
            f"{counted(bad, 'value')} of {name!r} {'lies' if bad == 1 else 'lie'} far outside what training saw: "
        )
        evidence += "its row gets no number" if bad == 1 else "their rows get no number"
        notes.findings.append(finding("TB705", evidence, columns=[name], count=bad, remedy="correct the value"))
        notes.mark("far_outside", name, far)
    not_believed = (beyond | unread) & ~far
    if not_believed.any():
        bad = int(not_believed.sum())
        notes.findings.append(
            finding(
                "TB705",
                f"{counted(bad, 'value')} of {name!r} {'lies' if bad == 1 else 'lie'} outside its limits",
                columns=[name],
                count=bad,
            )
        )
        notes.mark("outside", name, not_believed)
    column = column.mask(beyond)
    quantiles = entry["quantiles"]
    if quantiles:
        notes.mark("outside", name, _beyond(column, (quantiles["p01"], quantiles["p99"])) & ~far)
    return column


def _far(column: pd.Series, entry: Mapping[str, Any]) -> Mask:
    """Values so far out that no number can be given: the model would be asked for what it knows nothing of."""
    quantiles = entry["quantiles"]
    bounds = [(entry["limits"], FAR_LIMITS)]
    if quantiles and quantiles["p99"] > quantiles["p01"]:
        bounds.append(((quantiles["p01"], quantiles["p99"]), FAR_QUANTILES))
    far = np.zeros(len(column), dtype=bool)
    for limits, reach in bounds:
        if limits is not None:
            away = reach * (limits[1] - limits[0])
            far |= _beyond(column, (limits[0] - away, limits[1] + away))
    return far


def _beyond(column: pd.Series, limits: Sequence[float] | None) -> Mask:
    if limits is None:
        return np.zeros(len(column), dtype=bool)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray((values < limits[0]) | (values > limits[1]))


def _note_imputed(column: pd.Series, name: str, notes: _Notes) -> None:
    missing = column.isna().to_numpy()
    told = notes.rows.get("far_outside", {}).get(name)
    missing = missing if told is None else missing & ~told
    if missing.any():
        n = int(missing.sum())
        notes.findings.append(
            finding(
                "TB703",
                f"{counted(n, 'row')} {'misses' if n == 1 else 'miss'} {name!r}, which no training row missed",
                columns=[name],
                count=n,
            )
        )
        notes.mark("imputed", name, missing)


def _flagged(frame: pd.DataFrame, notes: _Notes) -> Checked:
    refused = notes.any("missing") | notes.any("far_outside")
    review = np.logical_or.reduce([notes.any(reason) for reason in REASONS])
    flag = np.where(refused, "refuse", np.where(review, "review", "use")).astype(object)
    told = [[r for r in REASONS if not (refused[i] and r == "imputed")] for i in range(notes.n)]  # it gets no number
    reasons = ["; ".join(filter(None, (notes.words(r, i) for r in told[i]))) for i in range(notes.n)]
    return Checked(frame, flag, np.array(reasons, dtype=object), tuple(notes.findings))
