"""Untrained models of true shape: as fast, as large and as hungry as the real ones, and mindless.

    python -m scripts.bench.untrained {llama2-7b,tinyllama-1.1b,tiny} FOLDER

The tensors have the shapes of the published models and the quantisation that llama.cpp gives them
for Q4_K_M; their weights are random, of a size that keeps the activations finite. So speed, memory
and latency are those of the real model, at no download and no licence. Never committed.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Blocks of 256 weights as ggml
lays them out: Q4_K is two halves (scale, minimum), 12 bytes of 6-bit scales and minima, 128 of
nibbles; Q6_K is 128 bytes of low nibbles, 64 of high pairs, 16 scales, and a half for all.
"""

from __future__ import annotations

import argparse
import itertools
import os
import struct
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from robot_voice.llm.llama import LLAMA_2

Bytes: TypeAlias = NDArray[np.uint8]

F32, Q4_K, Q6_K = 0, 12, 14
"""enum ggml_type."""
_BLOCK = {Q4_K: 144, Q6_K: 210}
"""Bytes of 256 weights."""
_Q4_K_M = 15
"""enum llama_ftype."""
_ALIGNMENT = 32
_UNK, _BOS, _EOS = 0, 1, 2
_TILE = 4999
"""Random blocks that are made; a tensor repeats them. Prime, so that no two rows are alike for as
many rows."""
_U32, _F32, _BOOL, _STRING, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
"""Types of GGUF's metadata."""


@dataclass(frozen=True, slots=True)
class Shape:
    words: int
    width: int
    hidden: int
    layers: int
    heads: int
    groups: int
    """Heads of keys and values."""
    context: int


SHAPES = {
    "llama2-7b": Shape(32000, 4096, 11008, 32, 32, 32, 4096),
    "tinyllama-1.1b": Shape(32000, 2048, 5632, 22, 32, 4, 2048),
    "tiny": Shape(2048, 256, 512, 2, 4, 2, 2048),
}
"""From the models' published configurations; "tiny" is for tests."""


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    rows: int
    columns: int
    kind: int
    spread: float = 1.0
    """Standard deviation of its weights."""

    @property
    def size(self) -> int:
        """Bytes."""
        if self.kind == F32:
            return 4 * self.columns
        return self.rows * self.columns // 256 * _BLOCK[self.kind]


def make(name: str, folder: Path) -> Path:
    """The GGUF file of a shape, which is written unless it is there."""
    path = folder / f"untrained-{name}-Q4_K_M.gguf"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            _write(file, name, SHAPES[name])
        os.replace(partial, path)
    return path


def bytes_per_token(name: str) -> int:
    """Bytes of weights that one token of a reply needs: all but the other words' embeddings."""
    weights = [tensor for tensor in _tensors(SHAPES[name]) if tensor.name != "token_embd.weight"]
    return sum(tensor.size for tensor in weights)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The option that says where the models lie."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "robot-voice-untrained",
        help="where the untrained models are, or are made (0.7 GB and 4.1 GB)",
    )


def _write(file: BinaryIO, name: str, shape: Shape) -> None:
    tensors, pairs = list(_tensors(shape)), list(_metadata(name, shape))
    file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs))
    offset = 0
    for tensor in tensors:
        sizes = [tensor.columns] if tensor.kind == F32 else [tensor.columns, tensor.rows]
        file.write(_text(tensor.name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes))
        file.write(struct.pack("<IQ", tensor.kind, offset))
        offset += tensor.size + -tensor.size % _ALIGNMENT
    file.write(bytes(-file.tell() % _ALIGNMENT))
    dice = np.random.Generator(np.random.SFC64(1))
    for tensor in tensors:
        _write_weights(file, tensor, dice)
        file.write(bytes(-tensor.size % _ALIGNMENT))


def _write_weights(file: BinaryIO, tensor: Tensor, dice: np.random.Generator) -> None:
    if tensor.kind == F32:  # the norms
        file.write(np.ones(tensor.columns, "<f4").tobytes())
        return
    tile = (_q4_k if tensor.kind == Q4_K else _q6_k)(tensor.spread, dice).tobytes()
    start = file.tell()
    for begin in range(0, tensor.size, len(tile)):
        file.write(tile[: tensor.size - begin])
    if tensor.name == "output.weight":  # the end of a reply is never the likeliest: no row for it
        end, row = file.tell(), tensor.size // tensor.rows
        file.seek(start + _EOS * row)
        file.write(bytes(row))
        file.seek(end)


def _q4_k(spread: float, dice: np.random.Generator) -> Bytes:
    """Weights scale * a - minimum * b, a in 0..15 (spread 4.61), scale and minimum in 0..63."""
    scale = spread / (36.4 * 4.61 * 1.6)
    minimum = 7.5 * scale
    parts = (_halves(scale, dice), _halves(minimum, dice), _random(12, dice), _random(128, dice))
    return np.concatenate(parts, axis=1)


def _q6_k(spread: float, dice: np.random.Generator) -> Bytes:
    """Weights scale * s * (a - 32), a in 0..63 (spread 18.5), s in -24..24 (spread 14.1)."""
    scales = dice.integers(-24, 25, (_TILE, 16), dtype=np.int8).view(np.uint8)
    low, high = _random(128, dice), _random(64, dice)
    return np.concatenate((low, high, scales, _halves(spread / (18.5 * 14.1), dice)), axis=1)


def _halves(size: float, dice: np.random.Generator) -> Bytes:
    halves = (size * dice.uniform(0.7, 1.3, _TILE)).astype("<f2")
    return halves.view(np.uint8).reshape(_TILE, 2)


def _random(count: int, dice: np.random.Generator) -> Bytes:
    return dice.integers(0, 256, (_TILE, count), dtype=np.uint8)


def _tensors(shape: Shape) -> Iterator[Tensor]:
    """As llama-quantize makes them for Q4_K_M: better where it matters most."""
    width, hidden = shape.width, shape.hidden
    narrow = width // shape.heads * shape.groups
    into, out = width**-0.5, (width * 2 * shape.layers) ** -0.5
    yield Tensor("token_embd.weight", shape.words, width, Q4_K, 0.02)
    for layer in range(shape.layers):
        at, better = f"blk.{layer}.", Q6_K if _better(layer, shape.layers) else Q4_K
        yield Tensor(f"{at}attn_norm.weight", 1, width, F32)
        yield Tensor(f"{at}attn_q.weight", width, width, Q4_K, into)
        yield Tensor(f"{at}attn_k.weight", narrow, width, Q4_K, into)
        yield Tensor(f"{at}attn_v.weight", narrow, width, better, into)
        yield Tensor(f"{at}attn_output.weight", width, width, Q4_K, out)
        yield Tensor(f"{at}ffn_norm.weight", 1, width, F32)
        yield Tensor(f"{at}ffn_gate.weight", hidden, width, Q4_K, into)
        yield Tensor(f"{at}ffn_up.weight", hidden, width, Q4_K, into)
        yield Tensor(f"{at}ffn_down.weight", width, hidden, better, out)
    yield Tensor("output_norm.weight", 1, width, F32)
    yield Tensor("output.weight", shape.words, width, Q6_K, into)


def _better(layer: int, layers: int) -> bool:
    """Whether values and the way down of a layer get Q6_K (llama.cpp: ``use_more_bits``)."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _metadata(name: str, shape: Shape) -> Iterator[bytes]:
    yield _pair("general.architecture", "llama")
    yield _pair("general.name", f"untrained {name}")
    yield _pair("general.file_type", _Q4_K_M)
    yield _pair("general.quantization_version", 2)
    yield _pair("llama.vocab_size", shape.words)
    yield _pair("llama.context_length", shape.context)
    yield _pair("llama.embedding_length", shape.width)
    yield _pair("llama.block_count", shape.layers)
    yield _pair("llama.feed_forward_length", shape.hidden)
    yield _pair("llama.attention.head_count", shape.heads)
    yield _pair("llama.attention.head_count_kv", shape.groups)
    yield _pair("llama.attention.layer_norm_rms_epsilon", 1e-5)
    yield _pair("llama.rope.dimension_count", shape.width // shape.heads)
    yield _pair("llama.rope.freq_base", 10000.0)
    yield from _vocabulary(shape.words)
    yield _pair("tokenizer.chat_template", LLAMA_2)


def _vocabulary(count: int) -> Iterator[bytes]:
    """Bytes, then letters and runs of common ones, the shorter the likelier to be joined."""
    marks = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces = list(dict.fromkeys(itertools.islice(_pieces(), 2 * count)))[: count - len(marks)]
    tokens = [*marks, *pieces]
    kinds = [2, 3, 3, *[6] * 256, *[1] * len(pieces)]  # unknown, control, byte, normal
    yield _pair("tokenizer.ggml.model", "llama")
    yield _array("tokenizer.ggml.tokens", _STRING, b"".join(map(_text, tokens)), count)
    scores = np.zeros(count, "<f4")
    scores[len(marks) :] = -np.arange(len(pieces))
    yield _array("tokenizer.ggml.scores", _F32, scores.tobytes(), count)
    yield _array("tokenizer.ggml.token_type", _I32, np.array(kinds, "<i4").tobytes(), count)
    for mark, number in (("unknown", _UNK), ("bos", _BOS), ("eos", _EOS)):
        yield _pair(f"tokenizer.ggml.{mark}_token_id", number)
    yield _pair("tokenizer.ggml.add_bos_token", True)


def _pieces() -> Iterator[str]:
    yield from ("▁" if character == " " else character for character in map(chr, range(32, 127)))
    for length in (1, 2, 3, 4):
        for letters in itertools.product("etaoinshrdlucmfwypvbgkjqxz", repeat=length):
            yield "▁" + "".join(letters)
            yield "".join(letters)


def _pair(key: str, value: Any) -> bytes:
    match value:
        case bool():
            return _text(key) + struct.pack("<I?", _BOOL, value)
        case int():
            return _text(key) + struct.pack("<II", _U32, value)
        case float():
            return _text(key) + struct.pack("<If", _F32, value)
        case _:
            return _text(key) + struct.pack("<I", _STRING) + _text(value)


def _array(key: str, kind: int, data: bytes, count: int) -> bytes:
    return _text(key) + struct.pack("<IIQ", _ARRAY, kind, count) + data


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    path = make(options.shape, options.folder)
    sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
