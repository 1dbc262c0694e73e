"""Push-to-talk as a person does it: a real terminal, a real microphone stream, the real program."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from robot_voice.audio.clips import read_audio, to_int16
from robot_voice.demo import questions

from .rig.audiorig import AudioRig

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Terminal:
    """A program in a terminal of its own, and what it has shown so far."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "robot_voice", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, expected: str, seconds: float = 20) -> str:
        """Read until ``expected`` is shown; what came before it since the last call."""
        end = time.monotonic() + seconds
        while expected not in self.shown:
            assert time.monotonic() < end, f"no {expected!r} in {self.shown!r}"
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if ready:
                try:
                    chunk = os.read(self._master, 65536)
                except OSError:  # the program has ended
                    chunk = b""
                assert chunk, f"ended before {expected!r}: {self.shown!r}"
                self.shown += _ESCAPES.sub("", chunk.decode(errors="replace"))
        before, _, self.shown = self.shown.partition(expected)
        return before

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)


@contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    opened = Terminal(*arguments)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def devices(audio_rig: AudioRig) -> tuple[str, ...]:
    wanted = ("audio.input=rig_mic", "audio.output=rig_spk", "disclosure.notice=off")
    return tuple(word for setting in wanted for word in ("-s", setting))


def test_what_is_said_while_the_key_is_down_is_answered(
    audio_rig: AudioRig, devices: tuple[str, ...]
) -> None:
    with terminal("talk", "-c", "push-to-talk", *devices) as person:
        person.until("SPACE to talk")
        audio_rig.say(to_int16(read_audio(questions()[0])))  # the key is up: nobody listens
        tap = audio_rig.tap_speaker()
        person.type(" ")
        person.until("hearing you")
        audio_rig.say(to_int16(read_audio(questions()[2])))
        person.type(" ")
        shown = person.until("first sample out", 30)
        assert "Wave your hand." in shown
        assert "Hello." not in shown
        person.until("listening")
        time.sleep(1.0)
        person.type("q")
        assert person.process.wait(10) == 0
    assert np.abs(tap.stop()).max() > 1000  # it was heard, too


def test_without_echo_cancelling_the_microphone_is_open_only_while_the_key_is_down(
    audio_rig: AudioRig, devices: tuple[str, ...]
) -> None:
    def recordings() -> int:
        return len(audio_rig._list("source-outputs"))

    rigs_own = recordings()
    with terminal("talk", "-c", "push-to-talk", "-s", "audio.echo=off", *devices) as person:
        person.until("mic off")
        assert recordings() == rigs_own
        person.type(" ")
        person.until("hearing you")
        assert recordings() == rigs_own + 1
        sentences = [to_int16(read_audio(questions()[n])) for n in (1, 2)]
        talking = audio_rig.say_later(np.concatenate(sentences))
        person.until("▮▮▮")  # the meter
        person.until("What can you do")  # a caption: the key is still down
        talking.join()
        person.type(" ")
        person.until("◉ speaking")
        assert recordings() == rigs_own
        person.type(" ")  # to interrupt
        person.until("hearing you")
        tap = audio_rig.tap_speaker()
        time.sleep(0.5)
        assert np.abs(tap.stop()).max() == 0
        person.type("m")
        person.until("The microphone is muted")
        time.sleep(0.3)
        assert recordings() == rigs_own
        person.type("q")
        assert person.process.wait(10) == 0


def test_without_a_microphone_talk_says_what_to_do() -> None:
    with terminal("talk", "-s", "audio.input=no such thing") as person:
        shown = person.until("robot-voice devices")
        assert "Traceback" not in shown
        assert person.process.wait(10) == 5


def test_without_a_terminal_talk_says_what_to_do() -> None:
    command = [sys.executable, "-m", "robot_voice", "talk"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert "needs a terminal" in done.stderr
    assert "ask FILE" in done.stderr
