"""What a file is, by its bytes: a suffix is only a wish."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from tabml.core.errors import InputError

Content = Literal["xlsx", "xlsb", "ods", "xls", "text"]

RESAVE = "open it in Excel or LibreOffice and save it again as .xlsx, or export the sheet as CSV"
DECRYPT = "open it in Excel, remove the password (File > Info > Protect Workbook) and save a copy"
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
#: First bytes of files that hold no table tabml reads, and what they are called.
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x89HDF", "an HDF5 file"),
    (b"{\\rtf", "a rich text document"),
)
HEAD = 4096


def sniff(path: Path) -> Content:
    """Which reader a file needs; InputError for what is empty, encrypted, damaged or no table."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise unreadable(path, error) from None
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise InputError("the file is empty", where=path.name, hint="export it again")
    if head.startswith(OLE2):
        return _ole(path)
    if head.startswith(ZIP):
        return _zip(path)
    _refuse_foreign(path, head)
    return "text"


def unreadable(path: Path, error: OSError) -> InputError:
    """The InputError for a file the operating system will not give."""
    if isinstance(error, FileNotFoundError):
        return InputError("there is no such file", where=path.name, hint="check the path")
    reason = error.strerror or type(error).__name__
    return InputError(
        f"the file cannot be opened: {reason}", where=path.name, hint="close it elsewhere; check its permissions"
    )


def _ole(path: Path) -> Content:
    content = path.read_bytes()

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise InputError("the workbook is encrypted with a password", where=path.name, hint=DECRYPT)
    if holds("Workbook") or holds("Book"):
        return "xls"
    kind = "a Word document" if holds("WordDocument") else "an Office file without a workbook"
    raise InputError(f"the file is {kind}, not a table", where=path.name, hint="export the table as .xlsx or CSV")


def _zip(path: Path) -> Content:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.casefold() for name in archive.namelist()}
            locked = any(part.flag_bits & 1 for part in archive.infolist())
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names and not locked else b""
            manifest = archive.read("META-INF/manifest.xml") if mimetype and "meta-inf/manifest.xml" in names else b""
    except (zipfile.BadZipFile, OSError, KeyError, NotImplementedError, EOFError, ValueError):
        raise InputError(
            "the workbook is damaged: its zip archive cannot be read", where=path.name, hint=RESAVE
        ) from None
    if locked or b"encryption-data" in manifest:
        raise InputError("the workbook is encrypted with a password", where=path.name, hint=DECRYPT)
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    if "[content_types].xml" in names:
        if "xl/workbook.bin" in names:
            return "xlsb"
        if any(name.startswith("xl/") for name in names):
            return "xlsx"
    if any(name.startswith("word/") for name in names):
        raise InputError(
            "the file is a Word document, not a table", where=path.name, hint="copy the table into a workbook"
        )
    raise InputError(
        "the file is a zip archive without a workbook", where=path.name, hint="unpack it and name the exports"
    )


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, kind in FOREIGN:
        if head.startswith(magic):
            raise InputError(
                f"the file is {kind}, not a table tabml reads", where=path.name, hint="export it as .xlsx or CSV"
            )
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body")):
        raise InputError("the file is a web page (HTML), whatever its suffix", where=path.name, hint=RESAVE)
    if start.startswith(b"<?xml") or b"urn:schemas-microsoft-com:office:spreadsheet" in head.lower():
        raise InputError("the file is XML (Excel 2003 or other), whatever its suffix", where=path.name, hint=RESAVE)
