"""May the robot listen while it speaks? Decides from what the canceller achieves.

    deaf --echo seen to be cancelled--> working --echo came through--> deaf

The robot is deaf first and told to listen later: an echo canceller that has not been seen to work
makes the robot answer itself. Being deaf for a moment is nothing to tell anyone; being deaf for
longer is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

_GOOD_SECONDS = 0.3
"""Of cancelled echo that make it trusted, the first time. Fewer are one syllable."""
_HARDER, _MOST_GOOD = 3.0, 8.0
"""How many times as long it must work after each time that trust was misplaced, and at most how
many seconds: what fails every few seconds is not to be switched on every few seconds."""
_FORGIVEN_SECONDS = 10.0
"""Of the robot's own sound during which it worked, after which that is forgotten. A new canceller
is so careful for 6 s that nothing comes through even when it cannot work."""

_QUIET_SECONDS = 2.0
"""Of sound that does not come back at all (headphones, or the volume is at zero), after which
there is nothing to cancel. An echo that returns after a second is not yet heard by then."""

_LEAK_SECONDS = 0.2
"""Of echo that came through within one breath, after which trust is lost. A syllable does when
somebody has just spoken at the same time, and that passes."""

_MASK_SECONDS = 0.2
"""How long each moment of echo makes deaf. It may be taken for one in error, and a real voice
outlasts it."""

_TOLD_SECONDS = 2.5
"""How long the robot is deaf while it speaks before that is told. A canceller that starts anew
needs 0.5 to 1 s, and headphones are noticed after ``_QUIET_SECONDS``."""


class Evidence(Enum):
    """What a moment of the robot's own sound shows."""

    NONE = "nothing: a voice is there, or a pause"
    CANCELLED = "there was an echo, and it is gone"
    QUIET = "there is no echo"
    LEAK = "the echo came through"
    MOVED = "the echo came through, and another way than before"


@dataclass(slots=True)
class Trust:
    """Counts seconds of the robot's own sound, not of time."""

    working: bool = field(default=False, init=False)
    told: bool = field(default=True, init=False)
    """What was last told: that it works, or that it does not."""
    lost: bool = field(default=False, init=False)
    """Whether it has worked before."""
    _worked: float = field(default=0.0, init=False)
    _needed: float = field(default=_GOOD_SECONDS, init=False)
    _good: float = field(default=0.0, init=False)
    _quiet: float = field(default=0.0, init=False)
    _leak: float = field(default=0.0, init=False)
    _mask: float = field(default=0.0, init=False)
    _deaf: float = field(default=0.0, init=False)

    @property
    def listens(self) -> bool:
        """Whether what was left may be heard just now."""
        return self.working and self._mask <= 0.0

    def restart(self) -> None:
        """Something changed: it must be seen to work again."""
        self._needed = _GOOD_SECONDS
        self._doubt()

    def push(self, evidence: Evidence, seconds: float) -> None:
        """Take so many seconds of the robot's own sound."""
        self._mask -= seconds
        if evidence is Evidence.MOVED:
            self.restart()
        elif evidence is Evidence.LEAK:
            self._leaked(seconds)
        else:
            self._leak = max(0.0, self._leak - seconds / 2)
        if evidence is Evidence.CANCELLED:
            self._good += seconds
        elif evidence is Evidence.QUIET:
            self._quiet += seconds
        elif evidence is Evidence.NONE and not self.working:
            self._good = max(0.0, self._good - seconds)
            self._quiet = max(0.0, self._quiet - seconds)
        if self.working:
            self._worked += seconds
        elif self._good >= self._needed or self._quiet >= max(_QUIET_SECONDS, self._needed):
            self.working = self.told = True
            self._good = self._deaf = self._worked = 0.0
        else:
            self._count_deaf(seconds)

    def _leaked(self, seconds: float) -> None:
        self._mask = _MASK_SECONDS
        self._leak += seconds
        self._quiet = 0.0
        if not self.working:
            self._good = 0.0
        elif self._leak >= _LEAK_SECONDS:
            harder = self._worked < _FORGIVEN_SECONDS
            self._needed = min(_MOST_GOOD, _HARDER * self._needed) if harder else _GOOD_SECONDS
            self.lost = True
            self._doubt()

    def _doubt(self) -> None:
        self.working = False
        self._good = self._quiet = self._leak = self._mask = 0.0

    def _count_deaf(self, seconds: float) -> None:
        self._deaf += seconds
        if self._deaf >= _TOLD_SECONDS:
            self.told = False
