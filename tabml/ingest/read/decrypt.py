"""Workbooks under a password: decrypted into memory, never into a file that has a name.

For .xls the library uses a temporary file without one, which only this process can open and which is gone
when it closes it.
"""

from __future__ import annotations

import io
import struct
import zipfile

from tabml.core.errors import InputError
from tabml.core.password import VARIABLE, password_of
from tabml.ingest.read.document import Document
from tabml.ingest.read.guard import damaged
from tabml.ingest.read.sniff import DECRYPT

#: Excel encrypts write-protected workbooks with this, and opens them without asking.
NO_SECRET = "VelvetSweatshop"


def decrypted(document: Document) -> Document:
    """The same file with its decrypted bytes; InputError without a password, or with a wrong one."""
    try:
        import msoffcrypto
    except ImportError:
        raise InputError(
            "the workbook is encrypted with a password, and what opens it is not installed",
            where=document.name,
            hint="pip install 'tabml[formats]', or remove the password in Excel and save a copy",
        ) from None
    content = _opened(msoffcrypto, document, NO_SECRET)
    if content is None:
        password = password_of(document.name)
        if not password:
            raise InputError(
                "the workbook is encrypted with a password",
                where=document.name,
                hint=f"set {VARIABLE}, or run tabml in a terminal and type it; or {DECRYPT}",
            )
        content = _opened(msoffcrypto, document, password)
    if content is None:
        raise InputError(
            "the password does not open the workbook",
            where=document.name,
            hint=f"check the password, and {VARIABLE} if it is set",
        )
    return Document(document.path, content)


def _opened(msoffcrypto: object, document: Document, password: str) -> bytes | None:
    """The decrypted bytes, None where the password is wrong."""
    from xml.parsers.expat import ExpatError

    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    damage = (
        FileFormatError,
        ExpatError,
        ParseError,
        AssertionError,
        struct.error,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        EOFError,
    )
    out = io.BytesIO()
    try:
        with document.open() as stream:
            office = msoffcrypto.OfficeFile(stream)  # type: ignore[attr-defined]
            if office.format == "ooxml":
                office.load_key(password=password, verify_password=True)
            else:
                office.load_key(password=password)
            office.decrypt(out)
    except InvalidKeyError:
        return None
    except DecryptionError as error:
        if "key" in str(error).casefold() or "password" in str(error).casefold():
            return None
        raise damaged(document.name) from None
    except damage:
        raise damaged(document.name) from None
    content = out.getvalue()
    # the oldest ciphers do not check the key: what they make of a wrong one is no workbook
    return content if content.startswith(b"\xd0\xcf\x11\xe0") or zipfile.is_zipfile(io.BytesIO(content)) else None
