"""The model that is adapted, read back out of its GGUF file: no checkpoint is needed.

What Q8_0 rounded away stays away: the adapter is trained on the very weights that it is to run
with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from scripts.starter.llm.export import gguf_name
from scripts.starter.llm.model import Llama, Shape
from scripts.starter.llm.tokenizer import CONTROL, Tokenizer

BYTES = 256
"""Tokens for single bytes, between the control tokens and the pieces."""


def load(path: Path) -> tuple[Llama, Tokenizer]:
    """The model and its tokeniser. Raises ``SystemExit`` for a file of any other kind."""
    reader = gguf.GGUFReader(str(path))
    tokens = _field(reader, "tokenizer.ggml.tokens") or []
    known = tuple(tokens[: len(CONTROL)]) == CONTROL
    if _field(reader, "general.architecture") != "llama" or not known:
        raise SystemExit(
            f"{path} is not the starter's chat model or one made by scripts/starter/llm: only their"
            " tokens and their chat format are known here (see scripts/lora/README.md for others)"
        )
    model = Llama(_shape(reader, len(tokens)))
    weights = {
        tensor.name: torch.from_numpy(
            np.array(gguf.quants.dequantize(tensor.data, tensor.tensor_type))
        )
        for tensor in reader.tensors
    }
    model.load_state_dict({name: weights[gguf_name(name)] for name in model.state_dict()})
    return model, Tokenizer(tokens[len(CONTROL) + BYTES :])


def _shape(reader: Any, words: int) -> Shape:
    return Shape(
        vocabulary=words,
        width=_field(reader, "llama.embedding_length"),
        layers=_field(reader, "llama.block_count"),
        heads=_field(reader, "llama.attention.head_count"),
        groups=_field(reader, "llama.attention.head_count_kv"),
        hidden=_field(reader, "llama.feed_forward_length"),
        context=_field(reader, "llama.context_length"),
        rope_base=_field(reader, "llama.rope.freq_base"),
        epsilon=_field(reader, "llama.attention.layer_norm_rms_epsilon"),
    )


def _field(reader: Any, key: str) -> Any:
    found = reader.get_field(key)
    return None if found is None else found.contents()
