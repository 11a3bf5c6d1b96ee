"""Ids compared by one rule, pseudonyms that depend on the key alone, and a key kept away from studies."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabml.core.errors import ConfigError
from tabml.ingest.identity import SiteKey, normalise_id

KEY = SiteKey(bytes(32))


@pytest.mark.parametrize(
    ("raw", "rule", "normalised"),
    [
        (" CC-0012 ", "as_is", "cc-0012"),
        ("0012", "as_is", "12"),
        ("12.0", "as_is", "12"),
        ("0000", "as_is", "0"),
        ("Zu\u0308rich1", "as_is", "zürich1"),
        ("P-0012", "digits", "12"),
        ("no number", "digits", ""),
        ("", "as_is", ""),
        ("12345678901234567890", "as_is", "12345678901234567890"),
    ],
)
def test_one_rule_normalises_ids(raw, rule, normalised):
    assert normalise_id(raw, rule) == normalised


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(raw):
    once = normalise_id(raw)
    assert normalise_id(once) == once


def test_a_pseudonym_is_sixteen_base32_characters_of_key_scope_and_id():
    code = KEY.pseudonym("oslo", "12")
    assert len(code) == 16 and set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    others = {
        KEY.pseudonym("cleveland", "12"),
        KEY.pseudonym("oslo", "13"),
        SiteKey(b"x" * 32).pseudonym("oslo", "12"),
    }
    assert code not in others and len(others) == 3
    assert KEY.pseudonym("oslo1", "2") != KEY.pseudonym("oslo", "12")


def test_the_key_is_made_once_with_private_mode(tmp_path, monkeypatch):
    monkeypatch.setenv("TABML_KEY_FILE", str(tmp_path / "keys" / "site.key"))
    first, second = SiteKey.load(), SiteKey.load()
    assert first == second and len(first.secret) == 32
    assert first != SiteKey.load(tmp_path / "other.key")
    if sys.platform != "win32":
        assert (tmp_path / "keys" / "site.key").stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == ["site.key"]


def test_the_key_shows_neither_in_text_nor_in_its_id():
    key = SiteKey(b"secretsecretsecretsecretsecretse")
    assert "secret" not in repr(key).replace("secret=", "")
    assert len(key.key_id) == 8 and key.key_id != KEY.key_id


def test_a_key_in_the_study_folder_or_a_git_work_tree_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="may not lie inside the study folder"):
        SiteKey.load(tmp_path / "study" / "site.key", outside=tmp_path / "study")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    with pytest.raises(ConfigError, match="may not lie inside a git work tree"):
        SiteKey.load(tmp_path / "repo" / "deep" / "site.key")
    assert not (tmp_path / "study").exists()


def test_a_file_that_is_no_key_is_refused(tmp_path):
    (tmp_path / "site.key").write_text("hello", encoding="ascii")
    with pytest.raises(ConfigError, match="not a site key"):
        SiteKey.load(tmp_path / "site.key")


def test_a_key_inside_any_study_is_refused(tmp_path):
    study = tmp_path / "earlier-study"
    (study / "private").mkdir(parents=True)
    (study / "results.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="may not lie inside a study folder"):
        SiteKey.load(study / "private" / "site.key", outside=tmp_path / "another-study")
    assert not (study / "private" / "site.key").exists()
