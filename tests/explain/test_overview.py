"""The overview names what matters and shows no single patient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabml.core.cohort import Variable
from tabml.explain.attribution import Attribution
from tabml.explain.overview import contributions, importances

VARIABLES = {
    "age": Variable("age", "number", unit="years", decimals=0),
    "sex": Variable("sex", "category", levels={"f": "female", "m": "male", "x": "other"}),
    "smoker": Variable("smoker", "boolean"),
}


def frame(n: int = 40) -> pd.DataFrame:
    age = pd.array([float(30 + i) for i in range(n)], dtype="Float64")
    age[:6] = pd.NA
    sex = pd.Categorical(["f"] * 20 + ["m"] * (n - 22) + ["x"] * 2, categories=["f", "m", "x"])
    return pd.DataFrame({"age": age, "sex": sex, "smoker": pd.array([True, False] * (n // 2), dtype="boolean")})


def attribution(n: int = 40, outputs: int = 1) -> Attribution:
    phi = np.zeros((n, outputs, 3))
    phi[:, 0, 0] = np.linspace(-1, 1, n)
    phi[:, 0, 1] = 0.1
    return Attribution(("age", "sex", "smoker"), phi, np.zeros((n, outputs)), phi.sum(axis=2), "log odds")


def test_the_most_important_variable_comes_first_with_its_direction() -> None:
    found = importances(attribution(), frame(), VARIABLES)
    assert [i.variable for i in found] == ["age", "sex", "smoker"]
    assert found[0].title == "age (years)"
    parts = [b for b in found[0].bins if b[0] != "missing"]
    assert [b[1] for b in parts] == sorted(b[1] for b in parts)
    assert sum(b[2] for b in found[0].bins) == 40
    assert found[0].bins[-1][0] == "missing" and found[0].bins[-1][2] == 6


def test_no_group_below_five_patients_and_no_extreme_value_is_shown() -> None:
    found = {i.variable: i for i in importances(attribution(), frame(), VARIABLES)}
    assert [b[0] for b in found["sex"].bins] == ["female", "male"]
    assert [b[0] for b in found["smoker"].bins] == ["no", "yes"]
    text = " ".join(b[0] for b in found["age"].bins)
    assert "36" not in text and "69" not in text
    assert all(b[2] >= 5 for i in found.values() for b in i.bins)


def test_how_many_stand_behind_a_mean_is_a_setting() -> None:
    found = importances(attribution(), frame(), VARIABLES, small_cell=7)
    assert found[0].bins[-1][0] != "missing"  # 6 patients


def test_patients_are_counted_not_rows() -> None:
    found = importances(attribution(), frame(), VARIABLES, patient=np.repeat(np.arange(4), 10))
    assert all(i.bins == () for i in found)


def test_several_classes_have_bins_only_for_a_named_class() -> None:
    many = attribution(outputs=3)
    assert importances(many, frame(), VARIABLES)[0].bins == ()
    assert importances(many, frame(), VARIABLES, cls=0)[0].bins != ()
    assert importances(many, frame(), VARIABLES, cls=1)[0].mean_abs == 0


def test_a_patient_is_told_in_original_units_with_imputed_values_named() -> None:
    table = frame()
    found = contributions(attribution(), 0, table.iloc[0].to_dict(), VARIABLES, imputed={"age": 54.2})
    assert [(c.title, c.value) for c in found] == [
        ("age (years)", "missing (imputed 54)"), ("sex", "female"), ("smoker", "yes"),
    ]  # fmt: skip
    assert found[0].contribution == -1


def test_a_patient_of_many_rows_does_not_decide_what_matters() -> None:
    frame = pd.DataFrame({"age": pd.array([50.0] * 60 + [60.0 + i for i in range(30)], dtype="Float64")})
    phi = np.concatenate([np.full(60, 9.0), np.full(30, 1.0)])[:, None, None]
    whole = Attribution(("age",), phi, np.zeros((90, 1)), phi[:, :, 0], "log odds")
    patient = np.array([0] * 60 + list(range(1, 31)))
    assert importances(whole, frame, VARIABLES, patient=patient)[0].mean_abs == (9 + 30) / 31
    assert importances(whole, frame, VARIABLES)[0].mean_abs == (60 * 9 + 30) / 90
