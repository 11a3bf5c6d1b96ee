"""A codebook on its way through a person's hands: proposed into a file, read back with what was changed."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tabml.core.codebook import Codebook
from tabml.core.config import StudyConfig
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, finding
from tabml.study.folder import ROW_LEVEL_MODE, write_bytes, write_text

if TYPE_CHECKING:
    from tabml.ingest.codebook_workbook import Change, Rare, Reviewed
    from tabml.ingest.propose import Question
    from tabml.ingest.read import RawSheet

SUFFIXES = (".xlsx", ".yaml", ".yml")


@dataclass(frozen=True)
class Draft:
    """A codebook to look at: `files` were written, `changes` came from a workbook, `n_rare` levels are in the YAML only."""

    codebook: Codebook
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    files: tuple[Path, ...] = ()
    n_rare: int = 0


def draft_codebook(inputs: Sequence[Path], config: StudyConfig, file: Path | None) -> Draft:
    """Propose a codebook for the exports, or take the one given, and write it to `file` to be reviewed.

    A workbook is written with its YAML beside it (mode 0600): levels that few patients hold stand only there.
    Nothing is overwritten. Without a file nothing is written.
    """
    if file is not None:
        check_codebook_path(file)
    from tabml.ingest.read import read_files

    sheets = read_files(inputs, config.data)
    draft = _given(Path(config.data.codebook)) if config.data.codebook else _proposed(sheets, config)
    return _written(draft, sheets, config, file) if file is not None else draft


def check_codebook_path(file: Path) -> None:
    """Refuse, before any work, a name that is taken, of another suffix or in no folder."""
    if file.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            "a codebook is written as .xlsx or .yaml", where=file.name, hint="e.g. --propose codebook.xlsx"
        )
    if not file.absolute().parent.is_dir():
        raise ConfigError(
            "the folder for the codebook does not exist", where=file.absolute().parent.name, hint="make it first"
        )
    for place in dict.fromkeys((file, _whole(file))):
        if place.exists():
            why = "" if place == file else f" and is written beside {file.name}"
            raise ConfigError(f"{place.name} is there already{why}; a reviewed codebook is never overwritten", where=f"--propose {file.name}",
                              hint="give another name, or move the old file away")  # fmt: skip


def _whole(file: Path) -> Path:
    """The file that holds the whole codebook."""
    return file.with_suffix(".yaml") if file.suffix.lower() == ".xlsx" else file


def _given(file: Path) -> Draft:
    from tabml.ingest.codebook_workbook import read_reviewed

    reviewed = read_reviewed(file)
    return Draft(reviewed.codebook, findings=said_of_review(reviewed, file.name), changes=reviewed.changes)


def _proposed(sheets: Sequence[RawSheet], config: StudyConfig) -> Draft:
    from tabml.ingest.propose import propose

    proposal = propose(sheets, config.data)
    return Draft(proposal.codebook, proposal.questions, proposal.findings)


def _written(draft: Draft, sheets: Sequence[RawSheet], config: StudyConfig, file: Path) -> Draft:
    from tabml.ingest.codebook_file import dump_codebook
    from tabml.ingest.codebook_workbook import count_levels, mask_rare, workbook_bytes

    whole, text = _whole(file), dump_codebook(draft.codebook)
    if whole == file:
        write_text(file, text, mode=ROW_LEVEL_MODE)
        return replace(draft, files=(file,))
    patients = count_levels(sheets, draft.codebook)
    small_cell = config.privacy.small_cell
    book = workbook_bytes(draft.codebook, patients, questions=draft.questions, accept_score=config.data.accept_score,
                          small_cell=small_cell)  # fmt: skip
    write_text(whole, text, mode=ROW_LEVEL_MODE)
    try:
        write_bytes(file, book)
    except BaseException:
        with contextlib.suppress(OSError):  # both files or none
            whole.unlink()
        raise
    return replace(draft, files=(file, whole), n_rare=_n_hidden(mask_rare(draft.codebook, patients, small_cell)[1]))


def _n_hidden(rare: Rare) -> int:
    return sum(rare.levels.values()) + sum(n for at in rare.recode.values() for n in at.values())


def said_of_review(reviewed: Reviewed, file: str) -> tuple[Finding, ...]:
    """TB128: how many cells of which kind a person changed, and what else the workbook brought up."""
    findings = [finding("TB128", f"{file}: {note}", count=1) for note in reviewed.notes]
    if reviewed.changes:
        kinds = Counter(change.field for change in reviewed.changes)
        words = ", ".join(f"{n} {name}" for name, n in kinds.most_common())
        n = len(reviewed.changes)
        findings.append(finding("TB128", f"{file}: {n} cell{'s' * (n > 1)} changed by hand ({words})", count=n))
    return tuple(findings)
