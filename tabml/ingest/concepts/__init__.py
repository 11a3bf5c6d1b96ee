"""Clinical concepts: what hospitals measure, what they call it in eight languages, and in which units.

`load()` gives the list by key, `lookup(header)` the concepts a header may mean, `levels_for(concept, texts)` the codes
for the words of a category.
"""

from __future__ import annotations

from tabml.ingest.concepts.levels import levels_for
from tabml.ingest.concepts.match import fits, lookup
from tabml.ingest.concepts.records import LANGUAGES, Concept, Level, Match, Recode
from tabml.ingest.concepts.table import load

__all__ = ["LANGUAGES", "Concept", "Level", "Match", "Recode", "fits", "levels_for", "load", "lookup"]
