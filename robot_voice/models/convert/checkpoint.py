"""What every source format is read into: Whisper's sizes and its tensors by OpenAI's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from robot_voice.errors import ModelError

Tensor: TypeAlias = NDArray[Any]
"""float32 or float16."""

MEL_BINS = (80, 128)
"""Whisper's input: 80 bins, 128 since large-v3."""
POSITIONS = 1500
"""Encoder positions: 30 s of 20 ms. faster-whisper pads to them."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Whisper's sizes, under OpenAI's names (``ModelDimensions`` in openai/whisper)."""

    n_mels: int
    n_vocab: int
    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_text_ctx: int
    n_text_state: int
    n_text_head: int
    n_text_layer: int

    @classmethod
    def of(cls, values: Mapping[str, object], source: Path) -> Dimensions:
        """Raises ``ModelError`` when one is missing or cannot be a Whisper model's."""
        sizes = {name: values.get(name) for name in cls.__slots__}
        wrong = [
            name
            for name, value in sizes.items()
            if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**20
        ]
        if wrong:
            raise ModelError(
                f"{source}: not a Whisper model: {', '.join(wrong)} missing or absurd."
            )
        dims = cls(**sizes)  # type: ignore[arg-type]
        if dims.n_mels not in MEL_BINS or dims.n_audio_ctx != POSITIONS:
            raise ModelError(
                f"{source}: not a Whisper model: {dims.n_mels} mel bins and {dims.n_audio_ctx}"
                f" positions; they have {MEL_BINS[0]} or {MEL_BINS[1]}, and {POSITIONS}."
            )
        heads = (dims.n_audio_head, dims.n_text_head)
        if dims.n_audio_state != dims.n_text_state or any(dims.n_text_state % n for n in heads):
            raise ModelError(
                f"{source}: not a Whisper model: a width of {dims.n_audio_state} and"
                f" {dims.n_text_state} with {heads[0]} and {heads[1]} attention heads."
            )
        return dims


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights as they were read, nothing checked yet but the sizes."""

    source: Path
    description: str
    dims: Dimensions
    tensors: Mapping[str, Tensor]
    words: tuple[bytes, ...] | None = None
    """The vocabulary without special tokens, in order, where the format has one (ggml)."""
    alignment_heads: tuple[tuple[int, int], ...] | None = None
    """(layer, head) pairs whose attention follows time, where the source names them."""

    @property
    def parameters(self) -> int:
        return sum(tensor.size for tensor in self.tensors.values())

    def check(self) -> None:
        """Raises ``ModelError`` unless exactly Whisper's tensors are there, in their shapes."""
        wanted = dict(_shapes(self.dims))
        missing = sorted(set(wanted) - set(self.tensors))
        if missing:
            raise ModelError(
                f"{self.source}: not a whole Whisper model: {len(missing)} of {len(wanted)}"
                f" tensors are missing, among them {missing[0]}. It may be cut off: fetch it again."
            )
        strange = sorted(set(self.tensors) - set(wanted))
        if strange:
            raise ModelError(f"{self.source}: not a Whisper model: it has a tensor {strange[0]}.")
        for name, shape in wanted.items():
            if self.tensors[name].shape != shape:
                raise ModelError(
                    f"{self.source}: not a Whisper model: {name} has the shape"
                    f" {self.tensors[name].shape}, not {shape}."
                )
            if not np.isfinite(self.tensors[name]).all():
                raise ModelError(f"{self.source}: damaged: {name} holds NaN or infinity.")


def _shapes(dims: Dimensions) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor's name and shape (openai/whisper, ``whisper/model.py``)."""
    width = dims.n_audio_state
    yield "encoder.conv1.weight", (width, dims.n_mels, 3)
    yield "encoder.conv1.bias", (width,)
    yield "encoder.conv2.weight", (width, width, 3)
    yield "encoder.conv2.bias", (width,)
    yield "encoder.positional_embedding", (dims.n_audio_ctx, width)
    yield "decoder.token_embedding.weight", (dims.n_vocab, width)
    yield "decoder.positional_embedding", (dims.n_text_ctx, width)
    for norm in ("encoder.ln_post", "decoder.ln"):
        yield from _affine(norm, (width,))
    for layer in range(dims.n_audio_layer):
        yield from _block(f"encoder.blocks.{layer}", width, ("attn",))
    for layer in range(dims.n_text_layer):
        yield from _block(f"decoder.blocks.{layer}", width, ("attn", "cross_attn"))


def _block(
    name: str, width: int, attentions: tuple[str, ...]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    for attention in attentions:
        yield from _affine(f"{name}.{attention}_ln", (width,))
        for part in ("query", "value", "out"):
            yield from _affine(f"{name}.{attention}.{part}", (width, width))
        yield f"{name}.{attention}.key.weight", (width, width)  # a key's bias would cancel out
    yield from _affine(f"{name}.mlp_ln", (width,))
    yield from _affine(f"{name}.mlp.0", (4 * width, width))
    yield from _affine(f"{name}.mlp.2", (width, 4 * width))


def _affine(name: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]
