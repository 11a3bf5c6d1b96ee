"""Code lists beside a table (sheets Codebook, Codes, Kodebok...): labels, units, codes with meanings, missing words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tabml.ingest.layout import NoTable
from tabml.ingest.layout.words import EXPLAINED, EXPLANATION
from tabml.ingest.propose.profile import Profile
from tabml.ingest.propose.told import label_of
from tabml.ingest.units import canonical_unit
from tabml.ingest.values import cell_text, fold, is_missing

_CODE_WORDS = frozenset(
    [
        "code",
        "codes",
        "kode",
        "koder",
        "kod",
        "koodi",
        "código",
        "codigo",
        "value",
        "values",
        "wert",
        "ausprägung",
        "ausprägungen",
        "values",
    ]
)
_UNIT_WORDS = frozenset(["unit", "units", "enhet", "einheit", "yksikkö", "unidad", "enhed", "unité"])
_MISSING_WORDS = frozenset(
    [
        "missing",
        "missing",
        "value",
        "missing",
        "values",
        "manglende",
        "fehlend",
        "fehlwerte",
        "saknas",
        "mangler",
        "puuttuva",
        "faltante",
        "perdido",
    ]
)
_ALL_WORDS = frozenset(["all", "any", "alle", "alla", "kaikki", "todos", "todas", "tous", "samtliche", "alle", "felder", "all", "variables", "every", "variable", "*"]) | {
    "all variables", "alle felder", "alle variabler", "alla variabler", "alle variablen"}  # fmt: skip
_PAIR = re.compile(r"(?P<code>-?\d+(?:\s*[-–]\s*\d+)?|[^\W\d_]{1,3})\s*[=:]\s*(?P<meaning>[^;,|\n]+)")
_SAYS_MISSING = re.compile(
    r"missing|unknown|manglende|mangler|ukjent|saknas|okänd|fehl|unbekannt|nicht (?:bekannt|gemessen|erhoben)|ikke (?:målt|kjent|utført)"
    r"|ej (?:mätt|känt)|puuttu|tuntematon|desconocid|no (?:medido|realizado)|not (?:measured|done|known|recorded)|inconnu|manquant",
    re.IGNORECASE,
)  # fmt: skip


@dataclass
class Note:
    """What a code list says about one column."""

    label: str = ""
    unit: str | None = None
    meanings: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class CodeList:
    """Notes by folded column name, and words that mean missing everywhere."""

    notes: Mapping[str, Note] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()

    def note(self, header: str) -> Note:
        """What is said of a column, by its header or the header's last part; an empty note where nothing is."""
        for name in (fold(header), fold(header.rsplit(" / ", 1)[-1])):
            if name in self.notes:
                return self.notes[name]
        return Note()


def code_list(sheets: Iterable[NoTable], headers: Sequence[str]) -> CodeList:
    """All code lists of one file read together; `headers` are the columns of its tables."""
    notes: dict[str, Note] = {}
    missing: set[str] = set()
    known = {fold(h.rsplit(" / ", 1)[-1]) for h in headers} | {fold(h) for h in headers}
    for sheet in sheets:
        if sheet.reason.startswith("a list of codes"):
            for row in _rows(sheet):
                _take(row, known, notes, missing)
    return CodeList(notes, frozenset(missing))


def with_note(column: Profile, codes: CodeList) -> Profile:
    """A column with what a code list says of it: missing codes, meanings and label."""
    note = codes.note(column.header)
    missing = column.also_missing | codes.missing | note.missing
    return replace(column, also_missing=frozenset(missing), meanings=dict(note.meanings), label=note.label)


def note_of(column: Profile, codes: CodeList) -> Note:
    """What the file itself states of a column (SPSS labels, a REDCap dictionary), then what a code list says."""
    listed, stated = codes.note(column.header), column.stated
    told = label_of(stated)
    label, unit = told if told is not None else ("", canonical_unit(stated.unit or ""))
    return Note(
        label=label or listed.label,
        unit=unit or listed.unit,
        meanings={**listed.meanings, **stated.levels},
        missing=listed.missing | set(stated.missing),
    )


@dataclass(frozen=True)
class _Row:
    name: str
    code: str
    text: str
    unit: str
    missing: str


def _rows(sheet: NoTable) -> Iterator[_Row]:
    """Rows below the header of a code list; a blank name repeats the one above."""
    cells = [[cell_text(v) for v in row] for row in sheet.sheet.rows()]
    head = next((i for i, row in enumerate(cells) if _is_head({fold(t) for t in row if t})), None)
    if head is None:
        return
    names = [fold(t) for t in cells[head]]
    at = {
        "name": next(j for j, n in enumerate(names) if n in EXPLAINED),
        "code": next((j for j, n in enumerate(names) if n in _CODE_WORDS), None),
        "unit": next((j for j, n in enumerate(names) if n in _UNIT_WORDS), None),
        "missing": next((j for j, n in enumerate(names) if n in _MISSING_WORDS), None),
    }
    at["text"] = next((j for j, n in enumerate(names) if n in EXPLANATION and j not in at.values()), None)
    last = ""
    for row in cells[head + 1 :]:
        part = {key: row[j] if j is not None and j < len(row) else "" for key, j in at.items()}
        last = part["name"] or last
        if last and any(part.values()):
            yield _Row(last, part["code"], part["text"], part["unit"], part["missing"])


def _is_head(names: set[str]) -> bool:
    return bool(names & EXPLAINED) and len(names & (EXPLANATION | _UNIT_WORDS | _MISSING_WORDS | _CODE_WORDS)) > 0


def _take(row: _Row, known: set[str], notes: dict[str, Note], missing: set[str]) -> None:
    name = fold(row.name)
    if name in _ALL_WORDS:
        missing.update(w for w in (row.code, row.missing) if w and (row.missing or _says_missing(row.text)))
        return
    if name not in known:
        _about_missing(row, known, notes, missing)
        return
    note = notes.setdefault(name, Note())
    note.unit = note.unit or canonical_unit(row.unit) or canonical_unit(row.text)
    if row.missing:
        note.missing.add(row.missing)
    pairs = list(_pairs(row.text))
    if row.code and _is_single(row.code):
        (note.missing.add(row.code) if _says_missing(row.text) else note.meanings.setdefault(row.code, row.text))
    elif pairs or list(_pairs(row.code)):
        for code, meaning in (*pairs, *_pairs(row.code)):
            (note.missing.add(code) if _says_missing(meaning) else note.meanings.setdefault(code, meaning))
    elif row.text and canonical_unit(row.text) is None and not note.label:
        note.label = row.text


def _about_missing(row: _Row, known: set[str], notes: dict[str, Note], missing: set[str]) -> None:
    """Rows that name no column: `unknown / not done -> missing`, or a column with a value: `Chol 0,00 -> not measured`."""
    if not _says_missing(f"{row.text} {row.code}"):
        return
    words = row.name.split()
    of_column = (
        sorted((n for n in known if n.startswith(fold(" ".join(words[:-1])))), key=len) if len(words) > 1 else []
    )
    if of_column and re.fullmatch(r"-?[0-9.,]+", words[-1]):
        notes.setdefault(of_column[0], Note()).missing.add(words[-1])
        return
    missing.update(part.strip() for part in re.split(r"\s*/\s*|;|,\s", row.name) if is_missing(part))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`0 = none; 1-4 = disease` as code and meaning, ranges code by code."""
    for found in _PAIR.finditer(text):
        meaning = found["meaning"].strip()
        ends = re.fullmatch(r"(\d+)\s*[-–]\s*(\d+)", found["code"])
        if ends and int(ends[2]) - int(ends[1]) < 20:
            for code in range(int(ends[1]), int(ends[2]) + 1):
                yield str(code), f"{meaning} {code}"
        else:
            yield found["code"], meaning


def _is_single(code: str) -> bool:
    return re.fullmatch(r"-?[0-9.,]+|[^\W_]{1,12}", code) is not None


def _says_missing(text: str) -> bool:
    return bool(text) and (is_missing(text) or _SAYS_MISSING.search(text) is not None)
