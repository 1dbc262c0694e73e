"""Toy voices in the true formats of Piper and Supertonic: a tone as long as the text.

ONNX is protobuf, and the little that is needed of it is written here byte by byte: the package
``onnx`` would be a large dependency for two files of one kilobyte. Field numbers: onnx.proto3.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

INT64, FLOAT = 7, 1
RATE, HOP = 22_050, 256
FRAMES = 8
"""Frames of ``HOP`` samples that a phoneme lasts at a length scale of 1: 93 ms."""

Tensor = tuple[str, int, Sequence[int | str]]
"""Name, element type, shape."""


def _varint(number: int) -> bytes:
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def node(kind: str, inputs: str, outputs: str, **integers: int) -> bytes:
    """``inputs`` and ``outputs``: names, separated by spaces. ``integers``: attributes."""
    body = b"".join(_field(1, name) for name in inputs.split())
    body += b"".join(_field(2, name) for name in outputs.split())
    body += _field(4, kind)
    for name, value in integers.items():
        body += _field(5, _field(1, name) + _field(3, value) + _field(20, 2))
    return body


def constant(name: str, kind: int, values: Sequence[float], shape: Sequence[int]) -> bytes:
    import numpy as np

    raw = np.asarray(values, np.int64 if kind == INT64 else np.float32).tobytes()
    return b"".join(_field(1, size) for size in shape) + (
        _field(2, kind) + _field(8, name) + _field(9, raw)
    )


def _value(tensor: Tensor) -> bytes:
    name, kind, shape = tensor
    sizes = b"".join(
        _field(1, _field(1, size) if isinstance(size, int) else _field(2, size)) for size in shape
    )
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, sizes)))


def model(
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
) -> bytes:
    """An ONNX file (opset 17, IR version 8)."""
    graph = b"".join(_field(1, item) for item in nodes) + _field(2, "toy")
    graph += b"".join(_field(5, item) for item in constants)
    graph += b"".join(_field(11, _value(item)) for item in inputs)
    graph += b"".join(_field(12, _value(item)) for item in outputs)
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 17))


def piper_voice(
    folder: Path, *, aligned: bool = False, speakers: Sequence[str] = (), name: str = "toy.onnx"
) -> Path:
    """Write a Piper voice; ``aligned``: one that tells its phonemes' lengths. A speaker's tone is
    higher than that of the one before."""
    nodes = [
        node("Gather", "scales one", "stretch", axis=0),
        node("Cast", "input", "ids", to=FLOAT),
        node("Mul", "ids zero", "none"),
        node("Add", "none frames", "each"),
        node("Mul", "each stretch", "stretched"),
        node("Ceil", "stretched", "durations"),
        node("ReduceSum", "durations", "total", keepdims=0),
        node("Mul", "total hop", "samples"),
        node("Range", "start samples step", "time"),
        *([node("Cast", "sid", "who", to=FLOAT)] if speakers else []),
        *([node("Add", "who step", "pitch")] if speakers else []),
        *([node("Mul", "time pitch", "raised")] if speakers else []),
        node("Mul", "raised speed" if speakers else "time speed", "phase"),
        node("Sin", "phase", "tone"),
        node("Reshape", "tone shape", "output"),
    ]
    constants = [
        constant("one", INT64, [1], []),
        constant("zero", FLOAT, [0], []),
        constant("frames", FLOAT, [FRAMES], []),
        constant("hop", FLOAT, [HOP], []),
        constant("start", FLOAT, [0], []),
        constant("step", FLOAT, [1], []),
        constant("speed", FLOAT, [0.05], []),
        constant("shape", INT64, [1, 1, 1, -1], [4]),
    ]
    inputs: list[Tensor] = [
        ("input", INT64, [1, "n"]),
        ("input_lengths", INT64, [1]),
        ("scales", FLOAT, [3]),
    ]
    outputs: list[Tensor] = [("output", FLOAT, [1, 1, 1, "samples_"])]
    if speakers:
        inputs.append(("sid", INT64, [1]))
    if aligned:
        outputs.append(("durations", FLOAT, [1, "n"]))
    file = folder / name
    file.write_bytes(model(nodes, constants, inputs, outputs))
    _describe(file, speakers)
    return file


def _describe(file: Path, speakers: Sequence[str]) -> None:
    marks = "_^$ !'(),-.:;?"
    letters = "abcdefghijklmnopqrstuvwxyzæðŋɐɑɒɔəɚɛɜɡɪɹɾʃʊʌʒθᵻˈˌːɫ"
    description = {
        "audio": {"sample_rate": RATE, "quality": "toy"},
        "espeak": {"voice": "en-us"},
        "phoneme_type": "espeak",
        "num_symbols": len(marks + letters),
        "num_speakers": max(1, len(speakers)),
        "speaker_id_map": {name: at for at, name in enumerate(speakers)},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_id_map": {letter: [at] for at, letter in enumerate(marks + letters)},
        "hop_length": HOP,
    }
    file.with_name(file.name + ".json").write_text(json.dumps(description), encoding="utf-8")


def supertonic_voice(folder: Path) -> Path:
    """Write a folder of Supertonic weights with the styles F1 and M1: 60 ms for each character."""
    onnx = folder / "onnx"
    (folder / "voice_styles").mkdir(parents=True)
    onnx.mkdir()
    text: list[Tensor] = [("text_ids", INT64, [1, "t"]), ("text_mask", FLOAT, [1, 1, "t"])]
    latent: Tensor = ("latent", FLOAT, [1, 4, "n"])
    (onnx / "duration_predictor.onnx").write_bytes(
        model(
            [node("ReduceSum", "text_mask axes", "sum", keepdims=0), node("Mul", "sum each", "d")],
            [constant("axes", INT64, [1, 2], [2]), constant("each", FLOAT, [0.06], [])],
            [*text, ("style_dp", FLOAT, [1, 2, 2])],
            [("d", FLOAT, [1])],
        )
    )
    (onnx / "text_encoder.onnx").write_bytes(
        model(
            [node("Identity", "text_mask", "text_emb")],
            [],
            [*text, ("style_ttl", FLOAT, [1, 2, 2])],
            [("text_emb", FLOAT, [1, 1, "t"])],
        )
    )
    (onnx / "vector_estimator.onnx").write_bytes(
        model(
            [node("Mul", "noisy_latent calmer", "denoised")],
            [constant("calmer", FLOAT, [0.8], [])],
            [
                ("noisy_latent", FLOAT, [1, 4, "n"]),
                ("text_emb", FLOAT, [1, 1, "t"]),
                ("style_ttl", FLOAT, [1, 2, 2]),
                ("text_mask", FLOAT, [1, 1, "t"]),
                ("latent_mask", FLOAT, [1, 1, "n"]),
                ("current_step", FLOAT, [1]),
                ("total_step", FLOAT, [1]),
            ],
            [("denoised", FLOAT, [1, 4, "n"])],
        )
    )
    (onnx / "vocoder.onnx").write_bytes(
        model(
            [node("Tile", "latent times", "long"), node("Reshape", "long shape", "wav")],
            [
                constant("times", INT64, [1, 1, 512], [3]),
                constant("shape", INT64, [1, -1], [2]),
            ],
            [latent],
            [("wav", FLOAT, [1, "samples"])],
        )
    )
    sizes = {"ae": {"sample_rate": 44_100, "base_chunk_size": 512}}
    chunks = {"ttl": {"chunk_compress_factor": 4, "latent_dim": 1}}
    (onnx / "tts.json").write_text(json.dumps(sizes | chunks))
    known = [at if chr(at).isprintable() else -1 for at in range(0xD7A4)]
    (onnx / "unicode_indexer.json").write_text(json.dumps(known))
    vector = {"dims": [1, 2, 2], "data": [0.1, 0.2, 0.3, 0.4]}
    for style in ("F1", "M1"):
        file = folder / "voice_styles" / f"{style}.json"
        file.write_text(json.dumps({"style_ttl": vector, "style_dp": vector}))
    return folder
