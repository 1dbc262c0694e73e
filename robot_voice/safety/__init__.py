"""What the robot may say. Only modules of this package construct ``SafeText``.

``SafetyScreen`` judges what a model wrote; ``apology`` is one of the program's own fixed sentences.
"""

from .emotion import read_emotion
from .screen import SafetyScreen
from .templates import apology

__all__ = ["SafetyScreen", "apology", "read_emotion"]
