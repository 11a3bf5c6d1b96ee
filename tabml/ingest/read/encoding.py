"""Which encoding a text file has, from one pass over its bytes that also takes its digest."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tabml.core.errors import InputError
from tabml.ingest.read.document import Document
from tabml.ingest.read.language import likeliest
from tabml.ingest.read.sniff import RESAVE

BLOCK = 1 << 22
HEAD = 65_536
BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 1 << 18
#: Share of valid UTF-8 sequences from which a file that is not UTF-8 throughout is a mixture.
MOSTLY_UTF8 = 0.8
_HIGH = re.compile(rb"[\x80-\xff]")
Blocks = Callable[[], Iterator[bytes]]


@dataclass
class TextFacts:
    """What the bytes of a text file say: digest, encoding and confidence (0-1), and which marks occur."""

    sha256: str = ""
    encoding: str = "utf-8"
    confidence: float = 1.0
    has_quotes: bool = False
    has_nul: bool = False
    has_hash: bool = False
    sample: list[bytes] = field(default_factory=list)
    """The first lines that hold one."""

    first_fault: int = 0
    """Line (from 1) of the first byte that is no UTF-8; 0: none."""


def text_facts(path: Path) -> TextFacts:
    """Read a file once, in blocks: BOM, strict UTF-8, UTF-16 and UTF-32 by zero bytes, then scored letters."""
    return _facts(lambda: _blocks(path), path.name)


def detect_encoding(content: bytes, name: str = "file") -> tuple[str, float]:
    """Encoding and confidence (0-1) of bytes in memory."""
    facts = _facts(lambda: iter([content]), name)
    return facts.encoding, facts.confidence


def _blocks(path: Path) -> Iterator[bytes]:
    with Document(path).open() as stream:
        while block := stream.read(BLOCK):
            yield block


def _facts(blocks: Blocks, name: str) -> TextFacts:
    facts = TextFacts()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, size = b"", 0
    for number, block in enumerate(blocks()):
        head = head or block[:HEAD]
        digest.update(block)
        facts.has_quotes = facts.has_quotes or b'"' in block
        facts.has_nul = facts.has_nul or b"\x00" in block
        facts.has_hash = facts.has_hash or b"#" in block
        if size < SAMPLE_BYTES and not block.isascii():
            facts.sample.extend(_telling_lines(block, SAMPLE_BYTES - size))
            size = sum(map(len, facts.sample))
        if not facts.first_fault and not (block.isascii() and decoder.getstate() == (b"", 0)):
            facts.first_fault = _fault(decoder, block, number, blocks)
    facts.sha256 = digest.hexdigest()
    facts.first_fault = facts.first_fault or _fault(decoder, b"", None, blocks)
    facts.encoding, facts.confidence = _encoding(head, facts, blocks, name)
    return facts


def _fault(decoder: codecs.IncrementalDecoder, block: bytes, number: int | None, blocks: Blocks) -> int:
    """Line of the first byte that is no UTF-8, 0 where there is none; `number`: of the block, None after the last."""
    pending = len(decoder.getstate()[0])
    try:
        decoder.decode(block, number is None)
    except UnicodeDecodeError as error:
        before = sum(earlier.count(b"\n") for earlier in islice(blocks(), number))
        return 1 + before + block.count(b"\n", 0, max(0, error.start - pending))
    return 0


def _telling_lines(block: bytes, most: int) -> Iterator[bytes]:
    """Lines of a block that hold a byte above ASCII, up to so many bytes."""
    size = position = 0
    while size < most and (found := _HIGH.search(block, position)):
        start = block.rfind(b"\n", 0, found.start()) + 1
        end = block.find(b"\n", found.start())
        end = len(block) if end < 0 else end
        yield block[start : min(end, start + most)]
        size, position = size + end - start, end


def _encoding(head: bytes, facts: TextFacts, blocks: Blocks, name: str) -> tuple[str, float]:
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding, 1.0
    if b"\x00" in head:
        return _wide(head, name), 0.95
    if not facts.first_fault:
        return "utf-8", 1.0
    sample = b"\n".join(facts.sample)
    _refuse_mixture(sample, facts.first_fault, name)
    return likeliest(sample, lambda encoding: _can_read(blocks, encoding))


def _can_read(blocks: Blocks, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks():
            decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _wide(sample: bytes, name: str) -> str:
    """UTF-16 or UTF-32 without its mark: the reading of printable letters with most ASCII among them."""
    best, chosen = 0.0, ""
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = sample[: len(sample) // width * width].decode(encoding, errors="replace")
        printable = sum(c.isprintable() or c in "\t\r\n" for c in text) / max(1, len(text))
        ascii_share = sum(c.isascii() for c in text) / max(1, len(text))
        if printable > 0.98 and ascii_share > max(best, 0.05):
            best, chosen = ascii_share, encoding
    if not chosen:
        raise InputError("the file is neither text nor a workbook", where=name, hint=RESAVE)
    return chosen


def _refuse_mixture(sample: bytes, line: int, name: str) -> None:
    """Refuse a file that is UTF-8 nearly everywhere: read as anything else, its other letters would be wrong."""
    valid = len(re.findall(rb"[\xc3-\xf4][\x80-\xbf]+", sample))
    broken = sample.decode("utf-8", errors="replace").count("\ufffd")
    if valid >= 4 and valid / (valid + broken) >= MOSTLY_UTF8:
        raise InputError(
            "the text is UTF-8 but for a few places: two encodings in one file",
            where=f"{name}, line {line}",
            hint="export it again as UTF-8",
        )
