"""Matching columns: names across languages, levels, scales, and one column a variable."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.ingest.concepts import lookup
from tabml.ingest.match.assign import match
from tabml.ingest.match.column import Column
from tabml.ingest.match.evidence import compare
from tabml.ingest.match.levels import match_levels, same_level
from tabml.ingest.match.names import resemblance
from tabml.ingest.match.scale import overlap, shift
from tabml.ingest.match.structure import structure_weights

RNG = np.random.default_rng(3)


def measure(hospital: str, header: str, values, unit: str | None = None, **facts) -> Column:
    numbers = np.asarray(values, dtype=float)
    counts = {f"{v:g}": 1 for v in numbers}
    return Column(
        hospital, hospital, header, "measure", numbers, counts, unit, matches=lookup(header, unit=unit), **facts
    )


def words(hospital: str, header: str, counts: dict[str, int], form="category", **facts) -> Column:
    n = sum(counts.values())
    return Column(hospital, hospital, header, form, np.full(n, np.nan), counts, matches=lookup(header), **facts)


def yes_no(hospital: str, header: str, values) -> Column:
    numbers = np.asarray(values, dtype=float)
    return Column(hospital, hospital, header, "boolean", numbers, {"0": 1, "1": 1}, matches=lookup(header))


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zentinfraktion", "Zentin fraction"),
        ("S-Qalvin", "Qalvin i.S."),
        ("BMI", "Body mass index"),
        ("gefässe", "Gefäße"),
    ],
)
def test_names_of_two_languages_resemble_each_other(one, other):
    assert resemblance(one, other) >= 0.5
    assert resemblance(one, other) == resemblance(other, one)


@pytest.mark.parametrize(("one", "other"), [("Alter", "Puls"), ("Na", "K"), ("Hb", "Ht"), ("", "Alter")])
def test_names_of_two_things_do_not(one, other):
    assert resemblance(one, other) < 0.3


# -- levels -----------------------------------------------------------------------------------------------------------


def test_level_words_are_paired_across_languages():
    found = match_levels({"left": 10, "right": 20, "both": 3}, {"venstre": 9, "høyre": 8, "bilateral": 2})
    assert found.pairs == {"left": "venstre", "right": "høyre", "both": "bilateral"}
    assert found.share == 1.0


def test_stages_keep_their_number():
    found = match_levels(
        {"stage i": 1, "stage ii": 1, "stage iii": 1}, {"stadium iii": 1, "stadium i": 1, "stadium ii": 1}
    )
    assert found.pairs == {"stage i": "stadium i", "stage ii": "stadium ii", "stage iii": "stadium iii"}


@pytest.mark.parametrize(("one", "other"), [("anginal", "not anginal"), ("1", "2"), ("yes", "no"), ("left", "høyre")])
def test_opposites_and_other_codes_are_no_pair(one, other):
    assert same_level(one, other) < 0.45


def test_levels_without_a_partner_lower_the_share():
    assert match_levels({"mild": 50, "grave": 50}, {"leicht": 50, "unklar": 50}).share < 1


# -- scale ------------------------------------------------------------------------------------------------------------


def test_overlap_of_equal_shifted_and_apart():
    values = RNG.normal(100, 10, 300)
    assert overlap(values, values) == 1.0
    assert 0.5 < overlap(values, values + 7) < 0.9
    assert overlap(values, values + 200) == 0.0


@pytest.mark.parametrize("factor", [10, 18.02, 38.67, 88.4, 1000, 1 / 88.4])
def test_a_unit_factor_between_two_centres_is_found(factor):
    rng = np.random.default_rng(2)
    a, b = rng.lognormal(1.5, 0.3, 200), rng.lognormal(1.5, 0.3, 200)
    found = shift(a * factor, b)
    assert found is not None and found.factor == pytest.approx(factor, rel=0.01)


def test_a_sicker_population_is_no_unit_factor():
    assert shift(RNG.normal(140, 15, 300), RNG.normal(120, 15, 300)) is None
    assert shift(RNG.lognormal(2, 1, 300), RNG.lognormal(2.7, 1, 300)) is None
    assert shift(np.arange(1.0, 15), np.arange(1.0, 15) * 1000) is None  # too few values


# -- evidence and assignment ------------------------------------------------------------------------------------------


def test_units_that_measure_different_things_speak_against_a_pair():
    weight, length = measure("a", "X1", RNG.normal(80, 9, 60), "kg"), measure("b", "X1", RNG.normal(80, 9, 60), "cm")
    assert compare(weight, length).is_contradicted


def test_a_measurement_is_matched_through_its_units():
    a = measure("a", "Serum cholesterol", RNG.normal(210, 40, 80), "mg/dL")
    b = measure("b", "Kolesterol", RNG.normal(5.4, 1.0, 80), "mmol/L")
    sodium = measure("b", "Natrium", RNG.normal(140, 3, 80), "mmol/L")
    assert compare(a, b).weight > compare(a, sodium).weight + 5
    assert "after factor" in " ".join(compare(a, b).reasons)


def test_each_hospital_gives_a_variable_one_column():
    first = [
        measure("a", "SBP", RNG.normal(130, 15, 90), "mm[Hg]"),
        measure("a", "DBP", RNG.normal(80, 10, 90), "mm[Hg]"),
    ]
    second = [measure("b", "RR diast.", RNG.normal(80, 10, 90)), measure("b", "RR syst.", RNG.normal(130, 15, 90))]
    found = match([first, second])
    pairs = {tuple(m.column.header for m in v.members) for v in found}
    assert pairs == {("SBP", "RR syst."), ("DBP", "RR diast.")}
    assert all(v.members[1].score >= 0.9 for v in found)


def test_what_only_values_say_is_never_certain():
    a, b = [measure("a", "V1", RNG.normal(4.1, 0.2, 200))], [measure("b", "W7", RNG.normal(4.1, 0.2, 200))]
    [variable] = [v for v in match([a, b]) if len(v.members) == 2] or [None]
    assert variable is None or variable.members[1].score < 0.9


def test_two_columns_that_could_be_one_are_no_certain_match():
    a = [measure("a", "Zentin", RNG.normal(55, 8, 100))]
    b = [measure("b", "Zentin first", RNG.normal(55, 8, 100)), measure("b", "Zentin second", RNG.normal(55, 8, 100))]
    assert all(m.score < 0.9 for v in match([a, b]) for m in v.members[1:])


def test_the_order_of_hospitals_changes_nothing():
    rng = np.random.default_rng(1)
    a = [measure("a", "Age", rng.normal(60, 9, 80)), measure("a", "Creatinine", rng.lognormal(4.4, 0.3, 80), "umol/L")]
    b = [measure("b", "Kreatinin", rng.lognormal(4.4, 0.3, 80), "umol/L"), measure("b", "Alter", rng.normal(62, 9, 80))]
    sets = [{frozenset(m.column.header for m in v.members) for v in match(order)} for order in ([a, b], [b, a])]
    assert sets[0] == sets[1] == {frozenset({"Age", "Alter"}), frozenset({"Creatinine", "Kreatinin"})}


def test_what_a_column_goes_with_tells_yes_no_columns_apart():
    def hospital(name: str) -> list[Column]:
        rng = np.random.default_rng(len(name))
        z = rng.normal(size=(3, 400))
        anchors = [measure(name, h, z[i]) for i, h in enumerate(("Age", "BMI", "CRP"))]
        return [*anchors, yes_no(name, f"p{name}", z[0] + z[1] > 0), yes_no(name, f"q{name}", z[2] - z[1] > 0.1)]

    a, b = hospital("a"), hospital("bb")
    weights = structure_weights(a[3:], b[3:], list(zip(a[:3], b[:3], strict=True)))
    assert weights[0, 0] > weights[0, 1] + 1 and weights[1, 1] > weights[1, 0] + 1
    assert (structure_weights(a[3:], b[3:], []) == 0).all()
