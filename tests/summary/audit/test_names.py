from __future__ import annotations

import pytest

from tabml.summary.audit.names import looks_like_id, shares_a_word, tells_outcome, words


def test_words_split_camel_case_and_underscores() -> None:
    assert words("followUpTime") == "follow up time"
    assert words("OS_months") == "os months"


@pytest.mark.parametrize(
    "name", ["TIME", "futime", "Dødsfall", "Tod", "Rezidiv", "time_to_event", "rfs_days", "discharge", "死亡"]
)
def test_telling_names(name: str) -> None:
    assert tells_outcome(name) is not None


@pytest.mark.parametrize(
    "name", ["", "age", "bleeding_time", "history_of_relapse", "hos", "methods", "timer", "days_in_icu"]
)
def test_innocent_names(name: str) -> None:
    assert tells_outcome(name) is None


def test_ids_and_shared_words() -> None:
    assert looks_like_id("Patient ID") and looks_like_id("Unnamed: 0") and not looks_like_id("fluid")
    assert shares_a_word("motor_UPDRS", "total_UPDRS") and not shares_a_word("age_years", "sex")
