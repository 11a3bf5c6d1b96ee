"""Text exports: pyarrow and the csv module read the same cells, whatever the file looks like."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import RawSheet, delimited, read_file, text


def by_csv_module(content: str, delimiter: str) -> tuple[list[tuple[str | None, ...]], tuple[int, ...]]:
    """Cells and ragged records by the csv module alone: the rule."""
    records = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    while records and not any(records[-1]):
        records.pop()
    widths = Counter(len(r) for r in records if any(r))
    usual = max(widths, key=lambda w: (widths[w], w), default=0)
    start = next((i for i, r in enumerate(records) if len(r) == usual), 0)
    ragged = tuple(i + 1 for i, r in enumerate(records) if i > start and len(r) != usual and any(r))
    return [cells(record, usual) for record in records], ragged


def cells(record: list[str], usual: int) -> tuple[str | None, ...]:
    """Fields as cells; empty ones beyond the usual width are nothing."""
    while len(record) > usual and not record[-1]:
        record = record[:-1]
    return tuple(field or None for field in record) + (None,) * (usual - len(record))


def read(folder: Path, content: bytes) -> RawSheet:
    path = folder / "export.csv"
    path.write_bytes(content)
    (sheet,) = read_file(path, Data())
    return sheet


FIELD = st.one_of(
    st.sampled_from(["", " ", "1", "2.5", "æ", "NA", '"', '""', '"a"', '"x;y"', '"a\nb"', '"a\r\nb"', 'in"ch', '"q""q"', '"a"b']),
    st.text(alphabet='ab;"\n\r,\t é', max_size=4),
)  # fmt: skip
RECORD = st.lists(FIELD, min_size=0, max_size=4).map(";".join)
FILE = st.builds(
    lambda records, end, last: end.join(records) + last,
    st.lists(st.one_of(RECORD, st.sampled_from(["a;b;c", "1;2;3", "", ";;"])), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", "\n", "\n\n", ";\n"]),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILE)
@example('\n\nTitle\n;;\nnote\na;b;c\n1;2;3\n1;2\n"x\ny";2;3\n4;5;6;7\n')
@example("a;b;c\n1;2;3\n\n\n4;5;6\n;;\n;;\n")
@example('a;b;c\n1;"open;3\n4;5;6\n')
@example('a;b;c\n1;2;3\n"x"y;2;3\n4;5"6;7\n')
def test_every_cell_and_ragged_record_is_that_of_the_csv_module(tmp_path: Path, content: str) -> None:
    if not content.strip(" \t\r\n"):
        return
    sheet = read(tmp_path, content.encode())
    if sheet.delimiter:
        expected, ragged = by_csv_module(content, sheet.delimiter)
        assert list(sheet.rows()) == expected
        assert sheet.ragged == ragged


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_large_files_of_any_encoding_are_read_in_blocks(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 4096)
    lines = ["Eksport fra Ås", "", "nr;kjønn;høyde;merknad"]
    lines += [f'{i};{"mk"[i % 2]};{i / 7:.5f};"linje 1\nlinje {i}"' for i in range(2000)]
    lines[500] += ";for mye"
    lines[501] = "for lite"
    content = "\n".join(lines) + "\n"
    sheet = read(tmp_path, content.encode(encoding))
    expected, ragged = by_csv_module(content, ";")
    assert list(sheet.rows()) == expected
    assert sheet.ragged == ragged == (501, 502)
    assert (sheet.n_rows, sheet.width, len(sheet.columns)) == (2003, 4, 5)


def test_body_is_read_by_pyarrow_and_odd_files_by_the_csv_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noted(path: Path, encoding: str, delimiter: str) -> delimited.TextBody:
        asked.append(path.name)
        return by_records(path, encoding, delimiter)

    by_records = text._by_records
    monkeypatch.setattr(text, "_by_records", noted)
    read(tmp_path, b"Export\nid,a,b\n" + b'1,2,"x\ny"\n' * 300)
    assert asked == []
    assert read(tmp_path, b"id,a,b\n" + b"1,2,3\n" * 20_000 + b"4,\x00,6\n").rows()[-1] == ("4", "\x00", "6")
    assert asked == ["export.csv"]


def test_record_widths_that_change_after_the_head_are_judged_over_all_records(tmp_path: Path) -> None:
    content = "a,b\n" + "1,2\n" * 250 + "1,2,3\n" * 400
    sheet = read(tmp_path, content.encode())
    assert (sheet.width, sheet.n_rows) == (3, 651)
    assert list(sheet.rows()) == by_csv_module(content, ",")[0]


def test_text_that_breaks_its_encoding_names_the_row(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the text is not cp1252 throughout") as caught:
        read(tmp_path, b"id;\xe5lder\n" + "für Jürgen;1\n".encode("cp1252") * 50 + b"x\x81;2\n")
    assert str(caught.value.where).startswith("export.csv, after row ")
