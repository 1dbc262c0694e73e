"""``robot-voice run`` as systemd sees it: a process, its signals, its notifications, its log."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import psutil

SECONDS = 30.0
"""How long a busy machine may take over anything."""


class Daemon:
    """A daemon of a user who has configured nothing but ``config``. Killed at the end, with all
    that it has started."""

    def __init__(
        self, folder: Path, config: str, *options: str, environment: dict[str, str] | None = None
    ) -> None:
        """``folder`` gets its configuration, its log and its user's folders."""
        self.config = folder / "robot.toml"
        self.state = folder / "STATE" / "robot-voice"
        self.control = folder / "R" / "robot-voice" / "control.sock"
        self.notes = list[str]()
        """What systemd was told so far, one assignment each."""
        self._log = folder / "log"
        self.config.write_text(config, "utf-8")
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._systemd.bind(str(folder / "notify"))
        ours = {name: value for name, value in os.environ.items() if "ROBOT_VOICE" not in name}
        ours |= {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CONFIG", "DATA", "STATE")}
        ours |= {"XDG_RUNTIME_DIR": str(folder / "R")}  # short: a socket's path has a limit
        ours |= {"NOTIFY_SOCKET": str(folder / "notify"), "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "robot_voice", "run", "--config", str(self.config)]
        with self._log.open("w") as log:
            self._program = subprocess.Popen(
                [*command, *options], env=ours | (environment or {}), stderr=log, stdout=log
            )
        self._process = psutil.Process(self._program.pid)

    def __enter__(self) -> Daemon:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        family = self._family()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._program.wait()
        psutil.wait_procs(family, timeout=5)
        self._systemd.close()

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def send(self, number: signal.Signals) -> None:
        self._program.send_signal(number)

    def expect(self, note: str) -> str:
        """Wait until systemd is told ``note``, or something that begins so; return it."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                self._systemd.settimeout(0.1)
                told = self._systemd.recv(4096).decode().splitlines()
            except TimeoutError:
                assert self._program.poll() is None, f"it has ended:\n{self.log}"
                continue
            self.notes += told
            if found := [line for line in told if line.startswith(note)]:
                return found[0]
        raise AssertionError(f"{note} did not come, but {self.notes}; log:\n{self.log}")

    def ready(self) -> str:
        """Wait until it listens; return its status."""
        self.expect("READY=1")
        return self.notes[-1]

    def audio_process(self) -> psutil.Process:
        """Wait until there is one."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self._program.poll() is None:
            for child in self._family()[1:]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    if "robot_voice.audio.process" in child.cmdline():
                        return child
            time.sleep(0.005)
        raise AssertionError(f"no audio process; log:\n{self.log}")

    def ended(self, seconds: float = SECONDS) -> int:
        """Wait until it has ended, and its audio process; return the exit code."""
        family = self._family()
        code = self._program.wait(seconds)
        deadline = time.monotonic() + 5
        while any(map(_lives, family[1:])):
            assert time.monotonic() < deadline, f"left behind: {family[1:]}"
            time.sleep(0.01)
        self._systemd.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.notes += self._systemd.recv(4096).decode().splitlines()
        return code

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return [self._process]


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; an orphan that has ended may not have been buried yet."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
