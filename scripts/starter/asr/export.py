"""Turn a checkpoint into the folder that faster-whisper loads: CTranslate2, int8.

    python -m scripts.starter.asr.export RUN/decayed-0.pt OUT
    python -m scripts.starter.asr.export RUN/stable-0.pt --archive stable.safetensors

Traps, found by trial with CTranslate2 4.8 and faster-whisper 1.2:

* CTranslate2 calls a model multilingual only if its vocabulary holds the empty string; without it
  there is no language detection. Only ``vocabulary.json`` says so, the tokenizer does not.
* ``suppress_ids_begin`` stays empty, so that the end may come first: silence is no text.
* 1500 positions stay in the encoder, though training needs fewer: the library pads to 30 s.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ctranslate2.specs import whisper_spec
from safetensors.torch import save_file
from tokenizers import Tokenizer

from .console import command_line, say
from .features import BANDS, HOP, RATE, Floats
from .model import Shape
from .tokenizer import EMPTY, FREE, LANGUAGES

Weights = Mapping[str, Floats]


def export(checkpoint: Path, out: Path, quantization: str = "int8") -> int:
    """Write the model folder from the averaged weights; returns its size in bytes."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    shape = Shape(**saved["shape"])
    weights = {name: value.float().numpy() for name, value in saved["average"].items()}
    tokenizer = Tokenizer.from_file(str(checkpoint.parent / "tokenizer.json"))
    spec = _network(shape, weights)
    tokens = [tokenizer.id_to_token(number) for number in range(shape.vocabulary)]
    spec.register_vocabulary(["" if token == EMPTY else token for token in tokens])
    _configure(spec.config, tokenizer, shape)
    spec.validate()
    spec.optimize(quantization=None if quantization == "float32" else quantization)
    out.mkdir(parents=True, exist_ok=True)
    spec.save(str(out))
    shutil.copy(checkpoint.parent / "tokenizer.json", out / "tokenizer.json")
    preprocessor = {
        "chunk_length": 10,
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": BANDS,
        "hop_length": HOP,
        "n_fft": 400,
        "sampling_rate": RATE,
    }
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=1) + "\n")
    return sum(path.stat().st_size for path in out.iterdir())


def archive(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights, the phones' head too, in half precision (``revive`` reads it)."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = {name: value.half().contiguous() for name, value in saved["average"].items()}
    save_file(weights, str(out), metadata={"clips": str(saved["clips"])})


def _network(shape: Shape, weights: Weights) -> Any:
    spec = whisper_spec.WhisperSpec(
        shape.encoder_blocks, shape.heads, shape.decoder_blocks, shape.heads
    )
    encoder, decoder = spec.encoder, spec.decoder
    for name in ("conv1", "conv2"):
        _linear(getattr(encoder, name), weights, f"encoder.{name}")
    encoder.position_encodings.encodings = weights["encoder.positional_embedding"]
    _norm(encoder.layer_norm, weights, "encoder.ln_post")
    embeddings = weights["decoder.token_embedding.weight"]
    decoder.embeddings.weight = decoder.projection.weight = embeddings
    decoder.scale_embeddings = False
    decoder.position_encodings.encodings = weights["decoder.positional_embedding"]
    _norm(decoder.layer_norm, weights, "decoder.ln")
    for side, name in ((encoder, "encoder"), (decoder, "decoder")):
        for index, layer in enumerate(side.layer):
            block = f"{name}.blocks.{index}"
            _attention(layer.self_attention, weights, f"{block}.attn", cross=False)
            if side is decoder:
                _attention(layer.attention, weights, f"{block}.cross_attn", cross=True)
            _norm(layer.ffn.layer_norm, weights, f"{block}.mlp_ln")
            _linear(layer.ffn.linear_0, weights, f"{block}.mlp.0")
            _linear(layer.ffn.linear_1, weights, f"{block}.mlp.2")
    return spec


def _attention(spec: Any, weights: Weights, name: str, *, cross: bool) -> None:
    """CTranslate2 keeps what is applied to the same input in one matrix; keys have no bias."""
    _norm(spec.layer_norm, weights, f"{name}_ln")
    query, value = weights[f"{name}.query.bias"], weights[f"{name}.value.bias"]
    matrices = [weights[f"{name}.{part}.weight"] for part in ("query", "key", "value")]
    biases = [query, np.zeros_like(query), value]
    if cross:
        spec.linear[0].weight, spec.linear[0].bias = matrices[0], query
        matrices, biases = matrices[1:], biases[1:]
    merged = spec.linear[1 if cross else 0]
    merged.weight, merged.bias = np.concatenate(matrices), np.concatenate(biases)
    _linear(spec.linear[-1], weights, f"{name}.out")


def _norm(spec: Any, weights: Weights, name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _linear(spec: Any, weights: Weights, name: str) -> None:
    spec.weight, spec.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _configure(config: Any, tokenizer: Tokenizer, shape: Shape) -> None:
    """What the decoder may not write, and which languages there are."""
    never = [EMPTY, *(f"<|unused{place}|>" for place in range(FREE))]
    never += [f"<|{language}|>" for language in LANGUAGES]
    never += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    never += ["<|nospeech|>", "<|startoftranscript|>"]
    config.suppress_ids = sorted(tokenizer.token_to_id(token) for token in never)
    config.suppress_ids_begin = []
    config.lang_ids = [tokenizer.token_to_id(f"<|{language}|>") for language in LANGUAGES]
    last = shape.decoder_blocks - 1
    config.alignment_heads = [(last, head) for head in range(shape.heads)]


def main() -> None:
    """Read the command line and export."""
    parser = command_line(__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--quantization", default="int8")
    parser.add_argument("--archive", type=Path, help="keep all weights, to go on training some day")
    options = parser.parse_args()
    if options.archive:
        archive(options.checkpoint, options.archive)
    if options.out:
        size = export(options.checkpoint, options.out, options.quantization)
        say(f"{options.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
