"""How the tone of a sentence sounds. Pure.

Sad and calm speech is slower, lower and softer than joyful speech, in every study that Juslin and
Laukka reviewed (2003, "Communication of emotions in vocal expression and music performance",
Psychological Bulletin 129, table 7). How much of it suits a robot is a guess, not tried on
listeners.
"""

from __future__ import annotations

from typing import NamedTuple

from robot_voice.types import SafeText


class Manner(NamedTuple):
    """What is changed in a voice. A voice may not be able to change its pitch."""

    rate: float = 1.0
    """Times faster."""
    pitch: int = 0
    """Added to ``tts.pitch``."""
    volume: float = 1.0
    """Times louder."""


MANNERS = {
    "": Manner(),
    "gentle": Manner(0.92, -6, 0.8),
    "bright": Manner(1.04, 5, 1.0),
}
"""By ``SafeText.manner``. "gentle" answers who is sad, afraid or angry."""


def manner_of(text: SafeText) -> Manner:
    return MANNERS[text.manner]
