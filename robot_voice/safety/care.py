"""What the robot keeps in mind about people's feelings, for the length of a session.

The event loop writes it when words are committed; the screen's thread reads it. Every change
replaces a value as a whole, so neither sees half of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .reading import Reading
from .rules import Sensitivity, one_step_up
from .suppress import form

MAX_SUPPRESSED = 10_000
"""Sentences that are never said again; nobody complains so often."""

LEAST_LETTERS = 4
"""A sentence of fewer letters ("Yes.", "네.") hurt by what it answered, and stays sayable."""

MAX_REMEMBERED = 64
"""Sentences that somebody may complain about: the last reply has a few."""

SOBER_SECONDS = 6 * 3600.0
"""How long after a crisis there are no jokes. A daemon's session would have no end."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that passed the screen."""

    text: str
    language: str
    category: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def blame(self) -> float:
        """How likely it is what hurt."""
        return max(self.scores.get("hurt", 0.0), self.scores.get("toxic", 0.0))


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
        """Whether somebody was in danger lately: no jokes."""
        self.told = False
        """Whether somebody in danger has heard the whole script."""
        self.complaints = 0
        self._passed: tuple[Said, ...] = ()
        self._until = 0.0

    def passed(self, said: Said) -> None:
        """This is about to be spoken. Called by the screen's thread alone."""
        self._passed = (*self._passed[1 - MAX_REMEMBERED :], said)

    def to_blame(self, heard: str) -> tuple[Said, ...]:
        """What of the words that were heard may have hurt: the sentence that is likeliest to, and
        those at least half as likely. Sentences are as the screen saw them, also where one was cut
        short by an interruption."""
        all_heard = form(heard)
        spoken = {form(one.text): one for one in self._passed}
        found = [one for own, one in spoken.items() if own and _was_heard(own, all_heard)]
        worst = max((one.blame for one in found), default=0.0)
        return tuple(one for one in found if one.blame >= worst / 2)

    def committed(self, reading: Reading, now: float) -> None:
        """Words were committed at ``now`` (seconds of any clock)."""
        if reading.danger == "crisis":
            self._until = now + SOBER_SECONDS
        self.crisis = now < self._until
        self.told = self.told and self.crisis

    def complained(self, hurtful: Iterable[Said]) -> None:
        """Somebody was hurt by these sentences."""
        forms = {form(one.text) for one in hurtful}
        digests = {self._digest(own) for own in forms if len(own) >= LEAST_LETTERS}
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


def _was_heard(own: str, heard: str) -> bool:
    """Whether a sentence's form is in what was heard, or its first third ends it."""
    return own in heard or any(
        heard.endswith(own[:length])
        for length in range(max(LEAST_LETTERS, len(own) // 3), len(own))
    )
