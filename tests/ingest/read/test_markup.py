"""HTML and XML of 2003 named .xls: one plain table, or typed sheets, or a clear refusal."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import RawSheet, read_file


def one(tmp_path: Path, content: str | bytes, data: Data = Data()) -> RawSheet:
    path = tmp_path / "export.xls"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (sheet,) = read_file(path, data)
    return sheet


TABLE = "<table><tr><th>id<th>Alter</tr><tr><td>0012</td><td>63,5</td></tr><tr><td>P2<td>&lt;5&nbsp;</table>"


class TestHtml:
    def test_plain_table(self, tmp_path: Path) -> None:
        page = f"<html><head><title>Liste</title><style>td {{}}</style></head><body>{TABLE}</body></html>"
        sheet = one(tmp_path, page)
        assert sheet.rows() == (("id", "Alter"), ("0012", "63,5"), ("P2", "<5"))
        assert (sheet.sheet, sheet.encoding) == (None, "utf-8")

    def test_number_that_excel_stored_is_taken_from_its_attribute(self, tmp_path: Path) -> None:
        page = "<table><tr><td>id<td>x</tr><tr><td>a<td x:num='63.25'>63,3</td></tr></table>"
        assert one(tmp_path, page).rows(2) == (("a", 63.25),)

    def test_spans_are_merged_ranges_and_push_what_follows(self, tmp_path: Path) -> None:
        page = (
            "<table><tr><th rowspan=2>id</th><th colspan=2>Labor</th></tr><tr><th>Hb</th><th>Na</th></tr>"
            "<tr><td>P1</td><td>9</td><td>140</td></tr></table>"
        )
        sheet = one(tmp_path, page)
        assert sheet.rows() == (("id", "Labor", None), (None, "Hb", "Na"), ("P1", "9", "140"))
        assert sheet.merged == ((1, 1, 2, 1), (1, 2, 1, 3))

    def test_error_words_are_errors(self, tmp_path: Path) -> None:
        sheet = one(tmp_path, "<table><tr><td>id<td>x</tr><tr><td>a<td>#DIV/0!</td></tr></table>")
        assert (sheet.error_cells, sheet.error_at, sheet.rows(2)) == ({"#DIV/0!": 1}, ("B2",), (("a", None),))

    @pytest.mark.parametrize(
        "content",
        [
            "<html><meta charset=iso-8859-2><table><tr><td>Płeć<td>x</table>".encode("iso8859-2"),
            "<html><meta http-equiv=Content-Type content='text/html; charset=windows-1250'><table><tr><td>Płeć<td>x</table>".encode(
                "cp1250"
            ),
            "<html><table><tr><td>Płeć<td>x</table>".encode("utf-16"),
        ],
    )
    def test_encoding_the_page_states(self, tmp_path: Path, content: bytes) -> None:
        assert one(tmp_path, content).text(1, 1) == "Płeć"

    @pytest.mark.parametrize(
        ("page", "what"),
        [
            (f"<html>{TABLE}{TABLE}</html>", "holds 2 tables"),
            ("<html><p>Session expired</p></html>", "holds no table"),
            (f"<table><tr><td>{TABLE}</td></tr></table>", "holds tables within tables"),
            ("<html><frameset><frame src='sheet001.htm'></frameset></html>", "holds no table"),
        ],
    )
    def test_anything_else_is_refused(self, tmp_path: Path, page: str, what: str) -> None:
        with pytest.raises(InputError, match=f"web page .HTML. and {what}") as caught:
            one(tmp_path, page)
        assert "save it again as .xlsx" in str(caught.value.hint)

    def test_huge_spans_are_bounded(self, tmp_path: Path) -> None:
        page = "<table>" + "<tr><td rowspan=60000 colspan=16000>a</td><td>b</td></tr>" * 30 + "</table>"
        with pytest.raises(InputError, match=r"spans .* cells"):
            one(tmp_path, page, Data(max_cells=10_000))


HEAD = '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
SPACE = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel"'


MERGED, FAR = 'ss:MergeAcross="2"', 'ss:Index="99999"'


def cell(kind: str, text: str, more: str = "") -> str:
    return f'<Cell {more}><Data ss:Type="{kind}">{text}</Data></Cell>'


def workbook(body: str, *, head: str = HEAD, more: str = "") -> str:
    return f'{head}<Workbook {SPACE}><Worksheet ss:Name="Pasienter"><Table>{body}</Table>{more}</Worksheet></Workbook>'


class TestXml2003:
    def test_typed_cells(self, tmp_path: Path) -> None:
        cells = [
            cell("String", "0012"), cell("Number", "63.5"), cell("Boolean", "1"),
            cell("DateTime", "1986-08-22T00:00:00.000"), cell("DateTime", "2020-01-02T13:05:00.000"),
            cell("DateTime", "1899-12-31T07:30:00.000"),
        ]  # fmt: skip
        sheet = one(tmp_path, workbook(f"<Row>{cell('String', 'id')}</Row><Row>{''.join(cells)}</Row>"))
        assert sheet.sheet == "Pasienter"
        assert sheet.rows(2) == (("0012", 63.5, True, date(1986, 8, 22), datetime(2020, 1, 2, 13, 5), time(7, 30)),)

    def test_facts(self, tmp_path: Path) -> None:
        body = (
            '<Column/><Column ss:Hidden="1" ss:Span="1"/>'
            f"<Row>{cell('String', 'id')}{cell('String', 'x')}</Row>"
            f'<Row ss:Index="4" ss:Hidden="1">{cell("String", "P1")}{cell("Error", "#N/A")}<Cell ss:Formula="=RC[-1]"/></Row>'
            f"<Row>{cell('String', 'note', MERGED)}{cell('Number', '1')}</Row>"
        )
        options = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
        sheet = one(tmp_path, workbook(body, more=options))
        assert sheet.rows(4) == (("P1", None, None, None), ("note", None, None, 1.0))
        assert (sheet.error_cells, sheet.error_at, sheet.uncached_at) == ({"#N/A": 1}, ("B4",), ("C4",))
        assert (sheet.hidden, sheet.hidden_rows, sheet.hidden_columns) == (True, {4}, {2, 3})
        assert sheet.merged == ((5, 1, 5, 3),)

    def test_several_sheets(self, tmp_path: Path) -> None:
        text = workbook(f"<Row>{cell('String', 'a')}</Row>").replace(
            "</Workbook>",
            f'<Worksheet ss:Name="B"><Table><Row>{cell("String", "b")}</Row></Table></Worksheet></Workbook>',
        )
        path = tmp_path / "export.xls"
        path.write_text(text, encoding="utf-8")
        assert [s.sheet for s in read_file(path, Data())] == ["Pasienter", "B"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_document_type_definition_is_refused(self, tmp_path: Path, encoding: str) -> None:
        bomb = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]>'
        content = workbook(
            f"<Row>{cell('String', '&c;')}</Row>", head=HEAD.replace("?><", f' encoding="{encoding}"?><', 1) + bomb
        )
        with pytest.raises(InputError, match="document type definition"):
            one(tmp_path, content.encode(encoding))

    @pytest.mark.parametrize("place", ['ss:Index="4000000000"', 'ss:Index="1048577"'])
    def test_stray_row(self, tmp_path: Path, place: str) -> None:
        with pytest.raises(InputError, match="outside the sheet") as caught:
            one(tmp_path, workbook(f"<Row {place}>{cell('Number', '1')}</Row>"))
        assert str(caught.value.where).startswith("export.xls, sheet Pasienter, cell A")

    def test_stray_column(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="outside the sheet"):
            one(tmp_path, workbook(f"<Row>{cell('Number', '1', FAR)}</Row>"))

    def test_cut_short(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="the XML of the workbook is damaged"):
            one(tmp_path, workbook(f"<Row>{cell('String', 'a')}</Row>")[:-40])

    def test_other_xml_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="is XML, but no workbook"):
            one(tmp_path, '<?xml version="1.0"?><ClinicalDocument/>')


def test_tabs_named_xls(tmp_path: Path) -> None:
    assert one(tmp_path, "id\tage\n1\t63\n2\t67\n").rows(2, 1) == (("1", "63"),)
