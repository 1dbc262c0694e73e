"""Samples from one thread to another, without a lock.

A sound card's callback may not wait: not for a lock that a slower thread holds, and not for
memory. So it writes into a fixed piece of memory and moves one number. In CPython storing an
``int`` in an attribute is atomic, and only one side ever stores each number.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pcm: TypeAlias = NDArray[np.int16]
"""Mono 16-bit audio at ``types.RATE``, shape (n,): what the sound card takes and gives."""


class Ring:
    """The newest ``capacity`` samples that were written and not yet read.

    The world cannot be slowed down: the writer never waits, what is too old is overwritten, and
    ``lost`` counts it.
    """

    def __init__(self, capacity: int) -> None:
        self._data: Pcm = np.zeros(capacity, np.int16)
        self._capacity = capacity
        self._written = 0
        self._read = 0
        self.lost = 0
        """Samples that were overwritten before they were read. The reader's."""

    def __len__(self) -> int:
        """How many samples wait, at most ``capacity``."""
        return min(self._written - self._read, self._capacity)

    def write(self, samples: Pcm) -> None:
        """The writer's side. ``samples`` are at most ``capacity``."""
        start = self._written % self._capacity
        first = min(len(samples), self._capacity - start)
        self._data[start : start + first] = samples[:first]
        self._data[: len(samples) - first] = samples[first:]
        self._written += len(samples)

    def read(self, count: int) -> Pcm:
        """The reader's side: the oldest ``count`` samples, or none while there are fewer."""
        while True:
            self._skip_overwritten()
            if self._written - self._read < count:
                return np.zeros(0, np.int16)
            at = np.arange(self._read, self._read + count) % self._capacity
            samples: Pcm = self._data[at]
            if self._written - self._read <= self._capacity:  # nothing changed under our hands
                self._read += count
                return samples

    def _skip_overwritten(self) -> None:
        """After an overrun go on half a ring behind the writer, so as not to be caught at once."""
        if self._written - self._read > self._capacity:
            oldest = self._written - self._capacity // 2
            self.lost += oldest - self._read
            self._read = oldest
