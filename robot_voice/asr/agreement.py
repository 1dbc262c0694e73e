"""What is certain while somebody still speaks: LocalAgreement. Pure.

A growing utterance is transcribed again and again. Its end keeps changing, for a word that is cut
in half sounds like another; its beginning does not. The words that two successive hearings begin
with are taken for certain (LocalAgreement-2: Liu et al. 2020, "Low-Latency Sequence-to-Sequence
Speech Recognition and Translation by Partial Hypothesis Selection"; used for Whisper by Machacek et
al. 2023).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SYLLABLES = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]\W*|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+\s*"
)
"""Words with what follows them; in scripts without spaces, single characters."""


@dataclass(slots=True)
class LocalAgreement:
    """The hearings of one utterance. A new utterance needs a new one."""

    _before: list[str] = field(default_factory=list)
    _agreed: int = 0
    """Words of ``_before`` that were agreed on."""

    def push(self, text: str) -> tuple[str, str]:
        """The next hearing; returns the words that are certain by now, and the rest of it.

        What was certain stays so: a later hearing that differs is believed only behind it.
        """
        words = _SYLLABLES.findall(text.strip())
        same = 0
        for old, new in zip(self._before, words, strict=False):
            if _plain(old) != _plain(new):
                break
            same += 1
        certain = self._before[: self._agreed]
        if same >= self._agreed:
            certain, self._agreed = words[:same], same
        rest = words[self._agreed :]
        self._before = [*certain, *rest]
        return "".join(certain).strip(), "".join(rest).strip()


def _plain(word: str) -> str:
    """Without case and marks: "Hello," and "hello" are the same word."""
    return re.sub(r"\W+", "", word.lower())
