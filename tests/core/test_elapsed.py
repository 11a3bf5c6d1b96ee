"""Follow-up given as a date: counted from another date, or refused with what to write."""

import pandas as pd
import pytest

from tabml.core.cohort import Cohort, Variable
from tabml.core.config import Data
from tabml.core.elapsed import with_elapsed_time
from tabml.core.errors import ConfigError, DataError

DATES = {"diagnosed": ["2020-01-01", "2020-02-28", None, "2020-05-05"], "last": ["2021-01-01", "2020-03-01", "2020-01-01", "2020-05-04"]}  # fmt: skip


def cohort(**kinds: str) -> Cohort:
    frame = pd.DataFrame({name: pd.to_datetime(days) for name, days in DATES.items()})
    frame["dead"] = pd.array([True, False, True, False], dtype="boolean")
    variables = {
        "diagnosed": Variable("diagnosed", "date"), "last": Variable("last", "date", role="time"),
        "dead": Variable("dead", "boolean", role="event"),
    }  # fmt: skip
    rows = pd.DataFrame({"patient": range(4), "pseudonym": list("abcd"), "centre": None, "visit_date": pd.NaT})
    return Cohort(frame, variables, rows)


def test_days_from_one_date_to_the_other_are_the_time():
    made, said = with_elapsed_time(cohort(), Data(time="last", time_from="diagnosed"))
    assert made.frame["last"].tolist() == [366, 2, pd.NA, -1]
    assert (made.variables["last"].kind, made.variables["last"].unit, made.variables["last"].role) == (
        "number",
        "d",
        "time",
    )
    assert [f.code for f in said] == ["TB180"]


def test_without_the_other_date_the_message_says_what_to_write():
    with pytest.raises(
        DataError, match="follow-up time 'last' is a date: it needs the date it is counted from"
    ) as caught:
        with_elapsed_time(cohort(), Data(time="last"))
    hint = str(caught.value.hint)
    assert (
        '--set "data.time_from=COLUMN"' in hint and "'diagnosed'" in hint and 'days(col("COLUMN"), col("last"))' in hint
    )


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [("diagnosd", ConfigError, "no column 'diagnosd'"), ("dead", DataError, "is no column of dates")],
)
def test_what_is_no_date_is_refused(name, error, words):
    with pytest.raises(error, match=words):
        with_elapsed_time(cohort(), Data(time="last", time_from=name))


def test_a_start_date_beside_a_time_in_days_is_not_read_past():
    made, _ = with_elapsed_time(cohort(), Data(time="last", time_from="diagnosed"))
    with pytest.raises(ConfigError, match="for a follow-up time that is a date"):
        with_elapsed_time(made, Data(time="last", time_from="diagnosed"))
    assert with_elapsed_time(made, Data(time="last")) == (made, ())
