"""Findings: the one table of codes and the order a reader wants."""

import re

import pytest

from tabml.core.errors import ConfigError
from tabml.core.findings import KINDS, SEVERITY_ORDER, check_codes, finding, ordered


def test_every_kind_has_code_severity_trigger_and_remedy():
    for code, kind in KINDS.items():
        assert re.fullmatch(r"TB\d{3}", code) and kind.code == code
        assert kind.severity in SEVERITY_ORDER
        assert kind.trigger.strip() and kind.remedy.strip()


def test_severity_and_remedy_come_from_the_table_unless_given():
    said = finding("TB120", "4 exact duplicates merged", count=4, source="cleveland")
    assert (said.severity, said.remedy) == (KINDS["TB120"].severity, KINDS["TB120"].remedy)
    assert finding("TB120", "x", severity="grave", remedy="look").severity == "grave"


def test_unknown_code_is_a_programming_error():
    with pytest.raises(KeyError, match="TB999"):
        finding("TB999", "x")


def test_grave_findings_come_first_then_by_code():
    made = [finding(c, "x") for c in ("TB120", "TB151", "TB140", "TB117", "TB103")]
    assert [f.code for f in ordered(made)] == ["TB117", "TB140", "TB151", "TB103", "TB120"]


def test_muting_an_unknown_code_is_refused():
    check_codes(["TB120"])
    with pytest.raises(ConfigError, match="unknown finding code 'TB12'"):
        check_codes(["TB120", "TB12"])
