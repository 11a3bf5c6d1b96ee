"""The hidden sheet: what the workbook was written from, so that a change can be told from what always stood there.

Each part of the codebook is one JSON text a cell: quotes at both ends keep spaces and line ends from being
mended by whatever program saves the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tabml.core.codebook import Codebook
from tabml.core.errors import ConfigError
from tabml.ingest.codebook_file import dump_codebook
from tabml.ingest.codebook_workbook.rare import Rare
from tabml.ingest.read import RawSheet

SHEET = "_meta"
FORMAT = "1"
#: Characters of the codebook a cell; escaped to ASCII they stay below Excel's limit.
PIECE = 4000


@dataclass(frozen=True)
class Meta:
    """`base`: the codebook as it stands in the workbook; `sha256` is that of the whole one."""

    sha256: str
    base: Codebook
    rare: Rare


def canonical_sha256(codebook: Codebook) -> str:
    """The hash of the codebook as `dump_codebook` writes it."""
    return hashlib.sha256(dump_codebook(codebook).encode("utf-8")).hexdigest()


def meta_rows(codebook: Codebook, base: Codebook, rare: Rare) -> Iterator[tuple[str, str]]:
    """(name, text) rows of the hidden sheet."""
    yield "format", FORMAT
    yield "sha256", canonical_sha256(codebook)
    yield "rare", json.dumps(asdict(rare))
    text = json.dumps(base.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    for start in range(0, len(text), PIECE):
        # An underscore could begin what Excel takes for an escape (_x0041_ is A).
        yield "codebook", json.dumps(text[start : start + PIECE]).replace("_", "\\u005f")


def read_meta(sheet: RawSheet) -> Meta:
    """The hidden sheet read back; ConfigError where it was changed or is of a later format."""
    rows = [(sheet.text(i, 1), sheet.text(i, 2)) for i in range(1, sheet.n_rows + 1)]
    said = dict(rows)
    if said.get("format") != FORMAT:
        raise ConfigError(f"the workbook has format {said.get('format', '?')!r}; this tabml reads {FORMAT}",
                          where=sheet.file, hint="upgrade tabml, or propose again")  # fmt: skip
    try:
        rare = Rare(**json.loads(said["rare"]))
        pieces = [json.loads(text) for name, text in rows if name == "codebook"]
        base = Codebook.model_validate(json.loads("".join(pieces)))
        if not rare and canonical_sha256(base) != said["sha256"]:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise ConfigError("the hidden sheet of the workbook was changed", where=sheet.name,
                          hint="take the sheets from a copy as tabml wrote it, or propose again") from None  # fmt: skip
    return Meta(said["sha256"], base, rare)
