"""Writes a checkpoint as the folder faster-whisper loads: CTranslate2's ``model.bin`` and
``config.json``, ``vocabulary.json``, ``tokenizer.json``, ``preprocessor_config.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.errors import ModelError

from .checkpoint import Checkpoint, Tensor
from .vocabulary import Vocabulary

_TASKS = ["translate", "transcribe", "startoflm", "startofprev", "startoftranscript"]
_NO_SPEECH = ("<|nospeech|>", "<|nocaptions|>")

_TURBO = ((2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14))
"""Alignment heads of large-v3-turbo, which CTranslate2's table lacks (openai/whisper,
``whisper/__init__.py``)."""


def write(checkpoint: Checkpoint, vocabulary: Vocabulary, folder: Path, quantization: str) -> bool:
    """Write all files into ``folder``. Returns whether the model is multilingual."""
    from ctranslate2.specs.whisper_spec import WhisperSpec

    dims = checkpoint.dims
    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    _Weights(checkpoint).put(spec)
    spec.register_vocabulary(list(vocabulary.tokens))
    spec.config.suppress_ids = _suppressed(vocabulary)
    blank = vocabulary.tokenizer.encode(" ", add_special_tokens=False).ids[0]
    spec.config.suppress_ids_begin = [blank, vocabulary.id("<|endoftext|>")]
    spec.config.lang_ids = list(vocabulary.languages)
    spec.config.alignment_heads = [list(pair) for pair in _alignment(checkpoint)]
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(folder))
    vocabulary.tokenizer.save(str(folder / "tokenizer.json"))
    _write_preprocessor(folder, dims.n_mels)
    return bool(vocabulary.languages)


def check(folder: Path) -> None:
    """Raises ``ModelError`` when CTranslate2 cannot load what was written."""
    import ctranslate2

    try:
        ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="int8")
    except (RuntimeError, ValueError, MemoryError) as error:
        raise ModelError(f"the converted model cannot be loaded: {error}") from error


def _write_preprocessor(folder: Path, n_mels: int) -> None:
    """How faster-whisper is to compute the log-mel spectrogram: Whisper's 25 ms every 10 ms."""
    settings = {
        "chunk_length": 30,
        "feature_size": n_mels,
        "hop_length": 160,
        "n_fft": 400,
        "sampling_rate": 16000,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=2) + "\n")


class _Weights:
    """Puts tensors where CTranslate2's specification wants them."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tensors = checkpoint.tensors

    def put(self, spec: Any) -> None:
        encoder, decoder = spec.encoder, spec.decoder
        for name, convolution in (("conv1", encoder.conv1), ("conv2", encoder.conv2)):
            self._linear(convolution, f"encoder.{name}")
        encoder.position_encodings.encodings = self._tensor("encoder.positional_embedding")
        self._norm(encoder.layer_norm, "encoder.ln_post")
        for number, layer in enumerate(encoder.layer):
            self._layer(layer, f"encoder.blocks.{number}")
        embeddings = self._tensor("decoder.token_embedding.weight")
        decoder.embeddings.weight = decoder.projection.weight = embeddings
        decoder.position_encodings.encodings = self._tensor("decoder.positional_embedding")
        self._norm(decoder.layer_norm, "decoder.ln")
        for number, layer in enumerate(decoder.layer):
            name = f"decoder.blocks.{number}"
            self._layer(layer, name)
            self._norm(layer.attention.layer_norm, f"{name}.cross_attn_ln")
            self._attention(layer.attention, f"{name}.cross_attn", (("query",), ("key", "value")))

    def _layer(self, layer: Any, name: str) -> None:
        self._norm(layer.self_attention.layer_norm, f"{name}.attn_ln")
        self._attention(layer.self_attention, f"{name}.attn", (("query", "key", "value"),))
        self._norm(layer.ffn.layer_norm, f"{name}.mlp_ln")
        self._linear(layer.ffn.linear_0, f"{name}.mlp.0")
        self._linear(layer.ffn.linear_1, f"{name}.mlp.2")

    def _attention(self, target: Any, name: str, fused: Sequence[Sequence[str]]) -> None:
        """CTranslate2 multiplies by several matrices at once; ``fused`` says which together."""
        for linear, parts in zip(target.linear, fused, strict=False):
            names = [f"{name}.{part}" for part in parts]
            linear.weight = np.concatenate([self._tensor(f"{n}.weight") for n in names])
            linear.bias = np.concatenate([self._bias(n) for n in names])
        self._linear(target.linear[-1], f"{name}.out")

    def _linear(self, target: Any, name: str) -> None:
        target.weight, target.bias = self._tensor(f"{name}.weight"), self._tensor(f"{name}.bias")

    def _norm(self, target: Any, name: str) -> None:
        target.gamma, target.beta = self._tensor(f"{name}.weight"), self._tensor(f"{name}.bias")

    def _bias(self, name: str) -> Tensor:
        if f"{name}.bias" in self._tensors:
            return self._tensor(f"{name}.bias")
        weight = self._tensors[f"{name}.weight"]
        return np.zeros(len(weight), weight.dtype)  # keys have none

    def _tensor(self, name: str) -> Tensor:
        tensor = self._tensors[name]
        # Quantising works in place on float32, and the source's arrays cannot be written.
        return np.ascontiguousarray(tensor) if tensor.dtype == np.float16 else tensor.astype("f4")


def _suppressed(vocabulary: Vocabulary) -> list[int]:
    """What is never said: tasks, and annotations such as "(music)" (as openai/whisper decodes)."""
    from faster_whisper.tokenizer import Tokenizer

    speech = Tokenizer(vocabulary.tokenizer, multilingual=False)
    marks = [vocabulary.id(f"<|{name}|>") for name in _TASKS]
    marks += [vocabulary.id(name) for name in _NO_SPEECH if name in vocabulary.tokens]
    return sorted({*speech.non_speech_tokens, *marks})


def _alignment(checkpoint: Checkpoint) -> Sequence[tuple[int, int]]:
    """The heads that time stamps of words come from: the source's, those published for a model
    of this name, else all in the upper half of the decoder (as CTranslate2's converter has it)."""
    if checkpoint.alignment_heads is not None:
        return checkpoint.alignment_heads
    from ctranslate2.converters import transformers

    layers, heads = checkpoint.dims.n_text_layer, checkpoint.dims.n_text_head
    turbo = {f"openai/whisper-{name}": _TURBO for name in ("large-v3-turbo", "turbo")}
    published = {**getattr(transformers, "_WHISPER_ALIGNMENT_HEADS", {}), **turbo}
    known = published.get(f"openai/whisper-{_model_name(checkpoint.source)}", ())
    if known and all(layer < layers and head < heads for layer, head in known):
        return tuple((layer, head) for layer, head in known)
    return tuple((layer, head) for layer in range(layers // 2, layers) for head in range(heads))


def _model_name(source: Path) -> str:
    """``small.en`` of ``ggml-small.en-q5_1.bin``. A bare "large" has meant three models."""
    match = re.match(
        r"(?:ggml-)?((?:tiny|base|small|medium)(?:\.en)?|large-v[23](?:-turbo)?|turbo)(?=[-.]|$)",
        source.name,
    )
    return match[1] if match else ""
