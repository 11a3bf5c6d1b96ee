"""What a study leaves behind: every file of the folder, written whole, row-level ones for the owner only."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.config import config_sha256, shareable
from tabml.core.results import SCHEMA
from tabml.core.strictyaml import dump_yaml
from tabml.study.bundle import Card, left_out_of, write_bundle
from tabml.study.cohort_file import write_cohort
from tabml.study.evidence import age_and_sex_of, plain, software
from tabml.study.folder import ROW_LEVEL_MODE, StudyFolder, write_bytes, write_json, write_text
from tabml.study.pages import write_pages
from tabml.study.questions import SAID_BY_CODEBOOK
from tabml.study.schema import schema_of
from tabml.study.store import SqliteStore

if TYPE_CHECKING:
    from tabml.core.target import Target
    from tabml.learn.fit import LearnResult
    from tabml.study.known import Known

#: Digits of a predicted number in predictions.csv: what float32 models can stand for.
DIGITS = "%.6g"


def write_known(folder: StudyFolder, known: Known) -> None:
    """What is known before any model: codebook, cohort, provenance, findings' cells and the summary page."""
    from tabml.ingest.codebook_file import dump_codebook
    from tabml.report.render import render_summary

    write_text(folder.codebook, dump_codebook(known.codebook))
    write_cohort(folder, known.cohort)
    where = [(f.code, f.source, ", ".join(f.columns), place) for f in known.findings for place in f.where]
    cells = pd.DataFrame(where, columns=["code", "source", "columns", "where"], dtype="string")
    write_bytes(folder.private / "findings.parquet", cells.to_parquet(), mode=ROW_LEVEL_MODE)
    findings = [{k: v for k, v in vars(f).items() if k != "where"} for f in known.findings]
    write_text(folder.summary, render_summary(plain({**known.summary, "findings": findings})))


def write_learned(folder: StudyFolder, known: Known, learned: LearnResult, document: Mapping[str, Any]) -> None:
    """Results, predictions, model file, study file, run store and pages."""
    write_json(folder.results, document)
    write_bytes(folder.predictions, _predictions(known, learned).encode(), mode=ROW_LEVEL_MODE)
    write_bundle(folder.bundle, learned.final, _portable(known), _card(known, learned, document))
    write_text(folder.study, dump_yaml(_study(known, learned)))
    _write_store(folder, known, learned, document)
    write_pages(folder, document)


def _predictions(known: Known, learned: LearnResult) -> str:
    """Out-of-fold and left-out-centre predictions; patients by pseudonym."""
    table = learned.predictions.copy()
    pseudonym = known.cohort.rows["pseudonym"].to_numpy()
    table["patient"] = pseudonym[table["row"].to_numpy()]
    return table.to_csv(index=False, float_format=DIGITS, lineterminator="\n")


def _portable(known: Known) -> Codebook:
    """The codebook that travels with the model, without levels few patients hold."""
    from tabml.ingest.codebook_file import portable
    from tabml.ingest.harmonise import level_counts

    small_cell = known.config.privacy.small_cell
    return portable(known.codebook, level_counts(known.cohort), travels=known.cohort.variables, small_cell=small_cell)


def _card(known: Known, learned: LearnResult, document: Mapping[str, Any]) -> Card:
    final = [e for e in document["estimates"] if e["model"] == "final" and e["population"] == "all"]
    patients = learned.material.patients
    name = known.target.name.casefold().replace(" ", "-")
    return Card(
        name=name,
        target={**document["target"], **_direction(known.target)},
        schema=schema_of(
            known.cohort, learned.final.features, known.target.rows.tolist(),
            small_cell=known.config.privacy.small_cell, left_out=left_out_of(learned.final),
        ),
        study={key: document["provenance"][key] for key in ("config_sha256", "cohort_sha256", "plan_id", "seed")},
        software=software(),
        performance=final,
        verdict=str(document["study"]["verdict"]),
        cohort={"n": patients.n, "events": document["counts"].get("events"), "centres": len(patients.centres),
                "small_cell": known.config.privacy.small_cell, "age_sex": age_and_sex_of(learned)},
        findings=[f for f in document["findings"] if f["severity"] != "info"],
    )  # fmt: skip


def _direction(target: Target) -> dict[str, Any]:
    """What more of the output means; a predicted number also gets its digits, a hundredth of the outcome's SD."""
    if target.task != "regression":
        return {"higher_means": "event more likely, or earlier"}
    spread = float(np.std(target.y))
    return {"higher_means": "a higher value", "decimals": max(0, 2 - math.floor(math.log10(spread)))}


def _study(known: Known, learned: LearnResult) -> dict[str, Any]:
    """What runs the study again: the resolved tree, versions, data hashes and folds (patient positions)."""
    tree = shareable(known.config)
    # the codebook in this folder, given or inferred, says what these settings said
    tree["data"] |= {"codebook": "codebook.yaml", **dict.fromkeys(SAID_BY_CODEBOOK)}
    plan = learned.plan
    folds = [
        {"fold": f.fold_id, "repeat": f.repeat, "validation": json.dumps(f.validation.tolist()),
         "test": json.dumps(f.test.tolist())}
        for f in plan.folds
    ]  # fmt: skip
    return dict(plain({
        "config": tree,
        "config_sha256": config_sha256(known.config),
        "software": software(),
        "data": [{"file": f, "sha256": s} for f, s in known.files],
        "cohort": {"sha256": known.cohort.cohort_sha256, "key_id": known.cohort.key_id,
                   "patients": known.cohort.n_patients},
        "splits": {"plan_id": plan.plan_id, "kind": plan.kind, "seed": plan.seed, "strata": plan.strata, "folds": folds},
    }))  # fmt: skip


def _write_store(folder: StudyFolder, known: Known, learned: LearnResult, document: Mapping[str, Any]) -> None:
    """The run's documents: study, one per trial, one per fold."""
    study_id = document["provenance"]["config_sha256"][:16]
    store = SqliteStore(folder.store, study_id)
    try:
        keys = ("config_sha256", "cohort_sha256", "plan_id", "seed")
        store.put("study", study_id, {
            "schema": SCHEMA, "status": "truncated" if learned.truncated else "finished",
            "task": known.target.task, "verdict": learned.verdict, "selected": document["study"]["selection"],
            **{key: document["provenance"][key] for key in keys},
        })  # fmt: skip
        for model in document["models"]:
            store.put("trial", f"{model['trial']:04d}", model)
        for fold in learned.plan.folds:
            store.put("fold", f"{fold.repeat}-{fold.fold_id}", {
                "repeat": fold.repeat, "n_train": len(fold.train), "n_test": len(fold.test),
                "n_validation": len(fold.validation),
            })  # fmt: skip
    finally:
        store.close()
