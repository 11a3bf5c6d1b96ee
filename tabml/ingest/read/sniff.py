"""What a file is, by its bytes: a suffix is only a wish."""

from __future__ import annotations

import codecs
import zipfile
from typing import Literal

from tabml.core.errors import InputError
from tabml.ingest.read.document import Document
from tabml.ingest.read.ole import MAGIC as OLE2
from tabml.ingest.read.ole import Ole, OleError
from tabml.ingest.read.scan_xls import is_locked, workbook_stream

Content = Literal[
    "xlsx", "xlsb", "ods", "xls", "encrypted", "html", "xml2003", "text",
    "parquet", "arrow", "sav", "por", "dta", "sas7bdat", "xport",
]  # fmt: skip

RESAVE = "open it in Excel or LibreOffice and save it again as .xlsx, or export the sheet as CSV"
DECRYPT = "open it in Excel, remove the password (File > Info > Protect Workbook) and save a copy"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
SAS_DATA = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
SAS_CATALOGUE = bytes.fromhex("000000000000000000000000c2ea8163b31411cfbd92080009c7318c181f1011")
MAGIC: tuple[tuple[bytes, Content], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1\x00\x00", "arrow"),
    (b"$FL2", "sav"),
    (b"$FL3", "sav"),
    (b"<stata_dta>", "dta"),
    (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "xport"),
    (b"HEADER RECORD*******LIBV8", "xport"),
    (SAS_DATA, "sas7bdat"),
)
OLD_STATA = frozenset((104, 105, 108, 110, 111, 112, 113, 114, 115))  # first byte of .dta up to Stata 12
#: First bytes of files that hold no table tabml reads, and what they are called.
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PARE", "an encrypted Parquet file"),
    (b"FEA1", "a Feather file of the first version"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x89HDF", "an HDF5 file"),
    (b"{\\rtf", "a rich text document"),
    (b"MIME-Version:", "a web archive"),
    (b"RDX2", "an R workspace"),
    (b"RDX3", "an R workspace"),
)
EXCEL_2003 = "urn:schemas-microsoft-com:office:spreadsheet"
HEAD = 4096


def sniff(document: Document) -> Content:
    """Which reader a file needs; InputError for what is empty, damaged or no table."""
    head = document.head(HEAD)
    for magic, content in MAGIC:
        if head.startswith(magic):
            return content
    if head.startswith(SAS_CATALOGUE):
        raise InputError(
            "the file is a SAS catalogue of formats, not a table",
            where=document.name,
            hint="name the .sas7bdat; a catalogue beside it is read with it",
        )
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise InputError("the file is empty", where=document.name, hint="export it again")
    if head.startswith(OLE2):
        return _ole(document)
    if head.startswith(ZIP):
        return _zip(document)
    _refuse_foreign(head, document.name)
    if head[0] in OLD_STATA and head[1:4] in (b"\x01\x01\x00", b"\x02\x01\x00"):
        return "dta"
    if head[:800].replace(b"\r", b"").replace(b"\n", b"")[456:464] == b"SPSSPORT":
        return "por"
    return _markup(head, document.name)


def _ole(document: Document) -> Content:
    content = document.read()
    try:
        container: Ole | None = Ole.of(content)
        names = set(container.streams) if container else set()
    except (OleError, ValueError, IndexError):
        container, names = None, set()

    def holds(name: str) -> bool:
        return name in names or (container is None and name.encode("utf-16-le") in content)

    if any("DRM" in name for name in names):
        raise InputError(
            "the workbook is protected by rights management", where=document.name, hint="ask its owner for a free copy"
        )
    if holds("EncryptedPackage"):
        return "encrypted"
    if holds("Workbook") or holds("Book"):
        return "encrypted" if container is not None and _has_password(container) else "xls"
    if container is None and not holds("WordDocument"):
        raise InputError("the workbook is damaged: its container cannot be read", where=document.name, hint=RESAVE)
    kind = "a Word document" if holds("WordDocument") else "an Office file without a workbook"
    raise InputError(f"the file is {kind}, not a table", where=document.name, hint="export the table as .xlsx or CSV")


def _has_password(container: Ole) -> bool:
    try:
        return is_locked(workbook_stream(container) or b"")
    except OleError:
        return False  # the guard says what is damaged


def _zip(document: Document) -> Content:
    try:
        with document.open() as stream, zipfile.ZipFile(stream) as archive:
            names = {name.casefold() for name in archive.namelist()}
            locked = any(part.flag_bits & 1 for part in archive.infolist())
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names and not locked else b""
            manifest = archive.read("META-INF/manifest.xml") if mimetype and "meta-inf/manifest.xml" in names else b""
    except (zipfile.BadZipFile, OSError, KeyError, NotImplementedError, EOFError, ValueError):
        raise InputError(
            "the workbook is damaged: its zip archive cannot be read", where=document.name, hint=RESAVE
        ) from None
    if locked or b"encryption-data" in manifest:
        raise InputError("the workbook is encrypted with a password", where=document.name, hint=DECRYPT)
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    if "[content_types].xml" in names:
        if "xl/workbook.bin" in names:
            return "xlsb"
        if any(name.startswith("xl/") for name in names):
            return "xlsx"
    if any(name.startswith("word/") for name in names):
        raise InputError(
            "the file is a Word document, not a table", where=document.name, hint="copy the table into a workbook"
        )
    raise InputError(
        "the file is a zip archive without a workbook", where=document.name, hint="unpack it and name the exports"
    )


def _refuse_foreign(head: bytes, name: str) -> None:
    for magic, kind in FOREIGN:
        if head.startswith(magic):
            raise InputError(
                f"the file is {kind}, not a table tabml reads", where=name, hint="export it as .xlsx or CSV"
            )


def _markup(head: bytes, name: str) -> Content:
    """HTML, Excel's XML of 2003, or plain text."""
    start = _as_text(head).lstrip("\ufeff \t\r\n").casefold()
    if start.startswith("<?xml") or EXCEL_2003 in start:
        if EXCEL_2003 in start:
            return "xml2003"
        if "<html" not in start:
            raise InputError("the file is XML, but no workbook of Excel", where=name, hint=RESAVE)
    tags = ("<!doctype html", "<html", "<table", "<head", "<body", "<meta", "<style", "<div", "<?xml", "<!--")
    return "html" if start.startswith(tags) else "text"


def _as_text(head: bytes) -> str:
    wide = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(head[:2])
    return head.decode(wide or "latin-1", errors="replace")
