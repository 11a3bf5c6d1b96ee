"""What a clinician does to the workbook, and what the codebook makes of it."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from tabml.core.errors import ConfigError
from tabml.ingest.codebook_file import dump_codebook, load_codebook, parse_codebook
from tabml.ingest.codebook_workbook import Change, count_levels, read_workbook_codebook, workbook_bytes
from tabml.ingest.propose.question import Question
from tests.ingest.codebook_workbook.test_round_trip import everybody
from tests.ingest.exports import csv, heart4_codebook, heart4_exports, sheets

BOOK = """
codebook: 1
title: Two hospitals
sources:
  north: {file: north.csv, id: {column: Nr}, missing: ["?", "-9"], identifiers: [Name], unused: {Remark: free text, Weight: empty}}
  south: {file: south.csv, decimal: ",", id: {column: Fall}}
variables:
  patient: {kind: id, role: patient_id, from: {north: {column: Nr, status: accepted}, south: {column: Fall, status: accepted}}}
  chol: {kind: number, unit: mg/dL, range: [40, 1000], from: {north: {column: Chol, unit: mg/dL, status: accepted, score: 0.99},
    south: {column: Cholesterin, unit: mg/dL, score: 0.71, evidence: name; values}}}
  sex: {kind: category, levels: {"0": female, "1": male}, from: {north: {column: Sex, recode: {M: "1", F: "0"}, score: 0.95},
    south: {column: Geschl, recode: {m: "1", w: "0"}, score: 0.85}}}
  dead: {kind: boolean, role: outcome, timing: outcome, from: {north: {column: Died, recode: {"0012": "1", "0": "0"}, status: accepted}}}
"""


class Workbook:
    """A codebook's workbook on disk, edited as a person edits it."""

    def __init__(self, folder, text: str = BOOK, questions=()):
        self.path, self.book = folder / "book.xlsx", parse_codebook(text)
        self.path.write_bytes(
            workbook_bytes(self.book, everybody(self.book), questions=questions, accept_score=0.9, small_cell=5)
        )
        self.sheets = load_workbook(self.path)

    def find(self, sheet: str, *key: str):
        """The row of a key, as a mapping from title to cell."""
        page = self.sheets[sheet]
        titles = next(r for r in page.iter_rows() if r[0].value in ("variable", "source", "setting", "number"))
        for row in page.iter_rows(min_row=titles[0].row + 1):
            if tuple(str(c.value) for c in row[: len(key)]) == key:
                return {t.value: c for t, c in zip(titles, row, strict=False)}
        raise AssertionError(key)

    def type(self, sheet: str, key: tuple[str, ...], title: str, value) -> str:
        cell = self.find(sheet, *key)[title]
        cell.value = value
        return cell.coordinate

    def drop(self, sheet: str, *key: str) -> None:
        self.sheets[sheet].delete_rows(self.find(sheet, *key)[self.sheets[sheet]["A1"].value].row)

    def read(self):
        self.sheets.save(self.path)
        return read_workbook_codebook(self.path)


@pytest.fixture
def at(tmp_path) -> Workbook:
    return Workbook(tmp_path)


def test_a_corrected_unit_is_named_by_its_cell_and_makes_the_mapping_edited(at):
    cell = at.type("Mapping", ("chol", "south"), "unit", "mmol/L")
    read = at.read()
    assert read.codebook.variables["chol"].from_["south"].unit == "mmol/L"
    assert read.codebook.variables["chol"].from_["south"].status == "edited"
    (change,) = read.changes
    assert (change.place, change.field, change.old, change.new) == (f"Mapping!{cell}", "unit", "mg/dL", "mmol/L")
    untouched = [n for n in at.book.variables if n != "chol"]
    assert [read.codebook.variables[n] for n in untouched] == [at.book.variables[n] for n in untouched]


def test_an_accepted_row_is_accepted_and_a_deleted_one_rejected(at):
    at.type("Mapping", ("chol", "south"), "status", " Accepted ")
    at.drop("Mapping", "sex", "south")
    read = at.read()
    assert read.codebook.variables["chol"].from_["south"].status == "accepted"
    assert read.codebook.variables["sex"].from_["south"].status == "rejected"
    assert {(c.field, c.new) for c in read.changes} == {("status", "Accepted"), ("row", "rejected")}


def test_a_level_may_be_given_by_code_by_meaning_or_as_missing(at):
    at.type("Levels", ("sex", "south", "w"), "code", 1)
    at.type("Levels", ("sex", "north", "M"), "code", "missing")
    at.type("Levels", ("dead", "north", "0012"), "code", "0")
    book = at.read().codebook
    assert book.variables["sex"].from_["south"].recode == {"m": "1", "w": "1"}
    assert book.variables["sex"].from_["north"].recode == {"M": None, "F": "0"}
    assert book.variables["sex"].from_["north"].status == "edited"
    assert book.variables["dead"].from_["north"].recode == {"0012": "0", "0": "0"}


def test_levels_of_a_variable_are_edited_one_a_line(at):
    at.type("Variables", ("sex",), "levels", "0 = woman\n1=man\n2 = other")
    at.type("Variables", ("chol",), "range", "50; 900,5")
    at.type("Variables", ("sex",), "ordered", True)
    at.type("Sources", ("south",), "missing", "k.A.; -9")
    book = at.read().codebook
    assert book.variables["sex"].levels == {"0": "woman", "1": "man", "2": "other"}
    assert book.variables["sex"].ordered is True
    assert book.variables["chol"].range == (50, 900.5)
    assert book.sources["south"].missing == ("k.A.", "-9")


def test_a_source_without_a_mapping_can_be_given_one(at):
    at.type("Mapping", ("dead", "south"), "expr", 'col("Fall") == "x"')
    at.type("Mapping", ("dead", "south"), "status", "accepted")
    mapping = at.read().codebook.variables["dead"].from_["south"]
    assert (mapping.expr, mapping.status) == ('col("Fall") == "x"', "edited")


def test_a_column_that_gives_way_is_unused_and_the_new_one_no_longer(at):
    at.type("Mapping", ("chol", "north"), "column", "weight")
    book = at.read().codebook
    assert book.variables["chol"].from_["north"].column == "Weight"
    assert book.sources["north"].unused == {"Remark": "free text", "Chol": "not used since the review"}


def test_what_excel_does_on_saving_changes_nothing(at):
    """Numbers for texts, TRUE for yes, spaces, other case, sorted rows, blank rows, moved columns, wider remarks."""
    mapping, levels = at.sheets["Mapping"], at.sheets["Levels"]
    for row in mapping.iter_rows(min_row=2):
        for cell in row[:2]:
            cell.value = f" {cell.value} "
    at.find("Mapping", " chol ", " south ")["status"].value = "PROPOSED"
    for row in levels.iter_rows(min_row=2):
        for cell in row:
            if cell.value in ("0012", "0", "1", "99"):
                cell.value = float(cell.value)
    rows = [[c.value for c in row] for row in mapping.iter_rows(min_row=2)]
    for i, values in enumerate(reversed(rows), start=2):
        for j, value in enumerate(values, start=1):
            mapping.cell(i, j, value)
    mapping.insert_rows(3)
    mapping.insert_cols(3)
    mapping.cell(1, 3, "my remarks")
    mapping.cell(5, 3, "ask Anna")
    at.sheets["Sources"].insert_rows(1)
    at.type("Variables", ("sex",), "ordered", False)
    at.sheets.create_sheet("Scratch")["A1"] = "to do"
    read = at.read()
    assert read.changes == ()
    assert dump_codebook(read.codebook) == dump_codebook(at.book)
    assert read.notes == ("sheet 'Scratch' is none of tabml's: not read",)


@pytest.mark.parametrize(
    ("sheet", "key", "title", "value", "message", "hint"),
    [
        ("Mapping", ("chol", "south"), "variable", "chool", r"unknown variable 'chool' .*Mapping, cell A\d+", "did you mean 'chol'"),
        ("Mapping", ("chol", "south"), "source", "sout", r"unknown source of chol 'sout' .*cell A\d+", "did you mean 'south'"),
        ("Mapping", ("chol", "south"), "source", "north", r"chol / north stands twice: rows \d and \d", "delete one"),
        ("Mapping", ("chol", "south"), "status", "acepted", r"status is one of proposed, .*cell E\d+", "did you mean 'accepted'"),
        ("Mapping", ("chol", "south"), "score", "0.99", r"score is a fact .*cell \w\d+", "put the old text back"),
        ("Mapping", ("chol", "south"), "column", "Cholesterol", r"'south' has no column 'Cholesterol'", "did you mean 'Cholesterin'"),
        ("Mapping", ("chol", "south"), "column", None, r"Mapping!F\d+: needs exactly one of column", "correct these cells"),
        ("Mapping", ("chol", "south"), "expr", "open(1)", r"Mapping!\w+\d+.*exactly one of column", "correct these cells"),
        ("Levels", ("sex", "south", "w"), "code", "7", r"Levels!G\d+: .*no level", "correct these cells"),
        ("Levels", ("sex", "south", "w"), "cell text", "x", r"unknown cell text of sex / south in this row .*cell A\d+", "known: M, F|known: m"),
        ("Variables", ("chol",), "kind", "nummer", r"kind is one of id, number", "did you mean 'number'"),
        ("Variables", ("sex",), "levels", "female", r"levels cannot be read: each line reads", ""),
        ("Variables", ("chol",), "range", "low; high", r"Variables!\w+\d: ", "correct these cells"),
        ("Read me", ("id_scope",), "value", "globl", r"value is one of source, global", "did you mean 'global'"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_named_by_its_cell(at, sheet, key, title, value, message, hint):
    at.type(sheet, key, title, value)
    with pytest.raises(ConfigError, match=message) as caught:
        at.read()
    assert any(part in (caught.value.hint or "") for part in hint.split("|"))


def test_a_row_that_must_stay_is_asked_back(at):
    at.drop("Sources", "south")
    with pytest.raises(ConfigError, match=r"the row south is missing"):
        at.read()


def test_a_column_that_was_deleted_leaves_everything_as_it_was(at):
    at.sheets["Mapping"].delete_cols(at.find("Mapping", "chol", "south")["unit"].column)
    read = at.read()
    assert read.changes == () and dump_codebook(read.codebook) == dump_codebook(at.book)
    assert read.notes == ("column 'unit' of sheet Mapping is not there: left as it was",)


def test_a_workbook_without_its_hidden_sheet_is_no_codebook(at):
    del at.sheets["_meta"]
    with pytest.raises(ConfigError, match=r"hidden sheet _meta is missing"):
        at.read()


def test_a_changed_hidden_sheet_is_refused(at):
    for row in at.sheets["_meta"].iter_rows():
        row[1].value = str(row[1].value).replace("Cholesterin", "Cholesterol")
    with pytest.raises(ConfigError, match=r"hidden sheet of the workbook was changed"):
        at.read()


def test_changes_of_workbook_and_yaml_are_both_taken(at):
    other = BOOK.replace("title: Two hospitals", "title: Two").replace("range: [40, 1000]", "range: [40, 900]")
    at.path.with_suffix(".yaml").write_text(other, encoding="utf-8")
    at.type("Mapping", ("chol", "south"), "unit", "mmol/L")
    read = at.read()
    assert read.codebook.variables["chol"].range == (40, 900)
    assert read.codebook.variables["chol"].from_["south"].unit == "mmol/L"
    assert "book.yaml has changed since the workbook was written" in read.notes[0]


def test_one_thing_changed_in_both_is_a_question_with_its_cell(at):
    at.path.with_suffix(".yaml").write_text(
        BOOK.replace("unit: mg/dL, score: 0.71", "unit: g/L, score: 0.71"), encoding="utf-8"
    )
    cell = at.type("Mapping", ("chol", "south"), "unit", "mmol/L")
    with pytest.raises(ConfigError, match=rf"both changed: Mapping!{cell} \(chol / south: unit\)") as caught:
        at.read()
    assert "decide which holds" in caught.value.hint


@pytest.mark.parametrize(
    ("theirs", "ours", "merged"),
    [
        ("0: woman, 1: male", "0 = female\n1 = man", {"0": "woman", "1": "man"}),
        ("0: female, 1: male, 2: other", "0 = female\n1 = man", {"0": "female", "1": "man", "2": "other"}),
        ("0: woman, 1: male", "0 = lady\n1 = male", None),
    ],
)
def test_levels_changed_on_both_sides_are_merged_one_by_one(at, theirs, ours, merged):
    yaml = BOOK.replace('levels: {"0": female, "1": male}', "levels: {" + theirs + "}")
    assert yaml != BOOK
    at.path.with_suffix(".yaml").write_text(yaml, encoding="utf-8")
    at.type("Variables", ("sex",), "levels", ours)
    if merged is None:
        with pytest.raises(ConfigError, match=r"both changed: Variables!\w+ \(sex: levels\)"):
            at.read()
    else:
        assert at.read().codebook.variables["sex"].levels == merged


def test_answers_become_roles_and_settings(tmp_path):
    asked = [Question("data.target", "which is the outcome?", ("Chol", "Died"), "--target COLUMN", None),
             Question("data.date_order", "day first?", ("dmy", "mdy"), "--set data.date_order=ORDER", None),
             Question("data.positive", "which level?", ("0", "1"), "--positive LEVEL", None),
             Question("data.id", "which id?", ("Nr", "Fall"), "--id COLUMN", None)]  # fmt: skip
    at = Workbook(tmp_path, questions=asked)
    at.type("Questions", ("1", "data.target"), "answer", "chol")
    at.type("Questions", ("2", "data.date_order"), "answer", "DMY")
    at.type("Questions", ("3", "data.positive"), "answer", "0")
    read = at.read()
    assert [(n, v.role, v.timing) for n, v in read.codebook.variables.items()][1:4:2] == [
        ("chol", "outcome", "outcome"), ("dead", "sibling", "outcome"),
    ]  # fmt: skip
    assert {s.dates for s in read.codebook.sources.values()} == {"dmy"}
    assert read.settings == {"data.positive": "0"}
    at.type("Questions", ("4", "data.id"), "answer", "Nr")
    with pytest.raises(ConfigError, match=r"answer to data.id changes how the files are read .*Questions!F5"):
        at.read()


def test_only_what_may_be_changed_is_unlocked_and_every_cell_is_text(at):
    for sheet in at.sheets:
        assert sheet.protection.sheet, sheet.title
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n") and not isinstance(cell.value, int | float), cell.coordinate
    row = at.find("Mapping", "chol", "south")
    assert [t for t, c in row.items() if c.protection.locked] == [
        "variable",
        "source",
        "look",
        "label",
        "score",
        "evidence",
    ]
    assert row["status"].number_format == "@"
    rules = {str(r.sqref): r.formula1 for r in at.sheets["Mapping"].data_validations.dataValidation}
    assert '"proposed,accepted,edited,rejected,absent"' in rules.values()


def test_doubtful_rows_come_first(at):
    rows = [[c.value for c in r[:3]] for r in at.sheets["Mapping"].iter_rows(min_row=2)]
    assert rows[:3] == [["chol", "south", "?"], ["sex", "south", "?"], ["patient", "north", ""]]
    assert rows[-1][:2] == ["dead", "south"]


PATIENTS = "Nr,Dx\n" + "\n".join(
    f"{i},{'sarcoma' if i < 3 else 'carcinoma' if i < 40 else 'benign'}" for i in range(60)
)
RARE = """
codebook: 1
sources: {a: {file: a.csv, id: {column: Nr}}}
variables:
  nr: {kind: id, role: patient_id, from: {a: {column: Nr, status: accepted}}}
  dx: {kind: category, levels: {s: soft tissue, c: cancer, b: benign}, from: {a: {column: Dx, score: 0.8,
    evidence: "levels sarcoma, benign", recode: {sarcoma: s, carcinoma: c, benign: b}}}}
"""


@pytest.fixture
def rare(tmp_path):
    book = parse_codebook(RARE)
    counts = count_levels(sheets(csv(tmp_path, "a.csv", PATIENTS)), book)
    asked = [Question("data.positive", "which level of 'dx'?", ("sarcoma", "benign"), "--positive LEVEL", None)]
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook_bytes(book, counts, questions=asked, accept_score=0.9, small_cell=5))
    return path, book


def test_a_level_of_few_patients_stands_nowhere_in_the_workbook(rare):
    path, _ = rare
    texts = [
        str(c.value) for sheet in load_workbook(path) for row in sheet.iter_rows() for c in row if c.value is not None
    ]
    assert not [t for t in texts if "sarcoma" in t or "soft tissue" in t]
    assert "(rare, 1 level)" in texts and "levels (rare), benign" in texts
    assert "<5" not in texts and "37" in texts


def test_rare_levels_come_back_from_the_yaml_beside_the_workbook(rare):
    path, book = rare
    with pytest.raises(ConfigError, match=r"stand only in the YAML .*\(book.xlsx\)") as caught:
        load_codebook(path)
    assert "book.yaml" in caught.value.hint
    path.with_suffix(".yaml").write_text(dump_codebook(book), encoding="utf-8")
    assert dump_codebook(load_codebook(path)) == dump_codebook(book)
    # Renamed by whoever sent it back: the YAML is known by its hash.
    moved = path.rename(path.with_name("book reviewed by Anna.xlsx"))
    sheets = load_workbook(moved)
    sheets["Variables"]["G3"] = "c = malignant\nb = benign\n(rare, 1 level)"
    assert sheets["Variables"]["G1"].value == "levels"
    sheets.save(moved)
    read = read_workbook_codebook(moved)
    assert read.codebook.variables["dx"].levels == {"s": "soft tissue", "c": "malignant", "b": "benign"}
    assert read.codebook.variables["dx"].from_["a"].recode == book.variables["dx"].from_["a"].recode


def test_patients_are_counted_not_rows(tmp_path):
    book = parse_codebook(RARE)
    rows = "Nr,Dx\n" + "1,sarcoma\n" * 30 + "\n".join(f"{i},benign" for i in range(2, 20)) + "\n,sarcoma" * 9
    counts = count_levels(sheets(csv(tmp_path, "a.csv", rows)), book)
    assert counts == {"a": {"dx": {"sarcoma": 1, "benign": 18}}}


def test_the_heart4_codebook_survives_its_rare_levels(tmp_path):
    book = heart4_codebook()
    path = tmp_path / "codebook.xlsx"
    counts = count_levels(heart4_exports(), book)
    path.write_bytes(workbook_bytes(book, counts, accept_score=0.9, small_cell=5))
    path.with_suffix(".yaml").write_text(dump_codebook(book), encoding="utf-8")
    read = read_workbook_codebook(path)
    assert read.changes == () and dump_codebook(read.codebook) == dump_codebook(book)
    assert path.read_bytes() == workbook_bytes(book, counts, accept_score=0.9, small_cell=5)


def test_a_codebook_of_many_exports_is_read_again(tmp_path):
    columns = {
        f"v{k}": f"{{kind: number, from: {{north: {{column: 'column {k}', evidence: '{'x' * 1600}'}}}}}}"
        for k in range(650)
    }
    text = BOOK.partition("variables:")[0] + "variables:\n" + "\n".join(f"  {n}: {c}" for n, c in columns.items())
    at = Workbook(tmp_path, text)
    assert len(text) > 1_000_000 and len(at.book.variables) == 650
    assert dump_codebook(read_workbook_codebook(at.path).codebook) == dump_codebook(at.book)


def test_a_change_as_data_names_cell_and_both_texts():
    change = Change("Mapping", "G7", ("chol", "south"), "unit", "mg/dL", "mmol/L", (), "mmol/L")
    assert change.record == {
        "cell": "Mapping!G7",
        "about": "chol / south",
        "field": "unit",
        "old": "mg/dL",
        "new": "mmol/L",
    }
