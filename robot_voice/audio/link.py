"""One life of the audio process, seen from the robot: the program and the socket to it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

from .settings import Settings
from .wire import PACKET, Hold, Motion, Mute, Stop, ToAudio, ToRobot, decode_for_robot, encode

_END_SECONDS = 1.0
"""How long the program may take to end after its socket was closed; it needs a few ms."""


class Link:
    """Starts the program. Nothing here waits and nothing is a thread: the loop watches."""

    def __init__(
        self, settings: Settings, receive: Callable[[ToRobot], None], gone: Callable[[], None]
    ) -> None:
        """``receive`` is called for each message, ``gone`` once when the program has ended of its
        own accord."""
        self._receive = receive
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._waiting: list[ToAudio] = []  # bounded: see ``send``
        self._closed = False
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setblocking(False)
        with theirs:
            self._program = subprocess.Popen(
                [
                    *(sys.executable, "-m", "robot_voice.audio.process"),
                    *(str(theirs.fileno()), json.dumps(asdict(settings))),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # numpy would start threads of its own for matrices that nobody multiplies here
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        self._loop.add_reader(self._channel, self.catch_up)

    @property
    def pid(self) -> int:
        return self._program.pid

    def send(self, message: ToAudio) -> None:
        """Send, or keep it until the program reads again. What is kept is bounded: sound by the
        speaker's ``ahead_seconds``, and of the rest only the last of its kind matters."""
        match message:
            case Hold() if self._waiting and isinstance(self._waiting[-1], Hold):
                self._waiting.pop()
            case Motion() | Mute():
                self._waiting = [kept for kept in self._waiting if type(kept) is not type(message)]
            case Stop():
                self._waiting = [*self._last(Motion), *self._last(Mute), *self._last(Hold)]
        self._waiting.append(message)
        self._flush()

    def _last(self, kind: type[ToAudio]) -> list[ToAudio]:
        return [kept for kept in self._waiting if isinstance(kept, kind)][-1:]

    def catch_up(self) -> None:
        """Take in what the program has said so far."""
        while not self._closed:
            try:
                packet = self._channel.recv(PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self.close()
                self._gone()
                return
            self._receive(decode_for_robot(packet))

    def close(self) -> None:
        """Hang up. The program ends when it notices."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
            self._channel.close()

    def kill(self) -> int:
        """Hang up and make sure that the program has ended; return its exit code."""
        self.close()
        if self._program.poll() is None:
            self._program.kill()
        return self._program.wait()

    async def end(self) -> None:
        """Hang up and wait until the program has ended."""
        self.close()
        deadline = self._loop.time() + _END_SECONDS
        while self._program.poll() is None and self._loop.time() < deadline:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.005)
        self.kill()

    def _flush(self) -> None:
        while self._waiting and not self._closed:
            try:
                self._channel.send(encode(self._waiting[0]))
            except BlockingIOError:
                self._loop.add_writer(self._channel, self._flush)
                return
            except OSError:  # it has ended: the reader will see it
                return
            self._waiting.pop(0)
        if not self._closed:
            self._loop.remove_writer(self._channel)
