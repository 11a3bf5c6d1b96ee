"""Units: spellings, conversion factors, and what must not be converted."""

from __future__ import annotations

import doctest

import pytest

from tabml.core.errors import ConfigError
from tabml.ingest.units import (
    MOLAR_MASS,
    analyte_of,
    can_convert,
    canonical_unit,
    convert,
    convert_factor,
    parse_ucum,
    split_unit,
    words,
)
from tabml.ingest.units.words import _SPELLINGS


@pytest.mark.parametrize("module", [convert, words])
def test_examples_in_docstrings_run(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


class TestSpellings:
    @pytest.mark.parametrize("code", sorted(_SPELLINGS))
    def test_every_code_is_a_unit_and_its_own_spelling(self, code: str) -> None:
        assert parse_ucum(code) is not None
        assert canonical_unit(code) == code

    @pytest.mark.parametrize("code", sorted(_SPELLINGS))
    def test_every_spelling_means_its_code(self, code: str) -> None:
        assert {canonical_unit(word.replace("_", " ")) for word in _SPELLINGS[code].split()} == {code}

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("mmHg", "mm[Hg]"), ("mm Hg", "mm[Hg]"), ("MG/DL", "mg/dL"), ("mmol / l", "mmol/L"), ("bpm", "/min"), ("1/min", "/min"),
            ("yrs", "a"), ("Jahre", "a"), ("år", "a"), ("vuotta", "a"), ("µmol/l", "umol/L"), ("μmol/L", "umol/L"), ("10^9/L", "10*9/L"),
            ("kg/m²", "kg/m2"), ("ml/min/1.73m²", "mL/min/{1.73_m2}"), ("°C", "Cel"), ("umol/g", "umol/g"), ("%", "%"),
        ],
    )  # fmt: skip
    def test_spelling(self, text: str, code: str) -> None:
        assert canonical_unit(text) == code

    @pytest.mark.parametrize(
        "text", ["", "0-4", "120", "max", "poor", "pm", "yes/no", "1-4", "m/f", "ja/nein", "mean", "ST"]
    )
    def test_what_is_no_unit(self, text: str) -> None:
        assert canonical_unit(text) is None


class TestHeaders:
    @pytest.mark.parametrize(
        ("header", "unit"),
        [
            ("Age (yrs)", "yrs"),
            ("Serum cholesterol (mg/dl)", "mg/dl"),
            ("Ruheblutdruck [mmHg]", "mmHg"),
            ("ST-depresjon (mm)", "mm"),
            ("eGFR (mL/min/1.73 m2)", "mL/min/1.73 m2"),
            ("Leukocytes (10^9/L)", "10^9/L"),
            ("age_years", "years"),
            ("Jitter(%)", "%"),
            ("Shimmer(dB)", "dB"),
            ("Chol, mg/dL", "mg/dL"),
            ("Kolesterol mmol/L", "mmol/L"),
            ("Diagnosis (0-4)", None),
            ("Sex (m/f)", None),
            ("Jitter(Abs)", None),
            ("HF max", None),
            ("Nüchternzucker > 6,7 mmol/l", None),
            ("Fasting glucose >120", None),
            ("hepatitis a", None),
            ("test_time", None),
            ("RR syst.", None),
        ],
    )
    def test_unit_of_a_header(self, header: str, unit: str | None) -> None:
        assert split_unit(header)[1] == unit

    def test_name_without_its_unit(self) -> None:
        assert split_unit("Cholesterin [mmol/l]")[0] == "Cholesterin"
        assert split_unit("Diagnosis (0-4)")[0] == "Diagnosis (0-4)"


class TestFactors:
    @pytest.mark.parametrize(
        ("start", "end", "analyte", "factor"),
        [
            ("mmol/L", "mg/dL", "cholesterol", 38.67),
            ("mmol/l", "mg/dl", "glucose", 18.02),
            ("mg/dL", "umol/L", "creatinine", 88.4),
            ("umol/L", "mg/dL", "bilirubin", 1 / 17.104),
            ("mmol/L", "mg/dL", "triglycerides", 88.57),
            ("meq/L", "mmol/L", "sodium", 1.0),
            ("meq/L", "mmol/L", "calcium", 0.5),
            ("meq/L", "mg/dL", "calcium", 2.004),
            ("mmol/L", "g/dL", "haemoglobin", 1.6114),
            ("nmol/L", "ng/mL", "vitamin_d", 0.40064),
            ("kPa", "mmHg", None, 7.50061683),
            ("g/dL", "g/L", None, 10.0),
            ("10*9/L", "10*3/uL", None, 1.0),
            ("years", "days", None, 365.25),
            ("months", "d", None, 30.4375),
            ("lb", "kg", None, 0.45359237),
            ("cm", "m", None, 0.01),
            ("bpm", "/min", None, 1.0),
            ("ug/L", "ng/mL", None, 1.0),
            ("ukat/L", "U/L", None, 60.0),
        ],
    )
    def test_factor(self, start: str, end: str, analyte: str | None, factor: float) -> None:
        assert convert_factor(start, end, analyte) == pytest.approx(factor, rel=1e-4)
        assert convert_factor(end, start, analyte) == pytest.approx(1 / factor, rel=1e-4)

    @pytest.mark.parametrize("analyte", sorted(MOLAR_MASS))
    def test_there_and_back_is_one(self, analyte: str) -> None:
        there, back = convert_factor("mmol/L", "mg/dL", analyte), convert_factor("mg/dL", "mmol/L", analyte)
        assert there * back == pytest.approx(1, rel=1e-9)

    def test_amount_of_substance_needs_the_analyte(self) -> None:
        with pytest.raises(ConfigError, match="no factor from 'mmol/L' to 'mg/dL'") as caught:
            convert_factor("mmol/L", "mg/dL")
        assert caught.value.hint == "name the analyte in the codebook, e.g. analyte: cholesterol"

    def test_different_quantities_do_not_convert(self) -> None:
        with pytest.raises(ConfigError, match="no factor from 'kg' to 'mmHg'") as caught:
            convert_factor("kg", "mmHg")
        assert "different things" in str(caught.value.hint)
        with pytest.raises(ConfigError, match="no factor"):
            convert_factor("meq/L", "mmol/L", "glucose")
        assert not can_convert("cm", "mmol/L", "cholesterol")

    def test_unknown_unit_and_analyte_get_the_near_miss(self) -> None:
        with pytest.raises(ConfigError, match="unknown unit 'mmoll/L'") as caught:
            convert_factor("mmoll/L", "mg/dL")
        assert caught.value.hint == "did you mean 'mmol/L'?"
        with pytest.raises(ConfigError, match="unknown analyte 'cholesterin'") as caught:
            convert_factor("mmol/L", "mg/dL", "cholesterin")
        assert caught.value.hint == "did you mean 'cholesterol'?"

    def test_temperature_has_no_single_factor(self) -> None:
        with pytest.raises(ConfigError, match="do not share their zero"):
            convert_factor("°F", "°C")

    @pytest.mark.parametrize(
        ("header", "analyte"),
        [
            ("Cholesterin [mmol/l]", "cholesterol"), ("Kolesterol", "cholesterol"), ("LDL-C", "cholesterol"), ("Nüchternzucker", "glucose"),
            ("Fastende glukose", "glucose"), ("S-Kreatinin", "creatinine"), ("BUN", "urea_nitrogen"), ("Hb", "haemoglobin"),
            ("Alder", None), ("Bilirubin total", "bilirubin"), ("Charm", None),
        ],
    )  # fmt: skip
    def test_analyte_of_a_header(self, header: str, analyte: str | None) -> None:
        assert analyte_of(header) == analyte
