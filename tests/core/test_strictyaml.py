"""YAML without guesses: what stays text, what is refused, what survives the round trip."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tabml.core import strictyaml
from tabml.core.errors import ConfigError
from tabml.core.strictyaml import dump_yaml, load_yaml


@pytest.mark.parametrize(
    "text",
    ["no", "on", "Yes", "y", "0012", "1:30", "2024-05-01", "0x1F", "1_000", ".5", "5.", "+3", ".inf", "NULL", "True"],
)
def test_yaml_1_1_guesses_stay_text(text):
    assert load_yaml(f"a: {text}", "here") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("-9", -9), ("0.5", 0.5), ("1e-3", 0.001), ("true", True), ("null", None), ("~", None)],
)
def test_plain_numbers_true_false_and_null_are_typed(text, value):
    assert load_yaml(f"a: {text}", "here") == {"a": value}


def test_empty_value_is_null():
    assert load_yaml("a:", "here") == {"a": None}


def test_key_twice_is_refused_with_its_line():
    with pytest.raises(ConfigError, match=r"line 2: key 'a' stands twice"):
        load_yaml("a: 1\na: 2\n", "book.yaml")


def test_quoted_and_plain_spelling_of_one_key_are_the_same_key():
    with pytest.raises(ConfigError, match="stands twice"):
        load_yaml("1: a\n'1': b\n", "book.yaml")


def test_broken_yaml_names_file_and_line():
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        load_yaml("a: 1\nb: [1, 2\n", "book.yaml")
    assert str(caught.value.where).startswith("book.yaml, line ")


def test_alias_bomb_is_refused():
    bomb = "a: &a [x]\n" + f"b: [{', '.join(['*a'] * (strictyaml.MAX_ALIASES + 1))}]\n"
    with pytest.raises(ConfigError, match="more than 50 aliases"):
        load_yaml(bomb, "book.yaml")


def test_deep_nesting_is_refused():
    with pytest.raises(ConfigError, match="nested deeper than 20 levels"):
        load_yaml("[" * 30 + "]" * 30, "book.yaml")


def test_file_above_one_megabyte_is_refused():
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        load_yaml("a: " + "x" * 1_000_001, "book.yaml")


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system ['true']", "!!python/name:os.system x", "!new x"])
def test_tags_that_build_objects_are_refused(text):
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_yaml(f"a: {text}", "book.yaml")


def test_mapping_as_key_is_refused():
    with pytest.raises(ConfigError, match="a key must be plain text"):
        load_yaml("? [a, b]\n: 1\n", "book.yaml")


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn"), exclude_characters="\u2028\u2029\ufeff")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcno01-", min_size=1), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(plain)
def test_what_is_written_reads_back_unchanged(value):
    assert load_yaml(dump_yaml(value), "here") == value


@pytest.mark.parametrize("text", ["no", "0012", "1:30", "-9", "1e-3", "null", "true", "", " m ", "k.A.", "#19", "a: b"])
def test_text_that_looks_like_something_else_is_quoted(text):
    assert load_yaml(dump_yaml({"a": [text]}), "here") == {"a": [text]}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: 1", "indent with spaces"),
        ("a: b: c", "put a text that holds a colon in quotes"),
        ("a: 'open", "a quotation mark opened there is not closed"),
        ("a: [1, 2", "check indentation, brackets and quotes"),
    ],
)
def test_a_syntax_error_says_what_usually_is_wrong(text, hint):
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        load_yaml(text, "codebook.yaml")
    assert hint in caught.value.hint


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
def test_both_parsers_read_alike(value):
    text = dump_yaml({"x": value})
    assert strictyaml._quick(text) == yaml.load(text, Loader=strictyaml._Loader)
