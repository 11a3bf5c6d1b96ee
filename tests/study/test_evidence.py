"""From what was learned to the document: what the demographic baseline used, and findings that say so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tabml.core.cohort import Variable
from tabml.core.config import StudyConfig
from tabml.core.errors import DataError, DependencyError
from tabml.core.findings import finding
from tabml.core.spec import Config
from tabml.study.evidence import Reasons, _unexplained, age_and_sex_of, all_findings, headline_sentence
from tabml.study.run import _too_short

VARIABLES = {
    "Alder": Variable("Alder", "integer", label="Ålder"),
    "Kon": Variable("Kon", "category", label="kön"),
    "sex": Variable("sex", "integer"),
}


def learned(*used: str, findings=()):
    trials = [SimpleNamespace(config=Config("null")), SimpleNamespace(config=Config("age_sex", features=used or None))]
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


def test_a_missing_library_is_the_remedy_of_a_missing_explanation() -> None:
    found = _unexplained(DependencyError("SHAP needs shap", hint="pip install shap"))
    assert (found.code, found.remedy) == ("TB310", "pip install shap")
    assert _unexplained(ValueError("x")).remedy == "predictions and their measures are not affected"


def test_too_short_a_limit_says_so_and_what_helps() -> None:
    error = _too_short(DataError("no model could be fitted"), "5s")
    assert (error.what, error.exit_code) == ("no model could be fitted within --time-limit 5s", 4)
    assert "larger --time-limit" in error.hint
