"""Findings: every warning a reader of the report needs, with its code, evidence and remedy.

The table `KINDS` is the one list of codes (data.md section 5; TB2xx search, TB3xx statistics, TB7xx
delivery). A module never writes severity or remedy by hand: it says `finding("TB120", evidence)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tabml.core.errors import ConfigError

Severity = Literal["info", "warn", "grave"]


@dataclass(frozen=True)
class FindingKind:
    """What a code means: when it fires and what a reader does about it."""

    code: str
    severity: Severity
    trigger: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """One thing a reader must know about this study.

    `evidence` is a sentence with numbers, free of identifiers and of cell texts that could be one.
    `count` is the number of cells, rows or columns concerned. `where` (cell addresses) is row-level:
    it is written to `private/` only and never printed in a report.
    """

    code: str
    severity: Severity
    evidence: str
    remedy: str
    columns: tuple[str, ...] = ()
    count: int = 0
    source: str | None = None
    where: tuple[str, ...] = ()


_ROWS: tuple[tuple[str, Severity, str, str], ...] = (
    ("TB100", "warn", "error cells such as #N/A or #DIV/0!", "now missing; correct the workbook"),
    ("TB101", "warn", "formula without a stored value", "open and save the workbook in Excel"),
    ("TB102", "warn", "hidden sheet (listed, not read), hidden row or column (read)", "name the sheet, or delete it"),
    ("TB103", "info", "title, blank, totals or repeated header row set aside", "check the count"),
    ("TB104", "warn", "column, sheet or file not used", "map it or state why"),
    ("TB105", "warn", "header, merged cells, delimiter or encoding were worked out, or a header stands twice", "check; --header-row or encoding: set it"),
    ("TB106", "warn", "record with another number of fields than the header", "quote the field in the export"),
    ("TB107", "warn", "file differs from the one the codebook was written for", "propose again and compare"),
    ("TB108", "info", "no id column: each row is taken as one patient", "name it with --id"),
    ("TB109", "info", "export laid out anew: REDCap events side by side, repeating instruments as tables", "check the counts"),
    ("TB110", "warn", "text in a column of numbers, or a text that is no level", "name the word under missing, or recode it"),
    ("TB111", "warn", "unit inside cells, or two units in a column", "set unit, or split the column"),
    ("TB112", "warn", "value outside the plausible range", "outside: missing, or correct the source"),
    ("TB113", "warn", "sentinel number or zero that means missing", "state it under missing"),
    ("TB114", "warn", "censored value such as <5", "keep bound and flag"),
    ("TB115", "warn", "impossible or partial date, or two-digit year", "dates: or century: in the codebook"),
    ("TB116", "info", "spelling variants folded into one level", "check the levels"),
    ("TB117", "grave", "scale of one centre is off by a known unit factor", "set unit at that centre"),
    ("TB118", "warn", "two values in one cell such as 120/80", "split the column"),
    ("TB119", "grave", "one code with two meanings, or coarser levels at one centre", "recode per source"),
    ("TB120", "info", "exact duplicate rows of one id merged", "none needed"),
    ("TB121", "info", "identical rows without id kept", "give an id; they may be real"),
    ("TB122", "warn", "one id with conflicting values", "choose a conflict policy"),
    ("TB123", "warn", "several rows per patient", "folds are made by patient, and each patient counts once (automatic)"),
    ("TB124", "grave", "one patient in two sources, or rows of two that are equal", "merge them, or put them in one fold group"),
    ("TB125", "warn", "id only on the first row of a block", "filled down"),
    ("TB126", "grave", "ids collide after normalisation, or have more than 15 digits in Excel", "other id.rule, or export as text"),
    ("TB127", "warn", "join of two tables: rows without a partner are counted", "see how ids are written in both (join rule:), or accept"),
    ("TB128", "info", "codebook edited by hand in its workbook", "the study's codebook.yaml holds the result"),
    ("TB130", "info", "rows without outcome, id or follow-up are not usable", "see the flow diagram"),
    ("TB131", "grave", "the coding of the event is not certain", "event: {dead: 1} in the codebook, or --positive"),
    ("TB132", "grave", "class with fewer than 10 patients or fewer than the folds", "merge or leave out the class"),
    ("TB133", "warn", "few events per candidate predictor", "fewer columns, or penalised models only"),
    ("TB134", "warn", "follow-up missing, not positive, or much shorter at one centre", "check the dates"),
    ("TB135", "grave", "another endpoint stands among the columns", "choose one; role: sibling (set aside)"),
    ("TB136", "warn", "doubtful outcome level", "drop or map it"),
    ("TB140", "grave", "one column nearly determines the outcome", "timing: later, or --keep to confirm"),
    ("TB141", "grave", "a column's name or role tells the outcome", "set aside; --keep to use it all the same"),
    ("TB142", "grave", "missingness alone predicts the outcome", "find out who gets measured"),
    ("TB143", "grave", "value dated after the index date, or that may be", "timing: later"),
    ("TB144", "grave", "a column numbers the rows, or row order predicts the outcome", "an id or row number is no predictor: set aside"),
    ("TB145", "grave", "centre, batch or device separates the classes", "leave one centre out; redesign"),
    ("TB146", "info", "column equals another after recoding", "drop one"),
    ("TB150", "warn", "distribution or prevalence differs by centre", "read the leave-one-centre-out table"),
    ("TB151", "warn", "column absent at a centre", "drop it, or use the shared subset"),
    ("TB160", "warn", "more than 60 % of a column missing", "linear models leave it out unless kept by name"),
    ("TB161", "warn", "missing rate differs by outcome or centre", "look at the gain without missing flags"),
    ("TB162", "warn", "imputer no better than the mean", "the mean is kept"),
    ("TB163", "info", "extreme value inside the plausible range", "look"),
    ("TB170", "grave", "direct identifier", "set aside, always"),
    ("TB171", "grave", "identifier by shape or header", "set aside until denied with --keep"),
    ("TB172", "warn", "free text, which may hold names", "dropped"),
    ("TB173", "info", "small cells suppressed", "none needed"),
    ("TB174", "warn", "few patients share their quasi-identifiers", "coarsen age, date or centre"),
    ("TB180", "info", "value worked out from other columns", "check the rule in the codebook"),
    ("TB201", "warn", "too few events to search", "baselines only; collect more patients"),
    ("TB202", "warn", "fewer folds or coarser strata than asked", "see the fold table"),
    ("TB203", "warn", "centre with one class: discrimination not estimable", "calibration only at that centre"),
    ("TB204", "info", "identical rows of different patients not linked", "none needed"),
    ("TB206", "info", "few events: a wide search has little to expect", "one family is tuned"),
    ("TB207", "info", "--trials overrides the gate of the search", "read the corrected estimate"),
    ("TB208", "warn", "time limit reached: the search was cut short", "give a larger --time-limit, or a smaller --preset"),
    ("TB210", "info", "model not available: a library is missing", "install the extra it names"),
    ("TB211", "warn", "model left out: memory", "fewer workers, or a machine with more memory"),
    ("TB212", "warn", "a trial failed", "see the trial table for the reason"),
    ("TB220", "info", "zero follow-up times moved to half the smallest positive time", "check the dates"),
    ("TB230", "warn", "better than the null model but not than age and sex", "do not use the larger model"),
    ("TB231", "warn", "more than 5 % of resamples skipped or drawn again", "read the interval with care"),
    ("TB240", "grave", "no usable signal", "the models do no better than the average patient"),
    ("TB300", "warn", "a number is not estimable", "see its reason"),
    ("TB301", "warn", "predicted risks are off: calibration slope outside 0.8-1.2", "recalibrate before use"),
    ("TB302", "warn", "performance falls at a centre that was left out", "validate locally before use"),
    ("TB310", "warn", "explanation missing, or its parts do not add up to the prediction", "rest no conclusion on it: the evidence says why; predictions stand"),
    ("TB702", "warn", "required column absent, filled by the fitted imputer", "every row is flagged review"),
    ("TB703", "warn", "missing in a column that was never missing in training", "measure it"),
    ("TB704", "warn", "level the model has never seen, treated as missing", "recode"),
    ("TB705", "warn", "value outside the limits of the training data", "cell treated as missing"),
    ("TB790", "warn", "both xgboost and xgboost-cpu are installed", "uninstall one, then install the other"),
)  # fmt: skip
KINDS: dict[str, FindingKind] = {row[0]: FindingKind(*row) for row in _ROWS}
#: Codes that have their meaning and number, and no check behind them yet: no study holds one.
RESERVED = frozenset({"TB162", "TB173", "TB174", "TB211"})


def finding(
    code: str,
    evidence: str,
    *,
    columns: Iterable[str] = (),
    count: int = 0,
    source: str | None = None,
    where: Iterable[str] = (),
    severity: Severity | None = None,
    remedy: str | None = None,
) -> Finding:
    """Make a finding of a registered kind; severity and remedy come from the table unless given."""
    kind = KINDS[code]
    return Finding(
        code,
        severity or kind.severity,
        evidence,
        remedy or kind.remedy,
        tuple(columns),
        count,
        source,
        tuple(where),
    )


SEVERITY_ORDER: dict[Severity, int] = {"grave": 0, "warn": 1, "info": 2}


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as a reader wants them: grave first, then by code."""
    return tuple(sorted(findings, key=lambda f: (SEVERITY_ORDER[f.severity], f.code, f.columns)))


def check_codes(codes: Iterable[str]) -> None:
    """Refuse a code that no finding has, as in `audit.mute`."""
    for code in codes:
        if code not in KINDS:
            raise ConfigError(f"unknown finding code {code!r}", hint="tabml findings lists them")
