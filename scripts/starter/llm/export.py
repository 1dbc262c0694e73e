"""Checkpoint to GGUF: ``python -m scripts.starter.llm.export FOLDER OUT.gguf``. Needs no network.

Matrices become Q8_0 (32 weights share a scale: 8.5 bits each), norms stay float32. llama.cpp turns
neighbouring channels of queries and keys for the architecture "llama", as ``model.rotate`` does, so
nothing is permuted. Without an ``output.weight`` it takes the embedding for it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from .model import Shape
from .tokenizer import BOS, CONTROL, EOS, TEMPLATE, UNK, Tokenizer

NAME = "Nuri chat starter"
_LAYER = {
    "attention_norm.weight": "attn_norm",
    "attention.q.weight": "attn_q",
    "attention.k.weight": "attn_k",
    "attention.v.weight": "attn_v",
    "attention.o.weight": "attn_output",
    "feed_forward_norm.weight": "ffn_norm",
    "feed_forward.gate.weight": "ffn_gate",
    "feed_forward.up.weight": "ffn_up",
    "feed_forward.down.weight": "ffn_down",
}
_OTHER = {"embedding.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}


def export(folder: Path, out: Path) -> None:
    """Write the model of ``folder`` (checkpoint.pt, vocabulary.json) as one GGUF file."""
    state: dict[str, Any] = torch.load(
        folder / "checkpoint.pt", map_location="cpu", weights_only=True
    )
    writer = gguf.GGUFWriter(str(out), "llama")
    _describe(writer, Shape(**state["shape"]))
    _vocabulary(writer, Tokenizer.load(folder / "vocabulary.json"))
    for name, weight in state["model"].items():
        _tensor(writer, gguf_name(name), weight.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name(NAME)
    writer.add_license("Apache-2.0")
    writer.add_languages(["en", "ko"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.groups)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    """Scores fall with the rank: llama.cpp joins the pair whose piece has the highest first.

    The chat format's marks are "user defined": read as one token, and written out as their text,
    so that a mark in a reply is seen and ends it.
    """
    pieces = tokenizer.pieces
    kind = gguf.TokenType
    writer.add_tokenizer_model("llama")
    writer.add_token_list([*CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces])
    writer.add_token_scores([0.0] * (len(CONTROL) + 256) + [-float(n) for n in range(len(pieces))])
    writer.add_token_types(
        [kind.UNKNOWN]
        + [kind.CONTROL] * 2
        + [kind.USER_DEFINED] * (len(CONTROL) - 3)
        + [kind.BYTE] * 256
        + [kind.NORMAL] * len(pieces)
    )
    writer.add_unk_token_id(UNK)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)
    writer.add_chat_template(TEMPLATE)


def gguf_name(name: str) -> str:
    """What llama.cpp calls a weight of ``model.Llama``."""
    if name in _OTHER:
        return _OTHER[name]
    _, number, part = name.split(".", 2)
    return f"blk.{number}.{_LAYER[part]}.weight"


def _tensor(writer: gguf.GGUFWriter, name: str, weight: np.ndarray[Any, Any]) -> None:
    if weight.ndim == 1:
        writer.add_tensor(name, weight)
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    export(options.folder, options.out)


if __name__ == "__main__":
    main()
