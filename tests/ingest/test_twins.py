"""One patient in two hospitals is told from a global id, or from measurements nobody shares."""

from __future__ import annotations

import numpy as np

from tests.ingest.exports import cohort, csv

NAMES = [f"x{i}" for i in range(8)]
BOOK = "\n".join(
    [
        "codebook: 1",
        "sources:",
        "  a: {file: a.csv, id: {column: nr}, repeats: {conflict: visits}}",
        "  b: {file: b.csv, id: {column: nr}, repeats: {conflict: visits}}",
        "variables:",
        *(
            f"  {n}: {{kind: number, from: {{a: {{column: {n}, status: accepted}}, b: {{column: {n}, status: accepted}}}}}}"
            for n in NAMES
        ),
    ]
)


def files(folder, *, doubles: int):
    draw = np.random.default_rng(3).normal(size=(60, 8)).round(2)
    for name, rows, start in (("a.csv", draw[:40], 1), ("b.csv", np.vstack([draw[40:], draw[:doubles]]), 500)):
        lines = [",".join([str(start + i), *map(str, row)]) for i, row in enumerate(rows)]
        yield csv(folder, name, "\n".join(["nr," + ",".join(NAMES), *lines]))


def told(found) -> list[tuple[str, int]]:
    return [(f.evidence, f.count) for f in found.findings if f.code == "TB124"]


def test_equal_rows_of_two_hospitals_are_named(tmp_path):
    got = cohort(BOOK, *files(tmp_path, doubles=2))
    assert told(got) == [("2 rows of one source equal a row of another in 6 measurements or more", 2)]


def test_different_patients_are_not(tmp_path):
    assert told(cohort(BOOK, *files(tmp_path, doubles=0))) == []


def test_a_global_id_in_two_sources_is_named(tmp_path):
    book = BOOK.replace("sources:", "id_scope: global\nsources:", 1)
    a, b = files(tmp_path, doubles=0)
    b.write_text(b.read_text().replace("\n500,", "\n7,"), encoding="utf-8")
    assert told(cohort(book, a, b)) == [("1 patient with rows in two sources or more (ids are global)", 1)]
