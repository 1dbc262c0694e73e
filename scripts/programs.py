"""Run other programs from a script: their output in a log, their progress on one line.

Standard library only: the scripts that use it run before anything is installed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(r"^\s*\[\s*(?:(\d+)/(\d+)|(\d+)%)\s*\]")
"""How ninja ("[3/140] ...") and make ("[ 12%] ...") tell how far they are."""

_TAIL = 25
"""Lines of a failed program's output that are worth showing."""


class ScriptError(Exception):
    """The script cannot go on; the message says what to do."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Progress:
    """One live line on a terminal; elsewhere a line every 30 s."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun = self._told = time.monotonic()
        self._live = sys.stdout.isatty()
        self._detail = ""
        say(f"{title} ...")

    def notice(self, line: str) -> None:
        """Keep what of a program's output tells how far it is."""
        if step := _STEP.match(line):
            done = 100 * int(step[1]) // int(step[2]) if step[1] else int(step[3])
            self._detail = f"{done} %"
        elif line.startswith(("Collecting ", "Installing ", "Unpacking ", "Setting up ")):
            self._detail = line.strip()

    def show(self) -> None:
        now = time.monotonic()
        minutes, seconds = divmod(int(now - self._begun), 60)
        line = f"{self._title}: {minutes}:{seconds:02d}  {self._detail}"
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(f"\r\x1b[K{line[:width]}")
            sys.stdout.flush()
        elif now - self._told >= 30:
            self._told = now
            say(line[:100])

    def close(self) -> None:
        if self._live:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()


@dataclass(frozen=True)
class Programs:
    """Runs programs in ``folder``, one after the other."""

    folder: Path
    log: Path
    lock: int
    """Handle of a lock that every program inherits, so that one which outlives us keeps it."""

    def run(
        self, title: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None
    ) -> None:
        """Run ``command``. Raises ``ScriptError`` with the end of its output when it fails.

        When we are interrupted, it ends with everything it started.
        """
        arguments = [str(part) for part in command]
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("a", buffering=1, encoding="utf-8") as log:
            log.write(f"\n$ {shlex.join(arguments)}\n")
            process = subprocess.Popen(
                arguments,
                cwd=self.folder,
                env=clean_environment() | dict(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=(self.lock,),
                start_new_session=True,  # a group of its own, so that all of it can be ended
            )
            tail: list[str] = []
            code = _follow(process, Progress(title), lambda line: _keep(line, log.write, tail))
        if code != 0:
            raise ScriptError(f"{title} failed ({code}):\n{''.join(tail)}The whole log: {self.log}")


def _keep(line: str, write: Callable[[str], object], tail: list[str]) -> None:
    write(line)
    tail.append(line)
    del tail[:-_TAIL]


def _follow(process: subprocess.Popen[str], progress: Progress, keep: Callable[[str], None]) -> int:
    """Show what ``process`` does until it ends; its exit code."""

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                keep(line)
                progress.notice(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while reader.is_alive():
            reader.join(0.5)
            progress.show()
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join()
        raise
    finally:
        progress.close()


def clean_environment() -> dict[str, str]:
    """Ours, less what would make Python or pip look outside a virtual environment."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PIP_USER": "no", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold ``folder`` for ourselves; wait while another script has it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another setup is at work in {folder}; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)
