"""Two runs with the same seed, files and key: which of their outputs are equal, byte by byte."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import HEART4, TABML, run, show

EQUAL_BYTES = ("predictions.csv", "model.tabml", "cohort.parquet", "codebook.yaml")


def compare(one: Path, two: Path) -> list[tuple[str, bool]]:
    """(output, equal?) for what two studies of one seed must share; the clock stands in `run` alone."""
    made = []
    for name in EQUAL_BYTES:
        made.append((name, (one / name).read_bytes() == (two / name).read_bytes()))
    documents = [json.loads((folder / "results.json").read_text(encoding="utf-8")) for folder in (one, two)]
    for document in documents:
        document.pop("run")
    for key in sorted(documents[0].keys() | documents[1].keys()):
        made.append((f"results.json: {key}", documents[0].get(key) == documents[1].get(key)))
    made.append(("results.json: text without run", json.dumps(documents[0]) == json.dumps(documents[1])))
    return made


def main() -> int:
    """Fit heart4 twice, with one and with two workers; exit status 1 where something differs."""
    command = (*TABML, "fit", HEART4 / "exports", "--codebook", HEART4 / "codebook.yaml", "--preset", "quick", "-q")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for study, workers in (("one", "2"), ("two", "2"), ("single", "1")):
            run([*command, "--workers", workers, "--out", study], folder)
        again = compare(folder / "one", folder / "two")
        fewer = compare(folder / "one", folder / "single")
    rows = [("output", "second run", "one worker")]
    for (output, same), (_, same_alone) in zip(again, fewer, strict=True):
        rows.append((output, "equal" if same else "DIFFERS", "equal" if same_alone else "DIFFERS"))
    show("same seed", rows)
    return 0 if all(same for _, same in (*again, *fewer)) else 1


if __name__ == "__main__":
    sys.exit(main())
