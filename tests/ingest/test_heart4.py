"""Four hospitals' exports against the table a perfect reader returns, and every planted defect accounted for."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pandas as pd
import pytest

from tabml.core.cohort import DTYPES, Cohort
from tabml.core.findings import Finding
from tabml.ingest.codebook_file import dump_codebook, portable
from tabml.ingest.harmonise import harmonise, level_counts, new_rows, written_table
from tabml.ingest.identity import SiteKey
from tests.ingest.exports import (
    DATA,
    HEART4,
    TRUTH,
    heart4,
    heart4_codebook,
    heart4_exports,
    sheets,
    texts,
)

SOURCES = {
    "cleveland_clinic.xlsx": ("cleveland",),
    "budapest_herzzentrum.csv": ("budapest",),
    "zuerich_basel.xlsx": ("zuerich",),
    "oslo_sykehus.xlsx": ("oslo", "oslo_examinations"),
}
#: File -> headers of the columns no output may hold.
SECRET = {
    "cleveland_clinic.xlsx": ["MRN", "Patient Name", "SSN"],
    "budapest_herzzentrum.csv": ["Fallnr.", "Nachname, Vorname", "Geburtsdatum"],
    "zuerich_basel.xlsx": ["Pat-ID", "Name", "AHV-Nr."],
    "oslo_sykehus.xlsx": ["Navn", "Fødselsnummer"],
}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return heart4()


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return pd.read_csv(TRUTH / "truth.csv", dtype=str, keep_default_na=False)


def test_every_cell_equals_the_reference(cohort, truth):
    got = texts(written_table(cohort, keep_ids=True))
    both = truth.merge(got, on=["source_file", "local_id"], suffixes=("_truth", ""), validate="one_to_one")
    assert len(both) == len(got) == 920
    variables = [c for c in truth.columns if c not in ("source_file", "local_id")]
    assert set(variables) == set(cohort.frame.columns)
    for name in variables:
        expected, found = both[f"{name}_truth"], both[name]
        gap = (pd.to_numeric(expected, errors="coerce") - pd.to_numeric(found, errors="coerce")).abs()
        # two decimals of mmol/L do not give back the last half mg/dL
        rounded = both["center"].isin(["hungarian", "va"]) & (name == "chol")
        same = (expected == found) | (gap <= rounded.map({True: 0.5, False: 0.0}))
        assert same.all(), f"{name}: {(~same).sum()} cells differ"


def test_columns_have_the_dtypes_of_their_kinds(cohort):
    assert {n: str(cohort.frame[n].dtype) for n in cohort.frame} == {
        n: DTYPES[v.kind] for n, v in cohort.variables.items()
    }
    assert cohort.variables["num"].role == "sibling"
    assert "num" not in cohort.features() and "center" not in cohort.features()


def test_patients_stand_by_source_and_id_and_rows_carry_centre_and_date(cohort):
    assert list(cohort.rows["source"].drop_duplicates()) == ["budapest", "cleveland", "oslo", "zuerich"]
    assert list(cohort.raw_ids[:2]) == ["B0001", "B0002"]
    assert cohort.rows["centre"].value_counts().to_dict() == {
        "Cleveland": 303, "Hungary": 294, "VA Long Beach": 200, "Switzerland": 123,
    }  # fmt: skip
    assert cohort.rows["visit_date"].notna().all()
    assert cohort.rows["pseudonym"].is_unique


def test_flow_leads_from_every_row_to_920_patients(cohort):
    """What is read, less what leaves with a reason, is what remains: source by source."""
    for source, patients in {"cleveland": 303, "budapest": 294, "zuerich": 123, "oslo": 200}.items():
        steps = [s for s in cohort.flow if s.source == source]
        read = next(s.rows for s in steps if s.label.startswith("rows of"))
        assert read - sum(s.rows for s in steps if s.kind == "aside") == steps[-1].rows == patients
    assert (cohort.flow[-1].label, cohort.flow[-1].rows) == ("patients", 920)


def test_nothing_computed_depends_on_the_key(cohort):
    other = harmonise(heart4_exports(), heart4_codebook(), SiteKey(b"k" * 32), data=DATA)
    assert other.cohort_sha256 == cohort.cohort_sha256
    assert set(other.rows["pseudonym"]).isdisjoint(cohort.rows["pseudonym"])
    assert other.key_id != cohort.key_id


def test_order_of_files_and_rows_changes_nothing(cohort):
    turned = harmonise(tuple(reversed(heart4_exports())), heart4_codebook(), SiteKey(bytes(range(32))), data=DATA)
    assert turned.cohort_sha256 == cohort.cohort_sha256
    assert turned.rows.equals(cohort.rows)


def test_no_identifier_stands_in_anything_that_is_written(cohort):
    book = heart4_codebook()
    provenance = cohort.provenance
    assert provenance is not None and cohort.conflicts is not None
    tables = (provenance.sources, provenance.rules, provenance.cells, provenance.exceptions, cohort.conflicts)
    shown = "\n".join(
        [
            repr(cohort),
            written_table(cohort, keep_ids=False).to_csv(),
            *(t.to_csv() for t in tables),
            *(repr(f) for f in cohort.findings),
            *(repr(s) for s in cohort.flow),
            dump_codebook(book),
            dump_codebook(portable(book, level_counts(cohort))),
        ]
    )
    for secret in sorted(secrets()):
        assert secret not in shown


def secrets() -> set[str]:
    """Every identifying text of 5 or more characters in the exports: names, numbers, birth dates and ids."""
    found: set[str] = set()
    for sheet in heart4_exports():
        for header in (
            SECRET[sheet.file] if sheet.sheet not in ("Codebook", "Codes", "Kodebok", "Undersøkelser") else ()
        ):
            at = next(i for i, row in enumerate(sheet.rows()) if header in row)
            column = sheet.rows()[at].index(header)
            cells = set(sheet.columns[column].slice(at + 1).to_list())
            found |= {c for c in cells if len(c) >= 5 and c != "TOTAL"}
    assert len(found) > 1500
    return found


# -- planted defects, row by row --------------------------------------------------------------------------------------


def planted() -> list[dict[str, str]]:
    with (TRUTH / "planted_issues.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


Check = Callable[[Cohort, dict[str, str]], bool]


def found(cohort: Cohort, issue: dict[str, str], *codes: str, column: str | None = None) -> list[Finding]:
    """Findings of these codes at the issue's file."""
    return [
        f
        for f in cohort.findings
        if f.code in codes and f.source in SOURCES[issue["file"]] and (column is None or column in f.columns)
    ]


def aside(cohort: Cohort, issue: dict[str, str], reason: str) -> int:
    return sum(
        s.rows for s in cohort.flow if s.kind == "aside" and s.reason == reason and s.source in SOURCES[issue["file"]]
    )


def row_of(cohort: Cohort, raw_id: str) -> int:
    return cohort.raw_ids.index(raw_id)


def cell(cohort: Cohort, raw_id: str, variable: str) -> object:
    return cohort.frame[variable].iloc[row_of(cohort, raw_id)]


def merged(cohort: Cohort, issue: dict[str, str], action: str) -> bool:
    """The patient's rows are listed with what was done, and the source's finding counts them."""
    assert cohort.provenance is not None
    cases = cohort.provenance.exceptions
    mine = cases[cases["row"] == row_of(cohort, issue["where"])]
    return len(mine) == 1 and mine["action"].iloc[0].startswith(action) and len(mine["rows"].iloc[0].split(", ")) == 2


def spelling(cohort: Cohort, issue: dict[str, str]) -> bool:
    raw_id, _ = issue["where"].split()
    [variants] = found(cohort, issue, "TB116", column="sex")
    assert cohort.provenance is not None
    place = int(cohort.provenance.rows_in("cleveland")[row_of(cohort, raw_id)])
    return variants.count == 4 and f"cleveland_clinic.xlsx, sheet Patients, cell F{place}" in variants.where


def zeros(cohort: Cohort, issue: dict[str, str]) -> bool:
    found_columns = {c for f in found(cohort, issue, "TB113") for c in f.columns}
    expected = {"chol"} if issue["where"] == "Chol." else {"chol", "trestbps"}
    return found_columns == expected


def identifiers(cohort: Cohort, issue: dict[str, str]) -> bool:
    named = {c for f in found(cohort, issue, "TB170", "TB171") for c in f.columns}
    return named - {"Løpenr"} == set(SECRET[issue["file"]])


CHECKS: dict[str, Check] = {
    "title_rows": lambda c, i: bool(found(c, i, "TB103")) and aside(c, i, "title") == 2 and aside(c, i, "blank") == 1,
    "totals_row": lambda c, i: bool(found(c, i, "TB103")) and aside(c, i, "totals") == 1,
    "blank_rows": lambda c, i: bool(found(c, i, "TB103")) and aside(c, i, "blank") == 2,
    "encoding": lambda c, i: bool(found(c, i, "TB105")) and aside(c, i, "title") == 2,
    "two_row_header": lambda c, i: bool(found(c, i, "TB105")) and aside(c, i, "header") == 2,
    "hidden_column": lambda c, i: bool(found(c, i, "TB102")),
    "duplicate_exact": lambda c, i: bool(found(c, i, "TB120")) and merged(c, i, "identical rows merged"),
    "duplicate_conflict": lambda c, i: (
        bool(found(c, i, "TB122")) and merged(c, i, "conflict") and cell(c, i["where"], "trestbps") == 140
    ),
    "category_spelling": spelling,
    "outlier_typo": lambda c, i: found(c, i, "TB112", column="trestbps")[0].count == 1 and cell(c, "B0013", "trestbps") is pd.NA,
    "missing_code": lambda c, i: sum(f.count for f in found(c, i, "TB113") if not f.columns) in (396, 562),
    "zero_as_missing": zeros,
    "units_in_cells": lambda c, i: found(c, i, "TB111", column="trestbps")[0].count == 121,
    "numbers_as_text": lambda c, i: {n for f in found(c, i, "TB110") for n in f.columns} == {"chol", "oldpeak"},
    "sex_code": lambda c, i: bool(found(c, i, "TB119", column="sex")),
    "binary_target": lambda c, i: bool(found(c, i, "TB119", column="num")),
    "derived_age": lambda c, i: bool(found(c, i, "TB180", column="age")),
    "two_tables": lambda c, i: [f.count for f in found(c, i, "TB127")] == [0],
    "identifiers": identifiers,
}  # fmt: skip


@pytest.mark.parametrize("issue", planted(), ids=lambda i: f"{i['file'].split('_')[0]}-{i['kind']}-{i['where'][:20]}")
def test_planted_defect_is_a_finding_or_a_counted_action(cohort, issue):
    assert CHECKS[issue["kind"]](cohort, issue)


# -- new patients -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(SOURCES))
def test_a_file_in_any_convention_is_read_row_for_row(cohort, file):
    features = list(cohort.features())
    book = portable(heart4_codebook(), level_counts(cohort))
    rows = new_rows(sheets(HEART4 / "exports" / file), book, features)
    assert rows.source == SOURCES[file][0]
    assert rows.absent == ()
    mine = (cohort.rows["source"] == rows.source).to_numpy()
    expected = texts(cohort.frame.loc[mine, features]).assign(
        id=[i for i, m in zip(cohort.raw_ids, mine, strict=True) if m]
    )
    got = texts(rows.frame).assign(id=list(rows.raw_ids))
    repeated = {"cleveland_clinic.xlsx": 5, "budapest_herzzentrum.csv": 1}.get(file, 0)
    assert len(got) == len(expected) + repeated
    assert len(set(rows.row_numbers)) == len(got)
    if file == "cleveland_clinic.xlsx":  # the copy that lacks its blood pressure is a row of its own
        got = got[got["trestbps"] != ""]
        expected = expected[expected["trestbps"] != ""]
    both = got.drop_duplicates().set_index("id").sort_index()
    pd.testing.assert_frame_equal(both, expected.set_index("id").sort_index())


def test_a_file_with_the_variables_own_names_is_read(cohort, tmp_path):
    features = list(cohort.features())
    table = written_table(cohort, keep_ids=True)[["local_id", *features]].head(30)
    table.to_csv(tmp_path / "new.csv", index=False)
    rows = new_rows(sheets(tmp_path / "new.csv"), portable(heart4_codebook()), features)
    assert rows.source == "canonical"
    assert rows.raw_ids == cohort.raw_ids[:30]
    pd.testing.assert_frame_equal(texts(rows.frame), texts(cohort.frame[features].head(30)))
