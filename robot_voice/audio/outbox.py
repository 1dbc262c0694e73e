"""What the audio process has to say while the robot does not listen.

The robot may be busy, or stopped by a debugger; the microphone goes on. Windows wait in order
and the oldest are dropped and counted. Of the rest only the newest matters.
"""

from __future__ import annotations

import os
import socket
from collections import deque

from robot_voice.types import RATE

from .wire import Lost, Position, Status, Window, encode

_KEPT_SECONDS = 10.0
"""Windows kept for a robot that does not listen, besides about 3 s in the socket. It is more
than an utterance that anyone would still want answered."""


class Outbox:
    """Sends without ever waiting. Belongs to one thread."""

    def __init__(self, channel: socket.socket, window: int) -> None:
        self._channel = channel
        self._window = window
        self._windows: deque[bytes] = deque(maxlen=round(_KEPT_SECONDS * RATE / window))
        self._latest: dict[type, bytes] = {}
        self._lost = 0

    def window(self, window: Window) -> None:
        if len(self._windows) == self._windows.maxlen:
            self._lost += self._window
        self._windows.append(encode(window))

    def latest(self, message: Position | Status) -> None:
        """Say ``message``; it takes the place of an older one of its kind that still waits."""
        self._latest[type(message)] = encode(message)

    def lost(self, samples: int) -> None:
        self._lost += samples

    def flush(self) -> None:
        """Send what there is room for. Ends the process when nobody is left to hear it."""
        while self._windows and self._send(self._windows[0]):
            self._windows.popleft()
        if self._windows:
            return
        if self._lost and self._send(encode(Lost(self._lost))):
            self._lost = 0
        for kind, packet in list(self._latest.items()):
            if self._send(packet):
                del self._latest[kind]

    def _send(self, packet: bytes) -> bool:
        try:
            self._channel.send(packet, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:  # the robot is gone
            os._exit(0)
        return True
