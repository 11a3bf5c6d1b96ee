"""Licence gate: fails when anything installed by `tabml[all]` is under GPL, AGPL or EUPL.

Reads the metadata of the installed distributions, walking from tabml through its requirements. A runtime
exception (GCC's, for compiled-in libgfortran) is no obligation. LGPL is fine for a separately installed
library, and each one is named below.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

FORBIDDEN = re.compile(
    r"(?<![A-Za-z])(?:A?GPL|EUPL)|GNU (?:Affero )?General Public|European Union Public", re.IGNORECASE
)
EXCEPTION = re.compile(r"GPL-[\w.-]+ WITH [\w.-]+", re.IGNORECASE)
LGPL = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)
LGPL_ALLOWED = frozenset({"psycopg"})


def closure(name: str, extras: frozenset[str]) -> Iterator[str]:
    """Normalised names of every distribution that `name[extras]` brings on this machine."""
    open_, seen = [(name, extras)], set()
    while open_:
        current, wanted = open_.pop()
        if (current, wanted) in seen:
            continue
        seen.add((current, wanted))
        for line in metadata.requires(current) or ():
            needed = Requirement(line)
            if needed.marker and not any(needed.marker.evaluate({"extra": extra}) for extra in (wanted or {""})):
                continue
            open_.append((re.sub(r"[-_.]+", "-", needed.name).lower(), frozenset(needed.extras)))
    yield from sorted({found for found, _ in seen} - {name})


def licence(name: str) -> str:
    """What the distribution says about its licence: the expression, else classifiers, else the first line."""
    about = metadata.metadata(name)
    if about.get("License-Expression"):
        return str(about["License-Expression"])
    classifiers = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    named = [c for c in classifiers if c != "OSI Approved"]
    text = (about.get("License") or "").strip().splitlines()
    return "; ".join(named) or (text[0] if text else "not stated")


def main() -> int:
    """Print every licence; exit status 1 names the ones that must not be there."""
    refused = []
    for name in closure("tabml", frozenset({"all", "nn", "formats"})):
        said = licence(name)
        print(f"{name} {metadata.version(name)}: {said}")
        strict = LGPL.sub("", EXCEPTION.sub("", said))
        if FORBIDDEN.search(strict) or (LGPL.search(said) and name not in LGPL_ALLOWED) or said == "not stated":
            refused.append(f"{name}: {said}")
    for line in refused:
        print(f"not allowed in tabml[all]: {line}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
