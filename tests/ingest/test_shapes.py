"""Shapes: wide visits, laboratory rows and stacked endpoints are told from headers and values."""

from __future__ import annotations

import pytest

from tabml.ingest.layout import Table, find_table
from tabml.ingest.read import RawSheet
from tabml.ingest.shapes import later_headers, long_shape, stacked_endpoints, visit_groups


def table(rows: list[list[object]]) -> Table:
    found = find_table(RawSheet.of_rows("x.xlsx", "0" * 64, "S", rows))  # type: ignore[arg-type]
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize(
    ("headers", "baseline", "later"),
    [
        (["hb_v1", "hb_v2", "hb_v3"], ["hb_v1"], {"hb_v2", "hb_v3"}),
        (["Hb 0 mnd", "Hb 3 mnd", "Hb 12 mnd"], ["Hb 0 mnd"], {"Hb 3 mnd", "Hb 12 mnd"}),
        (["Visit 1 / BP", "Visit 2 / BP", "Visit 1 / HR", "Visit 2 / HR"], ["Visit 1 / BP", "Visit 1 / HR"], {"Visit 2 / BP", "Visit 2 / HR"}),
        (["CRP (Tag 0)", "CRP (Tag 7)"], ["CRP (Tag 0)"], {"CRP (Tag 7)"}),
        (["glucose PRE", "glucose POST"], ["glucose PRE"], {"glucose POST"}),
        (["crp_t0", "crp_t1"], ["crp_t0"], {"crp_t1"}),
        (["weight baseline", "weight 6 months", "weight 1 year"], ["weight baseline"], {"weight 6 months", "weight 1 year"}),
        (["eGFR", "eGFR 12 kk", "age"], ["eGFR"], {"eGFR 12 kk"}),
        (["vikt 1 vecka", "vikt 2 veckor"], ["vikt 1 vecka"], {"vikt 2 veckor"}),
        (["血红蛋白 0 月", "血红蛋白 3 月"], ["血红蛋白 0 月"], {"血红蛋白 3 月"}),
        (["Day 1 gfr", "Day 2 gfr", "Day 3 gfr"], ["Day 1 gfr"], {"Day 2 gfr", "Day 3 gfr"}),
    ],
)  # fmt: skip
def test_later_visits_are_told_from_the_first(headers, baseline, later):
    assert [g.baseline for g in visit_groups(["id", "age", *headers])] == baseline
    assert later_headers(["id", "age", *headers]) == later


@pytest.mark.parametrize(
    "headers",
    [
        ["vitamin b12", "vitamin b6"], ["I0", "PA500", "A/DA"], ["grade", "size", "nodes"], ["t3", "t4"], ["il 6", "il 10"],
        ["Age (yrs)", "Resting BP (mmHg)"], ["ca 125", "ca 19-9"], ["V1", "V2", "V3"],
        ["volume", "volume_2d", "volume_3d"],
    ],
)  # fmt: skip
def test_names_with_numbers_are_no_visits(headers):
    assert visit_groups(headers) == ()


LAB = [["PID", "Taken", "Analysis", "Result", "Unit"]] + [
    [f"P{i // 3}", f"2020-01-{i % 28 + 1:02d}", ("Hb", "CRP", "Na")[i % 3], 10.5 + i, ("g/dL", "mg/L", "mmol/L")[i % 3]]
    for i in range(30)
]


def test_a_laboratory_table_is_known_by_its_columns():
    found = long_shape(table(LAB), "PID")
    assert found is not None and (found.test, found.value, found.date, found.unit) == (
        "Analysis",
        "Result",
        "Taken",
        "Unit",
    )
    assert dict(found.tests) == {"Hb": 10, "CRP": 10, "Na": 10}
    german = table([["Pat-Nr", "Datum", "Laborwert", "Ergebnis", "Einheit"], *LAB[1:]])
    assert (shape := long_shape(german, "Pat-Nr")) is not None and (shape.test, shape.value) == (
        "Laborwert",
        "Ergebnis",
    )


def test_a_table_of_patients_is_none():
    rows = [["id", "test", "value"], *[[f"P{i}", "ab"[i % 2], 5.5 + i] for i in range(20)]]
    assert long_shape(table(rows), "id") is None
    assert stacked_endpoints(table(LAB), "PID") is None


def test_stacked_endpoints_are_known_by_one_row_each():
    rows = [["id", "etype", "time", "status"], *[[i // 2, 1 + i % 2, 100.5 + i, i % 3 == 0] for i in range(20)]]
    found = stacked_endpoints(table(rows), "id")
    assert found is not None and (found.column, found.endpoints) == ("etype", ("1", "2"))
