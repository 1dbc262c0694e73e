"""The audio process's own thread: microphone -> echo -> detector -> robot, and the barge-in cut.

The sound card's callbacks only copy; all work on sound is done here. So is the decision that
matters most: when a voice is heard the loudspeaker is held at once, before the robot, whose
interpreter may be busy for a second, knows of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from robot_voice.engines import Vad
from robot_voice.types import RATE

from .echo import FRAME, Echo
from .listening import Judged, Listening
from .outbox import Outbox
from .player import Player
from .ring import Pcm, Ring
from .settings import Settings
from .wire import Position, Window

_PATIENCE = 0.3
"""Seconds without a sample after which the microphone is taken for dead and silence is sent in
its place, at the pace of time: an utterance can end, and the robot sees that the ears live."""

_RING_SECONDS = 1.0

_REST_SECONDS = 2.0
"""Seconds without a voice, and without the robot's own, after which windows are judged and handed
over in batches. Each waking costs more than the judging: the detector's weights, the libraries
and the robot's interpreter come back from cold caches. A voice that ends the rest is noticed
0.1 s later than it would be, which nobody sees; nothing of it is lost."""

_BATCH_WINDOWS = 4


class Freshness:
    """Tells live sound from the backlog that comes in a burst after a stall.

    Sound servers queue what they could not deliver. What is older than ``LIMIT`` seconds is of
    no use in a conversation, and working through it would only keep the robot late. A stall
    without a backlog (a suspended device) is followed by blocks at the pace of time.
    """

    LIMIT = 0.2

    def __init__(self) -> None:
        self._last: float | None = None
        self._age = 0.0

    def push(self, now: float, seconds: float) -> bool:
        """Whether the block of ``seconds`` that came at ``now`` (monotonic) is fresh enough."""
        gap = 0.0 if self._last is None else now - self._last
        self._last = now
        if gap > self.LIMIT:
            self._age = gap
        elif self._age:
            self._age = self._age - seconds if gap < seconds / 2 else 0.0
        if self._age <= self.LIMIT:
            self._age = 0.0
        return self._age == 0.0


class Ears:
    """Wakes when a window is full. ``run`` is the thread; the rest is for the callbacks."""

    def __init__(
        self, settings: Settings, echo: Echo, vad: Vad, player: Player, outbox: Outbox
    ) -> None:
        self._player, self._outbox, self._window = player, outbox, vad.window
        self._barge_in = settings.barge_in
        self._listening = Listening(echo, vad, settings.start_threshold, settings.start_seconds)
        self._fresh = Freshness()
        self._near = Ring(round(_RING_SECONDS * RATE))
        self._far = Ring(round(_RING_SECONDS * RATE))
        self._stale = 0  # samples; the callback's
        self._lost = 0  # samples told of so far
        self._ready = threading.Event()
        self._wanted = vad.window  # samples in the ring that complete a window
        self._position = 0  # samples judged so far
        self._clock = 0.0  # monotonic time up to which the robot has been given sound
        self._told = (0, 0)
        self.quiet = True
        """Whether the latest window was more likely silence than speech."""
        self.voice_at = time.monotonic()
        """When a voice was last heard; at first, now."""

    # --- the sound card's callbacks --------------------------------------------

    def block_heard(self, block: Pcm, now: float) -> None:
        """A block from the microphone."""
        if not self._fresh.push(now, len(block) / RATE):
            self._stale += len(block)
            return
        self._near.write(block)
        if len(self._near) >= self._wanted:
            self._ready.set()

    def block_played(self, block: Pcm, now: float, delay: float) -> None:
        """The loudspeaker wants a block, whose first sample will be heard in ``delay`` s."""
        before = self._player.position()
        self._player.fill(block, now, delay)
        self._far.write(block)
        if self._player.position() != before:
            self._ready.set()

    def reopened(self) -> None:
        """The microphone was closed on purpose: what it brings first is no backlog."""
        self._fresh = Freshness()

    def motion(self, level: float) -> None:
        """From now on the robot's own body moves this much, in [0, 1]: its motors must not hold
        the loudspeaker. Called by the thread that obeys the robot."""
        self._listening.motion(level)

    # --- the thread ------------------------------------------------------------

    def run(self, tick: Callable[[], None]) -> None:
        """Work for ever. ``tick`` is called in every round, 8 to 30 times a second."""
        self._clock = time.monotonic()
        while True:
            self._ready.wait(0.2)  # a batch takes 0.13 s
            self._ready.clear()
            self._count_lost()
            self._listen()
            self._bridge()
            if (position := self._player.position()) != self._told:
                self._told = position
                self._outbox.latest(Position(*position))
            tick()
            self._outbox.flush()

    def _listen(self) -> None:
        near = self._near.read(len(self._near) // FRAME * FRAME)
        if len(near):  # else what was played stays, for the echo that will come
            far = self._far.read(len(self._far) // FRAME * FRAME)
            for window in self._listening.push(near, far):
                self._judge(window)
                self._clock = time.monotonic()
        windows = _BATCH_WINDOWS if self._rests() else 1
        samples = (windows - 1) * self._window + self._listening.wanted
        self._wanted = -(-samples // FRAME) * FRAME

    def _rests(self) -> bool:
        """Is nothing going on that anyone would have to know of at once?"""
        silent = self.quiet and self._player.idle
        return silent and time.monotonic() - self.voice_at > _REST_SECONDS

    def _judge(self, window: Judged) -> None:
        self.quiet = window.speech < 0.5
        if not self.quiet:
            self.voice_at = time.monotonic()
        if window.begins and self._barge_in:
            self._player.hold_for_voice(self._position + len(window.samples))
        self._hand_over(window.samples, window.speech)

    def _hand_over(self, window: Pcm, speech: float) -> None:
        held = self._player.held_for_voice
        self._outbox.window(Window(self._position, speech, held, window))
        self._position += len(window)

    def _bridge(self) -> None:
        """Silence in the place of a microphone that is not there."""
        now = time.monotonic()
        if now - self._clock > _PATIENCE:
            self._listening.forget()
        while now - self._clock > _PATIENCE:
            self._hand_over(np.zeros(self._window, np.int16), 0.0)
            self._clock += self._window / RATE

    def _count_lost(self) -> None:
        lost = self._near.lost + self._stale
        if lost != self._lost:
            self._outbox.lost(lost - self._lost)
            self._lost = lost
            self._listening.forget()
