"""Files of formats that no library at hand writes: xlsb and ods part by part, an encrypted xls."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.ingest.workbooks import OFFICE, PACKAGE

ODF = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"


def record(kind: int, body: bytes = b"") -> bytes:
    """One record of an xlsb part."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(body)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
        length >>= 7
        if not length:
            return head + size + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_sheet(
    rows: Sequence[Sequence[Any]],
    *,
    hidden_rows: Sequence[int] = (),
    hidden_columns: Sequence[int] = (),
    merged: Sequence[tuple[int, int, int, int]] = (),
    stray: tuple[int, int] | None = None,
) -> bytes:
    """A worksheet part: texts, numbers, truth values, error codes as `("error", code)`; `stray` is one far cell."""
    out = [record(129), record(148, struct.pack("<4I", 0, max(0, len(rows) - 1), 0, max(map(len, rows)) - 1))]
    if hidden_columns:
        infos = [record(60, struct.pack("<4IH", c - 1, c - 1, 2304, 0, 1)) for c in hidden_columns]
        out += [record(390), *infos, record(391)]
    out.append(record(145))
    for number, row in enumerate(rows):
        out.append(_row(number, hidden=number + 1 in hidden_rows))
        out += [_cell(column, value) for column, value in enumerate(row) if value is not None]
    if stray is not None:
        out += [_row(stray[0] - 1), _cell(stray[1] - 1, 1.0)]
    out.append(record(146))
    if merged:
        spans = [record(176, struct.pack("<4I", a - 1, c - 1, b - 1, d - 1)) for a, b, c, d in merged]
        out += [record(177, struct.pack("<I", len(merged))), *spans, record(178)]
    return b"".join([*out, record(130)])


def _row(number: int, *, hidden: bool = False) -> bytes:
    return record(0, struct.pack("<IIHBBB", number, 0, 300, 0, 0x10 if hidden else 0, 0) + struct.pack("<I", 0))


def _cell(column: int, value: Any) -> bytes:
    head = struct.pack("<II", column, 0)
    if isinstance(value, tuple):
        return record(3, head + bytes([value[1]]))
    if isinstance(value, bool):
        return record(4, head + bytes([value]))
    if isinstance(value, str):
        return record(6, head + wide(value))
    return record(5, head + struct.pack("<d", value))


def write_xlsb(path: Path, sheets: Mapping[str, bytes], *, hidden: Sequence[str] = ()) -> Path:
    """A binary workbook of the given worksheet parts."""
    listed = b"".join(
        record(156, struct.pack("<II", 1 if name in hidden else 0, i) + wide(f"rId{i}") + wide(name))
        for i, name in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.bin"/>'
        for i in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        archive.writestr("xl/workbook.bin", record(131) + record(143) + listed + record(144) + record(132))
        archive.writestr(
            "xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
        )
        for i, content in enumerate(sheets.values(), start=1):
            archive.writestr(f"xl/worksheets/sheet{i}.bin", content)
    return path


def ods_cell(value: Any, *, more: str = "") -> str:
    """One cell: text, number, None, or a tuple (attributes, text) as it is."""
    if isinstance(value, tuple):
        attributes, text = value
        return f"<table:table-cell {attributes} {more}>{f'<text:p>{text}</text:p>' if text is not None else ''}</table:table-cell>"
    if value is None:
        return f"<table:table-cell {more}/>"
    if isinstance(value, str):
        return (
            f'<table:table-cell office:value-type="string" {more}><text:p>{escape(value)}</text:p></table:table-cell>'
        )
    return f'<table:table-cell office:value-type="float" office:value="{value}" {more}><text:p>{value}</text:p></table:table-cell>'


def ods_rows(rows: Sequence[Sequence[Any]]) -> str:
    return "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)


def write_ods(path: Path, sheets: Mapping[str, str], *, before: str = "", manifest: str = "") -> Path:
    """A LibreOffice workbook; `sheets` holds the content of each table element, `before` stands before the root."""
    spaces = " ".join(f'xmlns:{n}="{ODF.format(n)}"' for n in ("office", "table", "text"))
    tables = "".join(f'<table:table table:name="{name}">{body}</table:table>' for name, body in sheets.items())
    content = (
        f'{before}<office:document-content {spaces} xmlns:calcext="{CALCEXT}"><office:body><office:spreadsheet>'
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return path


def encrypt_xls(content: bytes, password: str) -> bytes:
    """An .xls under a password, by the oldest cipher of Excel 97.

    The record that names the user makes room for the key's check, so that no offset moves.
    """
    import io

    import olefile
    from msoffcrypto.format.xls97 import Xls97File

    with olefile.OleFileIO(content) as container:
        stream = container.openstream("Workbook").read()
    at = stream.find(struct.pack("<HH", 0x5C, 112))
    check = _rc4_check(password)
    spare = 112 - len(check) - 4
    locked = struct.pack("<HH", 0x2F, len(check)) + check + struct.pack("<HH", 0x4D, spare) + bytes(spare)
    end = stream.rfind(struct.pack("<HH", 0x0A, 0)) + 4
    filling = struct.pack("<HH", 0x4D, len(stream) - end - 4) + bytes(len(stream) - end - 4)
    marked = _with_stream(content, stream[:at] + locked + stream[at + len(locked) : end] + filling)
    office = Xls97File(io.BytesIO(marked))
    office.load_key(password=password)
    out = io.BytesIO()
    office.decrypt(out)  # the cipher is its own inverse
    with olefile.OleFileIO(out.getvalue()) as container:
        ciphered = container.openstream("Workbook").read()
    return _with_stream(out.getvalue(), ciphered[:at] + locked[: 4 + len(check)] + ciphered[at + 4 + len(check) :])


def _with_stream(content: bytes, stream: bytes) -> bytes:
    import io

    import olefile

    file = io.BytesIO(content)
    with olefile.OleFileIO(file, write_mode=True) as container:
        container.write_stream("Workbook", stream)
        return file.getvalue()


def _rc4_check(password: str) -> bytes:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher
    from msoffcrypto.method.rc4 import _makekey

    salt, verifier = bytes(range(16)), bytes(range(16, 32))
    cipher = Cipher(ARC4(_makekey(password, salt, 0)), mode=None).encryptor()
    locked = cipher.update(verifier) + cipher.update(md5(verifier).digest())
    return struct.pack("<HHH", 1, 1, 1) + salt + locked
