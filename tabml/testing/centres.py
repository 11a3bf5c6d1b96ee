"""Generated exports of two centres with a known truth: other headers, languages, units, codes and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.units import convert_factor
from tabml.testing import catalogue as words

Floats = NDArray[np.float64]
#: Patients a centre has, columns both have, columns only one has.
PATIENTS, SHARED, OWN = (120, 260), 14, 3
#: Chance that a header names its unit, that a centre uses another unit, that codes stand for words, that a name is odd.
UNIT_NAMED, OTHER_UNIT, CODED, ODD_NAME = 0.6, 0.45, 0.25, 0.04
#: How much what a variable depends on differs between centres (SD; the loadings themselves have 0.5).
OTHER_PATIENTS = 0.2
#: A shift of unit counts as planted where both sides state none and the factor is no mere rounding.
LEAST_SHIFT = 3.0


@dataclass(frozen=True)
class Variable:
    """One line of the catalogue: names by language, alternatives in a tuple; `facts` are the form's numbers."""

    key: str
    form: str
    facts: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    levels: tuple[Mapping[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Pair:
    """Two csv files and what is true of them: header at the first -> header at the second, units, planted shifts."""

    files: tuple[str, str]
    texts: tuple[str, str]
    partner: Mapping[str, str]
    units: tuple[Mapping[str, str], Mapping[str, str]]
    shifted: frozenset[str] = frozenset()
    """Headers at the second centre in another unit than the first's, where no header says so."""
    n_columns: int = 0

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The two files on disk."""
        for name, text in zip(self.files, self.texts, strict=True):
            (folder / name).write_text(text, encoding="utf-8")
        return folder / self.files[0], folder / self.files[1]


@dataclass
class _Centre:
    """One export under way."""

    language: str
    rng: np.random.Generator
    n: int
    columns: dict[str, list[str]] = field(default_factory=dict)
    header_of: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    named_unit: dict[str, bool] = field(default_factory=dict)

    @property
    def comma(self) -> bool:
        return self.language != "en"


def catalogue() -> tuple[Variable, ...]:
    """All variables the generator knows."""
    found = [_line(line, "measure") for line in _lines(words.MEASURES)]
    found += [_line(line, "count") for line in _lines(words.COUNTS)]
    found += [_line(line, "yesno") for line in _lines(words.YES_NO)]
    return (*found, *(_levels(line) for line in _lines(words.LEVELS)))


def pair(seed: int) -> Pair:
    """One pair of centres of two languages; the same seed gives the same files."""
    rng = np.random.default_rng(seed)
    first, second = rng.choice(len(words.LANGUAGES), size=2, replace=False)
    centres = [_Centre(words.LANGUAGES[i], rng, int(rng.integers(*PATIENTS))) for i in (first, second)]
    drawn = list(rng.permutation(np.array(catalogue(), dtype=object)))[: SHARED + 2 * OWN]
    shared, own = drawn[:SHARED], (drawn[SHARED : SHARED + OWN], drawn[SHARED + OWN :])
    latent = [rng.normal(size=(c.n, 3)) for c in centres]
    loads = {v.key: rng.normal(size=3) * 0.5 for v in drawn}
    own_loads = [{key: load + rng.normal(size=3) * OTHER_PATIENTS for key, load in loads.items()} for _ in centres]
    hidden = next((v.key for v in shared if v.form == "measure" and _has_far_units(v)), None)
    for centre, extra, factors, loading in zip(centres, own, latent, own_loads, strict=True):
        _frame(centre)
        for variable in rng.permutation(np.array([*shared, *extra], dtype=object)):
            _add(centre, variable, factors @ loading[variable.key], hidden == variable.key, centre is centres[1])
    outcome = _lines(words.OUTCOMES)[int(rng.integers(3))]
    for centre in centres:
        _outcome(centre, outcome)
    a, b = centres
    partner = {a.header_of[key]: b.header_of[key] for key in a.header_of if key in b.header_of}
    shifted = frozenset(b.header_of[v.key] for v in shared if _is_shift(v, a, b))
    files = (f"centre_{seed}_a.csv", f"centre_{seed}_b.csv")
    units = tuple({c.header_of[key]: unit for key, unit in c.units.items()} for c in centres)
    return Pair(files, (_csv(a), _csv(b)), partner, (units[0], units[1]), shifted, sum(len(c.columns) for c in centres))


def _lines(text: str) -> list[str]:
    return [line for line in text.strip().splitlines() if line.strip()]


def _line(line: str, form: str) -> Variable:
    parts = [p.strip() for p in line.split("|")]
    names = {k: _alternatives(n) for k, n in zip(words.LANGUAGES, parts[2:], strict=True)}
    return Variable(parts[0], form, tuple(parts[1].split()), names)


def _levels(line: str) -> Variable:
    head, _, tail = line.partition("||")
    parts = [p.strip() for p in head.split("|")]
    cells = [_alternatives(c) for c in tail.split("|")]
    levels = tuple(dict(zip(words.LANGUAGES, cells[i : i + 4], strict=True)) for i in range(0, len(cells), 4))
    return Variable(parts[0], "levels", tuple(parts[1].split()),
                    {k: _alternatives(n) for k, n in zip(words.LANGUAGES, parts[2:6], strict=True)}, levels)  # fmt: skip


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";"))


def _frame(centre: _Centre) -> None:
    """Ids and the date of the visit."""
    rng = centre.rng
    prefix = "ABCDEFGHKLMNPRSTU"[int(rng.integers(17))]
    ids = [f"{prefix}{i:04d}" for i in range(1, centre.n + 1)]
    centre.columns[str(rng.choice(words.IDS[centre.language]))] = ids
    days = rng.integers(0, 2000, size=centre.n)
    dates = np.datetime64("2015-01-05") + days
    centre.columns[words.DATES[centre.language]] = [f"{str(d)[8:10]}.{str(d)[5:7]}.{str(d)[:4]}" for d in dates]


def _has_far_units(variable: Variable) -> bool:
    units = variable.facts[4].split(",")
    return len(units) > 1 and not 1 / LEAST_SHIFT < _factor(variable, units[0], units[1]) < LEAST_SHIFT


def _factor(variable: Variable, from_unit: str, to_unit: str) -> float:
    return convert_factor(from_unit, to_unit, words.ANALYTES.get(variable.key))


def _add(centre: _Centre, variable: Variable, signal: Floats, is_hidden: bool, is_second: bool) -> None:
    """One column; a hidden one stands in another unit at the second centre, and no header says so."""
    rng = centre.rng
    header = str(rng.choice(variable.names[centre.language]))
    if variable.form == "measure":
        cells, unit = _measured(centre, variable, signal, int(is_second) if is_hidden else None)
        header = header if is_hidden else _with_unit(centre, variable.key, header, unit)
    elif variable.form == "count":
        mean, top = map(float, variable.facts)
        cells = [str(v) for v in np.minimum(rng.poisson(mean * np.exp(0.3 * signal - 0.05)), top).astype(int)]
    elif variable.form == "yesno":
        cells = _yes_no(centre, _drawn(rng, signal, float(variable.facts[0])))
    else:
        cells = _worded(centre, variable, signal)
    header = _styled(rng, header)
    if rng.random() < ODD_NAME and not is_hidden:
        header = f"V{int(rng.integers(10, 99))}"
    while header in centre.columns:
        header += " 2"
    centre.columns[header] = _with_gaps(centre, cells)
    centre.header_of[variable.key] = header


def _measured(centre: _Centre, variable: Variable, signal: Floats, place: int | None) -> tuple[list[str], str]:
    """Cells and unit; `place` of the unit among the variable's, drawn where None."""
    rng = centre.rng
    spread, mean, sd, decimals = variable.facts[0], *map(float, variable.facts[1:4])
    units = variable.facts[4].split(",")
    shift = rng.normal() * 0.2
    z = (0.6 * rng.normal(size=centre.n) + signal) / np.sqrt(1.1) + shift
    if spread == "log":
        sigma = np.sqrt(np.log1p((sd / mean) ** 2))
        values = mean * np.exp(sigma * z - sigma**2 / 2)
    else:
        values = np.maximum(mean + sd * z, mean * 0.05)
    if place is None:
        place = int(rng.integers(1, len(units))) if len(units) > 1 and rng.random() < OTHER_UNIT else 0
    unit = units[place]
    if place:
        values = values * _factor(variable, units[0], unit)
        decimals = float(np.clip(2 - np.floor(np.log10(np.median(values))), 0, 3))
    if variable.key in ("spo2", "mmse"):
        values = np.minimum(values, 100 if variable.key == "spo2" else 30)
    centre.units[variable.key] = unit
    texts = [f"{v:.{int(decimals)}f}" for v in values]
    return [t.replace(".", ",") for t in texts] if centre.comma else texts, unit


def _with_unit(centre: _Centre, key: str, header: str, unit: str) -> str:
    spelled = words.SPELLED.get(unit, unit)
    named = bool(spelled) and centre.rng.random() < UNIT_NAMED
    centre.named_unit[key] = named
    return (
        f"{header} ({spelled})" if named and centre.rng.random() < 0.5 else f"{header} [{spelled}]" if named else header
    )


def _drawn(rng: np.random.Generator, signal: Floats, share: float) -> NDArray[np.bool_]:
    cut = np.log(share / (1 - share))
    return np.asarray(rng.random(len(signal)) < 1 / (1 + np.exp(-(cut + signal))))


def _yes_no(centre: _Centre, drawn: NDArray[np.bool_]) -> list[str]:
    if centre.rng.random() < 0.3:
        return ["1" if d else "0" for d in drawn]
    options = words.WORDS[centre.language]
    no, yes = options[int(centre.rng.integers(len(options)))]
    return [yes if d else no for d in drawn]


def _worded(centre: _Centre, variable: Variable, signal: Floats) -> list[str]:
    """Levels in one set of words of the centre's language, or as codes from 1 where they are ordered."""
    rng = centre.rng
    shares = np.array([float(f) for f in variable.facts])
    cuts = np.quantile(rng.normal(size=4000), np.cumsum(shares / shares.sum())[:-1])
    level = np.digitize((0.8 * rng.normal(size=centre.n) + 0.6 * signal), cuts)
    choice = int(rng.integers(3))
    names = [lv[centre.language][min(choice, len(lv[centre.language]) - 1)] for lv in variable.levels]
    if rng.random() < CODED:
        names = [str(i + 1) for i in range(len(names))]
    return [names[i] for i in level]


def _styled(rng: np.random.Generator, header: str) -> str:
    """The header as it is, in capitals, or as a name of a database."""
    style = rng.random()
    if style < 0.7 or "(" in header or "[" in header:
        return header
    return header.upper() if style < 0.8 else header.replace(" ", "_").lower()


def _with_gaps(centre: _Centre, cells: Sequence[str]) -> list[str]:
    rng = centre.rng
    share = float(rng.choice([0.0, 0.02, 0.1, 0.3]))
    gap = str(rng.choice(words.MISSING[centre.language]))
    return [gap if rng.random() < share else cell for cell in cells]


def _outcome(centre: _Centre, line: str) -> None:
    parts = [p.strip() for p in line.split("|")]
    names = _alternatives(parts[1 + words.LANGUAGES.index(centre.language)])
    header = str(centre.rng.choice(names))
    centre.columns[header] = _yes_no(centre, _drawn(centre.rng, np.zeros(centre.n), 0.25))
    centre.header_of[parts[0]] = header


def _is_shift(variable: Variable, a: _Centre, b: _Centre) -> bool:
    """Whether the two centres use different units and neither header says so."""
    if variable.form != "measure" or a.units[variable.key] == b.units[variable.key]:
        return False
    if a.named_unit.get(variable.key) or b.named_unit.get(variable.key):
        return False
    factor = _factor(variable, a.units[variable.key], b.units[variable.key])
    return not 1 / LEAST_SHIFT < factor < LEAST_SHIFT


def _csv(centre: _Centre) -> str:
    headers = list(centre.columns)
    fixed, free = headers[:2], headers[2:]
    order = [*fixed, *centre.rng.permutation(np.array(free, dtype=object))]
    rows = zip(*(centre.columns[h] for h in order), strict=True)
    return "\n".join([";".join(order), *(";".join(row) for row in rows)]) + "\n"
