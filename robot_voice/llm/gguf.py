"""What a GGUF file says about itself, read before the native loader sees it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Little-endian: the magic
``GGUF``, u32 version, u64 number of tensors, u64 number of metadata pairs, then the pairs (key,
u32 type, value), then the table of tensors.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from robot_voice.errors import ModelError

K_QUANTS = frozenset({10, 11, 12, 13, 14, 15, 16, 17, 18, 21})
"""Values of ``general.file_type`` that mean Q2_K to Q6_K (enum llama_ftype in llama.h)."""

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_LARGEST_COUNT = 1 << 20
"""More tensors or metadata pairs than this are nonsense."""


def file_type(path: Path) -> int | None:
    """The file's ``general.file_type``, an ``enum llama_ftype``; None where it does not tell.

    Raises ``ModelError`` when the file is missing, is no GGUF model, or ends too early.
    """
    if not path.is_file():
        raise ModelError(
            f'there is no language model file {path}; set llm.model to a GGUF file, or to "starter"'
        )
    if path.stat().st_size < 24:
        raise _broken(path, f"it has only {path.stat().st_size} bytes")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != b"GGUF":
            raise _broken(path, _what_else(data[:64]))
        version, tensors, pairs = struct.unpack_from("<IQQ", data, 4)
        if version not in (2, 3) or max(tensors, pairs) > _LARGEST_COUNT or not tensors:
            raise _broken(path, f"its header is nonsense or of an unknown version ({version})")
        try:
            return _find_file_type(data, pairs)
        except (struct.error, KeyError, OverflowError) as error:
            raise _broken(path, "its metadata is damaged or ends too early") from error


def _find_file_type(data: mmap.mmap, pairs: int) -> int | None:
    at = 24
    for _ in range(pairs):
        key, at = _string(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        if key == b"general.file_type" and kind in _SCALARS:
            return int(struct.unpack_from("<" + _SCALARS[kind], data, at + 4)[0])
        at = _after(data, at + 4, kind)
    return None


def _string(data: mmap.mmap, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    return data[at + 8 : at + 8 + length], at + 8 + length


def _after(data: mmap.mmap, at: int, kind: int) -> int:
    """Where the value of this kind that begins at ``at`` ends."""
    if kind == _STRING:
        return at + 8 + int(struct.unpack_from("<Q", data, at)[0])
    if kind != _ARRAY:
        return at + struct.calcsize("<" + _SCALARS[kind])
    element, count = struct.unpack_from("<IQ", data, at)
    at += 12
    if element in _SCALARS:
        return at + int(count) * struct.calcsize("<" + _SCALARS[element])
    for _ in range(count):
        at = _after(data, at, element)
    return at


def _what_else(head: bytes) -> str:
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, not the model itself (git lfs pull)"
    if head.lstrip()[:1] == b"<":
        return "it is a web page, not a model"
    return "it is not a GGUF file"


def _broken(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"the language model {path} cannot be used: {reason}."
        ' Fetch it again, or set llm.model = "starter"'
    )
