"""whisper.cpp's ``ggml-*.bin``: sizes, mel filters, the vocabulary, then one tensor after another.

Layout after ``models/convert-pt-to-ggml.py`` of whisper.cpp, blocks after ``ggml-quants.h`` of
ggml. All numbers are little-endian. Quantised weights become float32 again: nothing is lost twice
but what the first quantisation lost.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_voice.errors import ModelError

from .checkpoint import Checkpoint, Dimensions, Tensor

MAGIC = struct.pack("<I", 0x67676D6C)
_SIZES = (
    *("n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer"),
    *("n_text_ctx", "n_text_state", "n_text_head", "n_text_layer", "n_mels"),
)
_BLOCK = 32
"""Weights in a quantised block."""
_LONGEST_NAME = 256
_MOST_WORDS = 2**17


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    block: int
    """Weights a block holds."""
    size: int
    """Bytes of a block."""
    decode: Callable[[NDArray[np.uint8]], NDArray[Any]]
    """Blocks, shape (n, size), as weights of any shape with n x block elements."""


def read(source: Path) -> Checkpoint:
    """Raises ``ModelError`` when the file is cut off or of an unknown kind."""
    stream = _Stream(source)
    stream.take(len(MAGIC))
    dims = Dimensions.of(dict(zip(_SIZES, stream.integers(len(_SIZES)), strict=True)), source)
    stream.integers(1)  # the prevailing type; every tensor tells its own
    mel_bins, bins = stream.integers(2)
    stream.take(4 * mel_bins * bins)
    words = tuple(stream.word() for _ in range(stream.count(_MOST_WORDS)))
    tensors: dict[str, Tensor] = {}
    kinds: set[str] = set()
    while not stream.at_end:
        name, tensor, kind = _tensor(stream)
        # Biases of convolutions come as (n, 1), for broadcasting.
        tensors[name] = tensor.reshape(-1) if name.endswith("bias") else tensor
        kinds.add(kind)
    return Checkpoint(source, f"whisper.cpp ggml ({'/'.join(sorted(kinds))})", dims, tensors, words)


class _Stream:
    """The file, read from front to back without copying it."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._bytes = np.memmap(source, np.uint8, "r")
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._bytes)

    def take(self, count: int) -> NDArray[np.uint8]:
        if count < 0 or self._at + count > len(self._bytes):
            raise self.wrong("it is cut off; fetch it again")
        taken = self._bytes[self._at : self._at + count]
        self._at += count
        return taken

    def integers(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}i", self.take(4 * count).tobytes())

    def count(self, most: int) -> int:
        number = self.integers(1)[0]
        if not 0 <= number <= most:
            raise self.wrong(f"it is damaged: {number} where at most {most} fits; fetch it again")
        return number

    def word(self) -> bytes:
        return self.take(self.count(_LONGEST_NAME)).tobytes()

    def wrong(self, what: str) -> ModelError:
        return ModelError(f"{self._source}: not a usable whisper.cpp model: {what}.")


def _tensor(stream: _Stream) -> tuple[str, Tensor, str]:
    dimensions, length, number = stream.integers(3)
    if not 1 <= dimensions <= 4 or not 0 < length <= _LONGEST_NAME:
        raise stream.wrong("it is damaged; fetch it again")
    shape = stream.integers(dimensions)[::-1]  # ggml names the fastest dimension first
    name = stream.take(length).tobytes().decode("utf-8", "replace")
    if number not in _TYPES:
        known = ", ".join(kind.name for kind in _TYPES.values())
        raise stream.wrong(
            f"{name} is of ggml type {number}, and only {known} can be read; take one of those"
        )
    kind, size = _TYPES[number], math.prod(shape)
    if min(shape) <= 0 or size % kind.block:
        raise stream.wrong(f"{name} has the shape {shape}")
    raw = stream.take(size // kind.block * kind.size)
    return name, kind.decode(raw.reshape(-1, kind.size)).reshape(shape), kind.name


def _halves(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A float16 in two columns of bytes, as a column of float32."""
    return np.ascontiguousarray(raw).view("<f2").astype(np.float32)


def _q8_0(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """d, then 32 int8."""
    scaled: NDArray[np.float32] = raw[:, 2:].view(np.int8).astype(np.float32) * _halves(raw[:, :2])
    return scaled


def _small(
    raw: NDArray[np.uint8], bits: int, has_minimum: bool
) -> NDArray[np.float32]:  # q4_0, q4_1, q5_0, q5_1
    """d, perhaps m, perhaps 32 fifth bits, then 16 bytes: low halves first, high halves after."""
    at = 4 if has_minimum else 2
    fifth: NDArray[Any] = np.zeros((len(raw), _BLOCK), np.int16)
    if bits == 5:
        columns = np.ascontiguousarray(raw[:, at : at + 4])
        fifth = np.unpackbits(columns, axis=1, bitorder="little").astype(np.int16) << 4
        at += 4
    nibbles = np.concatenate([raw[:, at:] & 15, raw[:, at:] >> 4], axis=1).astype(np.int16)
    values = (nibbles | fifth).astype(np.float32)
    if has_minimum:
        scaled: NDArray[np.float32] = values * _halves(raw[:, :2]) + _halves(raw[:, 2:4])
    else:
        scaled = (values - 2 ** (bits - 1)) * _halves(raw[:, :2])
    return scaled


_TYPES = {
    0: _Type("f32", 1, 4, lambda raw: raw.view("<f4")),
    1: _Type("f16", 1, 2, lambda raw: raw.view("<f2")),
    2: _Type("q4_0", _BLOCK, 18, lambda raw: _small(raw, 4, False)),
    3: _Type("q4_1", _BLOCK, 20, lambda raw: _small(raw, 4, True)),
    6: _Type("q5_0", _BLOCK, 22, lambda raw: _small(raw, 5, False)),
    7: _Type("q5_1", _BLOCK, 24, lambda raw: _small(raw, 5, True)),
    8: _Type("q8_0", _BLOCK, 34, _q8_0),
}
"""``enum ggml_type`` in ggml.h, as far as Whisper models are published in them."""
