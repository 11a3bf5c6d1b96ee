"""YAML as tabml reads it: no guessed types, no duplicate keys, no bombs.

YAML 1.1 turns `no` into False, `0012` into 10 and `1:30` into 90: in a codebook that is data loss.
Here only plain decimal numbers, `true`, `false` and `null` are typed; everything else stays text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from tabml.core.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_ALIASES = 50


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}
    aliases = 0
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            self.aliases += 1
            if self.aliases > MAX_ALIASES:
                raise yaml.YAMLError(f"more than {MAX_ALIASES} aliases")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.YAMLError(f"nested deeper than {MAX_DEPTH} levels")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool | type(None)):
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: a key must be plain text")
            if str(key) in seen:
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: key {key!r} stands twice")
            seen.add(str(key))
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"),
    list("-0123456789"),
)


def _construct_float(loader: yaml.SafeLoader, node: Any) -> float:
    return float(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def load_yaml(text: str, where: str, *, max_bytes: int = MAX_BYTES) -> Any:
    """Parse YAML text of at most `max_bytes`; `where` names the file in errors.

    >>> load_yaml("{sex: no, id: 0012, n: 3, x: 1e-3}", "here")
    {'sex': 'no', 'id': '0012', 'n': 3, 'x': 0.001}
    """
    if len(text.encode("utf-8")) > max_bytes:
        raise ConfigError(f"file is larger than {max_bytes // 1_000_000} MB", where=where)
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        what = f"not valid YAML: {error.problem}"
        raise ConfigError(what, where=f"{where}, line {line}", hint=_hint(error)) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"not valid YAML: {error}", where=where, hint="correct the file there") from None


def _hint(error: yaml.MarkedYAMLError) -> str:
    """What usually is wrong where YAML stops: tabs, indentation, or a text that needs quotes."""
    if "'\\t'" in str(error.problem):
        return "indent with spaces; a tab is no indentation in YAML"
    if "mapping values are not allowed" in str(error.problem):
        return "put a text that holds a colon in quotes, or check the indentation of this line and the one above"
    if isinstance(error, yaml.scanner.ScannerError) and "quoted scalar" in str(error.context):
        return "a quotation mark opened there is not closed"
    return "check indentation, brackets and quotes of this line and the one above; a text with : or # needs quotes"


class _Dumper(yaml.SafeDumper):
    """Quotes every text that our loader, or a YAML 1.1 reader, would not read back as text."""


def _represent_str(dumper: yaml.SafeDumper, value: str) -> Any:
    # PyYAML quotes what YAML 1.1 would type; `1e-3` is text to YAML 1.1 and a number to us
    ours = any(rule.match(value) for _, rule in _Loader.yaml_implicit_resolvers.get(value[:1], ()))
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="'" if ours else None)


_Dumper.add_representer(str, _represent_str)


def dump_yaml(value: Any) -> str:
    """Write plain data as YAML that `load_yaml` reads back unchanged."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
