"""An embedding model of the usual kind, a BERT, in a GGUF file that is written here.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; names of keys and tensors as
llama.cpp has them for the architecture "bert". Its weights are random: it knows its words apart,
and nothing of what they mean.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_voice.memory.gguf import MAX_TOKENS, GgufEmbedder
from robot_voice.memory.store import MemoryStore

WIDTH, HIDDEN, HEADS, CONTEXT = 32, 64, 2, 64
SENTENCES = "my sister is called mina the car stands on level three"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS += [f"\u2581{word}" for word in SENTENCES.split()]
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
MEAN = 1
"""enum llama_pooling_type."""
NORMAL, CONTROL = 1, 3
"""Types of tokens."""

Value = bool | int | float | str | list[str] | list[int]
Tensors = dict[str, NDArray[np.float32]]


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value(given: Value) -> bytes:
    match given:
        case bool():
            return struct.pack("<IB", BOOL, given)
        case int():
            return struct.pack("<II", UINT32, given)
        case float():
            return struct.pack("<If", FLOAT32, given)
        case str():
            return struct.pack("<I", STRING) + string(given)
    kind = STRING if isinstance(given[0], str) else INT32
    items = [string(one) if isinstance(one, str) else struct.pack("<i", one) for one in given]
    return struct.pack("<IIQ", ARRAY, kind, len(given)) + b"".join(items)


def write(path: Path, keys: dict[str, Value], tensors: Tensors) -> None:
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    head += b"".join(string(key) + value(given) for key, given in keys.items())
    data = b""
    for name, tensor in tensors.items():
        sizes = tensor.shape[::-1]  # the fastest first
        head += string(name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
        head += struct.pack("<IQ", 0, len(data))  # 0: float32
        data += tensor.tobytes() + bytes(-tensor.nbytes % 32)
    path.write_bytes(head + bytes(-len(head) % 32) + data)


def bert(path: Path) -> None:
    dice = np.random.default_rng(3)

    def random(*shape: int) -> NDArray[np.float32]:
        return dice.normal(0.0, 0.3, shape).astype(np.float32)

    one, none = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    tensors = {
        "token_embd.weight": random(len(WORDS), WIDTH),
        "position_embd.weight": 0.1 * random(CONTEXT, WIDTH),
        "token_types.weight": random(2, WIDTH),
    }
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        tensors[f"blk.0.{part}.weight"] = random(WIDTH, WIDTH)
        tensors[f"blk.0.{part}.bias"] = none
    for name in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = one, none
    tensors["blk.0.ffn_up.weight"] = random(HIDDEN, WIDTH)
    tensors["blk.0.ffn_up.bias"] = np.zeros(HIDDEN, np.float32)
    tensors["blk.0.ffn_down.weight"] = random(WIDTH, HIDDEN)
    tensors["blk.0.ffn_down.bias"] = none
    keys: dict[str, Value] = {
        "general.architecture": "bert",
        "bert.block_count": 1,
        "bert.context_length": CONTEXT,
        "bert.embedding_length": WIDTH,
        "bert.feed_forward_length": HIDDEN,
        "bert.attention.head_count": HEADS,
        "bert.attention.layer_norm_epsilon": 1e-12,
        "bert.attention.causal": False,
        "bert.pooling_type": MEAN,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.token_type_count": 2,
        "tokenizer.ggml.tokens": WORDS,
        "tokenizer.ggml.token_type": [CONTROL] * 5 + [NORMAL] * (len(WORDS) - 5),
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.unknown_token_id": 1,
        "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.seperator_token_id": 3,
        "tokenizer.ggml.mask_token_id": 4,
    }
    write(path, keys, tensors)


@pytest.fixture
def embedder(tmp_path: Path) -> GgufEmbedder:
    bert(tmp_path / "toy-bert.gguf")
    return GgufEmbedder(tmp_path / "toy-bert.gguf", 0.6)


def test_an_encoder_embeds(embedder: GgufEmbedder) -> None:
    sister = embedder.embed("my sister is called mina")
    assert sister.shape == (WIDTH,)
    assert np.linalg.norm(sister) == pytest.approx(1.0, abs=1e-5)
    assert float(sister @ embedder.embed("my sister is called mina")) == pytest.approx(
        1.0, abs=1e-5
    )
    assert float(sister @ embedder.embed("the car stands on level three")) < 0.99
    assert embedder.embed("my sister " * MAX_TOKENS).shape == (WIDTH,)
    assert embedder.threshold == 0.6
    embedder.close()


def test_it_finds_what_was_remembered(embedder: GgufEmbedder, tmp_path: Path) -> None:
    memory = MemoryStore(tmp_path / "memory.db", embedder)
    for text in ("my sister is called mina", "the car stands on level three"):
        memory.remember(text, "en")
    assert memory.nearest("my sister is mina")[0].note.text == "my sister is called mina"
    assert memory.nearest("the car is on level three")[0].note.text.startswith("the car")
    embedder.close()
