"""yaml -> xlsx -> yaml is the same bytes, whatever the texts are and whichever program saved the workbook."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from openpyxl import load_workbook

from tabml.core.codebook import Codebook
from tabml.ingest.codebook_file import dump_codebook
from tabml.ingest.codebook_workbook import read_workbook_codebook, workbook_bytes
from tests.ingest.codebook_workbook.codebooks import codebooks

#: A codebook is too large a thing to be shrunk in the time a test has.
MANY = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


def everybody(book: Codebook) -> dict[str, dict[str, dict[str, int]]]:
    """Counts under which every level and every cell text has its patients."""
    from tabml.ingest.values import fold

    return {
        source: {
            name: {fold(t): 99 for t in (*spec.levels, *(spec.from_[source].recode if source in spec.from_ else ()))}
            for name, spec in book.variables.items()
        }
        for source in book.sources
    }


def same_after(book: Codebook, folder, *, resave: bool = False) -> tuple[str, tuple]:
    path = folder / "book.xlsx"
    path.write_bytes(workbook_bytes(book, everybody(book), accept_score=0.9, small_cell=5))
    if resave:
        load_workbook(path).save(path)
    read = read_workbook_codebook(path)
    return dump_codebook(read.codebook), read.changes


@given(codebooks())
@settings(MANY, max_examples=60)
def test_a_codebook_comes_back_byte_for_byte(tmp_path_factory, book):
    text, changes = same_after(book, tmp_path_factory.mktemp("book"))
    assert changes == ()
    assert text == dump_codebook(book)


@given(codebooks())
@settings(MANY, max_examples=15)
def test_another_program_that_saves_the_workbook_changes_nothing(tmp_path_factory, book):
    text, changes = same_after(book, tmp_path_factory.mktemp("book"), resave=True)
    assert changes == ()
    assert text == dump_codebook(book)
