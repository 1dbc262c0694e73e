"""Silero voice activity detection v6, streamed.

The weights are those that the faster-whisper package carries, so nothing is downloaded. The
model wants windows of 512 samples at 16 kHz, each preceded by the last 64 samples of the window
before, and hands back the state (h, c) of its recurrent layer. A window costs about 0.2 ms.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from robot_voice.errors import ModelError
from robot_voice.types import Samples

from .session import Session

_WINDOW = 512
_CONTEXT = 64
_STATE = (1, 1, 128)


class SileroVad:
    """Silero by onnxruntime, on one thread."""

    _state: dict[str, Samples]

    def __init__(self, path: Path | None = None) -> None:
        """``path``: the weights; unset: those of faster-whisper. Raises ``ModelError``."""
        path = path or _shipped()
        self._session = Session(path, "the voice detector", 'set vad.engine = "webrtc"')
        self.reset()
        if set(self._session.inputs) != {"input", "h", "c"}:
            raise ModelError(
                f"{path} is not Silero v6: its inputs are {sorted(self._session.inputs)}"
            )

    @property
    def window(self) -> int:
        return _WINDOW

    def probability(self, samples: Samples) -> float:
        self._input[0, :_CONTEXT] = self._input[0, -_CONTEXT:]
        self._input[0, _CONTEXT:] = samples
        inputs = {"input": self._input, **self._state}
        probability, h, c = self._session.run(inputs)
        self._state = {"h": h, "c": c}
        return float(probability[0])

    def reset(self) -> None:
        self._input = np.zeros((1, _CONTEXT + _WINDOW), np.float32)
        self._state = {name: np.zeros(_STATE, np.float32) for name in "hc"}


def _shipped() -> Path:
    """Where faster-whisper keeps the weights, found without importing that (slow) package."""
    spec = importlib.util.find_spec("faster_whisper")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for path in sorted(Path(folder, "assets").glob("silero_vad_v6*.onnx")):
            return path
    raise ModelError(
        "the voice detector's weights (silero_vad_v6.onnx) come with the package faster-whisper"
        " and were not found: pip install --force-reinstall 'faster-whisper>=1.2,<2',"
        ' or set vad.engine = "webrtc"'
    )
