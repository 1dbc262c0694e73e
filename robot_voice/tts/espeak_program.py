"""espeak-ng as a program, one process per sentence: for where its library is not to be had.

A process costs 10 ms to the first sample and buys two things: cutting it short is one signal, and
a crash in it is an error and not ours.

The text goes in by stdin: so a sentence that begins with "-" is no option, and nobody reads what
the robot says in the process list.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Iterator

import numpy as np

from robot_voice.engines import Cancelled
from robot_voice.errors import ModelError, TtsError
from robot_voice.types import Samples

from .espeak_library import Order
from .pcm import WaveError, WaveFormat, mono, wave_format

_POLL_SECONDS = 0.02
_READ_BYTES = 1 << 16
_MAX_HEADER_BYTES = 4096


class Program:
    """The program, and how long it may take."""

    def __init__(self, program: str, timeout: float) -> None:
        """``timeout``: seconds without a sound after which it hangs."""
        self._program = program
        self._timeout = timeout

    def say(self, order: Order, cancelled: Cancelled) -> Iterator[tuple[Samples, int]]:
        """Sound and its rate, as it comes. Closing the iterator, or ``cancelled`` becoming true,
        kills the process. Raises ``TtsError`` when it fails."""
        process = self._start(order)
        try:
            _feed(process, order.text)
            yield from self._sound(process, cancelled)
        finally:
            _end(process)

    def _start(self, order: Order) -> subprocess.Popen[bytes]:
        options = {
            "-v": order.voice,
            "-s": str(order.rate),
            "-p": str(order.pitch),
            "-a": str(order.volume),
            "-b": "1",  # UTF-8
        }
        command = [self._program, "--stdin", "--stdout"]
        for option, value in options.items():
            command += [option, value]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        except OSError as error:
            raise TtsError(f"espeak-ng could not be started: {error}") from error

    def _sound(
        self, process: subprocess.Popen[bytes], cancelled: Cancelled
    ) -> Iterator[tuple[Samples, int]]:
        header, odd = b"", b""
        form: WaveFormat | None = None
        for data in self._output(process, cancelled):
            if form is None:
                header += data
                form = _format(header)
                if form is None:
                    continue
                data = header[form.offset :]
            data, odd = _whole(odd + data, 2 * form.channels)
            yield mono(np.frombuffer(data, "<i2").astype(np.int16), form.channels), form.rate
        if cancelled():
            return
        _check(process)
        if form is None:  # it says something even to letters it does not know
            raise TtsError("espeak-ng made no sound")

    def _output(self, process: subprocess.Popen[bytes], cancelled: Cancelled) -> Iterator[bytes]:
        """What the process writes, as it comes. Ends early once ``cancelled``."""
        assert process.stdout is not None
        patience = self._timeout  # of waiting for it, not of our reader's leisure
        while not cancelled():
            ready, _, _ = select.select([process.stdout], [], [], _POLL_SECONDS)
            if ready:
                data = os.read(process.stdout.fileno(), _READ_BYTES)
                if not data:
                    return
                yield data
            elif (patience := patience - _POLL_SECONDS) <= 0:
                limit = f"{self._timeout:g} s (see tts.timeout_seconds)"
                raise TtsError(f"espeak-ng said nothing for {limit}")


def find_program() -> str:
    """Where espeak-ng is. Raises ``ModelError`` when it is nowhere."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise ModelError(
            "The program espeak-ng is not installed, so the robot has no voice. Install it: "
            "`sudo apt install espeak-ng` (macOS: `brew install espeak-ng`)."
        )
    return program


def _feed(process: subprocess.Popen[bytes], spoken: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(spoken.encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # it died at once; ``_check`` says why


def _format(header: bytes) -> WaveFormat | None:
    try:
        form = wave_format(header)
    except WaveError as error:
        raise TtsError(f"espeak-ng's output is unusable: {error}") from error
    if form is None and len(header) > _MAX_HEADER_BYTES:
        raise TtsError("espeak-ng's output is unusable: WAV header without end")
    return form


def _whole(data: bytes, size: int) -> tuple[bytes, bytes]:
    """Whole frames of ``size`` bytes, and the rest."""
    end = len(data) // size * size
    return data[:end], data[end:]


def _check(process: subprocess.Popen[bytes]) -> None:
    """After the last output: raise ``TtsError`` if the process did not end well."""
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired as error:
        raise TtsError("espeak-ng does not end") from error
    if code != 0:
        assert process.stderr is not None
        complaint = process.stderr.read(_MAX_HEADER_BYTES).decode(errors="replace").strip()
        raise TtsError(f"espeak-ng failed with status {code}: {complaint or 'no reason given'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process, no zombie and no file descriptor."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
