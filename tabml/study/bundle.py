"""The model file (`*.tabml`): a fitted pipeline with its codebook, schema and record, without code and without rows.

A zip of json, npz and the libraries' own formats. The manifest carries the hash of every other member; the
file's name in logs and predictions is the hash of the manifest. Reading one never runs code from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabml.core.errors import BundleError
from tabml.core.privacy import SMALL_CELL
from tabml.core.spec import State
from tabml.study.container import Caps, Container, pack, read_file
from tabml.study.folder import write_bytes
from tabml.study.plugins import check_record, plugins_of
from tabml.study.schema import check_schema, typed
from tabml.study.states import MAX_JSON_BYTES, from_members, to_members
from tabml.study.strictjson import dump_strict, load_strict

if TYPE_CHECKING:
    import pandas as pd

    from tabml.core.codebook import Codebook
    from tabml.learn.pipeline import FittedPipeline, Prediction

FORMAT = 1
READS = range(1, 2)
KIND = "tabml-bundle"
MANIFEST = "manifest.json"
CODEBOOK = "codebook.json"
PIPELINE = "pipeline"
MAX_MANIFEST_BYTES = 4_000_000
SHA256 = re.compile(r"[0-9a-f]{64}")
NOT_FILLED = "AUTHOR MUST FILL"


@dataclass(frozen=True)
class Card:
    """What a model file says about itself: plain data, no rows, no paths, no identifiers."""

    name: str
    target: Mapping[str, Any]
    """task, name, label, classes, class_labels, positive, unit, horizons (days), higher_means."""
    schema: Sequence[Mapping[str, Any]]
    """What `schema_of` gives."""
    study: Mapping[str, Any] = field(default_factory=dict)
    """config_sha256, cohort_sha256, plan_id, seed."""
    software: Mapping[str, str] = field(default_factory=dict)
    performance: Sequence[Mapping[str, Any]] = ()
    """Estimates of the final model, as in results.json."""
    verdict: str = ""
    """What the study concluded: useful, not_better (than age and sex) or no_signal."""
    cohort: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Mapping[str, Any]] = ()
    intended_use: Mapping[str, str] = field(
        default_factory=lambda: {"text": NOT_FILLED, "population": NOT_FILLED, "not_for": NOT_FILLED}
    )
    version: str = "1.0.0"
    created: str | None = None
    parent: str | None = None
    plugins: Sequence[Mapping[str, str]] = ()
    """Models that come from a plugin: model, file (base name) and its sha256."""


@dataclass(frozen=True)
class Bundle:
    """A checked model file in memory. `sha256` names it in logs and predictions."""

    sha256: str
    manifest: Mapping[str, Any]
    members: Mapping[str, bytes] = field(repr=False)

    @property
    def schema(self) -> list[dict[str, Any]]:
        return list(self.manifest["schema"])

    @property
    def used(self) -> list[dict[str, Any]]:
        """The schema's entries of variables the model looks at; a file need hold no others."""
        return [entry for entry in self.schema if entry["required"]]

    @property
    def target(self) -> dict[str, Any]:
        return dict(self.manifest["target"])

    @property
    def plugins(self) -> list[dict[str, str]]:
        """The plugins whose models it holds; they are loaded before `pipeline` is asked for."""
        return list(self.manifest.get("plugins", []))

    @property
    def small_cell(self) -> int:
        """Fewer patients than this are not named; never fewer than the default where the file does not say."""
        stated = dict(self.manifest.get("cohort") or {}).get("small_cell")
        return stated if isinstance(stated, int) and stated > 1 else SMALL_CELL

    @property
    def short_name(self) -> str:
        """Name, version and the first characters of the hash, as predictions carry it."""
        return f"{self.manifest['name']} {self.manifest['version']} {self.sha256[:12]}"

    @cached_property
    def codebook(self) -> Codebook:
        """How the exports this model was made from are read."""
        from pydantic import ValidationError

        from tabml.core.codebook import Codebook

        try:
            return Codebook.model_validate(load_strict(self.members[CODEBOOK], CODEBOOK, max_bytes=MAX_JSON_BYTES))
        except ValidationError as error:
            raise BundleError("the codebook in the model file is damaged", where=CODEBOOK) from error

    @cached_property
    def pipeline(self) -> FittedPipeline:
        """The fitted pipeline, rebuilt from plain data by the registered builders."""
        from tabml.learn.pipeline import FittedPipeline

        try:
            return FittedPipeline.restore(from_members(PIPELINE, self.members))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise BundleError("the fitted state in the model file is damaged") from error

    def predict(self, frame: pd.DataFrame) -> Prediction:
        """Predictions for a table with the columns the model uses; rows out = rows in, in their order."""
        unused = [e["name"] for e in self.schema if not e["required"]]
        frame = frame.assign(**dict.fromkeys(unused))  # the pipeline wants a place for them, no value
        absent = [e["name"] for e in self.schema if e["name"] not in frame.columns]
        if absent:
            from tabml.core.errors import DataError

            raise DataError(f"columns the model needs are absent: {', '.join(absent)}")
        return self.pipeline.predict(typed(frame, self.schema))


def write_bundle(path: Path, pipeline: FittedPipeline, codebook: Codebook, card: Card) -> str:
    """Write a model file atomically; gives its sha256. Equal arguments give equal bytes.

    `codebook` is the portable one. A BundleError names a model that cannot be saved.
    """
    data, sha256 = bundle_bytes(saved_state(pipeline), codebook, replace(card, plugins=plugins_of(pipeline)))
    write_bytes(path, data)
    return sha256


def saved_state(pipeline: FittedPipeline) -> State:
    """The pipeline as plain data; a BundleError names a member that keeps patients' rows or has no saved form."""
    from tabml.models.families import refuse_saving
    from tabml.models.registry import get

    for member in pipeline.members:
        if get(member.config.model).stores_rows:
            raise refuse_saving(member.config.model, "it keeps patients' rows")
        if not hasattr(member.model, "dump"):
            raise refuse_saving(member.config.model, "its family has no saved form")
    return pipeline.dump()


def left_out_of(pipeline: FittedPipeline) -> dict[str, str]:
    """Variables that no member of the pipeline looks at, with the reason: `missing` or `constant` in training."""
    used = {name for member in pipeline.members for name in member.prep.variables}
    reasons: dict[str, str] = {}
    for member in pipeline.members:
        reasons |= member.prep.left_out
    return {name: reasons.get(name, "not selected") for name in pipeline.features if name not in used}


def bundle_bytes(state: State, codebook: Codebook, card: Card) -> tuple[bytes, str]:
    """The model file's bytes and the hash of its manifest."""
    tree = codebook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    members = {CODEBOOK: dump_strict({**tree, "codebook": codebook.codebook}, CODEBOOK), **to_members(PIPELINE, state)}
    manifest = dump_strict(_manifest(card, members), MANIFEST)
    return pack({**members, MANIFEST: manifest}), hashlib.sha256(manifest).hexdigest()


def _manifest(card: Card, members: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": KIND,
        "name": card.name,
        "version": card.version,
        "created": card.created,
        "parent": card.parent,
        "study": dict(card.study),
        "software": dict(card.software),
        "intended_use": dict(card.intended_use),
        "target": dict(card.target),
        "schema": [dict(entry) for entry in card.schema],
        "performance": [dict(entry) for entry in card.performance],
        "verdict": card.verdict,
        "cohort": dict(card.cohort),
        "findings": [dict(finding) for finding in card.findings],
        **({"plugins": [dict(entry) for entry in card.plugins]} if card.plugins else {}),
        "members": {n: {"sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in sorted(members.items())},
    }


def read_bundle(path: Path, caps: Caps = Caps()) -> Bundle:
    """A model file, checked from the outside in; BundleError says what is wrong before anything is built."""
    return parse_bundle(read_file(path, caps), path.name, caps)


def parse_bundle(data: bytes, where: str, caps: Caps = Caps()) -> Bundle:
    """A model file's bytes, checked: directory, manifest, format, then every member against its hash."""
    container = Container(data, where, caps=caps)
    if MANIFEST not in container.names:
        raise BundleError("not a tabml model file: it has no manifest", where=where)
    raw = container.read(MANIFEST)
    manifest = load_strict(raw, f"{where}, {MANIFEST}", max_bytes=MAX_MANIFEST_BYTES)
    _check_manifest(manifest, where)
    members = _checked_members(container, manifest["members"], where)
    return Bundle(hashlib.sha256(raw).hexdigest(), manifest, members)


def _check_manifest(manifest: Any, where: str) -> None:
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise BundleError("not a tabml model file", where=where)
    number = manifest.get("format")
    if type(number) is not int or number not in READS:
        newer = type(number) is int and number > FORMAT
        text = f"{READS.start}-{READS.stop - 1}" if len(READS) > 1 else str(FORMAT)
        reason = f"is newer than this tabml reads ({text})" if newer else "is not one that tabml writes"
        raise BundleError(f"bundle format {number} {reason}", where=where,
                          hint="upgrade tabml" if newer else None)  # fmt: skip
    shapes = {"name": str, "version": str, "target": dict, "schema": list, "members": dict,
              "study": dict, "software": dict, "findings": list, "performance": list}  # fmt: skip
    wrong = [key for key, shape in shapes.items() if not isinstance(manifest.get(key), shape)]
    if wrong:
        raise BundleError(f"the manifest is damaged: {', '.join(wrong)}", where=where)
    check_schema(manifest["schema"])
    check_record(manifest.get("plugins", []), where)


def _checked_members(container: Container, listed: Mapping[str, Any], where: str) -> dict[str, bytes]:
    present = set(container.names) - {MANIFEST}
    if present != set(listed) or CODEBOOK not in present:
        raise BundleError("the members are not those the manifest lists", where=where)
    members = {}
    for name in sorted(present):
        entry = listed[name]
        stated = entry.get("sha256") if isinstance(entry, dict) else None
        data = container.read(name)
        if not isinstance(stated, str) or not SHA256.fullmatch(stated) or hashlib.sha256(data).hexdigest() != stated:
            raise BundleError(f"member {name} does not match its hash", where=where,
                              hint="copy the model file again from where it was made")  # fmt: skip
        members[name] = data
    return members
