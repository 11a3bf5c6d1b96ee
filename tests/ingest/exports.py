"""Exports and codebooks for tests, read and harmonised in one call."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.cohort import Cohort
from tabml.core.config import Data
from tabml.ingest.codebook_file import load_codebook, parse_codebook
from tabml.ingest.harmonise import harmonise, written_table
from tabml.ingest.identity import SiteKey
from tabml.ingest.read import RawSheet, read_files

ROOT = Path(__file__).parents[2]
HEART4 = ROOT / "examples" / "heart4"
TRUTH = ROOT / "tests" / "data" / "heart4"
KEY = SiteKey(bytes(range(32)))
DATA = Data()


def csv(folder: Path, name: str, text: str) -> Path:
    """A comma-separated file of these lines; spaces around them do not count."""
    path = folder / name
    path.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n", encoding="utf-8")
    return path


def sheets(*paths: Path) -> tuple[RawSheet, ...]:
    return read_files(paths, DATA)


def cohort(codebook: str | Codebook, *paths: Path, yes: bool = False, key: SiteKey = KEY) -> Cohort:
    """The cohort of these files under a codebook given as yaml text."""
    book = parse_codebook(codebook) if isinstance(codebook, str) else codebook
    return harmonise(sheets(*paths), book, key, data=DATA, yes=yes)


def heart4_codebook() -> Codebook:
    return load_codebook(HEART4 / "codebook.yaml")


def heart4_exports() -> tuple[RawSheet, ...]:
    return sheets(HEART4 / "exports")


def heart4() -> Cohort:
    return harmonise(heart4_exports(), heart4_codebook(), KEY, data=DATA)


def texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text, empty where missing."""
    return frame.astype("string").fillna("")


def codes(found: Cohort) -> set[str]:
    return {f.code for f in found.findings}


def written(found: Cohort, *, keep_ids: bool = True) -> list[dict[str, str]]:
    return texts(written_table(found, keep_ids=keep_ids)).to_dict("records")
