"""Apply a codebook: the exports become one cohort, with every row, cell and column accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, VariableSpec
from tabml.core.cohort import Cohort, Variable
from tabml.core.config import Data
from tabml.core.errors import DataError, QuestionError
from tabml.core.findings import Finding, finding, ordered
from tabml.core.wording import counted
from tabml.ingest.accounts import Joins, flow, source_findings
from tabml.ingest.cells import as_kind
from tabml.ingest.identity import SiteKey
from tabml.ingest.ids import settle_first_rows
from tabml.ingest.joins import join_tables, moved, shifted
from tabml.ingest.lost import ask_for_lost
from tabml.ingest.new_rows import NewRows, new_rows
from tabml.ingest.provenance import make_provenance
from tabml.ingest.read import RawSheet
from tabml.ingest.records import Records, person_number, stack
from tabml.ingest.repeats import Merged, RepeatCase, merge_repeats
from tabml.ingest.sources import SourceTable, match_sources
from tabml.ingest.twins import find_twins

__all__ = ["NewRows", "harmonise", "level_counts", "new_rows", "written_table"]


def harmonise(sheets: Sequence[RawSheet], codebook: Codebook, key: SiteKey, *, data: Data, yes: bool = False) -> Cohort:
    """The cohort the codebook describes: one row per patient, or per visit where it keeps visits.

    Mappings still `proposed` below `data.accept_score`, and conflicts with policy `ask`, are a QuestionError
    listing all of them; with `yes` the variable (or the cells) is missing there, with a finding. Identifiers
    never leave this function except as `Cohort.raw_ids` (in memory only).
    """
    codebook, doubts = settle_proposals(codebook, data.accept_score, yes=yes)
    tables, sheet_findings = match_sources(sheets, codebook)
    tables, id_findings = settle_first_rows(tables, yes=yes)
    merged, cases, joins = _merged(codebook, tables, yes=yes)
    records = merged.records
    findings = [*doubts, *sheet_findings, *id_findings, *records.findings, *merged.findings]
    findings += source_findings(codebook, tables, joins, records)
    ask_for_lost(findings, yes=yes)
    rows = _rows(records, codebook, key)
    variables = _variables(codebook, records)
    frame = _frame(records.values, codebook, variables)
    provenance = make_provenance(records, tables, cases)
    return Cohort(
        frame=frame,
        variables=variables,
        rows=rows,
        blocks=_blocks(frame, codebook, variables),
        provenance=provenance,
        findings=ordered(findings),
        flow=flow(tables, codebook, joins, merged, rows),
        conflicts=provenance.exceptions[provenance.exceptions["action"].str.startswith("conflict")].reset_index(
            drop=True
        ),
        raw_ids=tuple(records.ids["shown"].to_numpy(dtype=object).tolist()),
        key_id=key.key_id,
    )


def _merged(
    codebook: Codebook, tables: Mapping[str, SourceTable], *, yes: bool
) -> tuple[Merged, list[RepeatCase], Joins]:
    """The records of all sources, merged and in cohort order; the tables of the steps between end here."""
    date = next(
        (n for n, v in codebook.variables.items() if v.role in ("index_date", "visit") and v.kind == "date"), None
    )
    joined = {base: join_tables(base, codebook, tables, date, yes=yes) for base in codebook.base_sources()}
    joins = {name: (part.no_id, part.partners, part.n_gathered) for name, part in joined.items()}
    policies = {name: codebook.sources[name].repeats for name in joined}
    join_cases = shifted(joined)
    records = stack([part.records for part in joined.values()])
    if not len(records):
        raise DataError("no patient is left: the sources hold no data rows with an id")
    del joined
    twins = tuple(find_twins(records, codebook))
    merged = merge_repeats(records, policies, date, yes=yes)
    del records
    merged = replace(merged, findings=(*twins, *merged.findings))
    cases = [*merged.cases, *moved(join_cases, merged.kept)]
    order = _sorted(merged.records.ids)
    return replace(merged, records=merged.records.reordered(order)), moved(cases, order), joins


def settle_proposals(codebook: Codebook, accept_score: float, *, yes: bool) -> tuple[Codebook, tuple[Finding, ...]]:
    """Refuse mappings still proposed below the acceptance score, or with `yes` leave them out, counted."""
    doubtful = [
        (name, source, mapping)
        for name, spec in codebook.variables.items()
        for source, mapping in spec.from_.items()
        if mapping.is_doubtful(accept_score)
    ]
    if not doubtful:
        return codebook, ()
    if not yes:
        raise QuestionError(
            f"{counted(len(doubtful), 'proposed mapping')} {'scores' if len(doubtful) == 1 else 'score'} below {accept_score:g}",
            questions=[
                f"variable {name!r}, source {source!r}: is it {mapping.column or mapping.expr or mapping.constant!r} "
                f"(score {mapping.score or 0:.2f})? Set status: accepted or rejected in the codebook"
                for name, source, mapping in doubtful
            ],
            hint="review them in the codebook, or --yes: they are missing at that source",
        )
    variables = dict(codebook.variables)
    for name, source, mapping in doubtful:
        spec = variables[name]
        rejected = mapping.model_copy(update={"status": "rejected"})
        variables[name] = spec.model_copy(update={"from_": {**spec.from_, source: rejected}})
    findings = tuple(
        finding(
            "TB104",
            f"doubtful mapping of {name!r} not used: missing at {source}",
            columns=[name],
            count=1,
            source=source,
        )
        for name, source, _ in doubtful
    )
    return codebook.model_copy(update={"variables": variables}), findings


def written_table(cohort: Cohort, *, keep_ids: bool) -> pd.DataFrame:
    """The cohort as a table to write: canonical names, level codes, 1/0, ISO dates, empty where missing.

    First columns `source_file` and `local_id` (the hospital's own id) with `keep_ids`, else `source` and
    `pseudonym`. With `keep_ids` the table identifies people: for local use only.
    """
    columns: dict[str, pd.Series] = {}
    if keep_ids:
        columns["source_file"] = cohort.rows["source"]
        if cohort.provenance is not None:
            files = cohort.provenance.sources["file"].to_numpy(dtype=object)
            columns["source_file"] = pd.Series(files[cohort.provenance.cells["source"]], index=cohort.frame.index)
        columns["local_id"] = pd.Series(cohort.raw_ids, index=cohort.frame.index, dtype="string")
    else:
        columns["source"] = cohort.rows["source"]
        columns["pseudonym"] = cohort.rows["pseudonym"]
    for name in cohort.frame.columns:
        columns[name] = _plain(cohort.frame[name], cohort.variables[name])
    return pd.DataFrame(columns)


def level_counts(cohort: Cohort) -> dict[str, dict[str, int]]:
    """Patients behind each level code of every category and boolean variable, for `portable`."""
    patient = cohort.rows["patient"]
    counts = {}
    for name, variable in cohort.variables.items():
        if variable.kind in ("category", "boolean"):
            codes = _plain(cohort.frame[name], variable).astype("string")
            held = patient.groupby(codes).nunique()
            counts[name] = {str(code): int(n) for code, n in held.items()}
    return counts


def _plain(series: pd.Series, variable: Variable) -> pd.Series:
    if variable.kind == "boolean":
        return series.astype("Int64")
    if variable.kind == "date":
        return pd.Series(series.dt.strftime("%Y-%m-%d"), dtype="string")
    return series.astype("string") if variable.kind == "category" else series


def _sorted(ids: pd.DataFrame) -> NDArray[np.int64]:
    """Positions by source name, then by id; equal ones keep their order."""
    by_id = np.asarray(pc.sort_indices(pa.array(ids["id"], pa.string()))).astype(np.int64)
    sources = pd.factorize(ids["source"], sort=True)[0]
    return by_id[np.argsort(sources[by_id], kind="stable")] if sources.any() else by_id


def _rows(records: Records, codebook: Codebook, key: SiteKey) -> pd.DataFrame:
    """Patient position, pseudonym, centre, source, visit date and group of every row."""
    ids = records.ids
    patient = pd.factorize(records.ids["person"])[0].astype(np.int64)
    first = np.unique(patient, return_index=True)[1]
    names = np.empty(len(first), dtype=object)
    codes, scopes = pd.factorize(ids["scope"].to_numpy()[first])
    by_scope = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    for scope, mine in zip(scopes, by_scope, strict=True):
        names[mine] = key.pseudonyms(scope, pa.array(ids["id"].array.take(first[mine]), pa.string()))
    # Equal ids of two sources may be one person: one group. A row without an id is linked to nobody.
    group = patient
    if len(scopes) > 1:
        group = person_number(ids.assign(scope=ids["scope"].where(~ids["has_id"], ""))).to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "patient": patient,
            "pseudonym": names[patient],
            "centre": _centre(records, codebook),
            "source": ids["source"].to_numpy(dtype=object),
            "visit_date": _visit_date(records, codebook),
            "group": group,
        }
    )


def _centre(records: Records, codebook: Codebook) -> pd.Series:
    name = next((n for n, v in codebook.variables.items() if v.role == "centre" and n in records.values), None)
    if name is None:
        return pd.Series(pd.NA, index=records.ids.index, dtype="string")
    labels = codebook.variables[name].levels
    codes = records.values[name].astype("string")
    return codes.map({code: labels.get(code, code) for code in codes.dropna().unique()}).astype("string")


def _visit_date(records: Records, codebook: Codebook) -> pd.Series:
    for role in ("visit", "index_date"):
        for name, spec in codebook.variables.items():
            if spec.role == role and spec.kind == "date" and name in records.values:
                return records.values[name]
    return pd.Series(pd.NaT, index=records.ids.index, dtype="datetime64[ns]")


def _variables(codebook: Codebook, records: Records) -> dict[str, Variable]:
    """The variables some source fills, in the codebook's order; open categories get their levels from the data."""
    variables = {}
    for name, spec in codebook.variables.items():
        if name not in records.values:
            continue
        variable = spec.variable(name)
        if spec.kind == "category" and not spec.levels:
            levels = {str(code): str(code) for code in sorted(records.values[name].dropna().unique())}
            variable = replace(variable, levels=levels)
        variables[name] = variable
    return variables


def _frame(values: pd.DataFrame, codebook: Codebook, variables: Mapping[str, Variable]) -> pd.DataFrame:
    columns = {}
    for name, variable in variables.items():
        if variable.kind == "category":
            levels = pd.Index(list(variable.levels), dtype=object)
            columns[name] = values[name].cat.set_categories(levels, ordered=variable.ordered)
        else:
            columns[name] = as_kind(values[name], variable.kind)
    return pd.DataFrame(columns, index=range(len(values)), copy=False)


def _blocks(frame: pd.DataFrame, codebook: Codebook, variables: Mapping[str, Variable]) -> dict[str, tuple[str, ...]]:
    blocks: dict[str, list[str]] = {}
    for name in frame.columns:
        spec: VariableSpec = codebook.variables[name]
        if variables[name].role in ("feature", "treatment", "subgroup"):
            blocks.setdefault(spec.block, []).append(name)
    return {block: tuple(names) for block, names in blocks.items()}
