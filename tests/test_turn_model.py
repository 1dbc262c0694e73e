"""The acoustic turn model, on tiny ONNX files that are written here byte by byte."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from robot_voice.errors import ModelError
from robot_voice.types import RATE, Samples
from robot_voice.vad.turn_model import FRAMES, MELS, SECONDS, TurnModel

# --- just enough of protobuf and of ONNX (onnx.proto: the field numbers) ----------


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _node(kind: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    content = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)
    return _field(1, content + b"".join(_field(5, attribute) for attribute in attributes))


def _tensor(name: str, shape: Sequence[int]) -> bytes:
    sizes = b"".join(_field(1, _field(1, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, sizes)))


def _constant(name: str, value: float) -> bytes:
    return _field(5, _field(1, 1) + _field(2, 1) + _field(8, name) + _field(9, _floats(value)))


def _floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def write_model(path: Path, shape: Sequence[int], scale: float, *, reduced: bool = True) -> Path:
    """A model whose output is the mean of its input times ``scale``."""
    axes = _field(1, "keepdims") + _field(3, 0) + _field(20, 2)
    mean = _node("ReduceMean", ["features"], "mean", axes) if reduced else b""
    graph = mean + _node("Mul", ["mean" if reduced else "features", "scale"], "logits")
    graph += _field(2, "turn") + _constant("scale", scale)
    graph += _field(11, _tensor("features", shape))
    graph += _field(12, _tensor("logits", [] if reduced else shape))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    return path


# --- the tests -------------------------------------------------------------------------


def tone(seconds: float, level: float = 0.1) -> Samples:
    times = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 300 * times)).astype(np.float32)


def test_a_probability_is_taken_as_it_is(tmp_path: Path) -> None:
    model = TurnModel(write_model(tmp_path / "m.onnx", (1, MELS, FRAMES), 1e-3))
    half = model.finished(tone(3))
    assert half != 0.0
    other = TurnModel(write_model(tmp_path / "n.onnx", (1, MELS, FRAMES), 0.0))
    assert other.finished(tone(3)) == 0.0


@pytest.mark.parametrize("scale", [1e3, -1e3])
def test_a_logit_becomes_a_probability(tmp_path: Path, scale: float) -> None:
    model = TurnModel(write_model(tmp_path / "m.onnx", (1, MELS, FRAMES), scale))
    said = model.finished(tone(3))
    assert said in (pytest.approx(0.0), pytest.approx(1.0))


def test_a_model_that_cannot_tell_says_neither(tmp_path: Path) -> None:
    model = TurnModel(write_model(tmp_path / "m.onnx", (1, MELS, FRAMES), math.nan))
    assert model.finished(tone(3)) == 0.5


def test_only_the_last_seconds_count(tmp_path: Path) -> None:
    model = TurnModel(write_model(tmp_path / "m.onnx", (1, MELS, FRAMES), 0.01))
    last = tone(SECONDS)
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert model.finished(np.concatenate([noise, last])) == model.finished(last)
    assert model.finished(np.concatenate([last, noise])) != model.finished(last)


def test_a_shorter_utterance_has_silence_before_it(tmp_path: Path) -> None:
    model = TurnModel(write_model(tmp_path / "m.onnx", (1, MELS, FRAMES), 0.01))
    silence = np.zeros((SECONDS - 2) * RATE, np.float32)
    assert model.finished(tone(2)) == model.finished(np.concatenate([silence, tone(2)]))
    assert math.isfinite(model.finished(np.zeros(0, np.float32)))


def test_loudness_does_not_matter(tmp_path: Path) -> None:
    model = TurnModel(write_model(tmp_path / "m.onnx", (1, MELS, FRAMES), 0.01))
    quiet, loud = model.finished(tone(3, 0.05)), model.finished(tone(3, 0.5))
    assert quiet == pytest.approx(loud, abs=1e-4)


@pytest.mark.parametrize("shape", [(1, 128, FRAMES), (1, MELS, 3000), (1, 128000)])
def test_a_model_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write_model(tmp_path / "other.onnx", shape, 1.0)
    with pytest.raises(ModelError, match=r"other\.onnx is no turn model.*endpoint\.turn_model"):
        TurnModel(path)


def test_a_model_with_many_outputs_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "many.onnx", (1, MELS, FRAMES), 1.0, reduced=False)
    with pytest.raises(ModelError, match="64000 numbers"):
        TurnModel(path)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"damaged\.onnx"):
        TurnModel(path)
    with pytest.raises(ModelError, match=r"nowhere\.onnx"):
        TurnModel(tmp_path / "nowhere.onnx")
