"""Voice activity detection: is this window of audio speech?"""

from __future__ import annotations

from typing import Protocol

from robot_voice.engines import Vad


class VadSettings(Protocol):
    """What of ``config.VadConfig`` a detector needs. The audio process has its own such object,
    because importing the configuration (pydantic) would double that process's start-up."""

    @property
    def engine(self) -> str:
        """``silero`` or ``webrtc``."""

    @property
    def aggressiveness(self) -> int:
        """0 to 3, for ``webrtc``."""


def load_vad(config: VadSettings) -> Vad:
    """The configured detector. Raises ``ModelError`` when it cannot be loaded."""
    if config.engine == "webrtc":
        from .webrtc import WebrtcVad

        return WebrtcVad(config.aggressiveness)
    from .silero import SileroVad

    return SileroVad()
