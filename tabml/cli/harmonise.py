"""`tabml harmonise`: exports in; a codebook to review, or one clean table with its provenance, out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tabml.cli.configure import AnyPath, from_options, inputs_argument, setting_options, yes_option
from tabml.cli.front import Front, count_findings, finding_lines, pass_front, shared_options
from tabml.cli.text import name, paragraph, table
from tabml.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tabml.core.codebook import Codebook
    from tabml.core.config import StudyConfig
    from tabml.ingest.codebook_workbook import Change
    from tabml.study.harmonised import Harmonised
    from tabml.study.review import Draft

OPTIONS = ("--codebook", "--target", "--time", "--event", "--id", "--centre", "--positive", "--sheet", "--header-row", "--keep",
           "--missing", "--not-missing", "--key", "--out")  # fmt: skip
#: Changed cells that are listed; the rest is counted.
SHOWN_CHANGES = 40


@click.command()
@inputs_argument
@click.option("--propose", metavar="FILE", type=AnyPath,
              help="Write a codebook to review: .xlsx for a clinician, or .yaml; it must not exist.")  # fmt: skip
@click.option("--apply", "apply_", is_flag=True, help="Build the table, as --codebook says or else as proposed.")
@click.option("-o", "--table", "table_", metavar="FILE", type=AnyPath,
              help="One more copy of the table: .csv, .xlsx or .parquet; it must not exist.")  # fmt: skip
@click.option("--keep-ids", is_flag=True, help="Write the original patient ids too, for local use.")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@setting_options(*OPTIONS)
@yes_option
@shared_options
@pass_front
def command(
    front: Front, /, inputs: tuple[Path, ...], propose: Path | None, apply_: bool, table_: Path | None, keep_ids: bool,
    dry_run: bool, yes: bool, **options: Any,
) -> None:  # fmt: skip
    """Bring the exports INPUT together: --propose a codebook, review it, --apply it.

    \b
    tabml harmonise exports/ --propose codebook.xlsx
    tabml harmonise exports/ --codebook codebook.xlsx --apply

    --codebook without --apply shows what it says, and what was changed in its workbook; with --propose it is
    written again in the other form. --apply writes cohort.csv, provenance and findings to --out; without
    --codebook it is proposed, and doubtful mappings are asked about.
    """
    config = from_options(options)
    _check(config, propose, apply_=apply_, table_=table_, keep_ids=keep_ids)
    if apply_:
        _apply(front, inputs, config, table_, keep_ids=keep_ids, dry_run=dry_run, yes=yes)
        return
    from tabml.study.review import check_codebook_path, draft_codebook

    if propose is not None and dry_run:
        check_codebook_path(propose)
    draft = draft_codebook(inputs, config, None if dry_run else propose)
    text, line = _draft_text(draft, config, inputs), _next(draft, inputs) or _statuses(draft.codebook)
    front.answer("harmonise", _draft_record(draft, config), text, draft.findings, line=line)


def _check(config: StudyConfig, propose: Path | None, *, apply_: bool, table_: Path | None, keep_ids: bool) -> None:
    """One thing at a time: a codebook is proposed, shown, or applied."""
    if propose is not None and apply_:
        raise click.UsageError(
            "--propose writes a codebook to review; apply it afterwards with --codebook FILE --apply"
        )
    if propose is None and config.data.codebook is None and not apply_:
        raise click.UsageError("say --propose FILE to write a codebook, or --apply to build the table")
    if not apply_ and (table_ is not None or keep_ids):
        raise click.UsageError("-o and --keep-ids go with --apply")


def _apply(
    front: Front, inputs: tuple[Path, ...], config: StudyConfig, table_: Path | None, *, keep_ids: bool, dry_run: bool,
    yes: bool,
) -> None:  # fmt: skip
    from tabml.cli.ask import asker
    from tabml.cli.mapping import shower
    from tabml.study.folder import default_out
    from tabml.study.harmonised import harmonise_files

    out = Path(config.out) if config.out else default_out(inputs, "harmonised")
    made = harmonise_files(
        inputs, config, None if dry_run else out, table=None if dry_run else table_, keep_ids=keep_ids, yes=yes,
        ask=asker(front, yes=yes), show=shower(front),
    )  # fmt: skip
    cohort = made.cohort
    result = {"folder": None if dry_run else out.name, "table": table_.name if table_ and not dry_run else None,
              "patients": cohort.n_patients, "rows": len(cohort.frame), "variables": list(cohort.frame.columns),
              "original_ids": keep_ids, "changes": [c.record for c in made.changes]}  # fmt: skip
    line = _written(made, None if dry_run else out, table_, keep_ids=keep_ids)
    text = _applied_text(front, made, None if dry_run else out, line)
    front.answer("harmonise", result, text, cohort.findings, line=line)


def _written(made: Harmonised, out: Path | None, table_: Path | None, *, keep_ids: bool) -> str:
    counts = f"{counted(made.cohort.n_patients, 'patient')}, {counted(len(made.cohort.frame), 'row')}"
    if out is None:
        return f"{counts}; nothing was written (--dry-run)."
    ids = ("It holds the ORIGINAL patient ids: keep it where you keep such tables." if keep_ids
           else "It holds pseudonyms, no original ids.")  # fmt: skip
    copy = f" and {name(table_)}" if table_ is not None else ""
    return f"{counts} written to {name(out)}/cohort.csv{copy}. {ids}"


def _applied_text(front: Front, made: Harmonised, out: Path | None, written: str) -> str:
    cohort = made.cohort
    flow = table(("source", "step", "rows"), [(s.source or "", s.label, s.rows) for s in cohort.flow])
    place = f"in {name(out)}/findings.csv" if out is not None else "after a run without --dry-run"
    severities = ("grave", "warn", "info") if front.verbose else ("grave", "warn")
    findings = [f"Findings: {count_findings(cohort.findings)} (all {place})",
                finding_lines(cohort.findings, severities=severities)]  # fmt: skip
    return "\n\n".join(part for part in (changes_text(made.changes), flow, written, "\n".join(findings)) if part)


def changes_text(changes: Sequence[Change]) -> str:
    """What a person changed in the workbook, cell by cell."""
    if not changes:
        return ""
    lines = [(c.place, " / ".join(c.about), c.field, f"{c.old or '(empty)'} -> {c.new or '(empty)'}") for c in changes]
    more = f"\n... and {len(lines) - SHOWN_CHANGES} more" if len(lines) > SHOWN_CHANGES else ""
    head = f"Changed in the workbook: {len(lines)}"
    return head + "\n" + table(("cell", "about", "field", "change"), lines[:SHOWN_CHANGES]) + more


def _draft_record(draft: Draft, config: StudyConfig) -> dict[str, Any]:
    from tabml.study.proposed import mapping_rows

    rows = mapping_rows(draft.codebook, config.data.accept_score)
    mapping = [{"variable": r.variable, "source": r.source, "filled_by": r.filled_by, "unit": r.mapping.unit,
                "status": r.mapping.status, "score": r.mapping.score, "evidence": r.mapping.evidence, "doubtful": r.is_doubtful}
               for r in rows]  # fmt: skip
    questions = [{"setting": q.key, "text": q.text, "type": list(q.commands)} for q in draft.questions]
    return {"files": [f.name for f in draft.files], "variables": list(draft.codebook.variables), "mapping": mapping,
            "doubtful": sum(r.is_doubtful for r in rows), "rare_levels_in_yaml_only": draft.n_rare, "questions": questions,
            "changes": [c.record for c in draft.changes]}  # fmt: skip


def _draft_text(draft: Draft, config: StudyConfig, inputs: tuple[Path, ...]) -> str:
    from tabml.cli.mapping import mapping_table

    questions = [paragraph(f"- {q.text} {'  or  '.join(q.commands)}", indent="  ") for q in draft.questions]
    parts = [
        mapping_table(draft.codebook, config.data.accept_score),
        _statuses(draft.codebook),
        finding_lines(draft.findings, severities=("grave", "warn")),
        changes_text(draft.changes),
        "\n".join(["Open questions:", *questions]) if questions else "",
        _next(draft, inputs),
    ]
    return "\n\n".join(part for part in parts if part)


def _statuses(codebook: Codebook) -> str:
    counts = Counter(m.status for spec in codebook.variables.values() for m in spec.from_.values())
    return "Status: " + ", ".join(f"{n} {status}" for status, n in counts.most_common())


def _next(draft: Draft, inputs: tuple[Path, ...]) -> str:
    """What was written and what to do with it."""
    if not draft.files:
        return ""
    from tabml.ingest.propose.question import quoted

    file = draft.files[0]
    said = [paragraph(f"Written: {', '.join(name(f.name) for f in draft.files)}.")]
    if len(draft.files) > 1:
        rare = f" {draft.n_rare} levels that few patients hold stand only there." if draft.n_rare else ""
        said.append(paragraph(f"Give {name(file.name)} to whoever reviews it; {name(draft.files[1].name)} is the whole codebook "
                              f"and stays here, beside it.{rare}"))  # fmt: skip
    typed = " ".join(quoted(p.as_posix()) for p in inputs)
    said.append(f"Next: review it, then\n  tabml harmonise {typed} --codebook {quoted(file.as_posix())} --apply")
    return "\n".join(said)
