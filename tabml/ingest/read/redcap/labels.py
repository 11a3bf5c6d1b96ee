"""Labels from a pair of exports, raw and labelled, where the project's dictionary is not at hand."""

from __future__ import annotations

import re

import numpy as np

from tabml.ingest.read.column import Column
from tabml.ingest.read.records import RawSheet, Stated
from tabml.ingest.values import fold, is_missing

MOST_LEVELS = 100
_BOX = re.compile(r"\s*\(choice=(.*)\)\s*$", re.DOTALL)


def stated_by_labels(raw: RawSheet, labels: RawSheet) -> dict[int, Stated]:
    """What the labelled export adds: the label of each column, and of each code where one stands for one label."""
    stated = {}
    for number, (codes, texts) in enumerate(zip(raw.columns, labels.columns, strict=True), start=1):
        label = " ".join(texts.text(0).split())
        box = _BOX.search(label)
        if box:
            stated[number] = Stated(
                label=f"{_BOX.sub('', label)}: {box[1]}", kind="boolean", levels={"0": "No", "1": "Yes"}
            )
            continue
        pairs = _pairs(codes.slice(1), texts.slice(1))
        missing = {code: text for code, text in pairs.items() if is_missing(text)}
        stated[number] = Stated(
            label=label if fold(label) != fold(codes.text(0)) else "",
            levels={code: text for code, text in pairs.items() if code not in missing},
            missing=tuple(missing),
            missing_labels=missing,
            kind="category" if len(pairs) > len(missing) else None,
            unused="state of a form" if codes.text(0).endswith("_complete") else "",
        )
    return stated


def _pairs(codes: Column, texts: Column) -> dict[str, str]:
    """Code -> label; {} where the two columns hold the same, or one code has several labels."""
    a, b = np.array(codes.to_list(), dtype=object), np.array(texts.to_list(), dtype=object)
    pairs = dict.fromkeys(zip(a.tolist(), b.tolist(), strict=True))
    known = [(code, label) for code, label in pairs if code]
    if all(code == label for code, label in known) or len(known) > MOST_LEVELS:
        return {}
    found = dict(known)
    return dict(sorted(found.items())) if len(found) == len(known) else {}
