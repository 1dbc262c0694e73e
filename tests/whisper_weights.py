"""A tiny Whisper of random weights: as files of every published format, and as plain NumPy."""

from __future__ import annotations

import io
import json
import math
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_voice.models.convert.checkpoint import Dimensions, _shapes

Weights = Mapping[str, NDArray[np.float32]]

DIMS = Dimensions(
    n_mels=80,
    n_vocab=51865,
    n_audio_ctx=1500,
    n_audio_state=16,
    n_audio_head=2,
    n_audio_layer=1,
    n_text_ctx=448,
    n_text_state=16,
    n_text_head=2,
    n_text_layer=2,
)
_SCALES = {"weight": 0.5, "bias": 0.2, "positional_embedding": 1.0}


def random_weights(dims: Dimensions = DIMS, seed: int = 0) -> Weights:
    """Weights that float16 represents exactly, so that every format holds the same."""
    rng = np.random.default_rng(seed)
    made = {}
    for name, shape in _shapes(dims):
        last = name.rpartition(".")[2]
        scale = 0.4 if "token_embedding" in name else _SCALES[last]
        centre = 1.0 if ("ln" in name and last == "weight") else 0.0
        values = centre + scale * rng.standard_normal(shape)
        made[name] = values.astype(np.float16).astype(np.float32)
    return made


def words(count: int) -> list[bytes]:
    """A byte-level vocabulary: all bytes, then pairs, so that each has a merge. The multilingual
    one (50257 words) ends with an empty word, as OpenAI's does."""
    bytes_ = [bytes([n]) for n in range(256)]
    return (bytes_ + [a + b for a in bytes_ for b in bytes_])[:50256] + [b""][: count - 50256]


# --- files -----------------------------------------------------------------------------


def write_pt(file: Path, weights: Weights, dims: Dimensions = DIMS, half: bool = True) -> Path:
    """As ``torch.save`` does, without torch: its classes are named, never called."""
    kind, dtype = ("HalfStorage", "<f2") if half else ("FloatStorage", "<f4")
    with zipfile.ZipFile(file, "w") as archive:
        tensors: OrderedDict[str, _Tensor] = OrderedDict()
        for number, (name, values) in enumerate(weights.items()):
            archive.writestr(f"archive/data/{number}", values.astype(dtype).tobytes())
            tensors[name] = _Tensor(_Numbers(kind, str(number), values.size), values.shape)
        sizes = {name: getattr(dims, name) for name in Dimensions.__slots__}
        index = pickled({"dims": sizes, "model_state_dict": tensors})
        archive.writestr("archive/data.pkl", index)
        archive.writestr("archive/version", "3\n")
    return file


def pickled(content: object) -> bytes:
    """A pickle in which tensors are named as PyTorch names them, though it is not there."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("HalfStorage", "FloatStorage"):
        setattr(torch, kind, type(kind, (), {"__module__": "torch", "__qualname__": kind}))
    vars(utils)["_rebuild_tensor_v2"] = _rebuild_tensor_v2
    stream = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", utils)
        _Pickler(stream, protocol=2).dump(content)
    return stream.getvalue()


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object, /) -> object:
        if not isinstance(obj, _Numbers):
            return None
        return "storage", getattr(sys.modules["torch"], obj.kind), obj.key, "cpu", obj.count


@dataclass(frozen=True)
class _Numbers:
    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    numbers: _Numbers
    shape: tuple[int, ...]

    def __reduce__(self) -> Any:
        strides = [math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]
        arguments: tuple[object, ...] = (
            self.numbers,
            0,
            self.shape,
            tuple(strides),
            False,
            OrderedDict(),
        )
        return _rebuild_tensor_v2, arguments


def _rebuild_tensor_v2(*_: Any) -> None:
    raise AssertionError("torch is not there")


_rebuild_tensor_v2.__module__ = "torch._utils"


def write_ggml(
    file: Path, weights: Weights, vocabulary: list[bytes], dims: Dimensions = DIMS, kind: int = 1
) -> Path:
    """As whisper.cpp's converter does; ``kind`` is ggml's type of the matrices."""
    order = "n_vocab n_audio_ctx n_audio_state n_audio_head n_audio_layer n_text_ctx n_text_state"
    sizes = [getattr(dims, name) for name in f"{order} n_text_head n_text_layer n_mels".split()]
    parts = [struct.pack("<I10ii", 0x67676D6C, *sizes, kind), struct.pack("<2i", dims.n_mels, 201)]
    parts += [np.zeros(dims.n_mels * 201, "<f4").tobytes(), struct.pack("<i", len(vocabulary))]
    parts += [struct.pack("<I", len(word)) + word for word in vocabulary]
    for name, values in weights.items():
        if "conv" in name and name.endswith("bias"):
            values = values[:, None]
        matrix = values.ndim > 1 and "conv" not in name and "positional" not in name
        used = kind if matrix else 0
        shape = values.shape[::-1]
        parts.append(struct.pack(f"<3i{len(shape)}i", len(shape), len(name), used, *shape))
        parts += [name.encode(), quantised(values, used)]
    file.write_bytes(b"".join(parts))
    return file


def quantised(values: NDArray[np.float32], kind: int) -> bytes:
    """In ggml's type: 0 f32, 1 f16, 2 q4_0, 7 q5_1, 8 q8_0; the shape's size divisible by 32."""
    if kind in (0, 1):
        return values.astype(("<f4", "<f2")[kind]).tobytes()
    blocks = values.reshape(-1, 32)
    if kind == 8:
        scale = (np.abs(blocks).max(1, keepdims=True) / 127).astype("<f2")
        numbers = np.rint(blocks / scale.astype("f4")).astype(np.int8)
        return np.concatenate([scale.view(np.uint8), numbers.view(np.uint8)], 1).tobytes()
    if kind == 2:
        scale = (np.abs(blocks).max(1, keepdims=True) / 7).astype("<f2")
        q = (np.rint(blocks / scale.astype("f4")) + 8).clip(0, 15).astype(np.uint8)
        return np.concatenate([scale.view(np.uint8), q[:, :16] | q[:, 16:] << 4], 1).tobytes()
    low = blocks.min(1, keepdims=True).astype("<f2")
    scale = ((blocks.max(1, keepdims=True) - low.astype("f4")) / 31).astype("<f2")
    q = np.rint((blocks - low.astype("f4")) / scale.astype("f4")).clip(0, 31).astype(np.uint8)
    fifth = np.packbits(q >> 4, axis=1, bitorder="little")
    nibbles = (q[:, :16] & 15) | (q[:, 16:] & 15) << 4
    heads = [scale.view(np.uint8), low.view(np.uint8)]
    return np.concatenate([*heads, fifth, nibbles], 1).tobytes()


def write_huggingface(
    folder: Path, weights: Weights, dims: Dimensions = DIMS, parts: int = 1
) -> Path:
    """``config.json`` and safetensors, in one file or several. The tokenizer is not written."""
    folder.mkdir()
    config = {
        "model_type": "whisper",
        "num_mel_bins": dims.n_mels,
        "vocab_size": dims.n_vocab,
        "d_model": dims.n_audio_state,
        "encoder_attention_heads": dims.n_audio_head,
        "encoder_layers": dims.n_audio_layer,
        "decoder_attention_heads": dims.n_text_head,
        "decoder_layers": dims.n_text_layer,
        "max_source_positions": dims.n_audio_ctx,
        "max_target_positions": dims.n_text_ctx,
    }
    (folder / "config.json").write_text(json.dumps(config))
    named = [(huggingface_name(name), values) for name, values in weights.items()]
    if parts == 1:
        write_safetensors(folder / "model.safetensors", dict(named))
        return folder
    places: dict[str, str] = {}
    for part in range(parts):
        file = f"model-{part + 1:05}-of-{parts:05}.safetensors"
        write_safetensors(folder / file, dict(named[part::parts]))
        places |= {name: file for name, _ in named[part::parts]}
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def write_safetensors(file: Path, tensors: Weights, kind: str = "F16") -> None:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, values in tensors.items():
        raw = brain_floats(values) if kind == "BF16" else values.astype("<f2").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        entries[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    header = json.dumps(entries).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + data)


def brain_floats(values: NDArray[np.float32]) -> bytes:
    return (values.view(np.uint32) >> 16).astype("<u2").tobytes()


_HUGGINGFACE = {
    "blocks": "layers",
    "attn": "self_attn",
    "cross_attn": "encoder_attn",
    "query": "q_proj",
    "key": "k_proj",
    "value": "v_proj",
    "out": "out_proj",
    "attn_ln": "self_attn_layer_norm",
    "cross_attn_ln": "encoder_attn_layer_norm",
    "mlp_ln": "final_layer_norm",
    "ln_post": "layer_norm",
    "ln": "layer_norm",
    "token_embedding": "embed_tokens",
    "positional_embedding": "embed_positions.weight",
}


def huggingface_name(name: str) -> str:
    """OpenAI's name of a tensor as Hugging Face has it."""
    name = name.replace("mlp.0", "fc1").replace("mlp.2", "fc2")
    return "model." + ".".join(_HUGGINGFACE.get(part, part) for part in name.split("."))


# --- the same model, plainly ------------------------------------------------------------

_erf = np.vectorize(math.erf, otypes=[np.float64])


def greedy(
    weights: Weights,
    mel: NDArray[np.float32],
    prompt: Sequence[int],
    steps: int,
    never: Sequence[int],
    not_first: Sequence[int],
) -> list[int]:
    """The likeliest tokens one by one, but for those that are ruled out.

    ``mel``: shape (80, 3000). The model is Whisper's: a transformer whose norms come first.
    """
    heard, tokens = encode(weights, mel), list(prompt)
    for step in range(steps):
        scores = logits(weights, tokens, heard)
        scores[[*never, *(not_first if step == 0 else ())]] = -np.inf
        tokens.append(int(scores.argmax()))
    return tokens[len(prompt) :]


def encode(w: Weights, mel: NDArray[np.float32]) -> NDArray[Any]:
    x = _gelu(_convolve(w, "encoder.conv1", mel, 1))
    x = _gelu(_convolve(w, "encoder.conv2", x, 2)).T + w["encoder.positional_embedding"]
    for layer in range(DIMS.n_audio_layer):
        x = _block(w, f"encoder.blocks.{layer}", x, None, causal=False)
    return _norm(w, "encoder.ln_post", x)


def logits(w: Weights, tokens: list[int], heard: NDArray[Any]) -> NDArray[Any]:
    embeddings = w["decoder.token_embedding.weight"]
    x = embeddings[tokens] + w["decoder.positional_embedding"][: len(tokens)]
    for layer in range(DIMS.n_text_layer):
        x = _block(w, f"decoder.blocks.{layer}", x, heard, causal=True)
    scores: NDArray[Any] = embeddings @ _norm(w, "decoder.ln", x)[-1]
    return scores


def _block(
    w: Weights, name: str, x: NDArray[Any], heard: NDArray[Any] | None, causal: bool
) -> NDArray[Any]:
    normed = _norm(w, f"{name}.attn_ln", x)
    x = x + _attend(w, f"{name}.attn", normed, normed, causal)
    if heard is not None:
        x = x + _attend(w, f"{name}.cross_attn", _norm(w, f"{name}.cross_attn_ln", x), heard)
    inner = _gelu(_linear(w, f"{name}.mlp.0", _norm(w, f"{name}.mlp_ln", x)))
    made: NDArray[Any] = x + _linear(w, f"{name}.mlp.2", inner)
    return made


def _attend(
    w: Weights, name: str, x: NDArray[Any], to: NDArray[Any], causal: bool = False
) -> NDArray[Any]:
    heads = DIMS.n_text_head
    query = np.split(_linear(w, f"{name}.query", x), heads, axis=1)
    key = np.split(to @ w[f"{name}.key.weight"].T, heads, axis=1)
    value = np.split(_linear(w, f"{name}.value", to), heads, axis=1)
    mixed = []
    for q, k, v in zip(query, key, value, strict=True):
        scores = q @ k.T / math.sqrt(q.shape[1])
        if causal:
            scores = scores + np.triu(np.full(scores.shape, -np.inf), 1)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        mixed.append(shares / shares.sum(1, keepdims=True) @ v)
    return _linear(w, f"{name}.out", np.concatenate(mixed, axis=1))


def _linear(w: Weights, name: str, x: NDArray[Any]) -> NDArray[Any]:
    made: NDArray[Any] = x @ w[f"{name}.weight"].T + w[f"{name}.bias"]
    return made


def _norm(w: Weights, name: str, x: NDArray[Any]) -> NDArray[Any]:
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    made: NDArray[Any] = scaled * w[f"{name}.weight"] + w[f"{name}.bias"]
    return made


def _gelu(x: NDArray[Any]) -> NDArray[Any]:
    made: NDArray[Any] = x * (1 + _erf(x / math.sqrt(2))) / 2
    return made


def _convolve(w: Weights, name: str, x: NDArray[Any], stride: int) -> NDArray[Any]:
    """Width 3, padding 1: (channels, time) to (filters, time / stride)."""
    padded = np.pad(x, ((0, 0), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
    made: NDArray[Any] = np.einsum("ctk,fck->ft", windows, w[f"{name}.weight"])
    return made + w[f"{name}.bias"][:, None]
