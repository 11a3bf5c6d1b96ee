"""A results document as a report reads it: tolerant of what is missing, one place for every look-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabml.core.results import HEADLINES, SHARED_CHOICE
from tabml.report.words import AGE_SEX, BIASED, HONEST, model_name, percent

Record = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """The document (schema `tabml.results/1`) and the summary (`tabml.summary/1`), both as plain data."""

    document: Record
    summary: Record

    @classmethod
    def of(cls, document: Record, summary: Record | None = None) -> View:
        """A view of a results document; without a summary the one inside the document is read."""
        return cls(
            _without_twin(document) if _simple_is_final(document) else document,
            summary if summary is not None else _mapping(document.get("summary")),
        )

    @property
    def simple_is_final(self) -> bool:
        """Whether the final model and the simple one are the same; it is then shown once, as the final model."""
        return _simple_is_final(self.document)

    def part(self, name: str) -> Record:
        """A part of the document that is a mapping; empty when it is not there."""
        return _mapping(self.document.get(name))

    def rows(self, name: str) -> Sequence[Record]:
        """A part of the document that is a list of records; empty when it is not there."""
        return _records(self.document.get(name))

    @property
    def age_sex(self) -> str:
        """What the baseline of age and sex was given: both, or the one that a column was found for."""
        used = self.part("study").get("age_sex")
        return " and ".join(k for k in ("age", "sex") if k in used) if isinstance(used, Mapping) and used else AGE_SEX

    @property
    def age_sex_columns(self) -> str:
        """The columns of that baseline by name, and what was not found."""
        used = _mapping(self.part("study").get("age_sex"))
        lacking = [f"no column is known to hold {k}" for k in ("age", "sex") if used and k not in used]
        return "; ".join([", ".join(map(str, used.values())), *lacking]) if used else ""

    def model_name(self, role: str) -> str:
        """A model as a reader knows it."""
        return f"{self.age_sex.capitalize()} only" if role == "age_sex" else model_name(role)

    @property
    def task(self) -> str:
        found = self.part("target").get("task") or _mapping(self.summary.get("outcome")).get("task")
        return str(found or self.part("study").get("task") or "binary")

    @property
    def is_survival(self) -> bool:
        return self.task in ("survival", "competing_risks")

    @property
    def outcome(self) -> str:
        """The outcome's name as the codebook gives it."""
        target, described = self.part("target"), _mapping(self.summary.get("outcome"))
        return str(target.get("label") or described.get("label") or target.get("name") or "the outcome")

    @property
    def positive(self) -> str:
        """The predicted level of a binary outcome, in words; empty for yes/no and for other tasks."""
        if self.task != "binary":
            return ""
        target = self.part("target")
        labels = list(target.get("class_labels") or _mapping(self.summary.get("outcome")).get("class_labels") or [])
        label = str(target.get("positive_label") or (labels[-1] if labels else ""))
        return "" if label.casefold() in ("", "yes", "1", "true") else label

    @property
    def event_words(self) -> str:
        """What happened to the patients counted as events."""
        return f"{self.outcome}: {self.positive}" if self.positive else self.outcome

    @property
    def horizons(self) -> tuple[int, ...]:
        found = self.part("target").get("horizons") or _mapping(self.summary.get("outcome")).get("horizons") or ()
        return tuple(int(h) for h in found)

    def count(self, *names: str) -> int | None:
        """The first of these counts that the document or the summary holds."""
        for source in (self.part("counts"), _mapping(self.summary.get("counts"))):
            for name in names:
                value = source.get(name)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return int(value)
                if isinstance(value, list | tuple | Mapping):
                    return len(value)
        return None

    @property
    def events(self) -> int | None:
        """Patients with the outcome; None for a number or several classes."""
        if self.task == "binary":
            for line in _records(self.summary.get("outcome_by_centre"))[:1]:
                levels = _records(line.get("levels"))
                if levels:
                    return int(levels[-1].get("n", 0))
        return self.count("events") if self.task not in ("regression", "multiclass") else None

    def estimates(self, **wanted: Any) -> list[Record]:
        """Estimates whose fields equal what is wanted; `key=("auroc", "brier")` accepts any of these."""
        return [e for e in self.rows("estimates") if all(_meets(e.get(k), v) for k, v in wanted.items())]

    def estimate(self, key: str, model: str = "final", **wanted: Any) -> Record | None:
        """The most honest estimate of a metric for all patients at the longest horizon; None when there is none."""
        found = self.estimates(key=key, model=model, **{"population": "all", "class": None, "cause": None, **wanted})
        order = {kind: k for k, kind in enumerate((*HONEST, *BIASED))}
        found.sort(key=lambda e: (order.get(str(e.get("estimate_type")), 99), -(e.get("horizon") or 0)))
        return next((e for e in found if e.get("status", "ok") == "ok"), found[0] if found else None)

    def headline(self) -> Record | None:
        """The main number: the task's first metric that has an honest estimate of the final model."""
        keys = next((keys for task, keys in HEADLINES.items() if task == self.task), ("auroc",))
        for kind in (*HONEST, *BIASED):
            for key in keys:
                found = self.estimate(key, estimate_type=kind)
                if found is not None and found.get("value") is not None:
                    return found
        return None

    def compared(self, key: str, estimate_type: str | None = None) -> list[Record]:
        """One estimate of this metric per role, final model first."""
        roles = ("final", "simple", "age_sex", "null")
        kinds = (*HONEST, "cv_winner")
        found = [self.estimate(key, role, estimate_type=(estimate_type,) if estimate_type else kinds) for role in roles]
        return [e for e in found if e is not None and e.get("value") is not None]

    def curves(self, key: str, **wanted: Any) -> list[Record]:
        """Curves of a kind; curves without points are left out."""
        return [
            c for c in self.rows("curves")
            if c.get("key") == key and all(_meets(c.get(k), v) for k, v in wanted.items()) and c.get("x")
        ]  # fmt: skip

    def best_curves(self, key: str, model: str = "final", **wanted: Any) -> list[Record]:
        """Curves of the most honest estimate there is for this model."""
        found = self.curves(key, model=model, **wanted) or self.curves(key, **wanted)
        for kind in (*HONEST, *BIASED):
            at = [c for c in found if c.get("estimate_type") == kind]
            if at:
                return at
        return found

    def table(self, key: str) -> Record | None:
        return next((t for t in self.rows("tables") if t.get("key") == key), None)

    def findings(self, *severities: str) -> list[Record]:
        """Findings of these severities, grave first; those the study mutes stand in `muted` alone."""
        order = {"grave": 0, "warn": 1, "info": 2}
        silent = self._muted_codes
        found = [
            f for f in self.rows("findings")
            if (not severities or f.get("severity") in severities) and f.get("code") not in silent
        ]  # fmt: skip
        return sorted(found, key=lambda f: (order.get(str(f.get("severity")), 3), str(f.get("code"))))

    @property
    def _muted_codes(self) -> tuple[str, ...]:
        return tuple(map(str, self.part("study").get("muted") or ()))

    def muted(self) -> list[tuple[str, list[str]]]:
        """Each muted code with the evidence of its findings."""
        return [
            (code, [str(f.get("evidence") or "") for f in self.rows("findings") if f.get("code") == code])
            for code in self._muted_codes
        ]  # fmt: skip

    def has_finding(self, code: str) -> bool:
        return any(f.get("code") == code for f in self.rows("findings"))

    @property
    def choice_is_shared(self) -> bool:
        """Whether left-out centres still took part in the choice and calibration of the model."""
        found = self.estimates(estimate_type="internal_external")
        return any(SHARED_CHOICE in str(e.get("reason") or "") for e in found)

    def centres(self) -> list[str]:
        """Names of the left-out centres, in document order."""
        named = [str(e.get("population")) for e in self.estimates(estimate_type="internal_external")]
        return list(dict.fromkeys(p.removeprefix("centre:") for p in named if p.startswith("centre:")))

    def class_label(self, code: str) -> str:
        """A class as the codebook calls it."""
        target = self.part("target")
        labels = dict(
            zip(map(str, target.get("classes") or ()), map(str, target.get("class_labels") or ()), strict=False)
        )
        return labels.get(code, code)

    def title_of(self, variable: str) -> str:
        """A variable as a reader knows it."""
        for v in _records(self.summary.get("variables")):
            if v.get("name") == variable:
                return str(v.get("title") or variable)
        return variable


def text_of(estimate: Record | None, missing: str = "–") -> str:
    """The estimate as every format prints it."""
    if estimate is None:
        return missing
    return str(estimate.get("text") or missing)


def share_text(part: int | None, whole: int | None) -> str:
    """`509 (55 %)`, or `509` where the whole is not known."""
    if part is None:
        return "–"
    return f"{part} ({percent(part / whole)})" if whole else str(part)


def _meets(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, tuple) else value == wanted


def _mapping(value: Any) -> Record:
    return value if isinstance(value, Mapping) else {}


def _records(value: Any) -> Sequence[Record]:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return [v for v in value if isinstance(v, Mapping)]
    return []


def _simple_is_final(document: Record) -> bool:
    selection = _mapping(_mapping(document.get("study")).get("selection"))
    return bool(selection.get("final")) and selection.get("final") == selection.get("simple")


def _without_twin(document: Record) -> Record:
    """The document without the simple model's numbers and lines, where it is the final model under another name."""
    twins = ("simple", "final - simple")
    parts = ("estimates", "curves", "comparisons")
    return {**document, **{p: [r for r in _records(document.get(p)) if r.get("model") not in twins] for p in parts}}
