"""Which rows to use, review or refuse, and which cells not to believe."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tabml.core.errors import DataError
from tabml.core.findings import finding
from tabml.study.checks import check_rows


def entry(name: str, kind: str, **more: object) -> dict:
    return {"name": name, "kind": kind, "role": "feature", "label": "", "unit": None, "required": True,
            "trained_missing": 0.0, "levels": {}, "limits": None, "quantiles": None, **more}  # fmt: skip


AGE = entry("age", "integer", limits=[18, 110], quantiles={"p01": 30.0, "p50": 50.0, "p99": 80.0})
SEX = entry("sex", "category", levels={"0": "female", "1": "male"})
CHOL = entry("chol", "number", trained_missing=0.2)


def new_rows(findings=(), unread=None, **columns):
    frame = pd.DataFrame(columns)
    dtypes = {"age": "Int64", "sex": "category", "chol": "Float64", "fbs": "boolean"}
    frame = frame.astype({c: dtypes[c] for c in columns})
    return SimpleNamespace(frame=frame, row_numbers=tuple(range(5, 5 + len(frame))), raw_ids=("",) * len(frame),
                           centre=(None,) * len(frame), source="a", findings=tuple(findings), absent={}, place="new.csv", unread=unread or {})  # fmt: skip


def outcome(checked) -> list[tuple[str, str]]:
    return list(zip(checked.flag, checked.reasons, strict=True))


def test_ordinary_rows_are_used_and_missing_as_in_training_is_no_reason() -> None:
    checked = check_rows(new_rows(age=[50, 60], sex=["0", "1"], chol=[5.0, None]), [AGE, SEX, CHOL])
    assert outcome(checked) == [("use", ""), ("use", "")]
    assert checked.findings == ()


def test_more_than_half_missing_is_refused() -> None:
    checked = check_rows(new_rows(age=[None, 50], sex=[None, None], chol=[5.0, 5.0]), [AGE, SEX, CHOL])
    assert outcome(checked) == [("refuse", "missing: age, sex"), ("review", "imputed: sex")]
    assert [f.code for f in checked.findings] == ["TB703", "TB703"]


def test_value_outside_the_limits_becomes_missing() -> None:
    checked = check_rows(new_rows(age=[150, 50], sex=["0", "0"], chol=[5.0, 5.0]), [AGE, SEX, CHOL])
    assert outcome(checked)[0] == ("review", "outside: age; imputed: age")
    assert checked.frame["age"].isna().tolist() == [True, False]
    assert [(f.code, f.count) for f in checked.findings] == [("TB705", 1), ("TB703", 1)]


def test_value_outside_the_training_quantiles_is_used_and_reviewed() -> None:
    checked = check_rows(new_rows(age=[25, 50], sex=["0", "0"], chol=[5.0, 5.0]), [AGE, SEX, CHOL])
    assert outcome(checked)[0] == ("review", "outside: age")
    assert checked.frame["age"].tolist() == [25, 50]


def test_unseen_level_is_missing_and_counted() -> None:
    checked = check_rows(new_rows(sex=["2"] + ["0"] * 9), [SEX])
    assert outcome(checked)[0] == ("refuse", "missing: sex; unseen_level: sex")
    found = next(f for f in checked.findings if f.code == "TB704")
    assert found.count == 1
    assert "'2'" not in found.evidence


def test_column_coded_otherwise_is_an_error_without_rare_levels() -> None:
    rows = new_rows(sex=["2"] * 6 + ["1"] * 6 + ["secret"])
    with pytest.raises(DataError, match="column 'sex' is coded 2, the model knows 0/1") as caught:
        check_rows(rows, [SEX])
    assert caught.value.where == "new.csv"


def test_how_rare_a_level_may_be_is_the_study_s_own_setting() -> None:
    rows = new_rows(sex=["2"] * 6 + ["1"] * 6)
    with pytest.raises(DataError, match="column 'sex' is coded in another way"):
        check_rows(rows, [SEX], small_cell=7)


def test_levels_that_ingest_could_not_read_count_too() -> None:
    unread = finding("TB110", "1 cells hold a text that is no level", columns=["fbs"], count=1, source="a",
                     where=["a.xlsx S!B7"])  # fmt: skip
    fbs = entry("fbs", "boolean", trained_missing=0.1)
    checked = check_rows(new_rows([unread], fbs=[True, False, None, True, True, False], age=[50] * 6), [fbs, AGE])
    assert outcome(checked)[2] == ("review", "unseen_level: fbs")
    assert [f.code for f in checked.findings] == ["TB704"]
    many = finding("TB110", "3 cells hold a text that is no level", columns=["fbs"], count=3, source="a")
    with pytest.raises(DataError, match="'fbs' is coded in another way, the model knows yes/no"):
        check_rows(new_rows([many], fbs=[True, None, None, None]), [fbs])


def test_a_new_word_that_many_rows_hold_is_named() -> None:
    unread = finding("TB110", "15 cells hold a text that is no level", columns=["sex"], count=15, source="a")
    words = {"sex": {"snus": 14, "Kari Normann": 1}}
    rows = new_rows([unread], words, sex=[None] * 15 + ["0"] * 45)
    with pytest.raises(DataError, match=r"column 'sex' is coded snus, the model knows 0/1") as caught:
        check_rows(rows, [SEX])
    assert "Kari" not in str(caught.value)


def test_a_predictor_of_which_nothing_can_be_read_stops() -> None:
    lost = finding(
        "TB110", "all 9 cells of 'chol' without a number; read as missing", columns=["chol"], count=9, severity="grave"
    )
    with pytest.raises(DataError, match="all 9 cells of 'chol' without a number"):
        check_rows(new_rows([lost], chol=[None] * 9), [CHOL])


def test_value_that_ingest_made_missing_is_outside() -> None:
    made = finding("TB112", "1 value outside the plausible range", columns=["age"],
                   count=1, source="a", where=["a.xlsx S!B5"])  # fmt: skip
    checked = check_rows(new_rows([made], age=[None, 50], chol=[5.0, 5.0], sex=["0", "0"]), [AGE, CHOL, SEX])
    assert outcome(checked)[0] == ("review", "outside: age; imputed: age")
    assert "TB705" in {f.code for f in checked.findings}


@pytest.mark.parametrize("limits", [None, [18, 110]])
def test_a_value_far_beyond_what_training_saw_gets_no_number(limits) -> None:
    age = AGE | {"limits": limits}
    checked = check_rows(new_rows(age=[640, -300, 50], chol=[5.0] * 3, sex=["0"] * 3), [age, CHOL, SEX])
    assert outcome(checked) == [("refuse", "far_outside: age"), ("refuse", "far_outside: age"), ("use", "")]
    found = next(f for f in checked.findings if f.code == "TB705")
    assert found.evidence == "2 values of 'age' lie far outside what training saw: their rows get no number"


def test_a_value_that_no_measurement_can_be_gets_no_number() -> None:
    made = finding("TB112", "1 cell of 1e15 or more", columns=["chol"], count=1, source="a", where=["a.xlsx S!B5"])
    rows = new_rows([made], age=[50, 50], chol=[None, 5.0], sex=["0", "0"])
    assert outcome(check_rows(rows, [AGE, CHOL, SEX], judged={"chol"})) == [
        ("refuse", "far_outside: chol"),
        ("use", ""),
    ]


def test_a_few_more_than_training_ever_counted_is_not_far() -> None:
    falls = entry("chol", "number", quantiles={"p01": 0.0, "p50": 0.0, "p99": 1.0})
    assert outcome(check_rows(new_rows(chol=[5.0]), [falls])) == [("review", "outside: chol")]
    never = entry("chol", "number", quantiles={"p01": 0.0, "p50": 0.0, "p99": 0.0})
    assert outcome(check_rows(new_rows(chol=[5.0]), [never])) == [("review", "outside: chol")]


def test_a_long_list_of_variables_is_cut_with_its_count() -> None:
    names = [f"x{i}" for i in range(11)]
    rows = SimpleNamespace(frame=pd.DataFrame({n: pd.array([None], dtype="Float64") for n in names}), row_numbers=(2,),
                           raw_ids=("",), centre=(None,), source="a", findings=(), absent={}, place="", unread={})  # fmt: skip
    checked = check_rows(rows, [entry(n, "number", trained_missing=0.2) for n in names])
    assert checked.reasons[0] == "missing: x0, x1, x2, x3, x4, x5, x6, x7, 3 more"


def test_one_row_is_singular() -> None:
    found = check_rows(new_rows(age=[None, 50], chol=[5.0, 5.0]), [AGE, CHOL]).findings
    assert [f.evidence for f in found] == ["1 row misses 'age', which no training row missed"]


CREATININE = entry("chol", "number", unit="mg/dL", trained_missing=0.1, quantiles={"p01": 0.5, "p50": 1.1, "p99": 4.0})


def draws(n: int = 30, scale: float = 1.0):
    return np.exp(np.random.default_rng(6).normal(0.1, 0.35, n)) * scale


@pytest.mark.parametrize(("scale", "words"), [(88.4, "99 times those"), (0.001, r"1/\d{3,4} of those")])
def test_a_column_in_another_unit_is_refused(scale: float, words: str) -> None:
    with pytest.raises(
        DataError, match=f"column 'chol' are about {words} of training: another unit than mg/dL"
    ) as caught:
        check_rows(new_rows(chol=draws(scale=scale)), [CREATININE])
    assert caught.value.where == "new.csv"


def test_sick_patients_and_small_tables_are_no_other_unit() -> None:
    for values in (draws(), draws() * 3, np.r_[draws(20), draws(9) * 88.4], draws(19, scale=88.4)):
        check_rows(new_rows(chol=values), [CREATININE])
