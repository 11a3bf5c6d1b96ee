"""The list of concepts: whole, unambiguous, in units that convert, in eight languages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from tabml.ingest.concepts import LANGUAGES, Concept, load
from tabml.ingest.concepts.compile import FOLDER, TABLE, compiled
from tabml.ingest.concepts.folding import compact
from tabml.ingest.concepts.records import KINDS, ROLES, TIMINGS
from tabml.ingest.concepts.table import table
from tabml.ingest.units import can_convert, parse_ucum
from tabml.ingest.units.convert import MOLAR_MASS, VALENCE
from tabml.ingest.units.ucum import OFFSETS

CONCEPTS = list(load().values())
MEASURED = [c for c in CONCEPTS if c.kind in ("number", "integer")]


def ambiguous() -> dict[str, list[str]]:
    return dict(yaml.safe_load((FOLDER / "ambiguous.yaml").read_text(encoding="utf-8")))


def ids(concept: Concept) -> str:
    return concept.key


def test_table_is_what_the_reviewed_files_compile_to() -> None:
    assert TABLE.read_text(encoding="utf-8") == compiled(), "run python -m tabml.ingest.concepts.compile"


def test_there_are_at_least_400_concepts_and_3000_names() -> None:
    assert len(CONCEPTS) >= 400
    assert sum(len(names) for c in CONCEPTS for names in c.synonyms.values()) >= 3000


def test_a_name_means_one_concept_unless_it_is_declared_ambiguous() -> None:
    shared = {name: sorted(keys) for name, keys in table().index.items() if len(keys) > 1}
    assert shared == {name: sorted(keys) for name, keys in ambiguous().items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_concept_is_named_in_every_language(language: str) -> None:
    assert [c.key for c in CONCEPTS if not c.synonyms.get(language)] == []


def test_no_name_stands_twice_in_one_language_of_a_concept() -> None:
    twice = {
        (c.key, language): [n for n, k in Counter(names).items() if k > 1]
        for c in CONCEPTS
        for language, names in c.synonyms.items()
    }
    assert {place: names for place, names in twice.items() if names} == {}


def test_chinese_names_hold_chinese_signs_or_an_abbreviation() -> None:
    odd = [
        n for c in CONCEPTS for n in c.synonyms["zh"] if not any("\u3400" <= s <= "\u9fff" for s in n) and len(n) > 5
    ]
    assert odd == []


@pytest.mark.parametrize("concept", CONCEPTS, ids=ids)
def test_kind_role_timing_and_levels_belong_together(concept: Concept) -> None:
    assert concept.kind in KINDS
    assert concept.role in ROLES
    assert concept.timing in TIMINGS
    assert concept.key == compact(concept.key) or set(concept.key) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    if concept.kind == "boolean":
        assert [level.code for level in concept.levels] == ["0", "1"]
    if concept.levels:
        assert concept.kind in ("boolean", "category")
        assert concept.unit is None
    if concept.role in ("event", "outcome", "time"):
        assert concept.timing in ("outcome", "later") or concept.role == "outcome"


@pytest.mark.parametrize("concept", MEASURED, ids=ids)
def test_units_are_read_and_convert_to_the_concepts_own(concept: Concept) -> None:
    assert concept.analyte is None or concept.analyte in {*MOLAR_MASS, *VALENCE}
    units = [u for u in (concept.unit, *concept.units, *concept.other_units) if u is not None]
    assert [u for u in units if parse_ucum(u) is None] == []
    for unit in concept.units:
        assert concept.unit is not None
        assert can_convert(unit, concept.unit, concept.analyte) or {unit, concept.unit} <= set(OFFSETS) | {
            "Cel",
            "[degF]",
        }
    assert [u for u in concept.other_units if concept.unit and can_convert(u, concept.unit, concept.analyte)] == []


@pytest.mark.parametrize("concept", MEASURED, ids=ids)
def test_ranges_are_ordered_and_lie_within_what_the_unit_allows(concept: Concept) -> None:
    if concept.range is None:
        assert concept.unit is None  # a row number, or scales that no factor links
        return
    low, high = concept.range
    assert low < high
    signed = {"base_excess", "anion_gap", "fluid_balance", "gls", "st_depression", "visit_time_days", "bone_density",
              "hounsfield", "cvp", "height_sds", "bmi_sds", "rass", "eq5d_index", "voice_hnr"}  # fmt: skip
    assert low >= 0 or concept.key in signed
    over_hundred = {"fev1_pct", "fvc_pct", "dlco", "pt_percent", "antithrombin", "protein_c", "factor_viii"}
    if concept.unit == "%":
        assert high <= 100 or concept.key in over_hundred
    if concept.unit is None:
        assert concept.kind == "integer"


def test_ranges_hold_what_clinicians_meet() -> None:
    met = {"sbp": 220, "haemoglobin": 6.5, "creatinine": 12, "chol": 564, "potassium": 7.9, "crp": 450, "age": 101,
           "lvef": 10, "bmi": 62, "glucose": 45, "platelets": 8, "sodium": 112, "birth_weight": 480}  # fmt: skip
    outside = {k: v for k, v in met.items() if not load()[k].range[0] <= v <= load()[k].range[1]}  # type: ignore[index]
    assert outside == {}


def test_names_of_the_uci_heart_disease_data_are_known() -> None:
    uci = {"cp": "chest_pain", "trestbps": "sbp", "chol": "chol", "fbs": "fasting_glucose_high", "restecg": "resting_ecg",
           "thalach": "max_heart_rate", "exang": "exercise_angina", "oldpeak": "st_depression", "slope": "st_slope",
           "thal": "thal", "num": "coronary_stenosis"}  # fmt: skip
    assert {name: list(table().index[name]) for name in uci} == {name: [key] for name, key in uci.items()}


def test_every_file_of_the_folder_is_a_domain_with_concepts() -> None:
    domains = {path.stem for path in Path(FOLDER).glob("*.yaml")} - {"levels", "ambiguous"}
    assert {c.domain for c in CONCEPTS} == domains
