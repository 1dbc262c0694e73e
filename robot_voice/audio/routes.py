"""Sees when the sound server gives a stream another device.

PulseAudio and PipeWire move streams: when a device goes, or another becomes the default. PortAudio
says nothing of it and the callbacks go on, with another device's sound. So one child process
listens to the server (``pactl subscribe``), and when one of our own streams changed, or is new, it
is looked up where it is connected. Without ``pactl``, or without a server, nothing of this happens.

The child must not outlive us, even if we are killed. So a shell stands between, which ends it as
soon as the pipe closes that only we hold the other end of.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .devices import Direction

_SUBSCRIBE = 'pactl -s "$1" subscribe </dev/null & exec >/dev/null; read -r _; kill $!'

_ANSWER_SECONDS = 2.0
"""How long a server may take to list its streams; a healthy one needs 5 ms."""

_EVENT = re.compile(r"Event '(\w+)' on ([a-z-]+) #(\d+)")
_ENTRY = re.compile(r"^(?:Sink Input|Source Output) #(\d+)$", re.MULTILINE)
_DEVICE = re.compile(r"^\t(?:Sink|Source): (\d+)$", re.MULTILINE)
_OWNER = re.compile(r'application\.process\.id = "(\d+)"')

_NOWHERE = 2**32 - 1
"""PA_INVALID_INDEX: on its way between two devices."""

_STREAMS: Mapping[str, Direction] = {"source-output": "input", "sink-input": "output"}


class Routes:
    """The thread ``run`` watches while there are streams to watch. It should have no real-time
    priority, for the children would inherit it."""

    def __init__(self, moved: Callable[[Direction], None], appeared: Callable[[], None]) -> None:
        """``moved`` is called when the stream of a direction got another device, ``appeared``
        when a device has come. Both in the thread."""
        self._moved = moved
        self._appeared = appeared
        self._asked = threading.Event()
        self._places: dict[tuple[str, int], int] = {}
        """Where each of our streams is connected, by kind and number."""

    def look(self) -> None:
        """A stream was opened: there is something to watch, if nothing is watched yet."""
        self._asked.set()

    def run(self) -> None:
        """The thread. Returns only when there is nothing to be watched on this machine."""
        while shutil.which("pactl") and shutil.which("sh"):
            self._asked.wait()
            self._asked.clear()
            if server := find_server(os.environ):
                try:
                    self._watch(server)
                except OSError:  # no more processes or files to be had: it works without
                    return

    def _watch(self, server: str) -> None:
        """Until the server ends."""
        self._places.clear()
        with _events(server) as lines:
            for kind in _STREAMS:
                self._compare(server, kind)
            for line in lines:
                if event := _EVENT.match(line):
                    self._take(server, event[1], event[2], int(event[3]))

    def _take(self, server: str, what: str, kind: str, number: int) -> None:
        ours = (kind, number) in self._places
        if what == "new" and kind in ("sink", "source"):
            self._appeared()
        elif what == "remove" and ours:
            del self._places[kind, number]
        elif kind in _STREAMS and (ours or what == "new"):
            self._compare(server, kind)

    def _compare(self, server: str, kind: str) -> None:
        for number, device in _own(_ask(server, "list", f"{kind}s")):
            before = self._places.get((kind, number), device)
            self._places[kind, number] = device
            if before != device:
                self._moved(_STREAMS[kind])


def find_server(environment: Mapping[str, str]) -> str:
    """The address of the PulseAudio or PipeWire server; empty: none. It is always told to
    ``pactl``, which without one might start a server, and that would take the sound cards."""
    if server := environment.get("PULSE_SERVER", ""):
        return server
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    folders = [environment.get("PULSE_RUNTIME_PATH", ""), f"{runtime}/pulse", "/run/pulse"]
    sockets = [Path(folder) / "native" for folder in folders if folder]
    return next((f"unix:{path}" for path in sockets if path.is_socket()), "")


@contextmanager
def _events(server: str) -> Iterator[IO[str]]:
    """What happens in the server, a line each; it ends with the server."""
    child = subprocess.Popen(
        ["sh", "-c", _SUBSCRIBE, "sh", server],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        encoding="utf-8",
        errors="replace",
    )
    with child:
        assert child.stdout
        yield child.stdout


def _ask(server: str, *question: str) -> str:
    """What ``pactl`` says; nothing when the server does not answer."""
    try:
        done = subprocess.run(
            ["pactl", "-s", server, *question],
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def _own(listing: str) -> Iterator[tuple[int, int]]:
    """The number and the device of each of this process's streams in pactl's long list."""
    _, *entries = _ENTRY.split(listing)
    for number, text in zip(entries[::2], entries[1::2], strict=True):
        owner, device = _OWNER.search(text), _DEVICE.search(text)
        if owner and device and int(owner[1]) == os.getpid() and int(device[1]) != _NOWHERE:
            yield int(number), int(device[1])
