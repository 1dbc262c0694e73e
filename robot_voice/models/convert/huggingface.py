"""A Hugging Face folder: ``config.json``, ``model.safetensors`` (or parts of it), a tokenizer.

Safetensors is a length (u64), that many bytes of JSON, then raw numbers
(huggingface/safetensors, "Format"): little enough to read without another dependency.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.errors import ModelError

from .checkpoint import POSITIONS, Checkpoint, Dimensions, Tensor
from .openai import numbers

_LARGEST_HEADER = 100_000_000
"""Bytes: the format's own limit."""
_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "bf16"}

_SIZES = {
    "n_mels": "num_mel_bins",
    "n_vocab": "vocab_size",
    "n_audio_state": "d_model",
    "n_audio_head": "encoder_attention_heads",
    "n_audio_layer": "encoder_layers",
    "n_text_state": "d_model",
    "n_text_head": "decoder_attention_heads",
    "n_text_layer": "decoder_layers",
}

_NAMES = (
    (r"^model\.", ""),
    (r"\.layers\.", ".blocks."),
    (r"\.encoder_attn_layer_norm\.", ".cross_attn_ln."),
    (r"\.self_attn_layer_norm\.", ".attn_ln."),
    (r"\.final_layer_norm\.", ".mlp_ln."),
    (r"\.encoder_attn\.", ".cross_attn."),
    (r"\.self_attn\.", ".attn."),
    (r"\.q_proj\.", ".query."),
    (r"\.k_proj\.", ".key."),
    (r"\.v_proj\.", ".value."),
    (r"\.out_proj\.", ".out."),
    (r"\.fc1\.", ".mlp.0."),
    (r"\.fc2\.", ".mlp.2."),
    (r"\.embed_tokens\.", ".token_embedding."),
    (r"\.embed_positions\.weight$", ".positional_embedding"),
    (r"^encoder\.layer_norm\.", "encoder.ln_post."),
    (r"^decoder\.layer_norm\.", "decoder.ln."),
)
"""From Hugging Face's names of tensors to OpenAI's, in this order."""


def read(folder: Path) -> Checkpoint:
    """Raises ``ModelError`` when a file is missing, damaged, or of another kind of model."""
    config = _json(folder / "config.json")
    if config.get("model_type") != "whisper":
        raise ModelError(f"{folder}: a {config.get('model_type', 'nameless')} model, not Whisper.")
    sizes: dict[str, object] = {name: config.get(key) for name, key in _SIZES.items()}
    sizes["n_audio_ctx"] = config.get("max_source_positions", POSITIONS)
    sizes["n_text_ctx"] = config.get("max_target_positions", 448)
    tensors: dict[str, Tensor] = {}
    for part in _parts(folder):
        for name, tensor in _tensors(part):
            for pattern, replacement in _NAMES:
                name = re.sub(pattern, replacement, name)
            tensors[name] = tensor
    tensors.pop("proj_out.weight", None)  # the same as the embeddings
    dims = Dimensions.of(sizes, folder)
    return Checkpoint(
        folder, "Hugging Face safetensors", dims, tensors, None, _alignment(folder, dims)
    )


def _parts(folder: Path) -> list[Path]:
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.is_file() or not index.is_file():
        return [whole]
    files = _json(index).get("weight_map")
    if not isinstance(files, dict):
        raise ModelError(f"{index}: has no weight_map; fetch it again.")
    names = sorted({Path(str(name)).name for name in files.values()})  # never out of the folder
    return [folder / name for name in names]


def _tensors(file: Path) -> Iterator[tuple[str, Tensor]]:
    if not file.is_file():
        raise ModelError(f"{file}: not there; a Hugging Face folder needs its safetensors.")
    raw = np.memmap(file, np.uint8, "r") if file.stat().st_size else np.zeros(0, np.uint8)
    length = struct.unpack("<Q", raw[:8].tobytes())[0] if len(raw) >= 8 else 0
    if not 0 < length <= min(_LARGEST_HEADER, len(raw) - 8):
        raise ModelError(f"{file}: no safetensors file, or cut off; fetch it again.")
    try:
        entries = json.loads(raw[8 : 8 + length].tobytes())
        entries.pop("__metadata__", None)
        for name, entry in entries.items():
            yield name, _tensor(entry, raw[8 + length :])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: damaged or cut off ({error}); fetch it again.") from error


def _tensor(entry: Any, data: Any) -> Tensor:
    """Raises ``ValueError`` or ``KeyError`` when the numbers are not there."""
    if entry["dtype"] not in _TYPES:
        raise ValueError(f"weights of type {entry['dtype']}")
    begin, end = entry["data_offsets"]
    shape = tuple(int(size) for size in entry["shape"])
    width = 4 if entry["dtype"] == "F32" else 2
    if not 0 <= begin <= end <= len(data) or end - begin != width * math.prod(shape):
        raise ValueError("a tensor without all its numbers")
    return numbers(data[begin:end].data, _TYPES[entry["dtype"]]).reshape(shape)


def _alignment(folder: Path, dims: Dimensions) -> tuple[tuple[int, int], ...] | None:
    file = folder / "generation_config.json"
    pairs = _json(file).get("alignment_heads") if file.is_file() else None
    if not isinstance(pairs, list):
        return None
    try:
        heads = tuple((int(layer), int(head)) for layer, head in pairs)
    except (TypeError, ValueError):
        return None
    fit = all(0 <= n < dims.n_text_layer and 0 <= h < dims.n_text_head for n, h in heads)
    return heads if heads and fit else None


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise ModelError(f"{file}: not there; is this a Hugging Face Whisper folder?") from None
    except ValueError as error:
        raise ModelError(f"{file}: damaged: {error}; fetch it again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file}: damaged; fetch it again.")
    return content
