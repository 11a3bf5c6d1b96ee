"""Our UCUM subset: a unit code is a scale and a dimension, so that two codes of one dimension convert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

#: Base quantities; `mol`, `eq` and `IU` stay apart from mass: only an analyte links them.
DIMENSIONS = ("g", "m", "s", "mol", "eq", "IU", "K", "J", "A", "dB")
_PREFIX = {
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "h": 1e2,
    "d": 1e-1,
    "c": 1e-2,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
}
#: atom -> (scale, dimension as exponents, takes prefixes). 1 a = 365.25 d, 1 mo = 30.4375 d.
_ATOMS: dict[str, tuple[float, dict[str, int], bool]] = {
    "1": (1.0, {}, False),
    "%": (0.01, {}, False),
    "[ppm]": (1e-6, {}, False),
    "[iU]": (1.0, {"IU": 1}, True),
    "U": (1.0, {"IU": 1}, True),
    "g": (1.0, {"g": 1}, True),
    "[lb_av]": (453.59237, {"g": 1}, False),
    "[oz_av]": (28.349523125, {"g": 1}, False),
    "[stone_av]": (6350.29318, {"g": 1}, False),
    "mol": (1.0, {"mol": 1}, True),
    "eq": (1.0, {"eq": 1}, True),
    "m": (1.0, {"m": 1}, True),
    "[in_i]": (0.0254, {"m": 1}, False),
    "[ft_i]": (0.3048, {"m": 1}, False),
    "L": (1e-3, {"m": 3}, True),
    "s": (1.0, {"s": 1}, True),
    "min": (60.0, {"s": 1}, False),
    "h": (3600.0, {"s": 1}, False),
    "d": (86400.0, {"s": 1}, False),
    "wk": (604800.0, {"s": 1}, False),
    "mo": (30.4375 * 86400, {"s": 1}, False),
    "a": (365.25 * 86400, {"s": 1}, False),
    "Hz": (1.0, {"s": -1}, True),
    "Pa": (1e3, {"g": 1, "m": -1, "s": -2}, True),
    "bar": (1e8, {"g": 1, "m": -1, "s": -2}, True),
    "m[Hg]": (133.322387415e6, {"g": 1, "m": -1, "s": -2}, True),
    "m[H2O]": (9.80665e6, {"g": 1, "m": -1, "s": -2}, True),
    "J": (1.0, {"J": 1}, True),
    "cal": (4.184, {"J": 1}, True),
    "A": (1.0, {"A": 1}, True),
    "V": (1.0, {"J": 1, "A": -1, "s": -1}, True),
    "Ohm": (1.0, {"J": 1, "A": -2, "s": -1}, True),
    "kat": (6e7, {"IU": 1}, True),  # 1 U = 1 umol/min
    "K": (1.0, {"K": 1}, False),
    "Cel": (1.0, {"K": 1}, False),
    "[degF]": (5 / 9, {"K": 1}, False),
    "dB": (1.0, {"dB": 1}, False),
}
#: Scales that do not start at zero: value in kelvin = scale * value + offset.
OFFSETS = {"Cel": 273.15, "[degF]": 459.67 * 5 / 9}
_TERM = re.compile(r"(10\*-?[0-9]+|(?:[^0-9^\[]|\[[^\]]*\])+|1)\^?(-?[0-9])?")


@dataclass(frozen=True)
class Unit:
    """A unit as `scale` times the base units to the exponents in `dimension` (order of DIMENSIONS)."""

    scale: float
    dimension: tuple[int, ...]
    offset: float = 0.0

    def exponent(self, quantity: str) -> int:
        return self.dimension[DIMENSIONS.index(quantity)]


@lru_cache(maxsize=1024)
def parse_ucum(code: str) -> Unit | None:
    """The unit of a UCUM code such as `mm[Hg]`, `mg/dL`, `10*9/L` or `mL/min/{1.73_m2}`; None if unknown.

    Text in braces annotates and does not count, as in UCUM.
    """
    stated = code.strip()
    code = re.sub(r"\{[^{}]*\}", "", stated) or ("1" if stated else "")
    if code in OFFSETS:
        scale, dimension, _ = _ATOMS[code]
        return Unit(scale, _vector(dimension), OFFSETS[code])
    scale, powers, sign = 1.0, dict.fromkeys(DIMENSIONS, 0), 1
    for part in re.findall(r"[/.]|[^/.]+", code):
        if part in "/.":
            sign = -1 if part == "/" else 1
            continue
        term = _term(part)
        if term is None:
            return None
        scale *= term.scale**sign
        for name, power in zip(DIMENSIONS, term.dimension, strict=True):
            powers[name] += sign * power
    return Unit(scale, _vector(powers)) if code else None


def _vector(powers: dict[str, int]) -> tuple[int, ...]:
    return tuple(powers.get(name, 0) for name in DIMENSIONS)


def _term(text: str) -> Unit | None:
    found = _TERM.fullmatch(text)
    if not found:
        return None
    if found[1].startswith("10*"):
        return Unit(10.0 ** int(found[1][3:]), _vector({})) if not found[2] else None
    atom = _atom(found[1])
    power = int(found[2] or 1)
    return Unit(atom.scale**power, tuple(power * p for p in atom.dimension)) if atom else None


def _atom(name: str) -> Unit | None:
    if name in _ATOMS:
        scale, dimension, _ = _ATOMS[name]
        return Unit(scale, _vector(dimension))
    for prefix, factor in _PREFIX.items():
        rest = name.removeprefix(prefix)
        if prefix and rest != name and rest in _ATOMS and _ATOMS[rest][2]:
            scale, dimension, _ = _ATOMS[rest]
            return Unit(factor * scale, _vector(dimension))
    return None
