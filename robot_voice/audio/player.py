"""What waits to be heard: the queue in front of the loudspeaker.

Three numbers tell everything: samples ``written`` into the queue, ``taken`` by the sound card,
and ``heard``, which have left it. ``heard`` trails ``taken`` by the card's own buffer, and is the
only one the rest of the robot is told: it remembers what was heard.

Threads: commands come from one, ``fill`` from the sound card's callback, ``position`` from a
third. Nothing is locked: each number has one owner, and dropping the queue replaces it whole.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from robot_voice.types import RATE

from .ring import Pcm


class _Queue:
    """The sound of one epoch: all that is queued between two stops."""

    def __init__(self, epoch: int, capacity: int) -> None:
        self.epoch = epoch
        self.data: Pcm = np.zeros(capacity, np.int16)
        self.written = 0
        self.taken = 0
        self.heard = 0
        self.leaving: deque[tuple[int, float]] = deque(maxlen=256)
        """(``taken`` after a block, monotonic time at which the block has left the card)."""

    def put(self, pcm: Pcm) -> None:
        """Append. The robot waits for room before it sends, so what finds none is a bug's."""
        pcm = pcm[: len(self.data) - (self.written - self.heard)]
        self.data[np.arange(self.written, self.written + len(pcm)) % len(self.data)] = pcm
        self.written += len(pcm)

    def take(self, out: Pcm) -> int:
        count = min(len(out), self.written - self.taken)
        start = self.taken % len(self.data)
        first = min(count, len(self.data) - start)
        out[:first] = self.data[start : start + first]
        out[first:count] = self.data[: count - first]
        self.taken += count
        return count


class Player:
    """Fills the sound card's blocks; may be held, and cut."""

    def __init__(self, capacity: int) -> None:
        """``capacity``: most samples that may be queued and unheard."""
        self._capacity = capacity
        self._queue = _Queue(0, capacity)
        self._wish = False
        self._seen = 0
        self._voice_at = 0

    # --- the commands' thread --------------------------------------------------

    def put(self, epoch: int, pcm: Pcm) -> None:
        """Queue sound. Sound of an epoch that is over is dropped."""
        if epoch == self._queue.epoch:
            self._queue.put(pcm)

    def cut(self, epoch: int) -> None:
        """Drop what is queued; what comes from now on belongs to ``epoch``."""
        self._queue = _Queue(epoch, self._capacity)

    def hold(self, held: bool, seen: int) -> None:
        """The robot wishes silence, or sound, having heard the microphone up to sample ``seen``.

        A wish older than the voice that ``hold_for_voice`` was called for cannot end its hold.
        """
        self._seen = seen
        self._wish = held

    # --- the detector's thread -------------------------------------------------

    def hold_for_voice(self, at: int) -> None:
        """Someone speaks, at sample ``at`` of the microphone: silence, until the robot has heard
        it too and says otherwise."""
        self._voice_at = at

    @property
    def held_for_voice(self) -> bool:
        """Whether a voice holds the loudspeaker that the robot does not know of yet."""
        return self._seen < self._voice_at

    def position(self) -> tuple[int, int]:
        """The epoch, and how many of its samples have been heard."""
        queue = self._queue
        return queue.epoch, queue.heard

    @property
    def idle(self) -> bool:
        """Whether all that was queued has been heard."""
        queue = self._queue
        return queue.heard == queue.written

    # --- the sound card's callback ---------------------------------------------

    def fill(self, out: Pcm, now: float, delay: float) -> int:
        """Write the next block into ``out``; return how many of its samples are sound.

        ``now``: monotonic time. ``delay``: seconds until the block's first sample is heard.
        """
        queue = self._queue
        out[:] = 0
        count = 0 if self._wish or self.held_for_voice else queue.take(out)
        if count:
            queue.leaving.append((queue.taken, now + delay + count / RATE))
        while queue.leaving and queue.leaving[0][1] <= now:
            queue.heard = queue.leaving.popleft()[0]
        return count

    def rewind(self) -> None:
        """The sound card is gone, and with it what it had taken: that will be taken again. Only
        while no callback runs."""
        queue = self._queue
        queue.leaving.clear()
        queue.taken = queue.heard
