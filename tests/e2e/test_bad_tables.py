"""Tables that cannot be read as they are: the message, the exit code, and what is read all the same with a finding."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.e2e.running import Folder

HARMONISE = ("--codebook", "codebook.yaml", "--apply", "--out", "out")
BOOK = """
codebook: 1
sources:
  ward: {file: ward.csv, id: {column: nr}, dates: dmy}
  lab: {file: lab.csv, join: {to: ward, on: nr}}
variables:
  seen: {kind: date, role: index_date, from: {ward: {column: seen, status: accepted}}}
  hb: {kind: number, from: {lab: {column: hb, status: accepted}}}
"""
WARD = "nr,seen\n1,01.02.2020\n2,02.02.2020\n3,03.02.2020\n"


def write(folder: Path, *, book: str = BOOK, ward: str = WARD, lab: str = "nr,hb\n1,13\n2,12\n3,11\n") -> None:
    for name, text in (("codebook.yaml", book), ("ward.csv", ward), ("lab.csv", lab)):
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"lab": "nr,hb\n1,13\n1,14\n2,12\n"}, 2, ["patients with conflicting rows", "sources.lab.repeats.conflict"]),
        (
            {"lab": "nr,hb\n1,13\n1,14\n", "book": BOOK.replace("on: nr}", "on: nr}, repeats: {conflict: visits}")},
            2, ["would multiply patients: 1 id of 'lab' with further rows", "aggregate:"],
        ),
        (
            {"book": BOOK.replace("{column: hb,", "{column: hb, aggregate: last_before_index,")},
            2, ["last_before_index and within_days need the source's date", "line 8"],
        ),
        ({"ward": "nr,seen\n1,01.02.2020\n,02.02.2020\n,03.02.2020\n2,01.01.2020\n"}, 2, ["ids that stand on the first row", "sources.ward.id.fill_down"]),
        ({"book": BOOK.replace("file: lab.csv,", 'file: lab.csv, table: "2",')}, 3, ["the sheet holds 1 table, no table 2 of source 'lab'", "lab.csv"]),
        ({"book": BOOK.replace("file: lab.csv", 'file: "labor_*.csv"'), "lab": "nr,crp\n1,13\n"}, 3, ["file 'labor_*.csv' of source 'lab' is not among the inputs"]),
    ],
)  # fmt: skip
def test_what_is_refused(tabml: Folder, changes: dict[str, str], code: int, says: list[str]) -> None:
    write(tabml.folder, **changes)
    done = tabml("harmonise", "ward.csv", "lab.csv", *HARMONISE)
    assert done.code == code, done.said
    assert [word for word in says if word not in done.err] == [], done.said
    assert "hint: " in done.err and not (tabml.folder / "out").exists()


def test_a_pivot_is_refused_with_what_to_export(tabml: Folder) -> None:
    rows = ["Row Labels,female,male", "North,12,14", "South,9,11", "Grand Total,21,25"]
    (tabml.folder / "pivot.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = tabml("fit", "pivot.csv", "--target", "male")
    assert done.code == 3 and "pivot" in done.err and "export the rows it was made from" in done.err, done.said


@pytest.mark.parametrize(
    ("changes", "code", "evidence"),
    [
        ({"ward": WARD + "4,12/31/2020\n"}, "TB115", "1 cell of 'seen' (ward) without a certain date; read as missing"),
        ({"lab": "nr,hb,hb\n1,13,1\n2,12,2\n3,11,3\n", "book": BOOK.replace("on: nr}", "on: nr}, unused: {hb (2): twice}")},
         "TB105", "lab.csv: 1 header standing twice, numbered (2), (3)"),
        ({"lab": "nr,hb\n1,13\n2,low\n3,11\n"}, "TB110", "1 cell of 'hb' (lab) without a number; read as missing"),
        ({"ward": WARD + "003,04.02.2020\n", "book": BOOK.replace("dates: dmy}", "dates: dmy, repeats: {conflict: missing}}")},
         "TB126", "1 id of 'nr' (ward) written differently but counted as equal: leading zeros, as 007 and 7 (1)"),
    ],
)  # fmt: skip
def test_what_is_read_all_the_same_is_said(tabml: Folder, changes: dict[str, str], code: str, evidence: str) -> None:
    write(tabml.folder, **changes)
    done = tabml("harmonise", "ward.csv", "lab.csv", *HARMONISE, "--json")
    assert done.code == 0 and json.loads(done.out)["ok"], done.said
    with (tabml.folder / "out" / "findings.csv").open(encoding="utf-8", newline="") as lines:
        said = [row["evidence"] for row in csv.DictReader(lines) if row["code"] == code]
    assert said == [evidence]


def test_conflicting_rows_are_listed_in_the_private_folder(tabml: Folder) -> None:
    book = BOOK.replace("dates: dmy}", "dates: dmy, repeats: {conflict: latest}}")
    write(tabml.folder, book=book, ward=WARD + "3,04.02.2020\n")
    assert tabml("harmonise", "ward.csv", "lab.csv", *HARMONISE).code == 0
    [line] = (tabml.folder / "out" / "private" / "conflicts.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert line.split("\t")[1:] == ["seen", "ward", "4, 5", "conflict: latest row kept"]
