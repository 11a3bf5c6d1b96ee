"""Fitted state as members of a model file: a JSON document, arrays in an npz, and the libraries' own files.

Arrays are read header first: type, shape and byte count are checked before numpy sees the data, and pickled
objects are never read.
"""

from __future__ import annotations

import ast
import io
import math
import re
import struct
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import BundleError
from tabml.core.spec import State
from tabml.study.container import Container, pack
from tabml.study.strictjson import dump_strict, load_strict

ALLOWED_DTYPES = ("<f4", "<f8", "<i4", "<i8", "|u1", "|b1")
FILE_SUFFIXES = (".ubj", ".safetensors", ".txt", ".json")
ARRAY_NAME = re.compile(r"a[0-9]{1,3}\.npy")
MAX_JSON_BYTES = 64_000_000
MAX_HEADER_BYTES = 4_000
MAX_DIMENSIONS = 6
NPY_MAGIC = b"\x93NUMPY\x01\x00"


def to_members(prefix: str, state: State) -> dict[str, bytes]:
    """The state as members: `{prefix}.json`, `{prefix}.npz` and one member per file.

    Array and file names stand in the JSON document, so they may be any text.
    """
    arrays = {f"a{i}": name for i, name in enumerate(sorted(state.arrays))}
    files = {name: f"{prefix}_f{i}{_suffix(name)}" for i, name in enumerate(sorted(state.files))}
    document = {"json": state.json, "arrays": arrays, "files": files}
    members = {f"{prefix}.json": dump_strict(document, f"{prefix}.json")}
    if arrays:
        packed = {f"{short}.npy": _array_bytes(state.arrays[name], name) for short, name in arrays.items()}
        members[f"{prefix}.npz"] = pack(packed, compress=False)
    members.update({member: state.files[name] for name, member in files.items()})
    return members


def from_members(prefix: str, members: Mapping[str, bytes]) -> State:
    """The state that `to_members` wrote; every part is checked."""
    where = f"{prefix}.json"
    document = load_strict(_member(members, where), where, max_bytes=MAX_JSON_BYTES)
    arrays, files = _parts(document, where)
    loaded = read_npz(_member(members, f"{prefix}.npz"), f"{prefix}.npz") if arrays else {}
    if set(loaded) != set(arrays):
        raise BundleError("arrays are missing or not listed", where=f"{prefix}.npz")
    return State(
        json=document["json"],
        arrays={arrays[short]: array for short, array in loaded.items()},
        files={name: _member(members, member) for name, member in files.items()},
    )


def read_npz(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    """Arrays of an npz by their short names."""
    container = Container(data, where, pattern=ARRAY_NAME)
    return {
        name.removesuffix(".npy"): _read_array(container.read(name), f"{where}, {name}") for name in container.names
    }


def _parts(document: Any, where: str) -> tuple[dict[str, str], dict[str, str]]:
    good = isinstance(document, dict) and set(document) == {"json", "arrays", "files"}
    if not good or not all(isinstance(part, dict) for part in document.values()):
        raise BundleError("not a fitted state", where=where)
    texts = [*document["arrays"].values(), *document["files"].values()]
    if not all(isinstance(text, str) for text in texts) or len(set(texts)) != len(texts):
        raise BundleError("not a fitted state", where=where)
    return document["arrays"], document["files"]


def _member(members: Mapping[str, bytes], name: str) -> bytes:
    if name not in members:
        raise BundleError(f"member {name} is missing")
    return members[name]


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    if suffix not in FILE_SUFFIXES:
        raise BundleError(f"a model file cannot hold {name!r}: its kind is not on the list")
    return suffix


def _array_bytes(array: NDArray[Any], name: str) -> bytes:
    array = np.ascontiguousarray(array) if array.ndim else array
    if array.dtype.str not in ALLOWED_DTYPES:
        raise BundleError(f"a model file cannot hold array {name!r} of type {array.dtype}")
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _read_array(data: bytes, where: str) -> NDArray[Any]:
    header, start = _header(data, where)
    dtype, shape = header["descr"], header["shape"]
    if dtype not in ALLOWED_DTYPES or header["fortran_order"] is not False:
        raise BundleError("an array has a type that is not on the list", where=where)
    sizes_ok = (
        isinstance(shape, tuple) and len(shape) <= MAX_DIMENSIONS and all(type(n) is int and n >= 0 for n in shape)
    )
    if not sizes_ok or math.prod(shape) * np.dtype(dtype).itemsize != len(data) - start:
        raise BundleError("an array's shape does not match its bytes", where=where)
    array = np.frombuffer(data, dtype=dtype, offset=start).reshape(shape)
    if dtype == "|b1" and not np.isin(array.view("u1"), (0, 1)).all():
        raise BundleError("an array of yes and no holds something else", where=where)
    return array.copy()


def _header(data: bytes, where: str) -> tuple[dict[str, Any], int]:
    if not data.startswith(NPY_MAGIC) or len(data) < len(NPY_MAGIC) + 2:
        raise BundleError("not an array", where=where)
    (length,) = struct.unpack_from("<H", data, len(NPY_MAGIC))
    start = len(NPY_MAGIC) + 2 + length
    if length > MAX_HEADER_BYTES or start > len(data):
        raise BundleError("an array's header is damaged", where=where)
    try:
        header = ast.literal_eval(data[len(NPY_MAGIC) + 2 : start].decode("ascii").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise BundleError("an array's header is damaged", where=where) from error
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        raise BundleError("an array's header is damaged", where=where)
    return header, start
