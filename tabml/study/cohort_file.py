"""`cohort.parquet` and `provenance/`: the cohort on disk, typed, with what every column means, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from tabml.core.cohort import DTYPES, Cohort, Provenance, Variable
from tabml.core.errors import InputError
from tabml.study.folder import ROW_LEVEL_MODE, StudyFolder, write_bytes

#: Columns about the row, not the patient's data, carry this prefix in the file; no variable name holds a dot first.
ROW_PREFIX = ".row."
META_KEY = b"tabml"


def write_cohort(folder: StudyFolder, cohort: Cohort) -> None:
    """Write frame, rows and variables to `cohort.parquet`, the provenance tables beside it; row-level, mode 0600."""
    import pyarrow as pa

    table = cohort.frame.reset_index(drop=True)
    for name in cohort.rows.columns:
        table[ROW_PREFIX + name] = cohort.rows[name].to_numpy()
    meta = {
        "schema": "tabml.cohort/1",
        "variables": {name: asdict(v) for name, v in cohort.variables.items()},
        "blocks": {name: list(columns) for name, columns in cohort.blocks.items()},
        "key_id": cohort.key_id,
        "cohort_sha256": cohort.cohort_sha256,
    }
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({META_KEY: json.dumps(meta, ensure_ascii=False).encode()})
    write_bytes(folder.cohort, _parquet(arrow), mode=ROW_LEVEL_MODE)
    if cohort.provenance is not None:
        write_provenance(folder.provenance, cohort.provenance)
    if cohort.conflicts is not None and len(cohort.conflicts):
        text = cohort.conflicts.to_csv(sep="\t", index=False, lineterminator="\n")
        write_bytes(folder.private / "conflicts.tsv", text.encode(), mode=ROW_LEVEL_MODE)


def write_provenance(place: Path, provenance: Provenance) -> None:
    """One parquet table per part of the provenance."""
    import pyarrow as pa

    for part in fields(Provenance):
        table = pa.Table.from_pandas(getattr(provenance, part.name), preserve_index=False).replace_schema_metadata(None)
        write_bytes(place / f"{part.name}.parquet", _parquet(table), mode=ROW_LEVEL_MODE)


def read_cohort(folder: StudyFolder) -> Cohort:
    """The cohort of a study, with its provenance; findings and flow stand in the results document."""
    import pyarrow.parquet as pq

    try:
        arrow = pq.read_table(folder.cohort)
        meta: dict[str, Any] = json.loads((arrow.schema.metadata or {})[META_KEY])
    except (OSError, KeyError, ValueError) as error:
        raise InputError("the cohort cannot be read", where=f"{folder.root.name}/cohort.parquet") from error
    variables = {name: _variable(body) for name, body in meta["variables"].items()}
    table = arrow.to_pandas()
    rows = table[[c for c in table.columns if c.startswith(ROW_PREFIX)]].rename(columns=lambda c: c[len(ROW_PREFIX) :])
    frame = pd.DataFrame({n: table[n].astype(DTYPES[v.kind]) for n, v in variables.items() if n in table.columns})
    return Cohort(
        frame, variables, rows, {k: tuple(v) for k, v in meta["blocks"].items()},
        provenance=read_provenance(folder.provenance), key_id=meta["key_id"],
    )  # fmt: skip


def read_provenance(place: Path) -> Provenance | None:
    """The provenance tables of a study; None where they were cleared."""
    parts = {part.name: place / f"{part.name}.parquet" for part in fields(Provenance)}
    if not parts["rowsets"].is_file():  # a study made before tables could be long
        del parts["rowsets"]
    if not all(path.is_file() for path in parts.values()):
        return None
    return Provenance(**{name: pd.read_parquet(path) for name, path in parts.items()})


def _variable(body: dict[str, Any]) -> Variable:
    limits = body.pop("range")
    return Variable(**body, range=tuple(limits) if limits is not None else None)


def _parquet(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())
