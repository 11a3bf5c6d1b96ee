"""The model file: equal bytes for equal content, and no hostile file gets further than a refusal."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tabml.core.codebook import Codebook
from tabml.core.errors import BundleError
from tabml.core.spec import State
from tabml.study.bundle import Bundle, Card, bundle_bytes, parse_bundle, read_bundle
from tabml.study.container import Caps, Container, pack
from tabml.study.states import from_members, read_npz, to_members

ENTRY = {"name": "age", "kind": "integer", "role": "feature", "label": "", "unit": "a", "ordered": False, "decimals": 0,
         "required": True, "trained_missing": 0.0, "levels": {}, "limits": [18, 110],
         "quantiles": {"p01": 20.0, "p50": 50.0, "p99": 90.0}}  # fmt: skip
STATE = State({"task": "binary", "x": [1, 2.5, None]}, {"coef": np.arange(6.0).reshape(2, 3), "on": np.array([True, False])},
              {"model.ubj": b"\x00\x01binary"})  # fmt: skip
CODEBOOK = Codebook.model_validate({
    "sources": {"a": {"file": "", "id": {"column": "Patient"}}},
    "variables": {"age": {"kind": "integer", "unit": "a", "from": {"a": {"column": "Alter", "status": "accepted"}}}},
})  # fmt: skip
CARD = Card(name="heart", target={"task": "binary", "name": "dead", "classes": ["0", "1"]}, schema=[ENTRY],
            study={"seed": 1}, software={"tabml": "0.1.0"})  # fmt: skip


def good() -> bytes:
    return bundle_bytes(STATE, CODEBOOK, CARD)[0]


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rebuilt(change: Callable[[dict, dict[str, bytes]], None], *, rehash: bool = True) -> bytes:
    """A bundle whose manifest and members a stranger has changed; hashes are made to fit unless told."""
    members = members_of(good())
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    if rehash and isinstance(manifest, dict) and isinstance(manifest.get("members"), dict):
        manifest["members"] = {
            n: {"sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in members.items()
        }
    return pack({**members, "manifest.json": json.dumps(manifest).encode()})


def raw_zip(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in entries:
            archive.writestr(info, data)
    return stream.getvalue()


def npy(header: str, body: bytes) -> bytes:
    text = header.encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def test_round_trip(tmp_path: Path) -> None:
    (tmp_path / "m.tabml").write_bytes(good())
    bundle = read_bundle(tmp_path / "m.tabml")
    state = from_members("pipeline", bundle.members)
    assert state.json == {"task": "binary", "x": [1, 2.5, None]}
    np.testing.assert_array_equal(state.arrays["coef"], STATE.arrays["coef"])
    assert state.arrays["on"].dtype == bool
    assert state.files == STATE.files
    assert bundle.codebook == CODEBOOK
    assert bundle.short_name == f"heart 1.0.0 {bundle.sha256[:12]}"


def test_equal_content_gives_equal_bytes() -> None:
    backwards = State(dict(reversed(STATE.json.items())), dict(reversed(STATE.arrays.items())), STATE.files)
    assert bundle_bytes(backwards, CODEBOOK, CARD)[0] == good()


def test_name_is_the_hash_of_the_manifest() -> None:
    data, sha256 = bundle_bytes(STATE, CODEBOOK, CARD)
    assert sha256 == hashlib.sha256(members_of(data)["manifest.json"]).hexdigest() == parse_bundle(data, "m").sha256


def test_members_are_sorted_and_dated_1980() -> None:
    with zipfile.ZipFile(io.BytesIO(good())) as archive:
        entries = archive.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<i4", "<i8", "|u1", "|b1"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_every_allowed_array_comes_back_as_it_was(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.ones(shape, dtype=dtype)
    back = from_members("m", to_members("m", State(arrays={"any name / ü": array}))).arrays["any name / ü"]
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    np.testing.assert_array_equal(back, array)


def test_not_finite_values_of_arrays_survive() -> None:
    array = np.array([np.nan, np.inf, -np.inf, -0.0])
    back = from_members("m", to_members("m", State(arrays={"a": array}))).arrays["a"]
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (State(arrays={"a": np.array([object()])}), "array 'a' of type object"),
        (State(arrays={"a": np.array(["x"])}), "array 'a' of type"),
        (State(arrays={"a": np.zeros(2, dtype=">f8")}), "array 'a' of type"),
        (State(files={"model.pkl": b""}), "its kind is not on the list"),
        (State({"a": float("nan")}), "cannot be saved"),
        (State({"a": {1: 2}}), "a key is int"),
        (State({"a": {1, 2}}), "a set is not plain data"),
    ],
)
def test_what_is_not_plain_cannot_be_saved(state: State, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        to_members("m", state)


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    return info


def twice(name: str) -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return raw_zip((name, b"{}"), (name, b"{}"))


def encrypted() -> bytes:
    data = bytearray(raw_zip(("manifest.json", b"{}")))
    data[6] |= 1
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def many() -> bytes:
    return raw_zip(*[(f"m{i}.json", b"{}") for i in range(501)])


HOSTILE_CONTAINERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "not a tabml model file"),
    "pickle": (lambda: b"\x80\x04\x95\x10\x00\x00\x00.", "not a tabml model file"),
    "cut off": (lambda: good()[:-30], "not a tabml model file"),
    "no members": (lambda: raw_zip(), "not a tabml model file"),
    "something before": (lambda: b"#!/bin/sh\n" + good(), "not a tabml model file"),
    "something behind": (lambda: good() + b"x", "not a tabml model file"),
    "parent folder": (lambda: raw_zip(("../evil.json", b"{}")), "name that is not allowed"),
    "absolute": (lambda: raw_zip(("/etc/passwd.json", b"{}")), "name that is not allowed"),
    "backslashes": (lambda: raw_zip(("..\\evil.json", b"{}")), "name that is not allowed"),
    "drive": (lambda: raw_zip(("c:evil.json", b"{}")), "name that is not allowed"),
    "deep": (lambda: raw_zip(("a/b/c.json", b"{}")), "name that is not allowed"),
    "pickle member": (lambda: raw_zip(("model.pkl", b"{}")), "name that is not allowed"),
    "upper case": (lambda: raw_zip(("A.json", b"{}")), "name that is not allowed"),
    "newline": (lambda: raw_zip(("a.json\n", b"{}")), "name that is not allowed"),
    "NUL": (lambda: raw_zip(("a.jsox", b"{}")).replace(b"a.jsox", b"a.j\x00on"), "name that is not allowed"),
    "escape": (lambda: raw_zip(("\x1b[31m.json", b"{}")), "name that is not allowed"),
    "twice": (lambda: twice("manifest.json"), "stands twice"),
    "encrypted": (encrypted, "is encrypted"),
    "link": (lambda: raw_zip((link("manifest.json"), b"/etc/passwd")), "link or a device"),
    "bomb": (lambda: raw_zip(("manifest.json", b"0" * 10_000_000)), "inflates more than 200 times"),
    "many": (many, "more than 500 members"),
    "no manifest": (lambda: raw_zip(("a.json", b"{}")), "no manifest"),
}  # fmt: skip


@pytest.mark.parametrize("threat", HOSTILE_CONTAINERS)
def test_hostile_container_is_refused(threat: str) -> None:
    make, message = HOSTILE_CONTAINERS[threat]
    with pytest.raises(BundleError, match=message):
        parse_bundle(make(), "m.tabml")


def test_caps_hold_before_anything_is_inflated(tmp_path: Path) -> None:
    (tmp_path / "m.tabml").write_bytes(good())
    with pytest.raises(BundleError, match="the file is larger than"):
        read_bundle(tmp_path / "m.tabml", Caps(file_bytes=100))
    with pytest.raises(BundleError, match="too large together"):
        read_bundle(tmp_path / "m.tabml", Caps(total_bytes=100))
    with pytest.raises(BundleError, match="directory is too large"):
        read_bundle(tmp_path / "m.tabml", Caps(directory_bytes=10))


def test_lying_size_is_refused() -> None:
    data = bytearray(pack({"manifest.json": b'{"a": 1}'}, compress=False))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 4)
    with pytest.raises(BundleError, match=r"another size than stated|is damaged"):
        parse_bundle(bytes(data), "m.tabml")


def set_key(key: str, value: object) -> Callable[[dict, dict[str, bytes]], None]:
    return lambda manifest, members: manifest.__setitem__(key, value)


def add_member(manifest: dict, members: dict[str, bytes]) -> None:
    members["extra.json"] = b"{}"


def deep(manifest: dict, members: dict[str, bytes]) -> None:
    value: object = 1
    for _ in range(40):
        value = [value]
    manifest["study"] = {"x": value}


HOSTILE_MANIFESTS: dict[str, tuple[Callable[[dict, dict[str, bytes]], None], str]] = {
    "newer": (set_key("format", 3), r"bundle format 3 is newer than this tabml reads \(1\)"),
    "format is text": (set_key("format", "1"), "bundle format 1 is not one"),
    "format is true": (set_key("format", True), "bundle format True is not one"),
    "other kind": (set_key("kind", "mlflow"), "not a tabml model file"),
    "no schema": (set_key("schema", {}), "manifest is damaged: schema"),
    "odd schema": (set_key("schema", [{"name": "age"}]), "schema of the model file is damaged"),
    "odd kind": (set_key("schema", [{**ENTRY, "kind": "os.system"}]), "schema of the model file is damaged"),
    "members are a list": (set_key("members", []), "manifest is damaged: members"),
    "deep": (deep, "nested deeper than 32"),
}  # fmt: skip


@pytest.mark.parametrize("threat", HOSTILE_MANIFESTS)
def test_hostile_manifest_is_refused(threat: str) -> None:
    change, message = HOSTILE_MANIFESTS[threat]
    with pytest.raises(BundleError, match=message):
        parse_bundle(rebuilt(change), "m.tabml")


def test_member_that_is_not_listed_is_refused() -> None:
    with pytest.raises(BundleError, match="not those the manifest lists"):
        parse_bundle(rebuilt(add_member, rehash=False), "m.tabml")


@pytest.mark.parametrize("name", ["codebook.json", "pipeline.json", "pipeline.npz", "pipeline_f0.ubj"])
def test_changed_member_is_refused(name: str) -> None:
    def change(manifest: dict, members: dict[str, bytes]) -> None:
        members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])

    with pytest.raises(BundleError, match=f"member {name} does not match its hash"):
        parse_bundle(rebuilt(change, rehash=False), "m.tabml")


@pytest.mark.parametrize(
    "text", [b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": 1e999}', b'{"a": -Infinity}', b"{", b"\xff"]
)
def test_json_that_is_not_plain_is_refused(text: bytes) -> None:
    with pytest.raises(BundleError, match="not a plain JSON document"):
        parse_bundle(pack({"manifest.json": text}), "m.tabml")


def test_nesting_is_measured_outside_of_texts() -> None:
    assert (
        parse_bundle(rebuilt(set_key("study", {"x": "[{" * 100 + '\\"'})), "m").manifest["study"]["x"].startswith("[{")
    )
    with pytest.raises(BundleError, match="nested deeper"):
        parse_bundle(pack({"manifest.json": b"[" * 100_000}, compress=False), "m.tabml")


HOSTILE_ARRAYS = {
    "object": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"\x80\x04."),
    "record": npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", b"\x00" * 8),
    "text": npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", b"\x00" * 16),
    "shape too large": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", b"\x00" * 8),
    "shape overflows": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", b""),
    "shape negative": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"\x00" * 8),
    "shape is code": npy("{'descr': '<f8', 'fortran_order': False, 'shape': __import__('os')}", b"\x00" * 8),
    "shape is true": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}", b"\x00" * 8),
    "many dimensions": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1)}", b"\x00" * 8),
    "extra key": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", b"\x00" * 8),
    "fortran": npy("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1)}", b"\x00" * 8),
    "nested header": npy("(" * 3000, b""),
    "no header": b"\x93NUMPY\x01\x00",
    "header too long": b"\x93NUMPY\x01\x00\xff\xff{}",
    "not yes or no": npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", b"\x07"),
    "pickle": b"\x80\x04\x95.",
}


@pytest.mark.parametrize("threat", HOSTILE_ARRAYS)
def test_hostile_array_is_refused(threat: str) -> None:
    with pytest.raises(BundleError, match=r"m\.npz"):
        read_npz(pack({"a0.npy": HOSTILE_ARRAYS[threat]}, compress=False), "m.npz")


def test_bomb_inside_an_npz_is_refused() -> None:
    with pytest.raises(BundleError, match="inflates more than 200 times"):
        read_npz(raw_zip(("a0.npy", npy("{}", b"\x00" * 10_000_000))), "m.npz")
    with pytest.raises(BundleError, match="name that is not allowed"):
        read_npz(pack({"../a0.npy": b""}), "m.npz")


@pytest.mark.parametrize(
    "document",
    [
        {"json": {}, "arrays": {"a0": "x"}},
        {"json": {}, "arrays": {"a0": "x", "a1": "x"}, "files": {}},
        {"json": {}, "arrays": {"a0": 1}, "files": {}},
        {"json": {}, "arrays": {"a7": "x"}, "files": {}},
        {"json": {}, "arrays": {}, "files": {"m.ubj": "../../etc/passwd"}},
        [],
    ],
)
def test_hostile_state_is_refused(document: object) -> None:
    members = to_members("m", State(arrays={"x": np.zeros(2)}))
    members["m.json"] = json.dumps(document).encode()
    with pytest.raises(BundleError, match=r"not a fitted state|missing"):
        from_members("m", members)


def test_damaged_codebook_is_refused() -> None:
    def change(manifest: dict, members: dict[str, bytes]) -> None:
        members["codebook.json"] = b'{"sources": 3}'

    bundle = parse_bundle(rebuilt(change), "m.tabml")
    with pytest.raises(BundleError, match="codebook in the model file is damaged"):
        _ = bundle.codebook


def test_random_damage_never_ends_in_another_error() -> None:
    rng = np.random.default_rng(0)
    whole = good()
    for _ in range(300):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), size=3):
            data[at] = int(rng.integers(0, 256))
        try:
            bundle = parse_bundle(bytes(data), "m.tabml")
            from_members("pipeline", bundle.members)
        except BundleError:
            continue
        assert isinstance(bundle, Bundle)


def test_large_empty_array_is_stored_so_that_it_can_be_read() -> None:
    state = State(arrays={"a": np.zeros(500_000)})
    data, _ = bundle_bytes(state, CODEBOOK, CARD)
    assert from_members("pipeline", parse_bundle(data, "m").members).arrays["a"].shape == (500_000,)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such model file"):
        read_bundle(tmp_path / "absent.tabml")
    with pytest.raises(BundleError, match="cannot be read"):
        read_bundle(tmp_path)


def test_container_reads_only_what_is_asked() -> None:
    container = Container(pack({"a.json": b"1", "b/c.txt": b"2"}), "m")
    assert container.names == ("a.json", "b/c.txt")
    assert container.read("b/c.txt") == b"2"
