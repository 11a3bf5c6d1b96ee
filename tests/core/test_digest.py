"""Bytes of a table: the same for the same cells however they are stored, on every machine."""

import hashlib
import struct

import numpy as np
import pandas as pd
import pytest

from tabml.core.digest import table_bytes

CELLS = pd.DataFrame(
    {
        "age": pd.array([61, None, 70], dtype="Int64"),
        "hb": pd.array([13.5, None, -0.0], dtype="Float64"),
        "died": pd.array([True, None, False], dtype="boolean"),
        "sex": pd.Categorical(["m", None, "f"], categories=["f", "m"]),
        "seen": pd.to_datetime(["2020-12-31", None, "1999-01-01"]),
        "note": pd.array(["å", None, ""], dtype="string"),
    }
)


def sha(table: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for part in table_bytes(table):
        digest.update(part)
    return digest.hexdigest()


def test_the_bytes_are_the_same_on_every_machine():
    by_hand = [
        b"3:age:whole:3:", b"\x02", struct.pack("<3q", 61, 0, 70),
        b"2:hb:number:3:", b"\x02", struct.pack("<3d", 13.5, 0, 0),
        b"4:died:boolean:3:", b"\x02", b"\x01\x00\x00",
        b"3:sex:text:3:", b"\x02", struct.pack("<3q", 1, 0, 1), b"mf",
        b"4:seen:time:3:", b"\x02", struct.pack("<3q", 18627 * 86400 * 10**9, 0, 10592 * 86400 * 10**9),
        b"4:note:text:3:", b"\x02", struct.pack("<3q", 2, 0, 0), "å".encode(),
    ]  # fmt: skip
    assert b"".join(table_bytes(CELLS)) == b"".join(by_hand)


@pytest.mark.parametrize(
    ("column", "stored"),
    [
        ("sex", pd.Categorical(["m", None, "f"], categories=["m", "f", "unused"], ordered=True)),
        ("sex", np.array(["m", None, "f"], dtype=object)),
        ("note", pd.array(["å", None, ""], dtype="string[python]")),
        ("note", pd.array(["å", None, ""], dtype="string[pyarrow]")),
        ("seen", pd.to_datetime(["2020-12-31", None, "1999-01-01"]).astype("datetime64[s]")),
        ("hb", np.array([13.5, np.nan, 0.0])),
        ("age", pd.array([61, None, 70], dtype="Int16")),
        ("died", np.array([True, None, False], dtype=object)),
    ],
)
def test_the_storage_of_cells_changes_nothing(column, stored):
    other = CELLS.assign(**{column: stored})
    if column == "died":
        other = other.astype({"died": "boolean"})
    assert sha(other) == sha(CELLS)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("age", pd.array([61, 0, 70], dtype="Int64")),
        ("hb", pd.array([13.5, 0.0, 0.0], dtype="Float64")),
        ("hb", pd.array([13.500000000000002, None, 0.0], dtype="Float64")),
        ("died", pd.array([True, False, False], dtype="boolean")),
        ("sex", pd.Categorical(["m", "f", "f"])),
        ("seen", pd.to_datetime(["2020-12-31", "1970-01-01", "1999-01-01"])),
        ("note", pd.array(["å", "", ""], dtype="string")),
        ("note", pd.array(["", None, "å"], dtype="string")),
    ],
)
def test_every_changed_cell_is_seen_a_missing_one_too(column, cells):
    assert sha(CELLS.assign(**{column: cells})) != sha(CELLS)


def test_a_renamed_column_is_seen():
    assert sha(CELLS.rename(columns={"age": "years"})) != sha(CELLS)


def test_a_part_of_a_table_is_hashed_by_its_own_cells():
    part = CELLS.iloc[1:].reset_index(drop=True)
    assert sha(CELLS.iloc[1:]) == sha(part.copy())


def test_an_empty_table_has_bytes():
    assert sha(CELLS.iloc[:0]) != sha(CELLS)
