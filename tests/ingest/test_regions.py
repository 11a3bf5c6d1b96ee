"""Several tables in one sheet: stacked, side by side, and what stands beside a table without being one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.errors import ConfigError, InputError
from tabml.core.findings import finding
from tabml.ingest.layout import NoTable, Region, Table, find_table, find_tables
from tabml.ingest.read import Stated
from tests.ingest.test_layout import HEAD, patients, sheet

LAB = ["pid", "date", "hb", "crp"]


def readings(n: int = 8) -> list[list[Any]]:
    return [[f"P{i:03d}", f"2020-01-{i:02d}", 10 + i / 10, i] for i in range(1, n + 1)]


def beside(left: list[list[Any]], right: list[list[Any]], gap: int = 1) -> list[list[Any]]:
    """Two blocks of rows next to each other, with blank columns between."""
    width = max(map(len, left))
    n = max(len(left), len(right))
    pad = [*left, *[[""] * width] * (n - len(left))]
    return [
        [*row, *[""] * (width - len(row) + gap), *(right[i] if i < len(right) else [])] for i, row in enumerate(pad)
    ]


def found(rows: list[list[Any]], **how: Any) -> tuple[list[Table], list[NoTable]]:
    parts = find_tables(sheet(rows), **how)
    return [p for p in parts if isinstance(p, Table)], [p for p in parts if isinstance(p, NoTable)]


def test_stacked_tables_are_named_by_their_ranges():
    tables, others = found([["Export"], [], HEAD, *patients(), [], ["Laboratory"], LAB, *readings()])
    assert [t.name for t in tables] == ["export.xlsx, sheet Data, A1:E15", "export.xlsx, sheet Data, A17:D26"]
    assert [t.headers for t in tables] == [tuple(HEAD), tuple(LAB)]
    assert [(len(t), t.header_rows) for t in tables] == [(12, (3,)), (8, (18,))]
    assert tables[1].at(0, "hb") == "export.xlsx, sheet Data, cell C19" and tables[1].texts("hb")[0] == "10.1"
    assert dict(tables[1].set_aside) == {17: "title"} and not others


def test_a_first_table_mostly_of_words_is_one_of_two():
    wards = [
        ["id", "age", "sex", "ward", "died"],
        *[[f"P{i:03d}", 40 + i, "fm"[i % 2], "A", "yes"] for i in range(1, 9)],
    ]
    tables, _ = found([*wards, [], LAB, *readings()])
    assert [len(t) for t in tables] == [8, 8]


def test_three_stacked_tables_with_several_blank_rows_between():
    rows = [HEAD, *patients(), [], [], LAB, *readings(), [], ["id", "start", "stop"],
            *[[f"P{i:03d}", 2000 + i, 2010 + i] for i in range(6)]]  # fmt: skip
    assert [len(t) for t in found(rows)[0]] == [12, 8, 6]


def test_side_by_side_tables_of_differing_length():
    tables, _ = found(beside([HEAD, *patients(20)], [LAB, *readings()]))
    assert [(t.region.name, len(t)) for t in tables if t.region] == [("A1:E21", 20), ("G1:J9", 8)]
    assert tables[1].columns == (7, 8, 9, 10) and tables[1].at(0, "hb") == "export.xlsx, sheet Data, cell I2"
    assert set(tables[0].set_aside.values()) == set()


def test_side_by_side_tables_that_both_begin_with_the_id():
    left, right = [["id", "age", "chol"]], [["id", "hb", "crp"]]
    left += [[f"P{i}", 40 + i, 150 + i] for i in range(10)]
    right += [[f"P{i}", 9.5 + i, i] for i in range(10)]
    assert [t.headers for t in found(beside(left, right, gap=2))[0]] == [("id", "age", "chol"), ("id", "hb", "crp")]


def test_a_blank_column_inside_a_table_does_not_cut_it():
    rows = [[*row[:2], "", *row[2:]] for row in [HEAD, *patients()]]
    tables, _ = found(rows)
    assert [t.headers for t in tables] == [("id", "sex", "#3", "age", "chol", "sbp")] and tables[0].region is None


def test_titles_above_and_remarks_below_do_not_cut_a_table_with_a_blank_column():
    rows = [["Glucose tolerance"], ["tested after 1 h"], *[[*row[:3], "", *row[3:]] for row in [HEAD, *patients()]]]
    rows += [["", "Code", "Code"], ["", "m = male", "1 = yes"], ["", "f = female", ""]]
    tables, _ = found(rows)
    assert [(len(t), t.headers) for t in tables] == [(12, ("id", "sex", "age", "#4", "chol", "sbp"))]


def test_columns_filled_for_the_first_patients_only_belong_to_the_table():
    rows = [
        [*row, "", *more]
        for row, more in zip(
            [HEAD, *patients(20)], [["fu1", "fu2"], *[[1.5 + i, 2.5] for i in range(8)], *[["", ""]] * 12], strict=True
        )
    ]
    assert len(found(rows)[0]) == 1


def test_blank_rows_and_repeated_heads_do_not_cut_a_table():
    rows = [HEAD, *patients(5), [], *patients(5, start=6), [], HEAD, *patients(5, start=11)]
    tables, _ = found(rows)
    assert [len(t) for t in tables] == [15]
    assert sorted(tables[0].set_aside.values()) == ["blank", "blank", "repeated header"]


def test_blank_rows_in_a_table_of_words_do_not_cut_it():
    words = [[f"P{i:03d}", "m" if i % 2 else "f", "yes" if i % 3 else "no", "high"] for i in range(1, 13)]
    rows = [["id", "sex", "smoker", "risk"], *words[:6], [], *words[6:]]
    assert [len(t) for t in found(rows)[0]] == [12]


@pytest.mark.parametrize(
    "legend",
    [
        [["Code", "Meaning"], ["m", "male"], ["f", "female"]],
        [["m", "male"], ["f", "female"]],
        [["m = male"], ["f = female"]],
    ],
)
def test_a_legend_beside_the_data_is_no_cohort(legend):
    tables, others = found(beside([HEAD, *patients()], legend))
    assert [t.headers for t in tables] == [tuple(HEAD)]
    assert len(others) == 1 and "codes" in others[0].reason and others[0].findings[0].code == "TB104"


@pytest.mark.parametrize(
    "legend",
    [
        [["Code", "Meaning"], ["m", "male"], ["f", "female"]],
        [["m", "male"], ["f", "female"]],
        [["m = male"], ["f = female"]],
        [[0, "female"], [1, "male"]],
    ],
)
def test_a_legend_under_the_data_is_no_cohort(legend):
    tables, others = found([HEAD, *patients(), [], *legend])
    assert [len(t) for t in tables] == [12]
    assert len(others) + sum(reason == "note" for reason in tables[0].set_aside.values()) >= 1


def test_a_small_table_of_counts_under_the_data_is_no_cohort():
    rows = [HEAD, *patients(), [], ["", "n", "events"], ["male", 6, 2], ["female", 6, 1]]
    tables, others = found(rows)
    assert [len(t) for t in tables] == [12] and "pivot" in others[0].reason


def test_a_stated_range_is_read_as_it_is():
    rows = [HEAD, *patients(), [], LAB, *readings()]
    [part] = find_tables(sheet(rows), within=Region.of("A15:D19"))
    assert isinstance(part, Table) and (len(part), part.header_rows, part.headers) == (4, (15,), tuple(LAB))
    with pytest.raises(InputError, match="H40:K50 lies outside the sheet, whose cells end at E23"):
        find_tables(sheet(rows), within=Region.of("H40:K50"))
    with pytest.raises(ConfigError, match="'B3-F40' is no range of cells"):
        Region.of("B3-F40")


def test_stated_header_rows_keep_the_parts_of_a_sheet_apart():
    rows = beside([HEAD, *patients()], [["Code", "Meaning"], ["m", "male"], ["f", "female"]])
    tables, others = found(rows, header_rows=(1,))
    assert [(t.headers, t.header_rows) for t in tables] == [(tuple(HEAD), (1,))] and len(others) == 1
    tables, _ = found([HEAD, *patients(), [], LAB, *readings()], header_rows=(15,))
    assert [(len(t), t.header_rows) for t in tables] == [(12, (1,)), (8, (15,))]
    tables, _ = found([HEAD, *patients(), [], LAB, *readings()], header_rows=(2,))
    assert [(len(t), t.header_rows) for t in tables] == [(11, (2,)), (8, (15,))]


def test_one_table_is_read_and_the_other_named():
    table = find_table(sheet([HEAD, *patients(), [], LAB, *readings()]))
    assert isinstance(table, Table) and table.headers == tuple(HEAD)
    assert "export.xlsx, sheet Data, A15:D23: another table, not read" in [f.evidence for f in table.findings]


@settings(max_examples=40, deadline=None)
@given(
    first=st.integers(4, 12),
    steps=st.lists(st.integers(2, 9), max_size=2),
    gap=st.integers(1, 3),
    titles=st.booleans(),
    totals=st.booleans(),
    across=st.booleans(),
)
def test_every_row_of_every_table_is_header_data_or_set_aside(first, steps, gap, titles, totals, across):
    sizes = [first, *(first + sum(steps[: k + 1]) for k in range(len(steps)))]
    blocks = []
    for k, n in enumerate(sizes):
        head = [f"id{k}", f"age{k}", f"lab{k}", f"score{k}"]
        rows = [head, *[[f"{k}-{i:03d}", 30 + i, 5.5 * i, i % 4] for i in range(n)]]
        blocks.append([*([[f"Table {k}"]] if titles else []), *rows, *([["Total", "", "", 9]] if totals else [])])
    if across:
        rows = blocks[0]
        for block in blocks[1:]:
            rows = beside(rows, block, gap)
    else:
        rows = [row for block in blocks for row in [*block, *[[]] * gap]]
    tables, others = found(rows)
    assert not others and [len(t) for t in tables] == sizes
    for table in tables:
        region = table.region or Region.whole(table.sheet)
        rest = set(range(region.first_row, region.last_row + 1)) - set(table.header_rows) - set(table.set_aside)
        assert rest == set(table.row_numbers.tolist())


def test_what_reading_said_of_a_sheet_is_told_once_by_its_uppermost_table():
    said = finding("TB100", "read with a remark", count=1)
    raw = replace(sheet([HEAD, *patients(), [], LAB, *readings(20)]), said=(said,))
    first, second = find_tables(raw)
    assert said in first.findings and said not in second.findings
    assert find_table(raw).findings.count(said) == 1 and find_table(raw).name.endswith("A15:D35")
    assert find_tables(raw, within=Region.of("A15:D35"))[0].findings.count(said) == 1


def test_a_format_that_states_its_header_holds_one_table_whatever_its_gaps():
    raw = replace(sheet([HEAD, *patients(), [], LAB, *readings()]), header_rows=(1,), stated={2: Stated(label="Age")})
    [table] = find_tables(raw)
    assert isinstance(table, Table) and table.region is None and len(table) == 21
    assert table.stated(HEAD[1]).label == "Age"


def test_a_range_keeps_what_the_file_states_of_its_columns():
    raw = replace(sheet(beside([HEAD, *patients(20)], [LAB, *readings()])), stated={9: Stated(label="Haemoglobin")})
    tables = [t for t in find_tables(raw) if isinstance(t, Table)]
    assert (
        tables[1].stated("hb").label == "Haemoglobin"
        and tables[0].stated("hb" if "hb" in HEAD else HEAD[0]).label == ""
    )
    cropped = Region.of("G1:J9").crop(replace(raw, header_rows=(1,)))
    assert cropped.stated == {3: Stated(label="Haemoglobin")} and cropped.header_rows == (1,) and cropped.said == ()


def test_a_sheet_that_explains_another_file_holds_no_table():
    raw = replace(sheet([HEAD, *patients()]), aside="the labels of another file")
    [none] = find_tables(raw)
    assert isinstance(none, NoTable) and none.reason == raw.aside and none.findings[0].severity == "info"
