"""WebRTC's voice activity detection: next to no CPU, but easily fooled by noise.

It says yes or no, so thresholds do not matter to it. Music, engines and keyboards are speech to
it (measured: over 90 % of the time), so it is for quiet rooms and very small computers.
"""

from __future__ import annotations

import numpy as np

from robot_voice.errors import ModelError
from robot_voice.types import RATE, Samples

_WINDOW = 480  # 30 ms, the longest it takes


class WebrtcVad:
    def __init__(self, aggressiveness: int = 3) -> None:
        """``aggressiveness`` from 0 (lets much through) to 3 (strict). Raises ``ModelError``."""
        self._aggressiveness = aggressiveness
        self.reset()

    @property
    def window(self) -> int:
        return _WINDOW

    def probability(self, samples: Samples) -> float:
        pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        return float(self._vad.is_speech(pcm, RATE))

    def reset(self) -> None:
        try:
            import webrtcvad
        except ImportError as error:
            raise ModelError(
                "vad.engine webrtc needs the package webrtcvad-wheels: pip install"
                ' webrtcvad-wheels, or set vad.engine = "silero"'
            ) from error
        self._vad = webrtcvad.Vad(self._aggressiveness)
