"""The story of a study, told once: files, cohort, outcome, audit, summary, search, estimates, reasons, report.

Only this module knows the order. Each step is a function from records to a record; what is asked of a
person goes through `ask`, what is shown through `progress`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig, resolve, seconds
from tabml.core.elapsed import with_elapsed_time
from tabml.core.errors import DataError
from tabml.core.findings import Finding, check_codes, ordered
from tabml.core.outcome import make_target, with_roles
from tabml.core.progress import Progress, Report
from tabml.core.wording import counted
from tabml.study.folder import StudyFolder, building, check_out, default_out
from tabml.study.known import Known
from tabml.study.proposed import Review
from tabml.study.questions import Ask, settle_codebook, settle_leaks

if TYPE_CHECKING:
    from tabml.core.codebook import Codebook
    from tabml.ingest.identity import SiteKey
    from tabml.learn.fit import LearnResult
    from tabml.study.reasons import Reasons

Clock = Callable[[], float]
#: Prints the mapping of a proposal: (codebook, score from which a mapping is accepted).
Show = Callable[["Codebook", float], None]


@dataclass(frozen=True)
class StudyOutcome:
    """Where the study stands, its results document (or summary), and the sentence a person reads first."""

    folder: Path
    document: Mapping[str, Any]
    headline: str
    findings: tuple[Finding, ...]


def fit(
    inputs: Sequence[Path],
    config: StudyConfig,
    *,
    ask: Ask | None,
    yes: bool,
    progress: Report,
    show: Show | None = None,
    clock: Clock = time.time,
) -> StudyOutcome:
    """Make a study from exports. It appears at its place when it is whole; an error leaves nothing behind.

    Raises the TabmlErrors of its steps: InputError (3), ConfigError and QuestionError (2), DataError (4).
    """
    from tabml.learn.fit import learn
    from tabml.study import evidence, record
    from tabml.study.reasons import explain

    started = clock()
    config = resolve(config)
    limit = seconds(config.limits.time) if config.limits.time else None
    out = Path(config.out) if config.out else default_out(inputs)
    with _place(inputs, config, out) as (folder, key):
        known = know(inputs, config, key, ask=ask, yes=yes, progress=progress, review=Review(show, out))
        record.write_known(folder, known)
        remaining = _remaining(started, limit, clock, FOR_LEARNING)
        try:
            learned = learn(known.cohort, known.target, known.config, progress=progress, remaining=remaining)
        except DataError as error:
            if remaining() > 0:
                raise
            raise _too_short(error, known.config.limits.time) from None
        progress(Progress("explain", 0, 1))
        reasons = explain(known, learned, remaining=_remaining(started, limit, clock, FOR_REASONS))
        progress(Progress("explain", 1, 1))
        document = evidence.results(
            known, learned, reasons, run=_run(started, clock, known.config, _cut(learned, reasons))
        )
        record.write_learned(folder, known, learned, document)
        progress(Progress("report", 1, 1))
    return StudyOutcome(
        out, document, evidence.headline_sentence(document), evidence.shown_findings(known, learned, reasons)
    )


def _remaining(started: float, limit: float | None, clock: Clock, share: float) -> Callable[[], float]:
    """Seconds left until this share of the limit is spent; without end where there is no limit."""
    return lambda: float("inf") if limit is None else share * limit - (clock() - started)


def _cut(learned: LearnResult, reasons: Reasons) -> bool:
    """Whether the time limit cut anything short."""
    return learned.truncated or any(f.code == "TB208" for f in reasons.findings)


def _too_short(error: DataError, limit: str | None) -> DataError:
    """Learning that the time limit left without a model: the limit is the reason, and a larger one the remedy."""
    what = f"{error.what} within --time-limit {limit}"
    return DataError(what, hint="give a larger --time-limit, such as 5m, or none; --preset quick needs the least")


def summarise(
    inputs: Sequence[Path],
    config: StudyConfig,
    *,
    ask: Ask | None,
    yes: bool,
    progress: Report,
    show: Show | None = None,
) -> StudyOutcome:
    """Describe the data and their faults without fitting a model; a folder with `summary.html` and the cohort."""
    from tabml.study import record

    config = resolve(config)
    out = Path(config.out) if config.out else default_out(inputs, "summary")
    with _place(inputs, config, out) as (folder, key):
        known = know(inputs, config, key, ask=ask, yes=yes, progress=progress, review=Review(show, out))
        record.write_known(folder, known)
    counts = known.summary["counts"]
    said = f"{counted(counts['patients'], 'patient')}, {counted(len(known.cohort.features()), 'candidate predictor')}, outcome {known.target.label}"
    return StudyOutcome(out, known.summary, said, known.findings)


#: Shares of a time limit after which learning and explanations give way; the rest is for the report.
FOR_LEARNING, FOR_REASONS = 0.85, 0.93
#: Findings under which a column is set aside because its values name people.
IDENTIFYING = ("TB144", "TB170", "TB171")


def know(
    inputs: Sequence[Path],
    config: StudyConfig,
    key: SiteKey,
    *,
    ask: Ask | None,
    yes: bool,
    progress: Report,
    review: Review | None = None,
) -> Known:
    """From files to an audited cohort with its outcome and description."""
    from tabml.ingest.harmonise import harmonise
    from tabml.ingest.propose.question import quoted
    from tabml.ingest.read import read_files
    from tabml.summary.audit import audit
    from tabml.summary.describe import describe

    check_codes(config.audit.mute)
    progress(Progress("read", 0, 1))
    sheets = read_files(inputs, config.data)
    files = tuple(sorted({(s.file, s.sha256) for s in sheets}))
    progress(Progress("read", 1, 1, counted(len(files), "file")))
    codebook, config, said = settle_codebook(
        sheets, config, ask=ask, yes=yes, typed=" ".join(quoted(p.as_posix()) for p in inputs), review=review
    )
    cohort = harmonise(sheets, codebook, key, data=config.data, yes=yes)
    cohort, elapsed = with_elapsed_time(with_roles(cohort, config.data), config.data)
    target, more = make_target(cohort, config)
    progress(Progress("harmonise", 1, 1, counted(cohort.n_patients, "patient")))
    audited, config = settle_leaks(lambda c: audit(cohort, target, c), config, ask=ask, yes=yes)
    cohort = _without(cohort, audited.set_aside, audited.features)
    summary = describe(cohort, target, small_cell=config.privacy.small_cell)
    findings = ordered(dict.fromkeys((*said, *cohort.findings, *elapsed, *more, *audited.findings)))
    return Known(config, codebook, cohort, target, summary, audited.set_aside, findings, files)


@contextlib.contextmanager
def _place(inputs: Sequence[Path], config: StudyConfig, out: Path) -> Iterator[tuple[StudyFolder, SiteKey]]:
    """The folder being built, with the site key; refuses what can be refused before any work."""
    from tabml.ingest.identity import SiteKey

    check_out(out)
    key_file = Path(config.privacy.key_file) if config.privacy.key_file else None
    key = SiteKey.load(key_file, outside=out)
    with building(out) as folder:
        folder.write_inputs(inputs)
        yield folder, key


def _without(cohort: Cohort, set_aside: Mapping[str, tuple[str, str]], features: Sequence[str]) -> Cohort:
    """The cohort whose features are those the audit leaves: kept ones become features, set-aside ones unused."""
    variables = dict(cohort.variables)
    for name in set_aside:
        if variables[name].role in ("feature", "treatment", "subgroup"):
            variables[name] = replace(variables[name], role="unused")
    for name in features:
        if variables[name].role not in ("feature", "treatment", "subgroup") or variables[name].timing != "baseline":
            variables[name] = replace(variables[name], role="feature", timing="baseline")
    # A column that identifies patients is not kept beside their pseudonyms.
    gone = {n for n, (code, _) in set_aside.items() if code in IDENTIFYING and n in cohort.frame.columns}
    left = {name: v for name, v in variables.items() if name not in gone}
    blocks = {block: tuple(n for n in names if n not in gone) for block, names in cohort.blocks.items()}
    return replace(cohort, frame=cohort.frame.drop(columns=sorted(gone)), variables=left, blocks=blocks)


def _run(started: float, clock: Clock, config: StudyConfig, truncated: bool) -> dict[str, Any]:
    """The only clock fields of a study."""
    from datetime import UTC, datetime

    return {
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": round(clock() - started, 1),
        "workers": config.executor.workers,
        "truncated": truncated,
    }
