"""The codebook on disk: read as written, faults named by line, thin enough to travel."""

from __future__ import annotations

import pytest

from tabml.core.errors import ConfigError
from tabml.ingest.codebook_file import dump_codebook, load_codebook, parse_codebook, portable
from tests.ingest.exports import HEART4, heart4_codebook

SMALL = """
codebook: 1
sources:
  a: {file: a.csv, id: {column: nr}, identifiers: [name], unused: {note: free text}}
variables:
  nr: {kind: id, role: patient_id, from: {a: {column: nr, status: accepted}}}
  sex: {kind: category, levels: {"0": female, "1": male}, from: {a: {column: sex, recode: {m: 1, f: 0}, status: accepted}}}
  dead: {kind: boolean, role: outcome, timing: outcome, from: {a: {expr: 'col("state") == "dead"', status: edited}}}
"""


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


def test_a_codebook_written_and_read_again_is_the_same():
    for book in (parse_codebook(SMALL), heart4_codebook()):
        assert parse_codebook(dump_codebook(book)) == book


def test_numbers_written_as_codes_and_yes_no_words_stay_text():
    book = parse_codebook(changed("{m: 1, f: 0}", "{no: 0, 0012: 1, on: 1, true: null}"))
    assert book.variables["sex"].from_["a"].recode == {"no": "0", "0012": "1", "on": "1", "true": None}


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("unused:", "unusd:", r"unknown key 'sources.a.unusd' \(line 4\)", "unused"),
        ("levels:", "level:", r"unknown key 'variables.sex.level' \(line 7\)", "levels"),
        ("kind: boolean", "kind: bool", r"variables.dead.kind: input should be .* \(line 8\)", "correct"),
        ("a: {column: sex,", "b: {column: sex,", r"'sex' names the unknown source 'b'.* \(line 7\)", "correct"),
        ("m: 1,", "m: 2,", r"recode leads to '2', which is no level \(0, 1\) \(line 7\)", "correct"),
        ("column: sex,", "column: name,", r"'name' is an identifier: it may feed an expr, never a variable", "correct"),
        ("column: sex,", "column: sex, constant: x,", r"exactly one of column, constant and expr", "correct"),
        ('col("state")', 'cell("state")', r"unknown function 'cell' in an expression \(line 8\)", "correct"),
        ("unused: {note:", "unused: {name:", r"lists 'name' as identifier and as unused", "correct"),
        ("codebook: 1\n", "", "needs the key codebook", "--propose"),
        ("file: a.csv, ", "", r"sources.a.file is missing \(line 4\)", "correct"),
    ],
)
def test_a_fault_is_named_with_its_line_and_what_to_do(old, new, message, hint):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_codebook(changed(old, new), "book.yaml")
    assert hint in (caught.value.hint or "")
    assert "validation error" not in str(caught.value)


def test_all_faults_are_named_at_once():
    text = changed("m: 1,", "m: 2,").replace("column: sex,", "column: name,")
    with pytest.raises(ConfigError, match=r"is an identifier.*; .*no level"):
        parse_codebook(text)


def test_a_join_must_lead_to_a_table_of_patients():
    text = changed("variables:", "  b: {file: b.csv, join: {to: c, on: nr}}\nvariables:")
    with pytest.raises(ConfigError, match=r"'b' joins to the unknown source 'c'"):
        parse_codebook(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("- 1", "holds `sources:`"), ("a: 1\na: 2", "stands twice"), ("a: [", "not valid YAML"), ("", "holds `sources:`")],
)
def test_a_file_that_is_no_codebook_is_refused(tmp_path, text, message):
    (tmp_path / "book.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_codebook(tmp_path / "book.yaml")


def test_a_codebook_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(ConfigError, match="is not there"):
        load_codebook(tmp_path / "book.yaml")


def test_a_variable_that_does_not_travel_takes_its_levels_along_with_it():
    book = heart4_codebook()
    name = next(n for n, spec in book.variables.items() if spec.levels)
    thin = portable(book, {}, travels=[n for n in book.variables if n != name])
    assert thin.variables[name].levels == {}
    assert all(m.recode == {} for m in thin.variables[name].from_.values())


def test_the_portable_codebook_holds_no_file_hash_row_or_rare_level():
    book = heart4_codebook()
    counts = {"thal": {"3": 196, "6": 4, "7": 192}, "sex": {"0": 194, "1": 726}}
    thin = portable(book, counts)
    text = dump_codebook(thin)
    for gone in ("xlsx", ".csv", "sha256", "data_rows", "header_rows", "set_aside", "fixed defect", "fixiert"):
        assert gone not in text, gone
    assert thin.variables["thal"].levels == {"3": "normal", "7": "reversible defect"}
    assert thin.variables["thal"].from_["budapest"].recode == {"normal": "3", "reversibel": "7"}
    assert thin.variables["sex"].levels == book.variables["sex"].levels
    assert thin.sources["zuerich"].missing == ("-9",) and thin.sources["zuerich"].century == 1999
    assert parse_codebook(text) == thin


def test_the_example_codebook_maps_seventeen_variables_at_four_centres():
    book = load_codebook(HEART4 / "codebook.yaml")
    assert len([v for v in book.variables.values() if v.kind != "id"]) == 17
    assert book.base_sources() == ("cleveland", "budapest", "zuerich", "oslo")
