"""Memory, wall and CPU time of a quick fit on heart4, report included: median of 3.

Two figures of memory: the largest single process (resident), and the proportional size summed over the
process tree, which counts shared pages once. The anchor is a Python that has imported what a quick fit needs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import HEART4, TABML, Measured, median_of, run, show

ANCHOR = "import time, sklearn.ensemble, sklearn.linear_model, xgboost, pandas, shap; time.sleep(0.5)"


def quick_fit(folder: Path, number: int) -> Measured:
    """One quick fit on the four exports, watched."""
    command = (*TABML, "fit", HEART4 / "exports", "--codebook", HEART4 / "codebook.yaml", "--preset", "quick")
    return run([*command, "--workers", "2", "--out", f"study{number}", "-q"], folder, watch=True, libraries=("torch",))


def main() -> None:
    """Print both peaks beside the goals: 500 MB for the largest process, 1 GB for the tree, 90 s."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = median_of(3, lambda number: quick_fit(folder, number))
        anchor = median_of(3, lambda _: run((sys.executable, "-c", ANCHOR), folder, watch=True))
    rows = [("", "largest MB", "tree MB", "wall s", "CPU s")]
    for label, cost in (("tabml fit --preset quick", ours), ("anchor: libraries imported, nothing fitted", anchor)):
        rows.append((label, f"{cost.largest:.0f}", f"{cost.tree:.0f}", f"{cost.wall:.1f}", f"{cost.cpu:.1f}"))
    show("footprint of a quick fit, median of 3", rows)
    print(f"  torch loaded: {'yes' if 'torch' in ours.libraries else 'no'}")


if __name__ == "__main__":
    main()
