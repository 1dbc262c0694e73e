"""Seeing that the sound server has moved a stream: with a made-up ``pactl``."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from robot_voice.audio.routes import Routes, find_server


def test_the_sound_server_is_where_the_environment_says(tmp_path: Path) -> None:
    assert find_server({"PULSE_SERVER": "tcp:robot"}) == "tcp:robot"
    nothing = {"XDG_RUNTIME_DIR": str(tmp_path)}
    if not Path("/run/pulse/native").exists():
        assert find_server(nothing) == ""
    (tmp_path / "pulse").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pulse" / "native"))
        assert find_server(nothing) == f"unix:{tmp_path}/pulse/native"


PACTL = """#!/bin/sh
echo "$@" >> {folder}/calls
case "$3 $4" in
subscribe*) echo $$ > {folder}/pid; exec tail -n +1 -f {folder}/events ;;
"list source-outputs") cat {folder}/streams ;;
esac
"""

LISTING = """Source Output #3
\tDriver: protocol-native.c
\tSource: 1
\tProperties:
\t\tapplication.process.id = "1"

Source Output #7
\tDriver: protocol-native.c
\tSource: {device}
\tProperties:
\t\tapplication.process.id = "{pid}"
"""

WATCHER = """
import sys, threading
from robot_voice.audio.routes import Routes
routes = Routes(lambda direction: print("moved", direction, flush=True),
                lambda: print("appeared", flush=True))
threading.Thread(target=routes.run, daemon=True).start()
routes.look()
sys.stdin.read()
"""


@pytest.fixture
def pactl(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A program that watches, and the folder in which its sound server is written down."""
    program = tmp_path / "pactl"
    program.write_text(PACTL.format(folder=tmp_path))
    program.chmod(0o755)
    (tmp_path / "events").touch()
    path = f"{tmp_path}:{os.environ['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-c", WATCHER],
        env=os.environ | {"PATH": path, "PULSE_SERVER": "here"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as watcher:
        write(tmp_path, watcher, 1)
        until(lambda: (tmp_path / "pid").exists() and calls(tmp_path) >= 3)
        yield tmp_path, watcher
        watcher.kill()


def write(folder: Path, watcher: subprocess.Popen[str], device: int, event: str = "") -> None:
    """Our stream is connected to the device, and the server tells of something."""
    (folder / "streams").write_text(LISTING.format(device=device, pid=watcher.pid))
    with (folder / "events").open("a") as events:
        events.write(f"{event}\n" if event else "")


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines())


def until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_moved_stream_is_seen_and_others_are_not(
    pactl: tuple[Path, subprocess.Popen[str]],
) -> None:
    folder, watcher = pactl
    assert watcher.stdout
    write(folder, watcher, 1, "Event 'change' on source-output #7")
    until(lambda: calls(folder) == 4)
    write(folder, watcher, 2, "Event 'change' on source-output #3")  # somebody else's
    write(folder, watcher, 2, "Event 'change' on card #0")
    write(folder, watcher, 2**32 - 1, "Event 'change' on source-output #7")  # on its way
    until(lambda: calls(folder) == 5)
    write(folder, watcher, 2, "Event 'change' on source-output #7")
    assert watcher.stdout.readline() == "moved input\n"
    write(folder, watcher, 2, "Event 'new' on sink #4")
    assert watcher.stdout.readline() == "appeared\n"
    assert calls(folder) == 6


def test_the_listening_child_dies_with_us(pactl: tuple[Path, subprocess.Popen[str]]) -> None:
    folder, watcher = pactl
    child = Path("/proc") / (folder / "pid").read_text().strip()
    assert child.exists()
    watcher.kill()
    until(lambda: not child.exists())


def test_without_pactl_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    Routes(lambda direction: None, lambda: None).run()  # returns
