"""Who a row belongs to: normalised ids, and the site key that turns them into pseudonyms.

The key is 32 random bytes made on first use and kept outside every study. Nothing computed depends on
it: it only names patients (foundations.md section 1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import tempfile
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.core.errors import ConfigError
from tabml.ingest.detectors import classify_identifier
from tabml.ingest.read import Column

__all__ = ["SiteKey", "classify_identifier", "normalise_id", "normalise_ids"]

KEY_BYTES = 32
PSEUDONYM_BYTES = 10  # 80 bits: 16 base32 characters
PATIENTS_AT_ONCE = 20_000
_NUL = "\x00"


@dataclass(frozen=True)
class SiteKey:
    """The site's secret; its text never shows the bytes."""

    secret: bytes = field(repr=False)

    @classmethod
    def load(cls, path: Path | None = None, *, outside: Path | None = None) -> SiteKey:
        """The key in `path`, else `TABML_KEY_FILE`, else the user's data folder; made on first use.

        Refuses (ConfigError) a key file inside `outside`, the study folder, or inside a git work tree:
        whoever gets the study must not get the key with it.
        """
        file = _key_file(path)
        _refuse_inside(file, outside)
        if not file.exists():
            _make_key(file)
        return cls(_read_key(file))

    @property
    def key_id(self) -> str:
        """8 characters that tell two keys apart and reveal neither."""
        return self._code("tabml key id")[:8]

    def pseudonym(self, scope: str, normalised: str) -> str:
        """16 base32 characters for one patient of one scope (a source's name, or empty for global ids)."""
        return self._code(f"{scope}{_NUL}{normalised}")

    def pseudonyms(self, scope: str, normalised: pa.Array) -> list[str]:
        """`pseudonym` of many patients of one scope at once."""
        sha256 = hashlib.sha256  # HMAC (RFC 2104) with the padded keys made once
        secret = sha256(self.secret).digest() if len(self.secret) > 64 else self.secret
        inner, outer = (bytes(b ^ pad for b in secret.ljust(64, b"\0")) for pad in (0x36, 0x5C))
        inner += f"{scope}{_NUL}".encode()
        names: list[str] = []
        for start in range(0, len(normalised), PATIENTS_AT_ONCE):
            texts = normalised.slice(start, PATIENTS_AT_ONCE).cast(pa.binary()).to_pylist()
            digests = b"".join([sha256(outer + sha256(inner + text).digest()).digest() for text in texts])
            names += _base32(np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32)[:, :PSEUDONYM_BYTES])
        return names

    def _code(self, text: str) -> str:
        digest = hmac.digest(self.secret, text.encode("utf-8"), "sha256")
        return base64.b32encode(digest[:PSEUDONYM_BYTES]).decode("ascii")


def normalise_id(text: str, rule: str = "as_is") -> str:
    """One id as it is compared everywhere; empty where the cell holds none.

    NFC, stripped, casefolded, no ".0" of a number cell, no leading zeros of an all-digit id. `digits`
    keeps only the digits, `exact` all characters.

    >>> normalise_id(" CC-0012 "), normalise_id("0012"), normalise_id("12.0"), normalise_id("P 0012", "digits")
    ('cc-0012', '12', '12', '12')
    >>> normalise_id("007 ", "exact")
    '007'
    """
    if rule == "exact":
        return unicodedata.normalize("NFC", text).strip()
    folded = unicodedata.normalize("NFC", text).strip().casefold()
    folded = re.sub(r"^(\d+)\.0+$", r"\1", folded)
    if rule == "digits":
        folded = re.sub(r"[^0-9]", "", folded)
    return folded.lstrip("0") or "0" if re.fullmatch(r"[0-9]+", folded) else folded


def normalise_ids(cells: Column, rule: str = "as_is") -> Column:
    """`normalise_id` of every cell of a canonical column; a cell whose id is empty is empty."""
    texts = cells.texts.fill_null("")
    if rule == "exact" or not np.asarray(pc.string_is_ascii(texts)).all():
        return cells.mapped([normalise_id(text, rule) for text in cells.distinct])
    texts = pc.ascii_lower(texts)
    if pc.any(pc.ends_with(texts, "0")).as_py():
        texts = pc.replace_substring_regex(texts, r"^([0-9]+)\.0+$", r"\1")
    if rule == "digits":
        texts = pc.replace_substring_regex(texts, "[^0-9]", "")
    bare = pc.ascii_ltrim(texts, "0")
    bare = pc.if_else(pc.and_(pc.equal(bare, ""), pc.not_equal(texts, "")), "0", bare)
    texts = pc.if_else(pc.ascii_is_decimal(texts), bare, texts)
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts)
    return Column(texts) if cells.codes is None else Column.of_codes(texts, cells.codes)


def _base32(digests: NDArray[np.uint8]) -> list[str]:
    """Base 32 (RFC 4648) of 10 bytes each: 16 letters each."""
    groups = np.ascontiguousarray(digests).reshape(-1, 5)
    forty = np.zeros(len(groups), dtype=np.int64)  # five bytes are eight letters of five bits
    for place in range(5):
        forty = (forty << 8) | groups[:, place]
    fives = (forty[:, None] >> np.arange(35, -1, -5)) & 31
    letters = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)[fives]
    text = letters.tobytes().decode("ascii")
    return [text[i : i + 16] for i in range(0, len(text), 16)]


#: Files by which a folder is known to hold a study: a key beside its pseudonyms would undo them.
STUDY_MARKS = ("results.json", "study.yaml", "cohort.parquet")


def _key_file(path: Path | None) -> Path:
    if path is not None:
        return Path(path).expanduser()
    if named := os.environ.get("TABML_KEY_FILE"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("tabml", appauthor=False) / "site.key"


def _refuse_inside(file: Path, outside: Path | None) -> None:
    place = file.expanduser().resolve()
    if outside is not None and place.is_relative_to(Path(outside).resolve()):
        raise ConfigError("the site key may not lie inside the study folder", hint="choose another --key")
    if any((parent / mark).is_file() for parent in place.parents for mark in STUDY_MARKS):
        raise ConfigError("the site key may not lie inside a study folder", hint="choose another --key")
    if any((parent / ".git").exists() for parent in place.parents):
        raise ConfigError("the site key may not lie inside a git work tree", hint="choose another --key")


def _make_key(file: Path) -> None:
    """Write a new key so that two processes starting at once end with the same one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".site-key-")  # mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(KEY_BYTES) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            _put(temporary, file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the site key cannot be made: {error.strerror}", where=file.name, hint="name a writable place with --key"
        ) from None


def _put(temporary: Path, file: Path) -> None:
    """Move into place unless another process was first."""
    try:
        os.link(temporary, file)
    except FileExistsError:
        return
    except OSError:  # file systems without hard links
        if not file.exists():
            temporary.replace(file)


def _read_key(file: Path) -> bytes:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"the site key cannot be read: {error.strerror}", where=file.name) from None
    text = raw.strip()
    if re.fullmatch(rb"[0-9a-f]{64}", text):
        return bytes.fromhex(text.decode("ascii"))
    raise ConfigError("not a site key: 64 hexadecimal characters expected", where=file.name, hint="check --key")
