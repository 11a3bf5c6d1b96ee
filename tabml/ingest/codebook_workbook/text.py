"""How a value of the codebook stands in one cell: always as text, and readable without knowing YAML."""

from __future__ import annotations

import json
import re
import types
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from tabml.ingest.values.cells import cell_text

Shape = Literal["text", "number", "yes_no", "choice", "list", "numbers", "mapping"]
_BY_RICHNESS: tuple[Shape, ...] = ("text", "number", "yes_no", "choice", "numbers", "list", "mapping")

#: Stands where a cell text means missing.
MISSING = "(missing)"
#: Excel holds 32,767 characters in a cell.
LONGEST = 32_000
CUT = " … (too long to be edited here)"
_YES = frozenset(["yes", "true", "1", "ja", "wahr", "sant", "y"])
_NO = frozenset(["no", "false", "0", "nei", "nein", "nej", "falsch", "usant", "n"])
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_QUOTED = re.compile(r'^(?:["({\[]|\s)|\s$|[\n\r\t]|^$')


def shape_of(annotation: Any) -> tuple[Shape, tuple[str, ...]]:
    """How values of a record's field are edited, and the choices where they are a closed list.

    >>> shape_of(Literal["keep", "missing"]), shape_of(tuple[float, float] | None)
    (('choice', ('keep', 'missing')), ('numbers', ()))
    """
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        shapes = [shape_of(part) for part in get_args(annotation) if part is not type(None)]
        # Of several forms the richest is offered: a text is a list of one.
        return max(shapes, key=lambda s: _BY_RICHNESS.index(s[0]))
    if origin is Literal:
        return "choice", tuple(map(str, get_args(annotation)))
    if origin in (tuple, list, set, frozenset):
        return "numbers" if set(get_args(annotation)) - {...} <= {int, float} else "list", ()
    if origin in (dict, Mapping) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "mapping", ()
    if annotation is bool:
        return "yes_no", ()
    return ("number", ()) if annotation in (int, float) else ("text", ())


def written(value: Any) -> str:
    """A value as its cell shows it.

    >>> written({"1": "typical", "4": None}), written((18.0, 110)), written(True), written(None)
    ('1 = typical\\n4 = (missing)', '18; 110', 'yes', '')
    """
    return shown(_plain(value))


def shown(text: str) -> str:
    """Text as a cell can hold it: control characters replaced, line ends evened, cut where Excel would refuse it."""
    text = _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\t", " "))
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def quoted_key(text: str) -> str:
    """A key as its cell shows it; what would be taken for a remark or for nothing stands in quotes."""
    return shown(json.dumps(text, ensure_ascii=False) if _QUOTED.search(text) else text)


def read_text(text: str, shape: Shape) -> Any:
    """The value a cell's text means, as plain data for the record to check; None where it is empty.

    A ValueError says what a person must change.
    """
    text = text.strip()
    if not text:
        return None
    if text.endswith(CUT.strip()):
        raise ValueError("the text is longer than a cell can hold; change it in the YAML")
    return _READERS[shape](text)


def evened(text: str) -> str:
    """The form in which an untouched cell is recognised: spaces, line ends and Unicode form do not count.

    Nor does how often a program has escaped what looks like an escape of its own.

    >>> evened(" a\r\n  b "), evened("_x005F_x0041_") == evened("_x0041_") == "A"
    ('a b', True)
    """
    while (plain := _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)) != text:
        text = plain
    return " ".join(unicodedata.normalize("NFC", shown(text)).split())


def is_same(value: Any, base: str) -> bool:
    """Whether a cell of the workbook still says what was written there; a number that Excel made of text is the same."""
    if evened(cell_text(value)) == evened(base):
        return True
    if isinstance(value, bool):
        return base.strip().casefold() in (_YES if value else _NO)
    if isinstance(value, int | float):
        try:
            return float(base.replace(",", ".")) == float(value)
        except ValueError:
            return False
    return False


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "\n".join(f"{_item(k, '=')} = {_item(v, '')}" for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_item(v, ";") for v in value)
    return _scalar(value)


def _item(value: Any, stop: str) -> str:
    """One entry of a list or mapping, quoted where it would be read as something else."""
    if value is None:
        return MISSING
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    text = _scalar(value)
    if isinstance(value, str) and (_QUOTED.search(text) or (stop and stop in text)):
        return json.dumps(text, ensure_ascii=False)
    return text


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return cell_text(value) if isinstance(value, float) else str(value)


def _read_yes_no(text: str) -> bool:
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
        return False
    raise ValueError("yes or no is meant")


def _read_list(text: str) -> list[Any]:
    return [_read_item(part) for part in _split(text, ";")]


def _read_mapping(text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for line in filter(str.strip, text.splitlines()):
        parts = _split(line, "=", once=True)
        if len(parts) != 2:
            raise ValueError("each line reads `name = value`")
        key = _read_item(parts[0])
        if key in pairs:
            raise ValueError("one name stands twice")
        pairs[str(key)] = _read_item(parts[1])
    return pairs


def _read_item(text: str) -> Any:
    text = text.strip()
    if text.casefold() == MISSING:
        return None
    if text[:1] in ('"', "{", "["):
        try:
            return json.loads(text, strict=False)
        except ValueError:
            return text
    return text


def _split(text: str, mark: str, *, once: bool = False) -> list[str]:
    """Parts at a mark that stands outside double quotes."""
    parts: list[str] = []
    start, inside, i = 0, False, 0
    while i < len(text):
        if inside and text[i] == "\\":
            i += 1
        elif text[i] == '"' and (inside or not text[start:i].strip()):
            inside = not inside
        elif text[i] == mark and not inside and not (once and parts):
            parts.append(text[start:i])
            start = i + 1
        i += 1
    return [*parts, text[start:]]


_READERS: Mapping[Shape, Any] = {
    "text": lambda text: text,
    "number": lambda text: text.replace(",", "."),
    "yes_no": _read_yes_no,
    "choice": lambda text: text,
    "list": _read_list,
    "numbers": lambda text: [part.strip().replace(",", ".") for part in text.split(";")],
    "mapping": _read_mapping,
}
