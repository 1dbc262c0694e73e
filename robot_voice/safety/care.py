"""What the robot keeps in mind about people's feelings, for the length of a session.

The event loop writes it when words are committed; the screen's thread reads it. Every change
replaces a value as a whole, so neither sees half of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .reading import Reading
from .rules import Sensitivity, one_step_up
from .suppress import form

_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*")

MAX_SUPPRESSED = 10_000
"""Sentences that are never said again; nobody complains so often."""

LEAST_LETTERS = 4
"""A sentence of fewer letters ("Yes.", "네.") hurt by what it answered, and stays sayable."""


class Care:
    """``digest`` makes of a sentence's form what is kept of it; ``suppressed`` are those of
    earlier sessions."""

    def __init__(
        self,
        sensitivity: Sensitivity,
        digest: Callable[[str], bytes] = str.encode,
        suppressed: Iterable[bytes] = (),
    ) -> None:
        self._digest = digest
        self._suppressed = frozenset(suppressed)
        self.sensitivity = sensitivity
        """One step up from the configured one after the first complaint."""
        self._raised = False
        self.crisis = False
        """Whether somebody was in danger: no jokes from then on."""
        self.complaints = 0

    def heard(self, reading: Reading, said: str) -> None:
        """The user's words were committed, after the robot had said ``said``."""
        self.crisis = self.crisis or bool(reading.danger)
        if not (reading.feedback and said):
            return
        forms = {form(sentence) for sentence in sentences(said)}
        digests = {self._digest(one) for one in forms if len(one) >= LEAST_LETTERS}
        if len(self._suppressed) < MAX_SUPPRESSED:
            self._suppressed |= digests
        self.complaints += 1
        if not self._raised:
            self.sensitivity, self._raised = one_step_up(self.sensitivity), True

    def is_suppressed(self, text: str) -> bool:
        """Whether somebody was hurt by this very sentence."""
        if not self._suppressed:
            return False
        own = form(text)
        return len(own) >= LEAST_LETTERS and self._digest(own) in self._suppressed


def sentences(text: str) -> list[str]:
    """What ended in a full stop, a question mark or an exclamation mark."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]
