"""Conversion factors between units, and the molar masses that link mass to amount of substance."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tabml.core.errors import ConfigError, did_you_mean
from tabml.ingest.units.ucum import DIMENSIONS, Unit, parse_ucum
from tabml.ingest.units.words import canonical_unit

#: Analyte -> g/mol, written as the factor laboratories print where there is one (10 * mg/dL per mmol/L).
MOLAR_MASS: dict[str, float] = {
    "cholesterol": 386.7,  # 38.67 mg/dL per mmol/L
    "triglycerides": 885.7,
    "glucose": 180.2,  # 18.02
    "creatinine": 1e4 / 88.4,  # 88.4 umol/L per mg/dL
    "urea": 60.06,
    "urea_nitrogen": 28.01,
    "uric_acid": 168.11,
    "bilirubin": 584.66,  # 17.1 umol/L per mg/dL
    "calcium": 40.08,
    "magnesium": 24.305,
    "phosphate": 30.974,
    "iron": 55.845,
    "sodium": 22.990,
    "potassium": 39.098,
    "chloride": 35.453,
    "haemoglobin": 16114.0,  # per haem: 1.611 g/dL per mmol/L
    "albumin": 66500.0,
    "lactate": 90.08,
    "ammonia": 17.03,
    "homocysteine": 135.19,
    "cortisol": 362.46,
    "testosterone": 288.42,
    "estradiol": 272.38,
    "progesterone": 314.46,
    "vitamin_d": 400.64,  # 25-OH-D: 2.496 nmol/L per ng/mL
    "vitamin_b12": 1355.4,
    "folate": 441.4,
    "thyroxine": 776.87,
    "triiodothyronine": 650.97,
    "digoxin": 780.94,
    "ethanol": 46.07,
    # sums of the standard atomic weights of the formula; peptides: of their residues
    "aldosterone": 360.44,
    "dheas": 368.49,
    "copper": 63.546,
    "zinc": 65.38,
    "c_peptide": 3020.3,
    "bnp": 3464.0,
    "nt_probnp": 8457.0,  # 0.118 pmol/L per ng/L
    "acth": 4541.1,
    "calcitonin": 3417.8,
    "parathyroid_hormone": 9425.0,  # 0.106 pmol/L per ng/L
    "igf1": 7649.0,
    "anti_mullerian_hormone": 140000.0,  # 7.14 pmol/L per ug/L
}
#: Two units of one ratio that hospitals write for HbA1c only: IFCC and NGSP values lie on a line that misses the origin.
HBA1C = {"mmol/mol", "%"}
#: Equivalents per mol.
VALENCE: dict[str, int] = {"sodium": 1, "potassium": 1, "chloride": 1, "bicarbonate": 1, "calcium": 2, "magnesium": 2}
#: Words of headers, in eight languages, that name an analyte (folded, matched at the start of a word).
ANALYTE_WORDS: dict[str, str] = {
    "cholesterol": "chol cholesterol cholesterin kolesterol kolesteroli colesterol hdl ldl tc totalkolesterol gesamtcholesterin",
    "triglycerides": "tg trig triglycer triglyser triglyz triglisérid trigliceri",
    "glucose": "gluc glucose glukose glukos glukoosi glucosa blutzucker nüchternzucker blodsukker blodsocker fbs bz",
    "creatinine": "crea creatinine kreatinin kreatiniini creatinina scr",
    "urea": "urea harnstoff karbamid",
    "urea_nitrogen": "bun",
    "uric_acid": "uric harnsäure urat urinsyre urinsyra",
    "bilirubin": "bili bilirubin bilirubiini bilirrubina",
    "calcium": "calcium kalzium kalsium",
    "magnesium": "magnesium",
    "phosphate": "phosph fosfat",
    "iron": "iron eisen jern järn ferrum",
    "sodium": "sodium natrium sodio",
    "potassium": "potassium kalium potasio",
    "chloride": "chloride chlorid klorid",
    "bicarbonate": "bicarb bikarb hco3",
    "haemoglobin": "hb hgb haemoglobin hemoglobin hämoglobin hemoglobiini hemoglobina",
    "albumin": "alb albumin albumiini albúmina",
    "lactate": "lactate laktat",
    "vitamin_d": "25ohd calcidiol vitamind",
    "testosterone": "testosteron",
    "cortisol": "cortisol kortisol",
}


def convert_factor(from_unit: str, to_unit: str, analyte: str | None = None) -> float:
    """The number a value in `from_unit` is multiplied by to stand in `to_unit`.

    Mass and amount of substance need the analyte. ConfigError where a unit is unknown or the two measure
    different things.

    >>> round(convert_factor("mmol/l", "mg/dL", "cholesterol"), 6), round(convert_factor("umol/L", "mg/dL", "creatinine"), 6)
    (38.67, 0.011312)
    >>> convert_factor("kg", "g"), convert_factor("bpm", "/min")
    (1000.0, 1.0)
    """
    start, end = _known(from_unit), _known(to_unit)
    if canonical_unit(from_unit) == canonical_unit(to_unit):
        return 1.0
    if start.offset != end.offset:
        raise ConfigError(
            f"{from_unit!r} and {to_unit!r} do not share their zero", hint="write an expr in the codebook"
        )
    if {canonical_unit(from_unit), canonical_unit(to_unit)} == HBA1C:
        raise ConfigError(
            "HbA1c in mmol/mol and in % do not share their zero",
            hint="write an expr in the codebook: percent = 0.0915 * mmol/mol + 2.15",
        )
    molar = _link(start, end, analyte)
    if molar is None:
        raise ConfigError(
            f"no factor from {from_unit!r} to {to_unit!r}" + _of(analyte), hint=_hint(start, end, analyte)
        )
    return _tidy(start.scale / end.scale * molar)


def can_convert(from_unit: str, to_unit: str, analyte: str | None = None) -> bool:
    """Whether `convert_factor` has an answer."""
    try:
        convert_factor(from_unit, to_unit, analyte)
    except ConfigError:
        return False
    return True


def analyte_of(header: str) -> str | None:
    """The analyte a header names, for the molar factor; None where none is recognised.

    >>> analyte_of("Serum cholesterol (mg/dl)"), analyte_of("Nüchternzucker"), analyte_of("Age")
    ('cholesterol', 'glucose', None)
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", header).casefold())
    for word in words:
        for analyte, stems in _STEMS.items():
            if any(word == stem or (len(stem) > 4 and word.startswith(stem)) for stem in stems):
                return analyte
    return None


_STEMS = {analyte: tuple(words.split()) for analyte, words in ANALYTE_WORDS.items()}


@lru_cache(maxsize=1024)
def _known(text: str) -> Unit:
    code = canonical_unit(text) or text
    unit = parse_ucum(code)
    if unit is None:
        raise ConfigError(
            f"unknown unit {text!r}", hint=did_you_mean(text, _common()) or "use a UCUM code such as mmol/L"
        )
    return unit


def _common() -> tuple[str, ...]:
    return (
        "mm[Hg]",
        "mg/dL",
        "mmol/L",
        "umol/L",
        "g/dL",
        "g/L",
        "/min",
        "a",
        "kg",
        "cm",
        "mm",
        "U/L",
        "10*9/L",
        "%",
        "Cel",
    )


def _link(start: Unit, end: Unit, analyte: str | None) -> float | None:
    """What the change of quantity multiplies by: 1 within a dimension, a molar mass or valence across."""
    if start.dimension == end.dimension:
        return 1.0
    if analyte is not None and analyte not in MOLAR_MASS and analyte not in VALENCE:
        raise ConfigError(f"unknown analyte {analyte!r}", hint=did_you_mean(analyte, sorted({*MOLAR_MASS, *VALENCE})))
    factor, power = 1.0, dict.fromkeys(("g", "mol", "eq"), 0)
    for quantity, per_mol in (("g", MOLAR_MASS.get(analyte or "")), ("eq", VALENCE.get(analyte or ""))):
        gained = end.exponent(quantity) - start.exponent(quantity)
        power[quantity] = gained
        if gained and per_mol is None:
            return None
        factor *= (per_mol or 1.0) ** gained
    power["mol"] = end.exponent("mol") - start.exponent("mol")
    same_rest = all(
        a == b for q, a, b in zip(DIMENSIONS, start.dimension, end.dimension, strict=True) if q not in power
    )
    return factor if same_rest and sum(power.values()) == 0 else None


def _tidy(factor: float) -> float:
    """Take off the last binary digits, so that 18.02 is 18.02."""
    return float(f"{factor:.12g}")


def _of(analyte: str | None) -> str:
    return f" for {analyte}" if analyte else ""


def _hint(start: Unit, end: Unit, analyte: str | None) -> str:
    molar = {start.exponent("mol") - end.exponent("mol"), start.exponent("g") - end.exponent("g")} != {0}
    if analyte is None and molar:
        return "name the analyte in the codebook, e.g. analyte: cholesterol"
    return "they measure different things: check unit: in the codebook"
