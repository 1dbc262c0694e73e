"""How loud is it when nobody speaks? Pure.

A detector judges how speech-like a frame is, not how near. In a steady noise it errs most on
frames that are no louder than the noise itself: a voice at the far end of the hall, the fan that
sounds like a vowel. The floor follows the level of what is not speech, falling fast and rising
slowly, as minimum statistics do (Martin, "Noise power spectral density estimation based on optimal
smoothing and minimum statistics", 2001); frames that are not clearly above it start nothing.
"""

from __future__ import annotations

import math

from robot_voice.types import AudioFrame

QUIETEST_DB = -80.0
"""dBFS. Below this lies the converters' own noise; the floor starts and stays above it."""

RISE_DB = 6.0
"""dB a second that the floor rises while it is louder than that: a noise that begins is known
within seconds, and a sentence of the user's, which is not counted anyway, does not drown itself."""

MARGIN_DB = {"webrtc": 3.0, "silero": 0.0}
"""By detector, from recordings in four noises (``scripts/bench/detectors``). 3 dB lose no utterance
down to a ratio of 3 dB, 6 dB lose some at 5 dB. They take two thirds of webrtc's false starts away
and none of Silero's, which only music fools, so there it is off."""

FALL_SECONDS = 0.1
"""Time constant by which it falls."""


class NoiseFloor:
    """Follows the level of one microphone, from that of its first frame on."""

    def __init__(self, margin_db: float) -> None:
        """``margin_db``: how far above the floor a frame is clearly louder than it."""
        self._margin = margin_db
        self._level: float | None = None

    @property
    def level(self) -> float:
        """The floor in dBFS; before the first frame ``QUIETEST_DB``."""
        return QUIETEST_DB if self._level is None else self._level

    def push(self, frame: AudioFrame, in_utterance: bool) -> bool:
        """Take one frame; whether it is clearly louder than the floor.

        During an utterance the floor only falls: the user's voice is not the room's noise.
        """
        level, floor = level_db(frame), self._level
        if floor is None:
            floor = level
        if level < floor:
            self._level = floor + (level - floor) * min(1.0, frame.seconds / FALL_SECONDS)
        elif not in_utterance:
            self._level = min(level, floor + RISE_DB * frame.seconds)
        return level >= floor + self._margin


def level_db(frame: AudioFrame) -> float:
    """The frame's level in dBFS, where a full-scale square wave has 0; at least ``QUIETEST_DB``."""
    power = float(frame.samples @ frame.samples) / max(1, len(frame.samples))
    return max(QUIETEST_DB, 10.0 * math.log10(power)) if power > 0.0 else QUIETEST_DB
