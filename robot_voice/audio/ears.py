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
from robot_voice.vad.segmenter import VoiceOnset, raised

from .clips import to_float
from .echo import FRAME, Echo
from .interruption import Interruption
from .outbox import Outbox
from .player import Player
from .ring import Pcm, Ring
from .settings import Settings
from .wire import Position, Window

_PATIENCE = 0.3
"""Seconds without a sample after which the microphone is taken for dead and silence is sent in
its place, at the pace of time: an utterance can end, and the robot sees that the ears live."""

_RING_SECONDS = 1.0

_DEAD_RMS = 10 ** (-70 / 20)
_DEAD_WINDOWS = 30
"""After so many windows (1 s) quieter than this the detector is not asked: below -70 dBFS there is
no speech that could be recognised, and its weights have left the CPU's cache each time it is
called, which makes it the dearest part of listening in a silent room. Not while an echo is
cancelled: what is left of a voice is silent in between, and the detector must hear that too."""


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
        self._echo, self._vad, self._player, self._outbox = echo, vad, player, outbox
        self._barge_in = settings.barge_in
        self._threshold = settings.start_threshold
        self._onset = VoiceOnset(settings.start_threshold, settings.start_seconds)
        self._interruption = Interruption()
        self._voice = False
        self._fresh = Freshness()
        self._dead_silence = 0  # windows
        self._near = Ring(round(_RING_SECONDS * RATE))
        self._far = Ring(round(_RING_SECONDS * RATE))
        self._stale = 0  # samples; the callback's
        self._lost = 0  # samples told of so far
        self._ready = threading.Event()
        self._wanted = vad.window  # samples in the ring that complete a window
        self._window: Pcm = np.zeros(0, np.int16)
        self._raw: Pcm = np.zeros(0, np.int16)  # the same, with its echo
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
        self._onset.threshold = raised(self._threshold, level)
        self._interruption.motion = level

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
            self._window = np.concatenate([self._window, self._echo.process(near, far)])
            self._raw = np.concatenate([self._raw, near])
        while len(self._window) >= self._vad.window:
            window, self._window = np.split(self._window, [self._vad.window])
            raw, self._raw = np.split(self._raw, [self._vad.window])
            self._judge(window, raw)
            self._clock = time.monotonic()
        windows = _BATCH_WINDOWS if self._rests() else 1
        self._wanted = -(-(windows * self._vad.window - len(self._window)) // FRAME) * FRAME

    def _rests(self) -> bool:
        """Is nothing going on that anyone would have to know of at once?"""
        silent = self.quiet and self._player.idle
        return silent and time.monotonic() - self.voice_at > _REST_SECONDS

    def _judge(self, window: Pcm, raw: Pcm) -> None:
        speech = self._speech(window)
        into = self._interruption.push(speech, to_float(window), to_float(raw))
        if self._echo.cancels and self._interruption.faint:
            speech = 0.0
        self.quiet = speech < 0.5
        if not self.quiet:
            self.voice_at = time.monotonic()
        lasting = self._onset.push(speech, len(window) / RATE)
        before, self._voice = self._voice, lasting or (into and self._echo.cancels)
        if self._voice and not before and self._barge_in:
            self._player.hold_for_voice(self._position + len(window))
        self._hand_over(window, speech)

    def _speech(self, window: Pcm) -> float:
        samples = to_float(window)
        dead = float(samples @ samples) < len(samples) * _DEAD_RMS**2
        self._dead_silence = self._dead_silence + 1 if dead and not self._echo.cancels else 0
        return 0.0 if self._dead_silence > _DEAD_WINDOWS else self._vad.probability(samples)

    def _hand_over(self, window: Pcm, speech: float) -> None:
        held = self._player.held_for_voice
        self._outbox.window(Window(self._position, speech, held, window))
        self._position += len(window)

    def _bridge(self) -> None:
        """Silence in the place of a microphone that is not there."""
        now = time.monotonic()
        if now - self._clock > _PATIENCE:
            self._forget()
        while now - self._clock > _PATIENCE:
            self._hand_over(np.zeros(self._vad.window, np.int16), 0.0)
            self._clock += self._vad.window / RATE

    def _count_lost(self) -> None:
        lost = self._near.lost + self._stale
        if lost != self._lost:
            self._outbox.lost(lost - self._lost)
            self._lost = lost
            self._forget()

    def _forget(self) -> None:
        """There is a gap in the sound: what was before it tells nothing about what follows."""
        self._vad.reset()
        self._voice = self._onset.push(0.0, 0.0)
        self._echo.reset()
