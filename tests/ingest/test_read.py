"""Reading: what a file is, what is refused before a reader sees it, and cells at their own addresses."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import RawSheet, child, list_files, read_file, read_files
from tabml.ingest.read import workbook as workbook_module
from tabml.ingest.read.guard import guard
from tests.ingest.workbooks import MAIN, sheet_xml, write_xlsx

EXPORTS = Path("examples/heart4/exports")
TABLE = [["id", "age", "chol"], ["P1", 63, 233], ["P2", 67, 286]]


def one(path: Path, data: Data = Data()) -> RawSheet:
    (sheet,) = read_file(path, data)
    return sheet


def text(tmp_path: Path, content: bytes, name: str = "export.csv") -> RawSheet:
    path = tmp_path / name
    path.write_bytes(content)
    return one(path)


@pytest.fixture(params=["here", "child"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small workbooks are read in this process; with no size allowed, in a child."""
    if request.param == "child":
        monkeypatch.setattr(workbook_module, "SMALL_WORKBOOK", -1)
    return str(request.param)


class TestCells:
    def test_table_starting_at_c5_keeps_its_addresses(self, tmp_path: Path, either_way: str) -> None:
        sheet = one(write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(TABLE, first=(5, 3))}))
        assert sheet.rows(5, 1)[0][:5] == (None, None, "id", "age", "chol")
        assert sheet.columns[4][6] == 286.0
        assert sheet.at(7, 5) == "a.xlsx, sheet S, cell E7"

    def test_values_arrive_typed(self, tmp_path: Path, either_way: str) -> None:
        book = openpyxl.Workbook()
        book.active.append(["0012", 12, 0.5, True, datetime(1986, 8, 22), datetime(1986, 8, 22, 13, 5), None, "  m "])
        book.active.append([None, None, None, None, None, None, None, "x"])
        book.save(tmp_path / "a.xlsx")
        row = one(tmp_path / "a.xlsx").rows()[0]
        assert row == ("0012", 12.0, 0.5, True, date(1986, 8, 22), datetime(1986, 8, 22, 13, 5), None, "  m ")
        assert isinstance(row[3], bool)

    def test_cells_errors_uncached_and_blanks_account_for_every_cell(self, tmp_path: Path, either_way: str) -> None:
        rows = [
            ["id", "a", "b", "c"],
            ["P1", ('t="e"', "<v>#N/A</v>"), ("", "<f>A1+1</f>"), 1],
            ["P2", ('t="e"', "<f>1/0</f><v>#DIV/0!</v>"), ("", "<f>A1+1</f><v>4</v>"), None],
            ["P3", ('t="e"', "<v>#N/A</v>"), ("", "<f>A1</f><v></v>"), ('t="str"', "<f>A9</f><v></v>")],
        ]
        sheet = one(write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(rows)}))
        assert sheet.error_cells == {"#DIV/0!": 1, "#N/A": 2}
        assert sheet.error_at == ("B2", "B3", "B4")
        assert (sheet.uncached, sheet.uncached_at) == (2, ("C2", "C4"))
        read = sum(v is not None for row in sheet.rows() for v in row)
        truly_blank = 2  # D3, and D4 whose formula gave an empty text
        assert read + sum(sheet.error_cells.values()) + sheet.uncached + truly_blank == 16

    def test_unknown_error_word_costs_one_cell_and_is_not_repeated(self, tmp_path: Path, either_way: str) -> None:
        rows = [["id", "a"], ["P1", ('t="e"', "<f>A1</f><v>Err:502</v>")], ["P2", ('t="e"', "<v>#SPILL!</v>")]]
        sheet = one(write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(rows)}))
        assert sheet.error_cells == {"#ERROR": 1, "#SPILL!": 1}
        assert sheet.rows() == (("id", "a"), ("P1", None), ("P2", None))

    def test_hidden_rows_columns_and_sheets_are_told(self, tmp_path: Path, either_way: str) -> None:
        book = openpyxl.Workbook()
        for row in TABLE:
            book.active.append(row)
        book.active.column_dimensions["B"].hidden = True
        book.active.row_dimensions[3].hidden = True
        book.create_sheet("Old").append(["x"])
        book["Old"].sheet_state = "veryHidden"
        book.save(tmp_path / "a.xlsx")
        shown, old = read_file(tmp_path / "a.xlsx", Data())
        assert (shown.hidden, shown.hidden_columns, shown.hidden_rows) == (False, {2}, {3})
        assert old.hidden

    def test_merged_ranges_are_one_based(self, tmp_path: Path, either_way: str) -> None:
        book = openpyxl.Workbook()
        book.active.append(["Patient", None, "Klinik"])
        book.active.append(["ID", "Alter", "RR"])
        book.active.merge_cells("A1:B1")
        book.save(tmp_path / "a.xlsx")
        assert one(tmp_path / "a.xlsx").merged == ((1, 1, 1, 2),)

    def test_cells_without_reference_and_with_prefix_are_read(self, tmp_path: Path) -> None:
        plain = f'<worksheet xmlns="{MAIN}"><sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row></sheetData></worksheet>'
        facts = guard(write_xlsx(tmp_path / "a.xlsx", {"S": plain}), Data()).sheets[0]
        assert (facts.last_row, facts.last_column, facts.is_plain) == (2, 2, False)
        assert one(tmp_path / "a.xlsx").rows()[0][:2] == (1.0, 2.0)
        prefixed = (
            f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1" hidden="1"><x:c r="B1" t="e"><x:v>#N/A</x:v></x:c></x:row>'
            '<x:row r="2"><x:c r="A2"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>'
        )
        facts = guard(write_xlsx(tmp_path / "b.xlsx", {"S": prefixed}), Data()).sheets[0]
        assert (facts.last_row, facts.last_column, facts.errors, facts.hidden_rows) == (2, 2, {"#N/A": 1}, {1})

    def test_the_same_cells_come_from_here_and_from_a_child(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here = read_files([EXPORTS], Data())
        monkeypatch.setattr(workbook_module, "SMALL_WORKBOOK", -1)
        assert read_files([EXPORTS], Data()) == here


def write_ods(path: Path, manifest: str = "") -> Path:
    """A LibreOffice workbook of two rows."""
    office, table = (f"urn:oasis:names:tc:opendocument:xmlns:{n}:1.0" for n in ("office", "table"))
    cell = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{cell.format(a)}{cell.format(b)}</table:table-row>" for a, b in ((1, 2), (3, 4.5))
    )
    content = (
        f'<office:document-content xmlns:office="{office}" xmlns:table="{table}" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Ark1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return path


class TestOtherWorkbooks:
    def test_libreoffice_workbook_is_read_in_a_child(self, tmp_path: Path) -> None:
        sheet = one(write_ods(tmp_path / "a.xlsx"))
        assert (sheet.sheet, sheet.rows()) == ("Ark1", ((1.0, 2.0), (3.0, 4.5)))

    @pytest.mark.parametrize("name", ["a.xls", "a.csv", "a.data", "a"])
    def test_suffix_is_not_believed(self, tmp_path: Path, name: str, either_way: str) -> None:
        assert one(write_xlsx(tmp_path / name, {"S": sheet_xml(TABLE)})).rows()[1] == ("P1", 63.0, 233.0)

    def test_encrypted_libreoffice_workbook(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="encrypted with a password"):
            one(write_ods(tmp_path / "a.ods", "<manifest:encryption-data/>"))


class TestGuard:
    """Each of these made a reader ask for gigabytes, loop or abort."""

    @pytest.mark.parametrize("stray", ["XFD1048576", "ZZZZZ1", "A4000000000", "A1048577", "XFE1"])
    def test_stray_cell_is_named(self, tmp_path: Path, stray: str) -> None:
        sheet = sheet_xml(TABLE).replace("</sheetData>", f'<row r="9"><c r="{stray}"><v>1</v></c></row></sheetData>')
        path = write_xlsx(tmp_path / "a.xlsx", {"Patients": sheet})
        with pytest.raises(InputError, match=r"outside the sheet|spans .* cells") as caught:
            read_file(path, Data())
        assert caught.value.where == f"a.xlsx, sheet Patients, cell {stray}"
        assert "stray" in str(caught.value.hint)

    def test_bounds_are_found_whatever_the_order_of_attributes(self, tmp_path: Path) -> None:
        sheet = sheet_xml(TABLE).replace("</sheetData>", "<row><c s='1' r='XFD1048576'><v>1</v></c></row></sheetData>")
        with pytest.raises(InputError, match="spans") as caught:
            read_file(write_xlsx(tmp_path / "a.xlsx", {"S": sheet}), Data())
        assert str(caught.value.where).endswith("cell XFD1048576")

    def test_cell_far_down_within_the_sheet_counts_by_its_rectangle(self, tmp_path: Path) -> None:
        sheet = sheet_xml(TABLE).replace("</sheetData>", '<row r="9"><c r="A900000"><v>1</v></c></row></sheetData>')
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet})
        with pytest.raises(InputError, match="spans 2,700,000 cells, above the limit of 1,000,000") as caught:
            read_file(path, Data(max_cells=1_000_000))
        assert str(caught.value.where).endswith("cell A900000")

    def test_text_that_looks_like_a_reference_is_only_text(self, tmp_path: Path) -> None:
        rows = [["id", "remark"], ["P1", 'see <c r="XFD1048576"'], ["P2", 'x r="ZZZZZ9" row> c>']]
        assert one(write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(rows)})).rows()[2][1] == 'x r="ZZZZZ9" row> c>'

    def test_sheet_longer_than_a_block_is_counted_once(self, tmp_path: Path) -> None:
        rows = [[f"P{i}", ('t="e"', "<v>#N/A</v>"), "x" * 100] for i in range(12_000)]
        facts = guard(write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(rows)}), Data()).sheets[0]
        assert (facts.cells, facts.errors["#N/A"], facts.last_row) == (36_000, 12_000, 12_000)

    def test_document_type_definition_is_refused(self, tmp_path: Path) -> None:
        sheet = '<!DOCTYPE a [<!ENTITY b "x">]>' + sheet_xml(TABLE)
        with pytest.raises(InputError, match="document type definition"):
            read_file(write_xlsx(tmp_path / "a.xlsx", {"S": sheet}), Data())
        shared = {"xl/sharedStrings.xml": b'<!DOCTYPE a [<!ENTITY b "x">]><sst/>'}
        with pytest.raises(InputError, match="document type definition"):
            read_file(write_xlsx(tmp_path / "b.xlsx", {"S": sheet_xml(TABLE)}, extra=shared), Data())

    def test_archive_bomb_is_refused_by_ratio_and_by_size(self, tmp_path: Path) -> None:
        sheet = sheet_xml(TABLE, before=" " * 30_000_000)
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet})
        with pytest.raises(InputError, match="times its size, as an archive bomb would"):
            read_file(path, Data())
        with pytest.raises(InputError, match=r"unpacks to 0\.0 GB, above the limit"):
            read_file(path, Data(max_ratio=1e6, max_unpacked=1_000_000))

    def test_part_held_twice_is_refused(self, tmp_path: Path) -> None:
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(TABLE)})
        with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", sheet_xml([["evil"]]))
        with pytest.raises(InputError, match="holds one part twice"):
            read_file(path, Data())

    def test_utf16_part_is_refused_since_patterns_would_not_see_it(self, tmp_path: Path) -> None:
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(TABLE)}, extra={})
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].decode().encode("utf-16")
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        with pytest.raises(InputError, match="not UTF-8"):
            read_file(path, Data())

    def test_clean_and_unclean_workbooks_are_told_apart(self, tmp_path: Path) -> None:
        assert all(guard(p, Data()).is_clean for p in sorted(EXPORTS.glob("*.xlsx")))
        far = sheet_xml(TABLE).replace("</sheetData>", '<row r="9"><c r="AAA90000"><v>1</v></c></row></sheetData>')
        assert not guard(write_xlsx(tmp_path / "a.xlsx", {"S": far}), Data(max_cells=10**9)).is_clean

    @pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no address-space limit on this platform")
    def test_reader_that_asks_for_terabytes_is_stopped_without_the_guard(self, tmp_path: Path) -> None:
        sheet = sheet_xml(TABLE).replace("</sheetData>", '<row r="9"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet})
        with pytest.raises(InputError, match=r"ran out of memory and was stopped|is damaged"):
            workbook_module._parse_in_child(path, 1 << 30)


class TestRefusals:
    """Bad input: one clear message with the base name, what to do, and no path."""

    def refused(self, path: Path, match: str) -> InputError:
        with pytest.raises(InputError, match=match) as caught:
            read_files([path], Data())
        assert str(path.parent) not in f"{caught.value} {caught.value.hint}"
        assert caught.value.hint
        return caught.value

    @pytest.mark.parametrize(
        ("content", "match"),
        [
            (b"", "the file is empty"),
            (b"\xef\xbb\xbf \r\n", "the file is empty"),
            (b"%PDF-1.7", "a PDF document"),
            (b"PAR1xxxx", "a Parquet file"),
            (b"<html><table>", "web page"),
            (b'<?xml version="1.0"?><Workbook/>', "is XML"),
            (b"PK\x03\x04 cut short", "damaged"),
            (b"\x00\x01\x02\x03" * 50, "neither text nor a workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted with a password"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "a Word document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "damaged"),
        ],
    )
    def test_file_that_is_no_table(self, tmp_path: Path, content: bytes, match: str) -> None:
        path = tmp_path / "export.xlsx"
        path.write_bytes(content)
        assert self.refused(path, match).where == "export.xlsx"

    def test_missing_file_and_empty_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "gone.xlsx", "no such file")
        (tmp_path / "empty").mkdir()
        assert self.refused(tmp_path / "empty", "the folder holds no table").where == "empty"

    @pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
    def test_workbook_cut_short(self, tmp_path: Path, keep: float) -> None:
        content = (EXPORTS / "cleveland_clinic.xlsx").read_bytes()
        path = tmp_path / "cleveland_clinic.xlsx"
        path.write_bytes(content[: int(keep * len(content))])
        self.refused(path, "damaged")

    def test_damaged_sheet_is_named(self, tmp_path: Path) -> None:
        path = write_xlsx(tmp_path / "a.xlsx", {"Patients": sheet_xml([[f"P{i}", i] for i in range(2000)])})
        content = bytearray(path.read_bytes())
        start = content.find(b"xl/worksheets/sheet1.xml") + 200
        content[start : start + 300] = bytes(300)
        path.write_bytes(content)
        assert self.refused(path, "damaged").where == "a.xlsx, sheet Patients"

    def test_malformed_xml(self, tmp_path: Path) -> None:
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(TABLE)[:-60]})
        self.refused(path, "damaged")

    def test_zip_that_is_no_workbook(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr("a.csv", "a,b")
        self.refused(tmp_path / "a.xlsx", "zip archive without a workbook")

    def test_encrypted_zip(self, tmp_path: Path) -> None:
        path = write_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(TABLE)})
        content = bytearray(path.read_bytes())
        for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            at = content.find(mark)
            while at >= 0:
                content[at + offset] |= 1
                at = content.find(mark, at + 4)
        path.write_bytes(content)
        self.refused(path, "encrypted with a password")

    def test_sheet_that_no_workbook_has(self) -> None:
        with pytest.raises(InputError, match="no workbook has a sheet 'Pasient'") as caught:
            read_files([EXPORTS / "oslo_sykehus.xlsx"], Data(sheet="Pasient"))
        assert caught.value.hint == "did you mean 'Pasienter'?"

    def test_quoted_field_that_does_not_end(self, tmp_path: Path) -> None:
        body = b"id;remark\n" + b'P1;"never closed\n' + b"P2;x\n" * 60_000
        with pytest.raises(InputError, match="a quoted field does not end") as caught:
            text(tmp_path, body)
        assert caught.value.where == "export.csv, after row 1"


class TestText:
    def test_german_export(self) -> None:
        sheet = one(EXPORTS / "budapest_herzzentrum.csv")
        assert (sheet.encoding, sheet.delimiter, sheet.n_rows, sheet.width) == ("cp1252", ";", 300, 19)
        assert sheet.rows()[2] == (None,) * 19
        assert sheet.rows()[3][15] == "Gefäße"
        assert sheet.rows()[4][18] is None

    @pytest.mark.parametrize(
        ("encoding", "named", "sure"),
        [
            ("utf-8", "utf-8", 1.0),
            ("utf-8-sig", "utf-8-sig", 1.0),
            ("utf-16", "utf-16", 1.0),
            ("utf-16-le", "utf-16-le", 0.95),
            ("utf-16-be", "utf-16-be", 0.95),
        ],
    )
    def test_unicode_encodings(self, tmp_path: Path, encoding: str, named: str, sure: float) -> None:
        content = ("Løpenr;Kjønn;Höhe\n" + "1;Åse;9,5\n" * 20).encode(encoding)
        sheet = text(tmp_path, content)
        assert (sheet.encoding, sheet.encoding_confidence) == (named, sure)
        assert sheet.rows()[0] == ("Løpenr", "Kjønn", "Höhe")

    @pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
    def test_eight_bit_encodings_are_told_by_their_letters(self, tmp_path: Path, encoding: str) -> None:
        words = "Ärztliche Größe;Käthe Müller;ungewöhnlich\n" + "für Jürgen;Öztürk;weiß\n" * 5
        sheet = text(tmp_path, words.encode(encoding))
        assert sheet.encoding == encoding
        assert sheet.rows()[1][0] == "für Jürgen"

    def test_one_odd_byte_leaves_doubt(self, tmp_path: Path) -> None:
        assert text(tmp_path, "id;Größe\nP1;3\n".replace("ß", "s").encode("cp1252")).encoding_confidence < 0.9

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiters(self, tmp_path: Path, delimiter: str) -> None:
        lines = [
            delimiter.join(row) for row in (["id", "name", "chol"], ["1", "Bexley; Mark", "3,41"], ["2", "x", "6,2"])
        ]
        lines = [line.replace("Bexley; Mark", '"Bexley; Mark"').replace("3,41", '"3,41"') for line in lines]
        sheet = text(tmp_path, "\n".join(lines).encode(), "export.xls")
        assert (sheet.delimiter, sheet.width) == (delimiter, 3)
        assert sheet.rows()[1][1] == "Bexley; Mark"

    def test_decimal_commas_do_not_outvote_semicolons(self, tmp_path: Path) -> None:
        body = "id;a;b\n" + "".join(f"{i};{i},5;{i},25\n" for i in range(50))
        sheet = text(tmp_path, body.encode())
        assert (sheet.delimiter, sheet.rows()[1]) == (";", ("0", "0,5", "0,25"))

    def test_sep_line_decides(self, tmp_path: Path) -> None:
        assert text(tmp_path, b"sep=|\nid|a\n1|2;3\n").delimiter == "|"

    def test_one_field_a_line(self, tmp_path: Path) -> None:
        sheet = text(tmp_path, b"age\n63\n67\n")
        assert (sheet.delimiter, sheet.rows()) == ("", (("age",), ("63",), ("67",)))

    def test_ragged_records_are_listed_and_lose_nothing(self, tmp_path: Path) -> None:
        body = b"Export 2024\n\nid,a,b\n1,2,3\n2,3\n3,4,5,extra\n4,5,6\n"
        sheet = text(tmp_path, body)
        assert sheet.ragged == (5, 6)
        assert sheet.rows()[4] == ("2", "3", None)
        assert sheet.rows()[5] == ("3", "4", "5", "extra")

    def test_quoted_line_break_stays_in_its_record(self, tmp_path: Path) -> None:
        sheet = text(tmp_path, b'id,note\r\n1,"two\r\nlines"\r\n2,x\r\n')
        assert sheet.rows()[1] == ("1", "two\r\nlines")
        assert sheet.n_rows == 3

    def test_text_named_xls_is_read_as_text(self, tmp_path: Path) -> None:
        assert text(tmp_path, b"id\tage\n1\t63\n2\t67\n", "export.xls").delimiter == "\t"


class TestFiles:
    def test_folder_is_read_in_order_of_names_without_what_lies_beside(self, tmp_path: Path) -> None:
        for name in ("b.csv", "a.csv", "README.md", "notes.json", "~$b.xlsx", ".hidden", "codebook.yaml"):
            (tmp_path / name).write_text("id,age\n1,2\n3,4\n", encoding="utf-8")
        files, findings = list_files([tmp_path])
        assert [f.name for f in files] == ["a.csv", "b.csv"]
        assert findings[0].evidence == "not read, no tables by their names: README.md, codebook.yaml, notes.json"
        assert [s.file for s in read_files([tmp_path], Data())] == ["a.csv", "b.csv"]

    def test_file_named_twice_is_read_once(self) -> None:
        file = EXPORTS / "zuerich_basel.xlsx"
        assert [s.sheet for s in read_files([file, file], Data())] == ["Daten", "Codes"]

    def test_chosen_sheet_is_read_though_hidden(self, tmp_path: Path) -> None:
        sheets = {"A": sheet_xml(TABLE), "B": sheet_xml(TABLE)}
        path = write_xlsx(tmp_path / "a.xlsx", sheets, states={"B": "hidden"})
        assert [s.hidden for s in read_files([path], Data())] == [False, True]
        (chosen,) = read_files([path], Data(sheet="b"))
        assert (chosen.sheet, chosen.hidden) == ("B", False)

    def test_hash_is_of_the_file(self) -> None:
        sheets = read_files([EXPORTS / "cleveland_clinic.xlsx"], Data())
        assert {s.sha256[:12] for s in sheets} == {"15976c45ac3c"}

    def test_only_cell_values_come_back_from_a_child(self, tmp_path: Path) -> None:
        import io
        import pickle

        def parts() -> Iterator[Any]:
            yield ("rows", [(date(2020, 1, 1), 1.5)])
            yield Path("x")

        good, bad = (io.BytesIO(pickle.dumps(part)) for part in parts())
        assert child.SafeUnpickler(good).load() == ("rows", [(date(2020, 1, 1), 1.5)])
        with pytest.raises(pickle.UnpicklingError, match="is no cell value"):
            child.SafeUnpickler(bad).load()
