"""New patients for a model: the convention is found by headers, and every row comes back in its place."""

from __future__ import annotations

import pandas as pd
import pytest

from tabml.core.errors import DataError, InputError, QuestionError
from tabml.ingest.codebook_file import parse_codebook, portable
from tabml.ingest.harmonise import new_rows
from tabml.ingest.together import read_together
from tests.ingest.exports import csv, sheets
from tests.ingest.workbooks import sheet_xml, write_xlsx

BOOK = parse_codebook("""
codebook: 1
sources:
  a: {file: a.csv, id: {column: Nr}, missing: ["?"], unused: {ward: no}}
  b: {file: b.csv, id: {column: no}, decimal: ","}
  b_lab: {file: lab.csv, decimal: ",", join: {to: b, on: no, rule: digits}}
variables:
  nr: {kind: id, role: patient_id, from: {a: {column: Nr, status: accepted}, b: {column: no, status: accepted}}}
  centre: {kind: category, role: centre, levels: {a: Aa, b: Bb}, from: {a: {constant: a, status: accepted}, b: {constant: b, status: accepted}}}
  age: {kind: integer, from: {a: {column: Age, status: accepted}, b: {column: alder, status: accepted}}}
  sex: {kind: category, levels: {"0": female, "1": male}, from: {a: {column: Sex, recode: {f: 0, m: 1}, status: accepted}, b: {column: kjønn, recode: {kvinne: 0, mann: 1}, status: accepted}}}
  hb: {kind: number, from: {a: {column: Hb, status: accepted}, b_lab: {column: hb g/dl, status: accepted}}}
  dead: {kind: boolean, role: outcome, timing: outcome, from: {a: {column: Dead, recode: {"y": 1, "n": 0}, status: accepted}, b: {column: død, recode: {ja: 1, nei: 0}, status: accepted}}}
""")
FEATURES = ["age", "sex", "hb"]


def read(*paths, variables=FEATURES):
    return new_rows(sheets(*paths), portable(BOOK), variables)


def values(rows) -> list[list]:
    return [[None if pd.isna(v) else v for v in row] for row in rows.frame.astype(object).to_numpy()]


def test_rows_come_back_in_their_order_with_repeats_and_without_the_outcome(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\nx2,60,m,12\nx1,?,f,\nx2,60,m,12"))
    assert (rows.source, rows.raw_ids, rows.row_numbers) == ("a", ("x2", "x1", "x2"), (2, 3, 4))
    assert values(rows) == [[60, "1", 12.0], [None, "0", None], [60, "1", 12.0]]
    assert rows.centre == ("Aa", "Aa", "Aa") and rows.absent == {}
    assert "x2" not in repr(rows)


def test_totals_and_titles_are_no_rows(tmp_path):
    text = "Export of today\n\nNr,Age,Sex,Hb\n1,60,m,12\n2,61,f,13\n3,62,f,11\nTotal,3,,"
    assert len(read(csv(tmp_path, "new.csv", text)).frame) == 3


def test_a_joined_table_is_joined_and_a_missing_partner_is_missing(tmp_path):
    base = csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne\n12;62;mann")
    lab = csv(tmp_path, "l.csv", "no;hb g/dl\n0012;9,5\n0001;12,5\n0001;12,5")
    rows = read(base, lab)
    assert rows.source == "b"
    assert values(rows) == [[60, "1", 12.5], [61, "0", None], [62, "1", 9.5]]


def test_a_missing_joined_table_leaves_its_variables_absent(tmp_path):
    rows = read(csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne"))
    assert rows.absent == {"hb": "'hb g/dl'"}
    assert rows.frame["hb"].isna().all()
    assert [f.code for f in rows.findings] == ["TB702"]


def test_headers_that_are_the_variables_names_are_understood(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "nr,age,sex,hb\n5,60,male,12\n6,61,0,k.A."))
    assert (rows.source, rows.raw_ids) == ("canonical", ("5", "6"))
    assert values(rows) == [[60, "1", 12.0], [61, "0", None]]


def test_an_id_column_is_not_needed(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Age,Sex,Hb\n60,m,12\n61,f,13"))
    assert rows.raw_ids == ("", "") and rows.source == "a"


def test_a_column_too_few_is_absent_and_a_strange_one_ignored(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Nr,Age,Sex,Shoe\n1,60,m,42\n2,61,f,40"))
    assert rows.absent == {"hb": "'Hb'"}
    assert rows.place == "new.csv"


def test_one_patient_is_a_table(tmp_path):
    rows = read(csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\n1,60,m,12"))
    assert values(rows) == [[60, "1", 12.0]]


def test_a_file_in_no_convention_is_refused_with_the_nearest_headers(tmp_path):
    with pytest.raises(InputError, match=r"'kjønn' \(nearest: 'kjonn'\)"):
        read(csv(tmp_path, "new.csv", "nummer;alderen;kjonn\n1;60;mann\n2;61;kvinne"))


def test_two_conventions_that_read_the_same_headers_differently_are_asked_about(tmp_path):
    twin = BOOK.sources["a"].model_copy(update={"decimal": ","})
    variables = {
        n: v.model_copy(update={"from_": {**v.from_, "c": v.from_["a"]}}) if "a" in v.from_ else v
        for n, v in BOOK.variables.items()
    }
    book = BOOK.model_copy(update={"sources": {**BOOK.sources, "c": twin}, "variables": variables})
    path = csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\n1,60,m,12\n2,61,f,13")
    with pytest.raises(QuestionError, match="fits 2 conventions equally well: a, c"):
        new_rows(sheets(path), book, FEATURES)
    same = book.model_copy(update={"sources": {**book.sources, "c": BOOK.sources["a"]}})
    assert new_rows(sheets(path), same, FEATURES).centre == (None, None)


def test_patients_without_a_partner_in_the_joined_table_are_counted(tmp_path):
    base = csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne\n12;62;mann")
    lab = csv(tmp_path, "l.csv", "no;hb g/dl\n0012;9,5\n7;12,5")
    (found,) = read(base, lab).findings
    assert (found.code, found.severity, found.count) == ("TB127", "warn", 3)
    assert found.evidence == "1 row of b found a partner in b_lab; left over: 2 of b, 1 of b_lab"


def test_a_join_in_which_nobody_finds_a_partner_is_grave(tmp_path):
    base = csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne")
    lab = csv(tmp_path, "l.csv", "no;hb g/dl\n8;9,5\n9;12,5")
    (found,) = read(base, lab).findings
    assert (found.code, found.severity) == ("TB127", "grave")
    assert "how the ids are written" in found.remedy


@pytest.mark.parametrize(
    "line", ["Sum;;;122", ";;Totalt;122", ";Summe;;122", ";;;122;n = 3", "3;;;;total"],
)  # fmt: skip
def test_a_totals_word_in_any_column_is_no_patient(tmp_path, line):
    text = f"Nr;Age;Sex;Hb;ward\n4;60;m;12;A\n5;61;f;13;all\n6;62;f;11;A\n{line}"
    rows = read(csv(tmp_path, "new.csv", text.replace(";", ",").replace("n = 3", "Total: 3")))
    assert rows.raw_ids == ("4", "5", "6")
    assert [(f.code, f.evidence) for f in rows.findings] == [("TB103", "1 row of new.csv set aside (1 totals)")]


def test_a_value_that_reads_like_a_totals_word_is_a_patient(tmp_path):
    variables = {**BOOK.variables}
    sex = variables["sex"]
    mapping = sex.from_["a"].model_copy(update={"recode": {"all": "0", "m": "1"}})
    variables["sex"] = sex.model_copy(update={"from_": {**sex.from_, "a": mapping}})
    book = BOOK.model_copy(update={"variables": variables})
    rows = new_rows(sheets(csv(tmp_path, "new.csv", "Nr,Age,Sex,Hb\n4,60,m,12\n,61,all,\n6,62,all,11")), book, FEATURES)
    assert len(rows.frame) == 3


def test_headers_without_rows_say_so(tmp_path):
    for text in ("Nr,Age,Sex,Hb", "nr,age,sex,hb", "Export of today\n\nNr,Age,Sex,Hb"):
        with pytest.raises(DataError, match="no rows below the header") as caught:
            read(csv(tmp_path, "new.csv", text))
        assert caught.value.where == "new.csv"


def grouped(*files):
    return [[s.file for s in group] for group in read_together([sheets(f) for f in files], portable(BOOK), FEATURES)]


def test_files_that_are_joined_are_read_together_in_any_order(tmp_path):
    base = csv(tmp_path, "p.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne")
    lab = csv(tmp_path, "l.csv", "no;hb g/dl\n1;9,5\n2;12,5")
    other = csv(tmp_path, "a.csv", "Nr,Age,Sex,Hb\n1,60,m,12\n2,61,f,13")
    assert grouped(base, lab) == [["p.csv", "l.csv"]]
    assert grouped(lab, other, base) == [["a.csv"], ["p.csv", "l.csv"]]
    assert grouped(lab) == [["l.csv"]]


def test_a_joined_file_that_could_belong_to_two_is_asked_about(tmp_path):
    first = csv(tmp_path, "jan.csv", "no;alder;kjønn\n1;60;mann\n2;61;kvinne")
    second = csv(tmp_path, "feb.csv", "no;alder;kjønn\n1;50;mann\n2;51;kvinne")
    lab = csv(tmp_path, "l.csv", "no;hb g/dl\n1;9,5\n2;12,5")
    more = csv(tmp_path, "m.csv", "no;hb g/dl\n1;9,5\n2;12,5")
    with pytest.raises(QuestionError, match=r"l\.csv could be joined to 2 files"):
        grouped(first, second, lab)
    with pytest.raises(QuestionError, match=r"2 files could be joined to jan\.csv"):
        grouped(first, lab, more)


def test_patients_without_the_joined_table_that_holds_most_columns_are_told_which(tmp_path):
    book = parse_codebook("""
codebook: 1
sources:
  p: {file: p.csv, id: {column: no}}
  lab: {file: l.csv, join: {to: p, on: no}}
variables:
  age: {kind: integer, from: {p: {column: alder, status: accepted}}}
  hb: {kind: number, from: {lab: {column: hb g/dl, status: accepted}}}
  crp: {kind: number, from: {lab: {column: crp mg/l, status: accepted}}}
  na: {kind: number, from: {lab: {column: na mmol, status: accepted}}}
""")
    path = csv(tmp_path, "p.csv", "no;alder\n1;60\n2;61\n3;62")
    with pytest.raises(InputError, match="'hb g/dl'; 'crp mg/l'; 'na mmol'") as caught:
        new_rows(sheets(path), book, ["age", "hb", "crp", "na"])
    assert caught.value.where == "p.csv, source 'p'"


def test_a_totals_word_in_many_rows_is_a_value_even_without_ids(tmp_path):
    text = "Age,Sex,Hb\n" + "\n".join(f"{50 + k},{'all' if k % 2 else 'm'},12" for k in range(12))
    rows = read(csv(tmp_path, "new.csv", text))
    assert len(rows.frame) == 12
    assert ("TB110", 6) in [(f.code, f.count) for f in rows.findings]


def test_two_tables_of_one_sheet_are_the_patients_and_what_joins_to_them(tmp_path):
    patients = [
        ["no", "alder", "kjønn", "vekt", "høyde"],
        *[[i, 50 + i, "mann", 70 + i, 170 + i] for i in range(1, 15)],
    ]
    lab = [["no", "hb g/dl", "crp", "na"], *[[i, 9 + i / 10, i, 140 + i] for i in range(1, 9)]]
    beds = [["ward", "beds", "floor"], *[[f"W{i}", i, i / 7] for i in range(1, 9)]]
    book = write_xlsx(tmp_path / "new.xlsx", {"Data": sheet_xml([*patients, [], *lab, [], *beds])})
    rows = read(book)
    assert rows.source == "b" and rows.absent == {} and len(rows.frame) == 14
    assert rows.frame["hb"].tolist()[:2] == [9.1, 9.2] and int(rows.frame["hb"].isna().sum()) == 6
    said = [f.evidence for f in rows.findings if f.code == "TB104"]
    assert len(said) == 1 and "another table, not read" in said[0] and "A27:C35" in said[0]
