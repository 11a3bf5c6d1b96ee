"""Identifier columns: verified by check digit or header, suspected by shape, and laboratory values left alone."""

from __future__ import annotations

import pytest

from tabml.ingest.detectors import classify_identifier, is_birth_date, looks_like_free_text


@pytest.mark.parametrize(
    ("header", "values", "tier"),
    [
        ("Fødselsnummer", ["02862356142", "23843838789"], "verified"),
        ("var_17", ["02862356142", "23843838789", "24912460322", "25813175512", "28812439310"], "shape"),
        ("AHV-Nr.", ["756.0000.3778.71"] * 3, "verified"),
        ("x", ["756.1234.5678.97"] * 6, "verified"),
        ("SSN", ["933-15-9864", "992-91-8419"], "verified"),
        ("Personnummer", ["811218-9876"] * 3, "verified"),
        ("hetu", ["131052-308T"] * 3, "verified"),
        ("NHS number", ["943 476 5919"] * 3, "verified"),
        ("Patient Name", ["Susan Smithson", "Robert Holloway"], "verified"),
        ("Nachname, Vorname", ["Grußberg, Petra"] * 3, "verified"),
        ("Navn", ["Ødegårdsen", "Bråtheim"], "shape"),
        ("e-mail", ["a.b@example.org"] * 5, "verified"),
        ("contact", ["a.b@example.org"] * 5, "verified"),
        ("Telefon", ["22 33 44 55"] * 5, "shape"),
        ("address", [], "shape"),
        ("Cholesterin [mmol/l]", ["3,41", "6,28"] * 10, None),
        ("Pletelets", ["237000", "160000"] * 10, None),
        ("Untersuchungsdatum", ["06.08.1982"] * 10, None),
        ("record", ["1234567890"] * 10, None),
        ("Sex", ["m", "f"] * 10, None),
        ("gene name count", ["1", "2", "3"], None),
    ],
)
def test_columns_are_classified_by_header_and_values(header, values, tier):
    assert classify_identifier(header, values) == tier


def test_birth_dates_are_known_by_header():
    assert is_birth_date("Geburtsdatum") and is_birth_date("Date of birth") and not is_birth_date("Datum")


def test_sentences_are_free_text_and_levels_are_not():
    notes = [f"seen on ward {i}, relatives informed and call back agreed" for i in range(30)]
    assert looks_like_free_text(notes)
    assert not looks_like_free_text(["typical angina", "atypical angina", "non-anginal pain"] * 20)
