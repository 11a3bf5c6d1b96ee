"""A model file whose foreign parts crash, hang or eat memory is refused; the caller lives on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tabml.core.errors import BundleError
from tabml.study import probe as probing
from tests.study.fitted import write_model


def test_good_file_passes(tmp_path: Path) -> None:
    write_model(tmp_path / "m.tabml", "binary", ("xgboost",))
    probing.probe(tmp_path / "m.tabml")


def test_only_foreign_members_need_it() -> None:
    assert not probing.needs_probe(("codebook.json", "pipeline.json", "pipeline.npz"))
    assert probing.needs_probe(("codebook.json", "pipeline_f0.ubj"))


def test_crash_of_the_child_is_a_refusal(tmp_path: Path, monkeypatch) -> None:
    real = subprocess.run
    crash = [sys.executable, "-c", "import os; os.abort()"]
    monkeypatch.setattr(probing.subprocess, "run", lambda command, **more: real(crash, **more))
    with pytest.raises(BundleError, match="crash the libraries"):
        probing.probe(tmp_path / "m.tabml")


def test_child_that_hangs_is_a_refusal(tmp_path: Path, monkeypatch) -> None:
    real = subprocess.run
    hang = [sys.executable, "-c", "import time; time.sleep(30)"]
    monkeypatch.setattr(probing, "SECONDS", 1)
    monkeypatch.setattr(probing.subprocess, "run", lambda command, **more: real(hang, **more))
    with pytest.raises(BundleError, match="longer than 1 s"):
        probing.probe(tmp_path / "m.tabml")


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux")
def test_child_cannot_take_all_memory() -> None:
    code = "from tabml.study.probe import _limit_memory; _limit_memory(); bytearray(9_000_000_000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"MemoryError" in done.stderr


def test_damaged_ubj_never_kills_the_caller(tmp_path: Path) -> None:
    """Bytes changed inside the booster's own file, with hashes that fit."""
    import hashlib
    import io
    import json
    import zipfile

    import numpy as np

    from tabml.study.apply import open_bundle
    from tabml.study.container import pack

    write_model(tmp_path / "m.tabml", "binary", ("xgboost",))
    with zipfile.ZipFile(io.BytesIO((tmp_path / "m.tabml").read_bytes())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    name = next(n for n in members if n.endswith(".ubj"))
    rng = np.random.default_rng(0)
    for _ in range(2):
        data = bytearray(members[name])
        for at in rng.integers(0, len(data), size=20):
            data[at] = int(rng.integers(0, 256))
        changed = {**members, name: bytes(data)}
        manifest["members"] = {
            n: {"sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in changed.items()
        }
        (tmp_path / "x.tabml").write_bytes(pack({**changed, "manifest.json": json.dumps(manifest).encode()}))
        try:
            _ = open_bundle(tmp_path / "x.tabml").pipeline
        except BundleError:
            continue
