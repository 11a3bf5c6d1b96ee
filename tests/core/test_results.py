"""Results: finite numbers, one identity each, and the text every format prints."""

import json

import pytest

from tabml.core.results import SCHEMA, Curve, Estimate, Results, Table, not_estimable


def results(*estimates: Estimate, **more) -> Results:
    return Results({}, {}, {}, [], [], estimates, more.pop("curves", ()), more.pop("tables", ()), (), **more)


def test_text_carries_value_and_interval():
    assert Estimate("auroc", "ridge", "corrected_bbc", 0.8861, 0.8604, 0.9096).text == "0.89 (0.86 to 0.91)"
    assert Estimate("rmse", "ridge", "apparent", 10.24, decimals=1).text == "10.2"
    assert Estimate("slope", "ridge", "apparent", -0.001, -0.2, -0.004).text == "0.00 (-0.20 to 0.00)"


def test_number_that_cannot_be_given_says_why():
    made = not_estimable("auroc", "ridge", "internal_external", "one class at this centre", population="oslo")
    assert made.text == "not estimable: one class at this centre"
    assert made.record()["value"] is None


@pytest.mark.parametrize("field", ["value", "lower", "upper"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused(field, bad):
    numbers = {"value": 0.5, "lower": 0.4, "upper": 0.6} | {field: bad}
    with pytest.raises(ValueError, match=f"estimate auroc of ridge: {field} is not finite"):
        results(Estimate("auroc", "ridge", "apparent", **numbers)).document()


def test_two_estimates_with_one_identity_are_refused():
    one = Estimate("auroc", "ridge", "apparent", 0.5, n=10)
    with pytest.raises(ValueError, match="two estimates with one identity"):
        results(one, Estimate("auroc", "ridge", "apparent", 0.6, n=11)).document()


def test_horizon_class_and_population_make_another_identity():
    results(
        Estimate("auroc", "ridge", "apparent", 0.5),
        Estimate("auroc", "ridge", "apparent", 0.5, horizon=365),
        Estimate("auroc", "ridge", "apparent", 0.5, cls="1"),
        Estimate("auroc", "ridge", "apparent", 0.5, population="oslo"),
        Estimate("auroc", "ridge", "corrected_bbc", 0.5),
    ).document()


def test_comparison_may_not_repeat_an_estimate():
    one = Estimate("auroc", "ridge", "apparent", 0.5)
    with pytest.raises(ValueError, match="two estimates with one identity"):
        results(one, comparisons=(one,)).document()


def test_document_is_strict_json_with_class_and_text():
    made = results(
        Estimate("auroc", "ridge", "apparent", 0.5, cls="2", horizon=365),
        curves=(Curve("roc", "ridge", "apparent", (0.0, 1.0), (0.0, 1.0)),),
        tables=(Table("folds", "Folds", ("fold", "n"), (("f0", "12"),)),),
        run={"started": "2026-01-01T00:00:00"},
    ).document()
    again = json.loads(json.dumps(made, allow_nan=False))
    record = again["estimates"][0]
    assert again["schema"] == SCHEMA
    assert (record["class"], record["text"], record["horizon_unit"]) == ("2", "0.50", "day")
    assert "cls" not in record and "decimals" not in record
    assert again["run"] == {"started": "2026-01-01T00:00:00"}
