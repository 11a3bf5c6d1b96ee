"""How exports spell units, and the UCUM code each spelling means."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tabml.ingest.units.ucum import parse_ucum

#: UCUM code -> spellings, compared without case, spaces and dots. Codes themselves need no entry.
_SPELLINGS: dict[str, str] = {
    "mm[Hg]": "mmhg mm_hg torr mmquecksilber",
    "kPa": "kpa",
    "cm[H2O]": "cmh2o",
    "mg/dL": "mg/dl mg/100ml mg% mgdl mg_dl",
    "g/dL": "g/dl g/100ml gdl g_dl g%",
    "ug/dL": "µg/dl mcg/dl",
    "mg/L": "mg/l mgl mg_l",
    "g/L": "g/l",
    "ug/L": "µg/l mcg/l",
    "ng/mL": "ng/ml",
    "ng/L": "ng/l",
    "pg/mL": "pg/ml",
    "ug/mL": "µg/ml mcg/ml",
    "mmol/L": "mmol/l mmoll mmol_l mm/l",
    "umol/L": "µmol/l mcmol/l mikromol/l umol_l",
    "nmol/L": "nmol/l",
    "pmol/L": "pmol/l",
    "mmol/mol": "mmol/mol",
    "meq/L": "meq/l mval/l mekv/l",
    "[iU]/L": "iu/l ie/l iu_l",
    "U/L": "u/l e/l units/l",
    "m[iU]/L": "miu/l mie/l mu/l",
    "u[iU]/mL": "µiu/ml uiu/ml µie/ml µu/ml",
    "m[iU]/mL": "miu/ml",
    "k[iU]/L": "kiu/l kie/l ku/l",
    "ukat/L": "µkat/l",
    "nkat/L": "nkat/l",
    "/min": "bpm beats/min beats/minute slag/min slag/minutt schläge/min 1/min min-1 pr/min per_min per_minute /minute x/min puls/min min^-1 breaths/min breaths/minute rpm lpm 次/分 次/min atemzüge/min lat/min",
    "/s": "1/s s-1",
    "10*9/L": "10^9/l 10e9/l x10^9/l x10e9/l ×10^9/l 10**9/l g/l_(10^9) giga/l gpt/l 10⁹/l 10*9/l x10⁹/l ×10⁹/l",
    "10*12/L": "10^12/l 10e12/l x10^12/l ×10^12/l tera/l tpt/l 10¹²/l 10*12/l",
    "10*3/uL": "10^3/µl 10^3/ul k/µl k/ul tsd/µl 10*3/µl x10^3/µl thousand/µl",
    "10*6/uL": "10^6/µl 10^6/ul m/µl mio/µl 10*6/µl",
    "/uL": "/µl 1/µl cells/µl zellen/µl /mm3 /mm³ cells/mm3",
    "a": "years year yrs yr y_o yo y jahre jahr jahren år aar vuotta vuosi años año anos ans lata anni jaar 岁 歳 세",
    "mo": "months month mths mth mnd måneder måned mdr månader månad monate monat mon kk kuukautta meses mes",
    "wk": "weeks week wks uker uke veckor vecka uger wochen woche wo viikkoa semanas semana",
    "d": "days day døgn dager dag dagar dage tage tag tagen päivää vrk días dias día",
    "h": "hours hour hrs hr timer time_h std stunden stunde tunti tuntia horas hora timmar",
    "min": "minutes minute mins minutter minuter minuten minuuttia minutos",
    "s": "seconds second sec secs sek sekunder sekunden segundos",
    "ms": "msec millisec millisekunden millisekunder",
    "kg": "kilo kilogram kilograms kilogramm kgs",
    "g": "gram grams gramm gr",
    "mg": "milligram",
    "ug": "µg mcg mikrogram mikrogramm",
    "[lb_av]": "lb lbs pounds pound",
    "[oz_av]": "oz ounces",
    "[stone_av]": "stone st_av",
    "cm": "centimeter centimetre zentimeter cms",
    "mm": "millimeter millimetre",
    "m": "meter metre metres meters",
    "[in_i]": "inch inches in_i",
    "[ft_i]": "feet foot ft",
    "um": "µm mikrometer mikron",
    "cm2": "cm² cm^2 sqcm",
    "mm2": "mm² mm^2",
    "m2": "m² m^2",
    "cm3": "cm³ cm^3 cc ccm",
    "mm3": "mm³ mm^3",
    "mL": "ml milliliter",
    "L": "l liter litre",
    "dL": "dl",
    "uL": "µl ul",
    "kg/m2": "kg/m² kg/m^2 kg/m2 kgm2",
    "g/m2": "g/m² g/m^2",
    "mg/m2": "mg/m² mg/m^2",
    "mL/min": "ml/min",
    "L/min": "l/min",
    "mL/min/{1.73_m2}": "ml/min/1,73m2 ml/min/173m2 ml/min/1,73m² ml/min/173m² ml/min/1,73_m2 ml/min/1,73m^2 ml/min/173m^2",
    "mg/g": "mg/g",
    "mg/mmol": "mg/mmol",
    "mg/kg": "mg/kg",
    "ug/kg": "µg/kg",
    "mm/h": "mm/h mm/hr mm/std mm/t mm/time",
    "fL": "fl",
    "pg": "pg",
    "mmol": "mmol",
    "umol": "µmol umol",
    "nmol": "nmol",
    "pmol": "pmol",
    "[iU]": "iu ie",
    "meq": "meq",
    "%": "% percent prozent prosent procent prosenttia porcentaje pct vol%",
    "Cel": "°c c° grad_c gradc celsius ℃ degc",
    "[degF]": "°f fahrenheit degf ℉",
    "Hz": "hz hertz",
    "mV": "mv",
    "V": "volt",
    "kV": "kilovolt kvp",
    "mA": "ma",
    "Ohm": "ω ohm",
    "J": "joule",
    "kJ": "kj",
    "kcal": "kcal",
    "dB": "db decibel",
    "{packs}.a": "pack-years packyears pack_years py pakkeår",
    "{score}": "points point punkte poeng poäng pts score",
}
#: Spellings of one or two letters that are words of headers too: units in brackets or cells only.
_SHORT = 2


def _fold_unit(text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip().replace("μ", "µ")
    return re.sub(r"[\s.]+", "", text.casefold().replace("μ", "µ"))


_BY_SPELLING: dict[str, str] = {}
for _code, _words in _SPELLINGS.items():
    for _word in _words.split():
        _BY_SPELLING.setdefault(_fold_unit(_word), _code)
        _BY_SPELLING.setdefault(_fold_unit(_word.replace("_", "")), _code)
for _code in _SPELLINGS:
    _BY_SPELLING.setdefault(_fold_unit(_code), _code)


@lru_cache(maxsize=4096)
def canonical_unit(text: str) -> str | None:
    """The UCUM code of a unit however the export spells it; None where it is no unit we know.

    >>> canonical_unit("mmHg"), canonical_unit("mg/dl"), canonical_unit("år"), canonical_unit("bpm")
    ('mm[Hg]', 'mg/dL', 'a', '/min')
    >>> canonical_unit("0-4"), canonical_unit("mmol/l")
    (None, 'mmol/L')
    """
    text = text.strip()
    if not text or len(text) > 40:
        return None
    if text.rstrip(".") == "v":  # years in Finnish; volts are written V
        return "a"
    known = _BY_SPELLING.get(_fold_unit(text))
    if known is not None:
        return known
    # a compound code as UCUM writes it, such as `umol/g`; bare numbers and words (`pm`) are no unit
    if not re.search(r"[/\[{]", text) or re.fullmatch(r"[0-9.*/^\s-]+", text) or re.search(r"\s", text):
        return None
    return text if parse_ucum(text) is not None else None


def split_unit(header: str) -> tuple[str, str | None]:
    """Separate a measurement from its unit: in brackets, after a comma, or as a plain last word.

    >>> split_unit("Hb (g/dL)"), split_unit("Cholesterin [mmol/l]"), split_unit("Weight, kg"), split_unit("wt_kg")
    (('Hb', 'g/dL'), ('Cholesterin', 'mmol/l'), ('Weight', 'kg'), ('wt', 'kg'))
    >>> split_unit("Smoker"), split_unit("Diagnosis (0-4)"), split_unit("HF max")
    (('Smoker', None), ('Diagnosis (0-4)', None), ('HF max', None))
    >>> split_unit("mRS 3 kk"), split_unit("Follow-up kk")
    (('mRS 3 kk', None), ('Follow-up', 'kk'))
    """
    header = " ".join(header.split())
    found = re.fullmatch(r"(.*?\S)\s*(?:\[([^\[\]]+)\]|\(([^()]*(?:\([^()]*\)[^()]*)?)\))", header)
    if found:
        unit = found[2] or found[3]
        return (found[1], unit.strip()) if canonical_unit(unit) else (header, None)
    found = re.fullmatch(r"(.*?\S)\s*(?:,\s*| in |\s|_)([^\s,_]+)", header)
    if found and _stands_alone(found[2]) and not re.search(r"[<>≤≥]", found[1]) and not _is_time(found):
        return found[1], found[2]
    return header, None


def _is_time(found: re.Match[str]) -> bool:
    """A number before a unit of time says when: the scale of `mRS 3 months` is not measured in months."""
    return canonical_unit(found[2]) in _TIMES and found[1][-1].isdigit()


_TIMES = frozenset(["a", "mo", "wk", "d", "h", "min", "s"])


def _stands_alone(text: str) -> bool:
    """Whether a last word is a unit even without brackets: `kg`, `mmHg`, `mg/dl`, but not `a`, `min` or `time`."""
    code = canonical_unit(text)
    if code is None:
        return False
    return "/" in text or (len(text) >= _SHORT and code in _ALONE)


_TIMES = frozenset(("a", "mo", "wk", "d", "h", "min"))
_ALONE = frozenset(
    [
        "kg",
        "cm",
        "mm",
        "mm[Hg]",
        "kPa",
        "mg/dL",
        "mmol/L",
        "umol/L",
        "a",
        "mo",
        "d",
        "kg/m2",
        "/min",
        "cm3",
        "mL",
        "meq/L",
        "g/dL",
    ]
)
