"""What was found on the way to a results document: all of it is kept, what is muted is only not told aloud."""

from types import SimpleNamespace

import pytest

from tabml.core.config import load_config
from tabml.core.findings import finding
from tabml.study import evidence


@pytest.fixture
def found():
    known = SimpleNamespace(
        findings=(finding("TB150", "Oslo: 3 predictors differ"), finding("TB140", "x nearly determines it")),
        config=load_config(assignments=["audit.mute=TB150"], environment={}),
    )
    return known, SimpleNamespace(findings=(finding("TB208", "cut short"),)), SimpleNamespace(findings=())


def test_muted_findings_stay_in_the_document(found, monkeypatch):
    monkeypatch.setattr(evidence, "software", dict)
    assert [f.code for f in evidence.all_findings(*found)] == ["TB140", "TB150", "TB208"]
    assert [f.code for f in evidence.shown_findings(*found)] == ["TB140", "TB208"]


def test_two_distributions_of_xgboost_are_said(found, monkeypatch):
    monkeypatch.setattr(evidence, "software", lambda: {"xgboost": "3.2.0", "xgboost-cpu": "3.2.0"})
    assert "TB790" in [f.code for f in evidence.all_findings(*found)]
    monkeypatch.setattr(evidence, "software", lambda: {"xgboost-cpu": "3.2.0"})
    assert "TB790" not in [f.code for f in evidence.all_findings(*found)]
