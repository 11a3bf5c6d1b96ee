"""From what was learned to the document: all findings are kept, and the demographic baseline is named by what it used."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tabml.core.cohort import Variable
from tabml.core.config import StudyConfig, load_config
from tabml.core.errors import DataError
from tabml.core.findings import finding
from tabml.core.spec import Configuration
from tabml.study import evidence
from tabml.study.evidence import age_and_sex_of, all_findings, headline_sentence
from tabml.study.reasons import Reasons
from tabml.study.run import _too_short

VARIABLES = {
    "Alder": Variable("Alder", "integer", label="Ålder"),
    "Kon": Variable("Kon", "category", label="kön"),
    "sex": Variable("sex", "integer"),
}


def learned(*used: str, findings=()):
    trials = [
        SimpleNamespace(config=Configuration("null")),
        SimpleNamespace(config=Configuration("age_sex", features=used or None)),
    ]
    return SimpleNamespace(
        material=SimpleNamespace(variables=VARIABLES), trials=trials[: 1 + bool(used)], findings=findings
    )


@pytest.mark.parametrize(
    ("used", "found"),
    [
        (("Alder", "Kon"), {"age": "Ålder", "sex": "kön"}),
        (("Alder",), {"age": "Ålder"}),
        (("Kon",), {"sex": "kön"}),
        (("sex",), {"sex": "sex"}),
        ((), {}),
    ],
)
def test_the_baseline_names_the_columns_it_used(used, found) -> None:
    assert age_and_sex_of(learned(*used)) == found


def test_the_finding_and_the_headline_name_what_was_used() -> None:
    said = finding("TB230", "mean loss is 0.01 higher than that of age and sex; the gain may be -0.02")
    known = SimpleNamespace(findings=(), config=StudyConfig())
    (told,) = all_findings(known, learned("Alder", findings=(said,)), Reasons((), ()))
    assert told.evidence == "mean loss is 0.01 higher than that of age; the gain may be -0.02"
    document = {"study": {"verdict": "not_better", "age_sex": {"age": "Ålder"}}, "estimates": []}
    assert headline_sentence(document).startswith("Not reliably better than age alone.")


@pytest.mark.parametrize(
    ("verdict", "lower", "said"), [("no_signal", 0.59, True), ("no_signal", 0.5, False), ("useful", 0.59, False)]
)
def test_no_signal_beside_an_interval_above_chance_says_why(verdict, lower, said) -> None:
    number = {"key": "auroc", "model": "final", "estimate_type": "corrected_bbc", "value": 0.67, "lower": lower, "upper": 0.74,
              "text": "0.67 (0.59 to 0.74)", "population": "all"}  # fmt: skip
    sentence = headline_sentence({"study": {"verdict": verdict}, "target": {"task": "binary"}, "estimates": [number]})
    assert ("The interval of AUROC excludes 0.5" in sentence) is said


def test_too_short_a_limit_says_so_and_what_helps() -> None:
    error = _too_short(DataError("no model could be fitted"), "5s")
    assert (error.what, error.exit_code) == ("no model could be fitted within --time-limit 5s", 4)
    assert "larger --time-limit" in error.hint


@pytest.fixture
def found():
    known = SimpleNamespace(
        findings=(finding("TB150", "Oslo: 3 predictors differ"), finding("TB140", "x nearly determines it")),
        config=load_config(assignments=["audit.mute=TB150"], environment={}),
    )
    return known, learned(findings=(finding("TB208", "cut short"),)), SimpleNamespace(findings=())


def test_muted_findings_stay_in_the_document(found, monkeypatch):
    monkeypatch.setattr(evidence, "software", dict)
    assert [f.code for f in evidence.all_findings(*found)] == ["TB140", "TB150", "TB208"]
    assert [f.code for f in evidence.shown_findings(*found)] == ["TB140", "TB208"]


def test_two_distributions_of_xgboost_are_said(found, monkeypatch):
    monkeypatch.setattr(evidence, "software", lambda: {"xgboost": "3.2.0", "xgboost-cpu": "3.2.0"})
    assert "TB790" in [f.code for f in evidence.all_findings(*found)]
    monkeypatch.setattr(evidence, "software", lambda: {"xgboost-cpu": "3.2.0"})
    assert "TB790" not in [f.code for f in evidence.all_findings(*found)]


def test_a_ratio_is_given_for_a_step_that_moves_the_risk() -> None:
    spread = {"age": (50.0, 70.0), "platelets": (210000.0, 300000.0), "creatinine": (0.9, 1.4)}
    variables = [{"name": n, "quantiles": {"q25": a, "q75": b}} for n, (a, b) in spread.items()]
    known = SimpleNamespace(summary={"variables": variables})
    assert evidence._ratio(0.03, "age", "age", known) == "1.35 per 10"
    assert evidence._ratio(-1e-6, "platelets", "platelets", known) == "0.99 per 10\u202f000"
    assert evidence._ratio(1.0, "creatinine", "creatinine", known) == "1.11 per 0.1"
    assert evidence._ratio(1.0, "sex=1", "sex", known) == "2.72"


def test_predictors_that_no_member_reads_are_named_with_the_reason() -> None:
    def member(used, left):
        return SimpleNamespace(prep=SimpleNamespace(variables=used, left_out=left))

    final = SimpleNamespace(members=[member(("Alder",), {"Kon": "missing"}), member(("Alder",), {})])
    frame = SimpleNamespace(columns=["Alder", "Kon", "sex"])
    found = evidence.not_used(SimpleNamespace(final=final, material=SimpleNamespace(variables=VARIABLES, frame=frame)))
    assert found == {"kön": "missing", "sex": ""}
