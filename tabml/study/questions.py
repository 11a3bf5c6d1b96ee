"""What only the user can decide: asked on a terminal, answered by `--yes` where there is a safe answer, else listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tabml.core.codebook import Codebook
from tabml.core.config import StudyConfig, with_setting
from tabml.core.errors import ConfigError, QuestionError
from tabml.core.findings import Finding
from tabml.study.proposed import Review, Row, ask_doubts, doubt_lines, doubts, write_proposal

if TYPE_CHECKING:
    from tabml.ingest.propose import Question
    from tabml.ingest.read import RawSheet
    from tabml.summary.audit import Audit

Ask = Callable[["Question"], str]
SET_ASIDE, KEEP = "set aside", "keep"
#: What a codebook says itself, and where: beside one these settings would be read past.
SAID_BY_CODEBOOK = {
    "id": "sources: id:", "centre": "role: centre", "header_row": "sources: header_rows:", "date_order": "sources: dates:",
    "missing": "missing:", "not_missing": "missing:",
}  # fmt: skip
#: Questions only a model needs answered: a table can be harmonised without an outcome.
OF_OUTCOME = ("data.target", "data.time", "data.event", "data.positive")
#: A question that comes back after its answer was applied has no use being asked again.
MAX_ROUNDS = 8


def settle_codebook(
    sheets: Sequence[RawSheet],
    config: StudyConfig,
    *,
    ask: Ask | None,
    yes: bool,
    typed: str = "INPUT",
    review: Review | None = None,
    verb: str = "fit",
) -> tuple[Codebook, StudyConfig, tuple[Finding, ...]]:
    """The codebook the files are read by: the one given, or one inferred and confirmed.

    Answers become settings, so that the stored study runs again without asking; what a person says of doubtful
    mappings stands in the codebook. `typed`: the inputs as the user named them, for the command an error shows.
    """
    if config.data.codebook is not None:
        _refuse_said_twice(config)
        return _reviewed(config)
    from tabml.ingest.propose import propose

    review = review or Review()
    for round_ in range(MAX_ROUNDS):
        proposal = propose(sheets, config.data)
        for setting, variable in proposal.named.items():
            config = with_setting(config, setting, variable)
        if round_ == 0 and review.show is not None and len(proposal.codebook.sources) > 1:
            review.show(proposal.codebook, config.data.accept_score)
        questions = [q for q in proposal.questions if verb == "fit" or q.key not in OF_OUTCOME]
        open_rows = () if yes else doubts(proposal.codebook, config.data.accept_score)
        if ask is None and (open_rows or _unanswered(questions, yes=yes)) and len(proposal.codebook.sources) > 1:
            raise _to_review(
                proposal.codebook, open_rows, questions, config, typed=typed, review=review, verb=verb, yes=yes
            )
        if not questions:
            codebook = (
                ask_doubts(proposal.codebook, config.data.accept_score, ask) if ask is not None else proposal.codebook
            )
            return codebook, config, proposal.findings
        config = _answered(questions, config, ask=ask, yes=yes, typed=typed)
    raise QuestionError("the answers given do not settle how the files are read", questions=_lines(proposal.questions))


def _unanswered(questions: Sequence[Question], *, yes: bool) -> bool:
    return any(q.safe is None or not yes for q in questions)


def _to_review(
    codebook: Codebook, rows: Sequence[Row], questions: Sequence[Question], config: StudyConfig, *, typed: str,
    review: Review, verb: str, yes: bool,
) -> QuestionError:  # fmt: skip
    """Everything that is open at once, with the file to review and the command that then runs."""
    from tabml.ingest.propose.question import quoted

    left = [q for q in questions if q.safe is None or not yes]
    file = write_proposal(codebook, review.out) if review.out is not None else None
    name = quoted(file.as_posix()) if file is not None else "FILE.yaml"
    out = f" --out {quoted(config.out)}" if config.out else ""
    apply = f" --apply{out}" if verb == "harmonise" else ""
    said = [] if verb == "harmonise" else _typed_already(config, beside_codebook=True)
    command = " ".join([f"tabml {verb}", typed, f"--codebook {name}{apply}", *said])
    open_parts = [(len(rows), "doubtful mapping"), (len(left), "open question")]
    return QuestionError(
        " and ".join(f"{n} {noun}{'s' * (n > 1)}" for n, noun in open_parts if n),
        questions=(*doubt_lines(rows), *_lines(left)),
        where=f"the proposed codebook is written to {name}" if file is not None else None,
        hint=f"review it (status: accepted or rejected), then type: {command}   or add --yes: doubtful ones are missing",
    )


def _reviewed(config: StudyConfig) -> tuple[Codebook, StudyConfig, tuple[Finding, ...]]:
    """The codebook given, with what its workbook answers: a setting that was typed goes before the sheet's."""
    from pathlib import Path

    from tabml.ingest.codebook_workbook import read_reviewed
    from tabml.study.review import said_of_review

    file = Path(config.data.codebook or "")
    reviewed = read_reviewed(file)
    for setting, answer in reviewed.settings.items():
        if setting.partition(":")[0] == "data.keep":
            if answer == KEEP:
                config = with_setting(config, "data.keep", (*config.data.keep, setting.partition(":")[2]))
        elif getattr(config.data, setting.removeprefix("data."), None) is None:
            config = with_setting(config, setting, answer)
    return reviewed.codebook, config, said_of_review(reviewed, file.name)


def settle_leaks(
    audit: Callable[[StudyConfig], Audit], config: StudyConfig, *, ask: Ask | None, yes: bool
) -> tuple[Audit, StudyConfig]:
    """Audit, and ask about columns that look like a leak but may be a real measurement; `--yes` sets them aside."""
    from tabml.ingest.propose.question import Question, quoted

    audited = audit(config)
    if yes or not audited.asks:
        return audited, config
    open_questions = [
        Question(
            key=f"data.keep:{name}",
            text=f"{name} alone nearly determines the outcome: is it known when the prediction is made?",
            options=(SET_ASIDE, KEEP),
            command=f"--keep {quoted(name)} (or --yes to set it aside)",
            safe=SET_ASIDE,
        )
        for name in audited.asks
    ]
    if ask is None:
        raise QuestionError(
            "columns that nearly determine the outcome", questions=_lines(open_questions),
            hint="type one of these options, or --yes",
        )  # fmt: skip
    kept = [q.key.partition(":")[2] for q in open_questions if ask(q) == KEEP]
    if not kept:
        return audited, config
    config = with_setting(config, "data.keep", (*config.data.keep, *kept))
    return audit(config), config


def _refuse_said_twice(config: StudyConfig) -> None:
    """ConfigError for a setting that only counts where there is no codebook."""
    for name, place in SAID_BY_CODEBOOK.items():
        if getattr(config.data, name) not in (None, ()):
            raise ConfigError(f"data.{name} is not used beside a codebook, which says it itself",
                              hint=f"leave it out, and change the codebook ({place}) if it should say otherwise")  # fmt: skip


def _answered(
    questions: Sequence[Question], config: StudyConfig, *, ask: Ask | None, yes: bool, typed: str
) -> StudyConfig:
    """The settings with every answer; QuestionError lists all questions nobody answers."""
    open_questions: list[Question] = []
    for question in questions:
        answer: Any = question.safe if yes else ask(question) if ask is not None else None
        if answer is None:
            open_questions.append(question)
        elif question.adds:
            path, value = question.adds[answer]
            config = with_setting(config, path, (*getattr(config.data, path.removeprefix("data.")), value))
        else:
            config = with_setting(config, question.key, answer)
    if open_questions:
        raise QuestionError(
            "the files leave something open that only you can decide", questions=_lines(open_questions),
            hint="type, for example: "
            + " ".join(["tabml fit", typed, *_typed_already(config), *(q.commands[0] for q in open_questions)]),
        )  # fmt: skip
    return config


def _typed_already(config: StudyConfig, *, beside_codebook: bool = False) -> list[str]:
    """The column options in force, so that the command shown repeats what was typed; not what a codebook says itself."""
    from tabml.ingest.propose.question import quoted

    named = ("target", "time", "event", "id", "centre", "positive")
    said = {name for name in named if not (beside_codebook and name in SAID_BY_CODEBOOK)}
    return [f"--{n} {quoted(value)}" for n in named if n in said and (value := getattr(config.data, n)) is not None]


def _lines(questions: Sequence[Question]) -> tuple[str, ...]:
    """Each question with the exact words of every answer."""
    return tuple(f"{q.text} {'  or  '.join(q.commands)}" for q in questions)
