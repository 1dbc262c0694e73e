"""The sound card's own process: ``python -m robot_voice.audio.process FD SETTINGS``.

A busy Python interpreter starves a PortAudio callback for up to a second. Here nothing else
runs. FD is one end of a SOCK_SEQPACKET socket (see ``wire``), SETTINGS a JSON object of
``settings.Settings``. The process lives as long as the other end is open, and not a moment
longer: it cannot outlive a robot that was killed.

    main thread      commands from the robot                 (``_obey``)
    "ears"           echo, detector, barge-in, reports       (``ears``)
    "devices"        opens, watches and re-opens             (``supervisor``)
    "routes"         where the sound server sends us         (``routes``)
    PortAudio's two  copy to and from the rings
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from dataclasses import replace

from robot_voice.errors import VoiceError
from robot_voice.types import RATE
from robot_voice.vad import load_vad

from .devices import Direction
from .ears import Ears
from .echo import make_echo
from .outbox import Outbox
from .player import Player
from .ring import Pcm
from .routes import Routes
from .settings import Settings
from .streams import Port
from .supervisor import Supervisor
from .wire import (
    MUTED,
    PACKET,
    Hold,
    Motion,
    Mute,
    Refusal,
    Sound,
    Status,
    Stop,
    decode_for_audio,
    encode,
)

_EAR_BLOCK_MS = 20
"""Least length of the microphone's blocks. Its sound is judged in windows of 30 ms or more, so
shorter ones would gain 10 ms at most, and waking for them is half of what listening costs."""

_REST_SECONDS = 10.0
"""Seconds without a voice and without sound after which the loudspeaker's stream is closed: an
idle one costs as much CPU as all the listening. It is opened again (0.05 s) as soon as someone
speaks, which is long before there is an answer to play."""

_SPIN_SECONDS = 2
"""CPU time a real-time thread may use without once waiting; then the kernel ends the process.
An old PortAudio can spin when a device dies, and nothing else would run on that core."""


class AudioProcess:
    """Puts the parts together."""

    def __init__(self, channel: socket.socket, settings: Settings) -> None:
        self._channel = channel
        self._settings = settings
        self._realtime = 0
        self._sound_at = 0.0  # monotonic time at which sound was last queued
        self._status: Status | None = None
        near = RATE * max(settings.block_ms, _EAR_BLOCK_MS) // 1000
        far = RATE * settings.block_ms // 1000
        self._player = Player(round((settings.ahead_seconds + 2.0) * RATE))
        self._muted = settings.muted
        vad, echo = load_vad(settings), make_echo(settings.echo)
        self._echo = echo
        self._outbox = Outbox(channel, vad.window)
        self._ears = Ears(settings, echo, vad, self._player, self._outbox)
        self._microphone = Port("input", settings.input, near, self._heard)
        self._loudspeaker = Port("output", settings.output, far, self._ears.block_played)
        self._supervisor = Supervisor((self._microphone, self._loudspeaker), self)
        self._routes = Routes(self._rerouted, self._supervisor.hurry)
        self._supervisor.on_open = self._routes.look

    def run(self) -> None:
        """Work until the robot is gone. Never returns."""
        # Threads and children inherit the priority; those of "routes" have no need of it.
        threading.Thread(target=self._routes.run, name="routes", daemon=True).start()
        self._realtime = _be_realtime(self._settings.realtime_priority)
        gc.collect()
        gc.freeze()
        gc.disable()  # nothing here makes cycles, and a pause would be heard
        threading.Thread(target=self._supervisor.run, name="devices", daemon=True).start()
        threading.Thread(target=self._ears.run, args=[self._tick], name="ears", daemon=True).start()
        self._obey()

    def _obey(self) -> None:
        while packet := self._channel.recv(PACKET):
            match decode_for_audio(packet):
                case Sound(epoch, samples):
                    self._player.put(epoch, samples)
                    self._sound_at = time.monotonic()
                    self._supervisor.wake()
                case Hold(held, seen):
                    self._player.hold(held, seen)
                case Stop(epoch):
                    self._player.cut(epoch)
                case Motion(level):
                    self._ears.motion(level)
                case Mute(muted):
                    self._muted = muted
                    self._ears.reopened()
                    self._supervisor.hurry()

    def _heard(self, pcm: Pcm, now: float, delay: float) -> None:
        if not self._muted:  # closing the stream may take a moment
            self._ears.block_heard(pcm, now)

    def _rerouted(self, direction: Direction) -> None:
        port = self._microphone if direction == "input" else self._loudspeaker
        port.moved = True
        self._supervisor.wake()

    # --- what the supervisor asks and tells, in its thread ----------------------

    def lost(self, port: Port) -> None:
        if port is self._loudspeaker:
            self._player.rewind()
        self._echo.reset()

    def moved(self, port: Port) -> None:
        self._echo.reset()  # the way from the loudspeaker to the microphone is another

    def idle(self, port: Port) -> bool:
        return port is self._loudspeaker or self._ears.quiet  # a pause in speech loses nothing

    def may_rest(self, port: Port) -> bool:
        quiet_since = max(self._sound_at, self._ears.voice_at)
        return port is self._loudspeaker and time.monotonic() - quiet_since > _REST_SECONDS

    def shut(self, port: Port) -> bool:
        return self._muted and port is self._microphone

    # --- in the thread of the ears ----------------------------------------------

    def _tick(self) -> None:
        """In every round of the ears: report what changed; end when PortAudio hangs."""
        if not self._player.idle:
            self._sound_at = time.monotonic()
        elif not self._ears.quiet:
            self._supervisor.wake()  # who is spoken to will answer
        microphone = self._microphone.status
        if self._muted and not microphone.detail and not microphone.present:
            microphone = replace(microphone, detail=MUTED)
        loudspeaker, echo = self._loudspeaker.status, self._echo
        status = Status(microphone, loudspeaker, self._realtime, echo.mode, echo.reason)
        if status != self._status:
            self._status = status
            self._outbox.latest(status)
        if self._supervisor.hung():
            os._exit(3)


def _be_realtime(priority: int) -> int:
    """Ask for SCHED_RR at ``priority``; return what was granted, 0 for none."""
    if not priority or not hasattr(os, "SCHED_RR"):
        return 0
    try:
        limit = _SPIN_SECONDS * 1_000_000
        resource.setrlimit(resource.RLIMIT_RTTIME, (limit, limit))
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))
    except (OSError, ValueError):
        return 0
    return priority


def _crash(what: threading.ExceptHookArgs) -> None:
    """A bug in a thread ends the process: half an audio process is worse than none."""
    threading.__excepthook__(what)
    os._exit(1)


def main() -> None:
    """Serve the robot at the other end of the socket."""
    # The robot decides when to end; a signal to the whole group (Ctrl-C, systemd) is for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # ALSA and JACK complain on the C library's stderr; our own tracebacks keep the old one.
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    threading.excepthook = _crash
    channel = socket.socket(fileno=int(sys.argv[1]))
    try:
        process = AudioProcess(channel, Settings(**json.loads(sys.argv[2])))
    except VoiceError as error:
        channel.send(encode(Refusal(type(error).__name__, str(error))))
        os._exit(2)
    with contextlib.suppress(ConnectionError):
        process.run()
    os._exit(0)  # at once: closing streams in order may hang


if __name__ == "__main__":
    main()
