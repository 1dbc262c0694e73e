"""What the robot may say. Only modules of this package construct ``SafeText``.

``SafetyScreen`` judges what a model wrote; ``apology``, ``ask_again`` and ``cannot_translate`` are
the program's own fixed sentences.
"""

from .emotion import read_emotion
from .screen import SafetyScreen
from .templates import KoreanLevel, apology, ask_again, cannot_translate, microphone, thinking

__all__ = [
    "KoreanLevel",
    "SafetyScreen",
    "apology",
    "ask_again",
    "cannot_translate",
    "microphone",
    "read_emotion",
    "thinking",
]
