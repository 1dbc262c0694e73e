"""The gate: what leaves here as ``SafeText`` may be spoken, and nothing else is."""

from __future__ import annotations

from robot_voice.config import SafetyConfig
from robot_voice.types import Draft, SafeText

from . import lexicon
from .emotion import read_emotion
from .policy import judge
from .templates import KoreanLevel, template


class SafetyScreen:
    """Implements ``engines.Screen``. Remembers nothing, so it may be shared."""

    def __init__(self, config: SafetyConfig, korean_level: KoreanLevel = "해요체") -> None:
        """``korean_level`` is how the robot speaks Korean, also when it says something else."""
        self._sensitivity = config.sensitivity
        self._korean_level = korean_level
        # Read and compile now, not when the first sentence waits to be spoken.
        lexicon.load()
        read_emotion("", "en")
        self.screen(Draft("warm", "en", user="up"))

    def screen(self, draft: Draft) -> SafeText:
        """The draft itself, or the sentence that is said in its place."""
        verdict = judge(draft, self._sensitivity)
        if verdict.action == "pass":
            return SafeText(draft.text, draft.language)
        said = template(
            verdict.template, draft.language, self._korean_level, verdict.action, draft.text
        )
        return SafeText(said.text, said.language, verdict.action, verdict.category)
