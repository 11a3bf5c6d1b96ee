"""Units: how exports spell them, what they measure, and the factors between them."""

from tabml.ingest.units.convert import MOLAR_MASS, VALENCE, analyte_of, can_convert, convert_factor
from tabml.ingest.units.ucum import Unit, parse_ucum
from tabml.ingest.units.words import canonical_unit, split_unit

__all__ = [
    "MOLAR_MASS",
    "VALENCE",
    "Unit",
    "analyte_of",
    "can_convert",
    "canonical_unit",
    "convert_factor",
    "parse_ucum",
    "split_unit",
]
