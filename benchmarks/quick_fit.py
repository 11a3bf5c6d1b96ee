"""A quick fit on heart4 beside a hand-written loop: wall and CPU time, and the AUROC each one states.

The anchor gets the harmonised table for nothing and stops after the scores: five stratified folds of a ridge
logistic regression and of XGBoost with everything at its default, no intervals, explanations or report.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import HEART4, ROOT, TABML, Measured, median_of, run, show

TRUTH = ROOT / "tests" / "data" / "heart4" / "truth.csv"
NUMBERS = ("age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak", "ca")
CATEGORIES = ("cp", "restecg", "slope", "thal")
ANCHOR = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from benchmarks.quick_fit import anchor_loop; anchor_loop()"


def truth_matrix() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (920, p) with NaN, y (920,) and the centre of each row, from the reference table."""
    with TRUTH.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = [[float(r[name]) if r[name] else np.nan for r in rows] for name in NUMBERS]
    for name in CATEGORIES:
        for level in sorted({r[name] for r in rows} - {""}):
            columns.append([float(r[name] == level) if r[name] else np.nan for r in rows])
    return np.array(columns).T, np.array([int(r["disease"]) for r in rows]), np.array([r["center"] for r in rows])


def anchor_loop() -> dict[str, tuple[float, float]]:
    """AUROC of each anchor model's out-of-fold predictions: over pairs inside folds, and with all folds in one list."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from xgboost import XGBClassifier

    X, y, _ = truth_matrix()
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    models = {
        "logistic regression": make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.1)),
        "XGBoost": XGBClassifier(n_jobs=1, random_state=1),
    }
    fold = np.zeros(len(y), dtype=int)
    for k, (_, test) in enumerate(folds.split(X, y)):
        fold[test] = k
    risks = {n: cross_val_predict(m, X, y, cv=folds, method="predict_proba")[:, 1] for n, m in models.items()}
    return {n: (_auroc(y, p, fold), _auroc(y, p, np.zeros(len(y), dtype=int))) for n, p in risks.items()}


def _auroc(y: np.ndarray, p: np.ndarray, fold: np.ndarray) -> float:
    """Pairs of a case and a control of one fold that are ordered right, ties half."""
    won = pairs = 0.0
    for k in np.unique(fold):
        gap = p[(fold == k) & (y == 1)][:, None] - p[(fold == k) & (y == 0)][None, :]
        won, pairs = won + (gap > 0).sum() + 0.5 * (gap == 0).sum(), pairs + gap.size
    return float(won / pairs)


def fit(folder: Path, number: int) -> Measured:
    """One quick fit, as a user runs it."""
    command = (*TABML, "fit", HEART4 / "exports", "--codebook", HEART4 / "codebook.yaml", "--preset", "quick", "-q")
    return run([*command, "--workers", "2", "--out", f"study{number}"], folder)


def stated(results: Path) -> list[tuple[str, str]]:
    """What the study says of its final model: the corrected AUROC and each left-out centre's."""
    document = json.loads(results.read_text(encoding="utf-8"))
    rows = []
    for estimate in document["estimates"]:
        if estimate["key"] in ("auroc", "auroc_pooled") and estimate["model"] == "final":
            how = ", all folds in one list" if estimate["key"] == "auroc_pooled" else ""
            value = estimate["value"]
            rows.append(
                (
                    f"AUROC, {estimate['estimate_type']}, {estimate['population']}{how}",
                    f"{estimate['text']}, {value:.3f}" if value is not None else estimate["text"],
                )
            )
    return rows


def main() -> None:
    """Print time beside time and AUROC beside AUROC."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = median_of(3, lambda number: fit(folder, number))
        anchor = median_of(3, lambda _: run((sys.executable, "-c", ANCHOR), folder))
        said = stated(folder / "study0" / "results.json")
    rows = [("", "wall s", "CPU s")]
    for label, cost in (("tabml fit --preset quick, with report", ours), ("anchor: two models, five folds", anchor)):
        rows.append((label, f"{cost.wall:.1f}", f"{cost.cpu:.1f}"))
    show("heart4, quick, median of 3", rows)
    for model, (inside, pooled) in anchor_loop().items():
        said += [
            (f"anchor: {model}, pairs inside five folds", f"{inside:.3f}"),
            (f"anchor: {model}, all folds in one list", f"{pooled:.3f}"),
        ]
    show("what each one states", said)


if __name__ == "__main__":
    main()
