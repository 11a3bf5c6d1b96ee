"""Long tables: laboratory rows, visits and stacked endpoints become one value per patient, each with its rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.errors import ConfigError, QuestionError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook
from tabml.ingest.new_rows import new_rows
from tabml.ingest.trace import trace
from tests.ingest.exports import cohort, csv, sheets

PATIENTS = "nr,visit\n1,2020-03-01\n2,2020-03-01\n3,2020-03-01"
LAB = """pid,taken,test,value,unit
1,2020-01-10,Hb,12,g/dL
1,2020-02-20,Hb,13,g/dL
1,2020-05-01,Hb,9,g/dL
1,2020-02-20,CRP,40,mg/L
2,2020-02-01,hemoglobin,140,g/L
2,2020-02-02,CRP,x,mg/L
2,2020-02-03,CRP,8,mg/L
9,2020-02-03,CRP,7,mg/L"""
BOOK = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}, dates: ymd}
  lab: {file: lab.csv, join: {to: a, on: pid}, date: taken, dates: ymd}
variables:
  visit: {kind: date, role: index_date, from: {a: {column: visit, status: accepted}}}
  x: SPEC
"""


def spec(how: str, *, kind: str = "number, unit: g/dL", test: str = "[Hb, Hemoglobin]", extra: str = "") -> str:
    mapping = f"{{column: value, where: {{test: {test}}}, unit_column: unit, {how} status: accepted}}"
    return BOOK.replace("SPEC", f"{{kind: {kind}, {extra} from: {{lab: {mapping}}}}}")


def made(tmp_path, book: str, lab: str = LAB, **how):
    return cohort(book, csv(tmp_path, "a.csv", PATIENTS), csv(tmp_path, "lab.csv", lab), **how)


def values(found) -> list:
    return [None if pd.isna(v) else float(v) for v in found.frame["x"]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("aggregate: last_before_index,", [13, 14, None]),
        ("aggregate: first,", [12, 14, None]),
        ("aggregate: last,", [13, 14, None]),
        ("aggregate: mean,", [12.5, 14, None]),
        ("aggregate: max,", [13, 14, None]),
        ("aggregate: min,", [12, 14, None]),
        ("aggregate: count,", [2, 1, None]),
        ("aggregate: mean, within_days: 30,", [13, 14, None]),
        ("aggregate: last_before_index, within_days: 5,", [None, None, None]),
    ],
)
def test_rows_become_one_value_up_to_the_index_date(tmp_path, how, expected):
    assert values(made(tmp_path, spec(how))) == expected


def test_values_after_the_index_date_are_counted_and_used_for_later_variables_only(tmp_path):
    got = made(tmp_path, spec("aggregate: min,"))
    [said] = [f for f in got.findings if f.code == "TB143"]
    assert (said.count, said.severity) == (1, "info") and "'x' (lab) outside the time before" in said.evidence
    later = made(tmp_path, spec("aggregate: min,", extra="timing: later,"))
    assert values(later) == [9, 14, None] and not [f for f in later.findings if f.code == "TB143"]


def test_without_dates_a_baseline_value_is_doubtful(tmp_path):
    book = spec("aggregate: mean,").replace("date: taken, dates: ymd", "unused: {taken: x}")
    got = made(tmp_path, book)
    [said] = [f for f in got.findings if f.code == "TB143"]
    assert said.severity == "warn" and "its rows have no date" in said.evidence


def test_units_convert_row_by_row_and_a_foreign_one_is_missing(tmp_path):
    lab = LAB.replace("140,g/L", "8.69,mmol/L").replace("13,g/dL", "13,furlong")
    got = made(tmp_path, spec("aggregate: last_before_index,"), lab)
    assert values(got) == [12, None, None]
    assert [f.count for f in got.findings if f.code == "TB111"] == [2]


def test_numbers_of_other_tests_are_no_faults_of_this_one(tmp_path):
    got = made(tmp_path, spec("aggregate: last,"))
    assert not [f for f in got.findings if f.code == "TB110"]
    crp = made(tmp_path, spec("aggregate: last,", kind="number, unit: mg/L", test="CRP"))
    assert values(crp) == [40, 8, None] and [f.where for f in crp.findings if f.code == "TB110"] == [
        ("lab.csv, cell D7",)
    ]


def test_the_flow_and_the_join_count_every_row(tmp_path):
    got = made(tmp_path, spec("aggregate: mean,"))
    assert [s.rows for s in got.flow if s.reason == "rows without a patient to join"] == [1]
    [said] = [f for f in got.findings if f.code == "TB127"]
    assert said.evidence == "2 rows of a found a partner in lab; left over: 1 of a, 1 of lab"


def test_trace_names_the_chosen_cell_or_all_of_them(tmp_path):
    book = spec("aggregate: last_before_index,")
    got = made(tmp_path, book)
    answer = trace(got.provenance, 0, "x", parse_codebook(book), [tmp_path])
    assert (answer.file, answer.cells, answer.raw) == ("lab.csv", ("D3",), ("13",))
    assert answer.rule == "column 'value', last row, where 'test' is 'Hb' or 'Hemoglobin', dated on or before visit"
    book = spec("aggregate: mean,")
    answer = trace(made(tmp_path, book).provenance, 0, "x", parse_codebook(book), [tmp_path])
    assert (answer.cells, answer.raw) == (("D2", "D3"), ("12", "13")) and answer.rule.startswith("column 'value', mean")
    assert answer.unit_step == "g/L to g/dL: x 0.1"
    got = made(tmp_path, book)
    assert trace(got.provenance, 2, "x", parse_codebook(book), [tmp_path]).note.startswith("no row counts: mean, where")


def test_a_laboratory_table_may_be_the_patients_table(tmp_path):
    book = """
codebook: 1
sources:
  lab: {file: lab.csv, id: {column: pid}, date: taken, dates: ymd}
variables:
  hb: {kind: number, unit: g/dL, timing: later, from: {lab: {column: value, where: {test: [Hb, hemoglobin]}, unit_column: unit, aggregate: last, status: accepted}}}
  crp: {kind: number, timing: later, from: {lab: {column: value, where: {test: CRP}, aggregate: max, status: accepted}}}
"""
    got = cohort(book, csv(tmp_path, "lab.csv", LAB))
    assert got.raw_ids == ("1", "2", "9")
    assert got.frame["hb"].tolist() == [9, 14, pd.NA] and got.frame["crp"].tolist() == [40, 8, 7]
    assert [s.rows for s in got.flow if s.reason == "further rows of a patient gathered into one"] == [5]
    assert trace(got.provenance, 1, "crp", parse_codebook(book), [tmp_path]).cells == ("D8",)
    assert parse_codebook(dump_codebook(parse_codebook(book))) == parse_codebook(book)


def test_each_visit_gets_what_was_known_then(tmp_path):
    book = spec("aggregate: last_before_index,").replace(
        "id: {column: nr}", "id: {column: nr}, repeats: {conflict: visits}"
    )
    rows = "nr,visit\n1,2020-02-01\n1,2020-06-01"
    got = cohort(book, csv(tmp_path, "a.csv", rows), csv(tmp_path, "lab.csv", LAB))
    assert values(got) == [12, 9]


ENDPOINTS = (
    "pid,endpoint,days,status\n1,recurrence,100,1\n1,death,200,0\n2,recurrence,300,0\n2,death,300,0\n3,death,50,1"
)
UNSTACK = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}, unused: {visit: x}}
  ends: {file: ends.csv, join: {to: a, on: pid}}
variables:
  days: {kind: number, role: time, timing: outcome, from: {ends: {column: days, where: {endpoint: death}, status: accepted}}}
  dead: {kind: boolean, role: event, timing: outcome, from: {ends: {column: status, where: {endpoint: death}, status: accepted}}}
  relapse: {kind: boolean, role: sibling, timing: outcome, from: {ends: {column: status, where: {endpoint: recurrence}, status: accepted}}}
"""


def test_endpoints_stacked_as_rows_are_unstacked(tmp_path):
    got = cohort(UNSTACK, csv(tmp_path, "a.csv", PATIENTS), csv(tmp_path, "ends.csv", ENDPOINTS))
    assert got.frame["days"].tolist() == [200, 300, 50] and got.frame["dead"].tolist() == [False, False, True]
    assert got.frame["relapse"].tolist() == [True, False, pd.NA]
    assert got.variables["relapse"].role == "sibling" and got.features() == ()


def test_where_alone_expects_one_row_and_asks_otherwise(tmp_path):
    files = csv(tmp_path, "a.csv", PATIENTS), csv(tmp_path, "ends.csv", ENDPOINTS + "\n1,death,250,0")
    with pytest.raises(QuestionError, match="several rows where one is expected") as caught:
        cohort(UNSTACK, *files)
    [question] = caught.value.questions
    assert question.startswith("variable 'days', source 'ends': 1 patient with rows that differ; add aggregate: ")
    got = cohort(UNSTACK, *files, yes=True)
    assert got.frame["days"].isna().tolist() == [True, False, False] and got.frame["dead"].tolist() == [
        False,
        False,
        True,
    ]
    assert [f.columns for f in got.findings if f.code == "TB122"] == [("days",)]


@pytest.mark.parametrize(
    ("how", "kind", "fault"),
    [
        ("aggregate: mean,", "category", "aggregate: mean gives no category"),
        ("aggregate: middle,", "number", "aggregate: input should be"),
        ("within_days: 3,", "number", "within_days needs an aggregate"),
    ],
)
def test_rules_that_cannot_be_are_refused(how, kind, fault):
    with pytest.raises(ConfigError, match=fault):
        parse_codebook(spec(how, kind=kind))


def test_last_before_index_needs_the_date_of_a_row():
    with pytest.raises(ConfigError, match="last_before_index and within_days need the source's date"):
        parse_codebook(spec("aggregate: last_before_index,").replace("date: taken, ", ""))


def test_new_patients_bring_their_own_laboratory_file(tmp_path):
    book = parse_codebook(spec("aggregate: last_before_index,"))
    got = new_rows(sheets(csv(tmp_path, "p.csv", PATIENTS), csv(tmp_path, "l.csv", LAB)), book, ["x"])
    assert got.source == "a" and [None if pd.isna(v) else v for v in got.frame["x"]] == [13, 14, None]


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 400), st.floats(1, 99).map(lambda v: round(v, 2))), max_size=40),
    how=st.sampled_from(["last_before_index", "first", "last", "mean", "max", "min", "count"]),
)  # fmt: skip
def test_every_row_is_used_late_or_alone(tmp_path_factory, rows, how):
    folder = tmp_path_factory.mktemp("long")
    days = np.datetime64("2019-08-01") + np.array([d for _, d, _ in rows], dtype="timedelta64[D]")
    lines = [
        "pid,taken,test,value,unit",
        *(f"{p},{day},Hb,{v},g/dL" for (p, _, v), day in zip(rows, days, strict=True)),
    ]
    lines.append("77,2019-01-01,Hb,1,g/dL")
    (folder / "lab.csv").write_text("\n".join(lines) + "\n")
    book = spec(f"aggregate: {how},")
    got = cohort(book, csv(folder, "a.csv", PATIENTS), folder / "lab.csv")
    table = pd.DataFrame({"p": [p for p, _, _ in rows], "day": days, "v": [v for _, _, v in rows]})
    known = table[(table["p"] <= 3) & (table["day"] <= np.datetime64("2020-03-01"))].sort_values("day", kind="stable")
    late = int(((table["p"] <= 3) & (table["day"] > np.datetime64("2020-03-01"))).sum())
    expected = {"last_before_index": "last", "mean": "mean"}.get(how, how)
    truth = known.groupby("p")["v"].agg(expected) if len(known) else pd.Series(dtype=float)
    assert values(got) == [pytest.approx(truth[p]) if p in truth else None for p in (1, 2, 3)]
    assert sum(f.count for f in got.findings if f.code == "TB143") == late
    [alone] = [s.rows for s in got.flow if s.reason == "rows without a patient to join"]
    assert alone == int((table["p"] > 3).sum()) + 1
    behind = [len(got.provenance.rows_behind(i, "x", "lab")) for i in range(3)]
    if how in ("mean", "count"):
        assert sum(behind) + late + alone == len(rows) + 1
    else:
        assert behind == [int(p in truth) for p in (1, 2, 3)]


def test_new_patients_without_laboratory_rows_are_counted(tmp_path):
    book = parse_codebook(spec("aggregate: last_before_index,"))
    files = csv(tmp_path, "p.csv", PATIENTS), csv(tmp_path, "l.csv", LAB)
    [said] = [f for f in new_rows(sheets(*files), book, ["x"]).findings if f.code == "TB127"]
    assert "2 rows of a found a partner in lab; left over: 1 of a, 1 of lab" in said.evidence


def test_sources_that_pick_other_rows_are_two_conventions(tmp_path):
    base = "a: {file: a.csv, id: {column: nr}, date: taken, dates: ymd}\n  b: {file: b.csv, id: {column: nr}, date: taken, dates: ymd}"
    book = parse_codebook(f"""
codebook: 1
sources:
  {base}
variables:
  x: {{kind: number, from: {{a: {{column: hb, aggregate: first, status: accepted}}, b: {{column: hb, aggregate: last, status: accepted}}}}}}
""")
    new = csv(tmp_path, "new.csv", "nr,taken,hb\n1,2020-01-01,12\n1,2020-02-01,13")
    with pytest.raises(QuestionError, match="fits 2 conventions equally well: a, b"):
        new_rows(sheets(new), book, ["x"])


def test_a_patient_without_a_row_that_counts_says_so(tmp_path):
    book = spec("aggregate: last_before_index,")
    answer = trace(made(tmp_path, book).provenance, 2, "x", parse_codebook(book), [tmp_path])
    assert answer.why == "no row of lab counts for this patient" and answer.note.startswith("no row counts: ")
