"""Applying a codebook: ids, joins, units, missing words, and every refusal that keeps a guess out."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabml.core.errors import ConfigError, InputError, QuestionError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook
from tabml.ingest.harmonise import level_counts, written_table
from tests.ingest.exports import codes, cohort, csv, heart4_codebook, written

BOOK = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}}
variables:
  nr: {kind: id, role: patient_id, from: {a: {column: nr, status: accepted}}}
  age: {kind: integer, range: [18, 110], outside: missing, from: {a: {column: age, status: accepted}}}
  dead: {kind: boolean, role: outcome, timing: outcome, from: {a: {column: dead, recode: {ja: 1, nein: 0}, status: accepted}}}
"""
ROWS = """nr,age,dead
7,63,ja
2,71,nein
30,55,nein"""


def one(tmp_path, variable: str, column: str, *, source: str = "") -> tuple[list, dict[str, int]]:
    """The values of one variable filled from one column, and the findings by code with their counts."""
    text = f"""
codebook: 1
sources:
  a: {{file: a.csv, id: {{column: nr}}{source}}}
variables:
  x: {variable}
"""
    lines = "\n".join(f"{i};{cell}" for i, cell in enumerate(column.split("|"), start=1))
    got = cohort(text, csv(tmp_path, "a.csv", f"nr;x col;\n{lines}".replace("x col;", "x col")))
    values = [None if pd.isna(v) else v for v in got.frame["x"]]
    return values, {f.code: f.count for f in got.findings if f.columns == ("x",)}


def number(unit: str = "", mapping: str = "", kind: str = "number") -> str:
    return f"{{kind: {kind}, {unit} from: {{a: {{column: x col, status: accepted, {mapping}}}}}}}"


def test_ids_order_patients_and_leave_as_pseudonyms(tmp_path):
    got = cohort(BOOK, csv(tmp_path, "a.csv", ROWS))
    assert got.raw_ids == ("2", "30", "7")
    assert got.frame["age"].tolist() == [71, 55, 63]
    assert got.frame["dead"].tolist() == [False, False, True]
    assert [r["local_id"] for r in written(got)] == ["2", "30", "7"]
    kept_in = written(got, keep_ids=False)[0]
    assert list(kept_in) == ["source", "pseudonym", "age", "dead"]
    assert len(kept_in["pseudonym"]) == 16 and kept_in["dead"] == "0"


@pytest.mark.parametrize(
    ("variable", "source", "column", "values", "findings"),
    [
        (number(), ", decimal: ','", "1,5|2|x", [1.5, 2.0, None], {"TB110": 1}),
        (number(mapping="missing: ['0']"), ", decimal: ','", "0|0,00|3", [None, None, 3.0], {"TB113": 2}),
        (number(), ", missing: [ukjent]", "1|Ukjent |3", [1.0, None, 3.0], {}),
        (number("unit: 'mm[Hg]',"), "", "145 mmHg|2|145 apples", [145.0, 2.0, None], {"TB111": 1, "TB110": 1}),
        (number("range: [1, 10],"), "", "1|11|", [1.0, 11.0, None], {"TB112": 1}),
        (number("range: [1, 10], outside: missing,"), "", "1|11|0", [1.0, None, None], {"TB112": 2}),
        (number("decimals: 1,"), "", "1.26|2|3", [1.3, 2.0, 3.0], {}),
        (number(), "", "<5|>= 90|7", [5.0, 90.0, 7.0], {"TB114": 2}),
        (number(kind="integer"), "", "1|2.4|3", [1, 2, 3], {"TB110": 1}),
        (number("unit: mg/dL, decimals: 0,", "unit: mmol/L, analyte: cholesterol"), "", "3.41|1|2", [132.0, 39.0, 77.0], {}),
        (number(mapping="recode: {none: 0, many: null}", kind="integer"), "", "none|many|2", [0, None, 2], {}),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_codebook_says(tmp_path, variable, source, column, values, findings):
    assert one(tmp_path, variable, column, source=source) == (values, findings)


@pytest.mark.parametrize(
    ("variable", "column", "values", "findings"),
    [
        ("levels: {'0': f, '1': m}", "1|0|M", ["1", "0", "1"], {}),
        ("levels: {'0': f, '1': m}", "1|0|2", ["1", "0", None], {"TB110": 1}),
        ("", "b|a|b", ["b", "a", "b"], {}),
        ("levels: {lo: low, hi: high}, ordered: true", "hi|LO|lo", ["hi", "lo", "lo"], {"TB116": 1}),
    ],
)
def test_levels_are_compared_without_case(tmp_path, variable, column, values, findings):
    spec = f"{{kind: category, {variable}{', ' if variable else ''}from: {{a: {{column: x col, status: accepted}}}}}}"
    assert one(tmp_path, spec, column) == (values, findings)


@pytest.mark.parametrize("huge", ["1e308", "99999999999999999999", "9" * 400, "-1e15"])
@pytest.mark.parametrize("kind", ["number", "integer"])
def test_a_number_no_measurement_can_be_is_missing_with_its_cell(tmp_path, huge, kind):
    values, found = one(tmp_path, number(kind=kind), f"5|{huge}|7")
    assert values == [5, None, 7]
    assert found == {"TB112": 1}


def test_percent_in_every_cell_needs_no_stated_unit(tmp_path):
    assert one(tmp_path, number(), "45%|50 %|k.A.|7,5 %", source=", decimal: ',', missing: [k.A.]") == (
        [45, 50, None, 7.5],
        {"TB111": 3},
    )
    assert one(tmp_path, number(), "45%|50|60%")[0] == [None, 50, None]


def test_a_column_of_which_nothing_is_read_stops_unless_yes_is_said(tmp_path):
    rows = "nr,age,dead\n" + "\n".join(f"{i},{40 + i} Jahre alt,ja" for i in range(6))
    with pytest.raises(QuestionError, match="reads nothing of a column") as caught:
        cohort(BOOK, csv(tmp_path, "a.csv", rows))
    assert "all 6 cells of 'age' (a) without a number" in caught.value.questions[0]
    got = cohort(BOOK, csv(tmp_path, "a.csv", rows), yes=True)
    assert [f.severity for f in got.findings if f.code == "TB110"] == ["grave"]


def test_one_code_with_another_meaning_is_recoded_and_said(tmp_path):
    spec = "{kind: category, levels: {'0': f, '1': m}, from: {a: {column: x col, recode: {'1': 1, '2': 0}, status: edited}}}"
    assert one(tmp_path, spec, "1|2|2") == (["1", "0", "0"], {"TB119": 2})


@pytest.mark.parametrize(
    ("source", "column", "days", "findings"),
    [
        (", dates: dmy", "31.12.1985|1985-12-30|31.02.1985", ["1985-12-31", "1985-12-30", None], {"TB115": 1}),
        (", dates: mdy", "12/31/1985|12/30/1985|13/13/1985", ["1985-12-31", "1985-12-30", None], {"TB115": 1}),
        (", dates: dmy, century: 1999", "01.02.85|01.02.99|01.02.00", ["1985-02-01", "1999-02-01", "1900-02-01"], {"TB115": 3}),
        ("", "03.04.1985|25.04.1985|1985-04-25", [None, "1985-04-25", "1985-04-25"], {"TB115": 1}),
    ],
)  # fmt: skip
def test_dates_follow_the_stated_order(tmp_path, source, column, days, findings):
    values, found = one(tmp_path, number(kind="date"), column, source=source)
    assert [None if v is None else str(v.date()) for v in values] == days
    assert found == findings


TWO = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}}
  b: {file: b.csv, id: {column: no}}
variables:
  centre: {kind: category, role: centre, levels: {A: Ås, B: Bø}, from: {a: {constant: A, status: accepted}, b: {constant: B, status: accepted}}}
  x: {kind: number, from: {a: {column: x, status: accepted}, b: {column: y, status: accepted}}}
"""


def two(tmp_path, book: str = TWO):
    return cohort(book, csv(tmp_path, "a.csv", "nr,x\n1,10\n2,20"), csv(tmp_path, "b.csv", "no,y\n0002,30\n3,40"))


def test_equal_ids_of_two_hospitals_are_two_patients_in_one_group(tmp_path):
    got = two(tmp_path)
    assert got.n_patients == 4
    assert got.rows["pseudonym"].is_unique
    assert got.rows["group"].tolist() == [0, 1, 1, 2]
    assert got.rows["centre"].tolist() == ["Ås", "Ås", "Bø", "Bø"]


def test_global_ids_of_two_hospitals_are_one_patient(tmp_path):
    book = TWO.replace("sources:", "id_scope: global\nsources:").replace(
        "id: {column: nr}", "id: {column: nr}, repeats: {conflict: visits}"
    ).replace("id: {column: no}", "id: {column: no}, repeats: {conflict: visits}")  # fmt: skip
    got = two(tmp_path, book)
    assert got.rows["patient"].tolist() == [0, 1, 1, 2]
    assert got.rows["pseudonym"].nunique() == 3


def test_rows_without_an_id_column_are_patients_of_their_own(tmp_path):
    book = BOOK.replace(", id: {column: nr}", ", unused: {nr: none}").replace(
        "  nr: {kind: id, role: patient_id, from: {a: {column: nr, status: accepted}}}\n", ""
    )
    got = cohort(book, csv(tmp_path, "a.csv", ROWS + "\n7,63,ja"))
    assert got.n_patients == 4 and got.rows["group"].tolist() == [0, 1, 2, 3]
    assert got.frame["age"].tolist() == [63, 71, 55, 63]
    assert {"TB108", "TB121"} <= codes(got)


def test_a_row_without_its_id_is_set_aside_and_counted(tmp_path):
    got = cohort(BOOK, csv(tmp_path, "a.csv", ROWS + "\n,40,ja"))
    assert got.n_patients == 3
    assert [s.rows for s in got.flow if s.reason == "rows without id"] == [1]
    assert "TB130" in codes(got)


def test_ids_written_differently_but_equal_are_named(tmp_path):
    assert "TB126" in codes(cohort(BOOK.replace("id: {column: nr}", "id: {column: nr}, repeats: {conflict: missing}"),
                                   csv(tmp_path, "a.csv", ROWS + "\n007,64,ja")))  # fmt: skip


# -- joins ------------------------------------------------------------------------------------------------------------

JOIN = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}}
  lab: {file: lab.csv, join: {to: a, on: Nr., rule: digits}}
variables:
  age: {kind: integer, from: {a: {column: age, status: accepted}}}
  hb: {kind: number, from: {lab: {column: hb, status: accepted}}}
"""


def joined(tmp_path, lab: str, book: str = JOIN):
    return cohort(book, csv(tmp_path, "a.csv", "nr,age\n1,50\n2,60\n12,70"), csv(tmp_path, "lab.csv", lab))


def test_a_join_adds_columns_and_never_rows(tmp_path):
    got = joined(tmp_path, "Nr.,hb\n0012,9.5\n0001,13\n0099,11")
    assert got.raw_ids == ("1", "12", "2")
    assert got.frame["hb"].tolist() == [13.0, 9.5, pd.NA]
    [left] = [f for f in got.findings if f.code == "TB127"]
    assert (left.count, left.severity) == (2, "warn")
    assert [s.rows for s in got.flow if s.reason == "rows without a patient to join"] == [1]
    assert got.provenance is not None
    assert got.provenance.rows_in("lab").tolist() == [3, 2, -1]
    assert got.provenance.rule_of(2, "hb") == -1


def test_two_rows_for_one_patient_in_a_joined_table_are_asked_about(tmp_path):
    lab = "Nr.,hb\n1,13\n1,14\n2,12"
    with pytest.raises(QuestionError, match="conflicting rows") as caught:
        joined(tmp_path, lab)
    assert "sources.lab.repeats.conflict" in caught.value.questions[0]
    settled = joined(tmp_path, lab, JOIN.replace("rule: digits}", "rule: digits}, repeats: {conflict: missing}"))
    assert settled.n_patients == 3 and settled.frame["hb"].tolist() == [pd.NA, pd.NA, 12.0]
    with pytest.raises(ConfigError, match="would multiply patients"):
        joined(tmp_path, lab, JOIN.replace("rule: digits}", "rule: digits}, repeats: {conflict: visits}"))


def test_a_variable_filled_twice_for_one_patient_is_refused(tmp_path):
    book = JOIN.replace("from: {lab:", "from: {a: {column: age, status: accepted}, lab:")
    with pytest.raises(ConfigError, match="'hb' is filled by a source and by the table joined to it"):
        joined(tmp_path, "Nr.,hb\n1,13", book)


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_column_that_is_not_in_the_codebook_stops_the_run(tmp_path):
    with pytest.raises(ConfigError, match=r"column not in the codebook: 'ward' of a.csv") as caught:
        cohort(BOOK, csv(tmp_path, "a.csv", "nr,age,dead,ward\n1,60,ja,x\n2,61,nein,y"))
    assert "unused" in (caught.value.hint or "")


def test_a_column_the_codebook_names_but_the_file_lacks_is_named_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"'dead' \(nearest: 'deat'\)") as caught:
        cohort(BOOK, csv(tmp_path, "a.csv", "nr,age,deat\n1,60,ja\n2,61,nein"))
    assert "a.csv" in str(caught.value)


def test_a_file_the_codebook_names_but_nobody_gave_is_named(tmp_path):
    with pytest.raises(InputError, match=r"file 'a.csv' of source 'a' is not among the inputs"):
        cohort(BOOK, csv(tmp_path, "aa.csv", "nr,years\n1,60\n2,70"))


def test_a_sheet_nobody_accounts_for_stops_the_run(tmp_path):
    with pytest.raises(ConfigError, match=r"not in the codebook: b.csv") as caught:
        cohort(BOOK, csv(tmp_path, "a.csv", ROWS), csv(tmp_path, "b.csv", "x,y\n1,2\n3,4"))
    assert "other_sheets" in (caught.value.hint or "")


def test_a_changed_file_is_read_by_rule_and_said_so(tmp_path):
    book = BOOK.replace("file: a.csv,", f"file: a.csv, sha256: {'0' * 64}, header_rows: [3], data_rows: [4, 5],")
    got = cohort(book, csv(tmp_path, "a.csv", ROWS))
    assert got.n_patients == 3 and "TB107" in codes(got)


def test_next_years_file_is_found_by_its_headers(tmp_path):
    got = cohort(BOOK.replace("file: a.csv,", f"file: a.csv, sha256: {'0' * 64},"), csv(tmp_path, "a 2026.csv", ROWS))
    assert got.n_patients == 3 and "TB107" in codes(got)


def test_a_source_found_under_another_name_is_said_even_without_a_hash(tmp_path):
    got = cohort(BOOK, csv(tmp_path, "a 2026.csv", ROWS))
    assert got.n_patients == 3
    [said] = [f.evidence for f in got.findings if f.code == "TB107"]
    assert "a.csv" in said and "a 2026.csv" in said


def test_stated_rows_hold_while_the_file_is_unchanged(tmp_path):
    got = cohort(BOOK.replace("file: a.csv,", "file: a.csv, data_rows: [2, 3],"), csv(tmp_path, "a.csv", ROWS))
    assert got.n_patients == 2
    assert [s.rows for s in got.flow if s.reason == "outside data_rows"] == [1]


def test_doubtful_proposals_are_refused_all_at_once(tmp_path):
    book = BOOK.replace("column: age, status: accepted", "column: age, status: proposed, score: 0.62")
    book = book.replace("nein: 0}, status: accepted", "nein: 0}, status: proposed, score: 0.4")
    with pytest.raises(QuestionError, match="2 proposed mappings score below") as caught:
        cohort(book, csv(tmp_path, "a.csv", ROWS))
    assert len(caught.value.questions) == 2 and "'age'" in caught.value.questions[0]
    got = cohort(book, csv(tmp_path, "a.csv", ROWS), yes=True)
    assert list(got.frame.columns) == [] and "TB104" in codes(got)


def test_a_sure_proposal_is_taken(tmp_path):
    book = BOOK.replace("column: age, status: accepted", "column: age, status: proposed, score: 0.95")
    assert cohort(book, csv(tmp_path, "a.csv", ROWS)).frame["age"].tolist() == [71, 55, 63]


def test_free_text_is_no_part_of_the_cohort(tmp_path):
    got = cohort(
        BOOK.replace("kind: integer, range: [18, 110], outside: missing", "kind: text"), csv(tmp_path, "a.csv", ROWS)
    )
    assert list(got.frame.columns) == ["dead"] and "TB172" in codes(got)


def test_an_unknown_unit_names_variable_and_source(tmp_path):
    book = BOOK.replace("kind: integer,", "kind: integer, unit: mg/dL,").replace(
        "column: age,", "column: age, unit: furlong,"
    )
    with pytest.raises(ConfigError, match=r"unknown unit 'furlong' \(variable 'age', source 'a'\)"):
        cohort(book, csv(tmp_path, "a.csv", ROWS))


def test_levels_are_counted_by_patient(tmp_path):
    got = cohort(BOOK, csv(tmp_path, "a.csv", ROWS))
    assert level_counts(got) == {"dead": {"0": 2, "1": 1}}


def test_the_table_to_write_has_iso_dates_and_codes(tmp_path):
    book = parse_codebook(dump_codebook(heart4_codebook()))
    assert book == heart4_codebook()
    spec = "{kind: date, role: index_date, from: {a: {column: x col, status: accepted}}}"
    text = f"codebook: 1\nsources:\n  a: {{file: a.csv, dates: dmy, id: {{column: nr}}}}\nvariables:\n  x: {spec}\n"
    got = cohort(text, csv(tmp_path, "a.csv", "nr;x col\n1;02.01.2020\n2;\n3;01.01.2020"))
    table = written_table(got, keep_ids=True)
    assert table["x"].tolist() == ["2020-01-02", pd.NA, "2020-01-01"]
    assert table["source_file"].tolist() == ["a.csv"] * 3


# -- laws -------------------------------------------------------------------------------------------------------------


@given(st.permutations(range(8)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shuffling_the_rows_of_an_export_changes_nothing(tmp_path, order):
    lines = [f"{n * 7},{30 + n},{'ja' if n % 2 else 'nein'}" for n in range(8)]
    first = cohort(BOOK, csv(tmp_path, "a.csv", "\n".join(["nr,age,dead", *lines])))
    shuffled = cohort(BOOK, csv(tmp_path, "a.csv", "\n".join(["nr,age,dead", *(lines[i] for i in order)])))
    assert shuffled.cohort_sha256 == first.cohort_sha256
    assert shuffled.raw_ids == first.raw_ids


def test_a_mapping_written_by_hand_without_status_and_score_is_taken(tmp_path):
    path = csv(tmp_path, "a.csv", "id,hb\n1,12\n2,13")
    book = """
    codebook: 1
    sources: {a: {file: a.csv, id: {column: id}}}
    variables: {hb: {kind: number, from: {a: {column: hb}}}}
    """
    assert cohort(book, path).frame["hb"].notna().all()
