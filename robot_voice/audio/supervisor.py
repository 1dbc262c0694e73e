"""Keeps the microphone and the loudspeaker open.

A device that was unplugged can be opened again by its name once it is back, but a device list
that changed is seen only after PortAudio was shut down and started anew, for which every stream
must be closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from robot_voice.errors import VoiceError

from .devices import list_devices, quiet, sounddevice
from .streams import Port

_POLL = 0.1
"""Seconds between looks at the streams."""

_REFRESH_EVERY, _INTERRUPT_EVERY = 3, 20
"""Attempts after which the list of devices is read anew: while no stream is open; and while one
must be interrupted for it, unless there is news of a device, which does not wait."""

_ALONE_SECONDS = 0.1
"""For so long a stream that was started is the only one. PortAudio 19.6 was seen to hang, and to
crash, when another could not be opened at once after it."""

_CARDS = Path("/dev/snd")
"""Linux adds a file when a card comes, and takes it away when it goes."""

_HUNG_SECONDS, _STUCK_SECONDS = 10.0, 1.3
"""A call into PortAudio that takes longer will not return (seen with dying USB cards): the
process ends, and the robot starts a new one. Others wait while a sound server stands still, but the
start of a stream gives up after 1 s, unless the stream has died in that second: then it waits for a
lock that nobody gives back."""


class Owner(Protocol):
    """Whom the ports serve."""

    def lost(self, port: Port) -> None:
        """It was closed in the midst of its work."""

    def moved(self, port: Port) -> None:
        """The system's default is another device now, and the stream goes on there."""

    def idle(self, port: Port) -> bool:
        """Would nobody mind if it were closed for 0.1 s?"""

    def may_rest(self, port: Port) -> bool:
        """Is it of no use just now? Then its stream is closed, though it counts as present."""

    def shut(self, port: Port) -> bool:
        """Must it be closed, and stay so? Its status stays as it is."""


class Supervisor:
    """Opens the ports, and opens them again."""

    def __init__(self, ports: Sequence[Port], owner: Owner) -> None:
        self._ports = ports
        self._owner = owner
        self._wake = threading.Event()
        self._news = 0  # attempts for which there is reason to hope
        self._cards = _last_change()
        self._names = list[str]()  # of the devices
        self._next_at = 0.0
        self._working_since = 0.0  # monotonic; 0: the thread is not inside PortAudio
        self.on_open: Callable[[], None] = lambda: None
        """Called after a stream was opened."""
        for port in ports:
            port.on_finished = self.wake

    def hung(self) -> bool:
        """Whether a call into PortAudio takes so long that it will not return."""
        now = time.monotonic()
        starting = (now - port.starting for port in self._ports if port.starting)
        if any(seconds > _STUCK_SECONDS for seconds in starting):
            return True
        return bool(self._working_since) and now - self._working_since > _HUNG_SECONDS

    def run(self) -> None:
        """The thread. Never returns."""
        while True:
            self._working_since = time.monotonic()
            self._look()
            self._working_since = 0.0
            self._wake.wait(_POLL)
            self._wake.clear()

    def wake(self) -> None:
        """Something changed: look now."""
        self._wake.set()

    def hurry(self) -> None:
        """A device has come: do not wait for the next attempt."""
        self._news = 2
        for port in self._ports:
            port.retry_at = 0.0
        self._wake.set()

    def _look(self) -> None:
        for port in self._ports:
            self._look_after(port)
        self._look_for_cards()
        if due := self._due():
            self._refresh(due[0])
        for port in self._due():
            port.open()
            if port.is_open:
                if port.failures:
                    self.hurry()  # whatever brought it back may bring the other
                self.on_open()
                self._next_at = time.monotonic() + _ALONE_SECONDS
                return

    def _due(self) -> list[Port]:
        """Those to be opened, the one that is likelier to fail first: see ``_ALONE_SECONDS``."""
        if time.monotonic() < self._next_at:
            return []
        return sorted(filter(self._is_due, self._ports), key=lambda port: -port.failures)

    def _look_for_cards(self) -> None:
        before, self._cards = self._cards, _last_change()
        if self._cards != before:
            self.hurry()

    def _look_after(self, port: Port) -> None:
        if self._owner.shut(port):
            port.close()
        elif not port.check(time.monotonic()):
            self._owner.lost(port)
        elif port.status.present and port.is_open and self._owner.may_rest(port):
            port.close()
        elif port.moved:
            port.moved = False
            self._owner.moved(port)

    def _is_due(self, port: Port) -> bool:
        if port.is_open or self._owner.shut(port):
            return False
        resting = port.status.present and self._owner.may_rest(port)
        return not resting and port.retry_at <= time.monotonic()

    def _refresh(self, port: Port) -> None:
        """Make PortAudio look at the devices again for ``port``, unless that would disturb."""
        open_ports = [other for other in self._ports if other.is_open]
        if port.failures == 0 or not all(map(self._owner.idle, open_ports)):
            return
        news, self._news = self._news, max(0, self._news - 1)
        if open_ports:
            hope = news == 1 or (news > 0 and not port.listed)
            due = hope or port.failures % _INTERRUPT_EVERY == 0
        else:
            due = not port.listed or port.failures % _REFRESH_EVERY == 0
        if not due:
            return
        for other in open_ports:
            other.close()
            self._owner.lost(other)
        try:
            module = sounddevice()
            with quiet():
                module._terminate()
                module._initialize()
            before, self._names = self._names, [device.name for device in list_devices()]
        except VoiceError:
            return
        if self._names != before:  # a server that starts brings one device after another
            for other in self._ports:
                other.failures = min(other.failures, 1)


def _last_change() -> float:
    """When a card last came or went; 0 where that cannot be seen."""
    return _CARDS.stat().st_mtime if _CARDS.exists() else 0.0
