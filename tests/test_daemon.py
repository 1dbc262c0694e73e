"""The daemon, without a sound card: what systemd is told, signals, reloads, exit codes."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil
import pytest

from robot_voice.audio.device import DeviceAudio
from robot_voice.cli import EXIT_CODES
from robot_voice.errors import AudioError, ConfigError, ModelError
from robot_voice.service import daemon
from robot_voice.service.control import ask
from robot_voice.settings import Loaded

from . import virtual_time
from .daemon import Daemon

DEAF = '[audio]\ninput = "no such microphone"\noutput = "no such loudspeaker"\n'
"""Whatever this machine has is left alone."""

NO_INTERNET = '''
import os, sys

def watch(event, details):
    """Refuse, and remember it: whoever asked may keep quiet about it."""
    asked = event in ("socket.connect", "socket.sendto") and isinstance(details[1], tuple)
    if asked or event in ("socket.getaddrinfo", "socket.gethostbyname"):
        with open(os.environ["ASKED_FOR"], "a") as file:
            file.write(f"{event} {details}\\n")
        raise OSError("there is no network")

sys.addaudithook(watch)
'''
"""A ``sitecustomize`` for a computer on which nothing but local sockets can be reached."""


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """Additions to the environment; ``ASKED_FOR`` names a file that must not appear."""
    (tmp_path / "sitecustomize.py").write_text(NO_INTERNET)
    paths = filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])
    return {"PYTHONPATH": os.pathsep.join(paths), "ASKED_FOR": str(tmp_path / "asked")}


def test_from_start_to_sigterm(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF, environment={"WATCHDOG_USEC": "600000"}) as robot:
        assert robot.ready() == "STATUS=listening as Nuri"
        for _ in range(3):  # silence stands in for the microphone that is not there
            robot.expect("WATCHDOG=1")
        robot.send(signal.SIGTERM)
        assert robot.ended(5) == 0
        assert robot.notes[-1] == "STOPPING=1"
        for device in ("microphone", "loudspeaker"):
            assert re.search(rf"WARNING .*waiting for the {device}: \w", robot.log)
        assert "Traceback" not in robot.log
        assert not robot.state.exists()  # nothing was asked to be kept


def test_the_robots_own_software_can_talk_to_it(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF) as robot:
        robot.ready()
        assert ask(robot.control, {"do": "motion", "level": 0.6})["level"] == 0.6
        assert ask(robot.control, {"do": "interrupt"}) == {}
        status = ask(robot.control, {"do": "status"})
        assert (status["name"], status["mode"], status["idle"]) == ("Nuri", "listen", True)
        assert status["motion"] == 0.6
        assert status["not_believed"] == {}
        robot.config.write_text(DEAF + '[persona]\nname = "Bori"\n')
        robot.send(signal.SIGHUP)
        robot.expect("RELOADING=1")
        robot.ready()
        assert ask(robot.control, {"do": "status"})["name"] == "Bori"
        robot.send(signal.SIGTERM)
        assert robot.ended(5) == 0
        assert not robot.control.exists()


def test_a_reload(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF) as robot:
        robot.ready()
        robot.config.write_text(DEAF + '[persona]\nname = "Bori"\n[log]\nformat = "json"\n')
        robot.send(signal.SIGHUP)
        robot.expect("RELOADING=1")
        assert re.fullmatch(r"MONOTONIC_USEC=\d+", robot.notes[-1])
        assert robot.ready() == "STATUS=listening as Bori"
        assert json.loads(robot.log.splitlines()[-1])["message"] == "ready"
        robot.send(signal.SIGHUP)
        robot.expect("RELOADING=1")
        robot.send(signal.SIGTERM)  # in the midst of it
        assert robot.ended(5) == 0
        assert robot.notes[-1] == "STOPPING=1"


def test_a_configuration_that_is_no_good_changes_nothing(tmp_path: Path) -> None:
    worse = {
        "[tone]\nwarmth = 7\n": r"robot\.toml.*5.*tone\.warmth",
        "mode = ": r"robot\.toml.*4",
        '[llm]\nmodel = "nowhere"\n': r"llm\.model = 'nowhere'",
        '[actions]\nfile = "nowhere.toml"\n': r"nowhere\.toml",
    }
    with Daemon(tmp_path, DEAF) as robot:
        robot.ready()
        audio = robot.audio_process()
        for text, complaint in worse.items():
            robot.config.write_text(DEAF + text)
            robot.send(signal.SIGHUP)
            robot.expect("RELOADING=1")
            assert robot.ready() == "STATUS=listening as Nuri"
            error = robot.log.splitlines()[-1]
            assert "ERROR" in error and "the old one stays" in error
            assert re.search(complaint, error), error
        robot.config.write_text('mode = "push-to-talk"\n' + DEAF)
        robot.send(signal.SIGHUP)
        robot.expect("READY=1")
        assert "robot-voice talk" in robot.log.splitlines()[-1]
        assert robot.audio_process() == audio  # it never stopped listening
        assert "Traceback" not in robot.log


def test_a_configuration_that_fails_at_work_is_taken_back(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF) as robot:
        robot.ready()
        model = tmp_path / "broken.gguf"
        model.write_bytes(b"GGUF" + bytes(1000))  # looks like one
        robot.config.write_text(DEAF + f'[llm]\nmodel = "{model}"\n[persona]\nname = "Bori"\n')
        robot.send(signal.SIGHUP)
        robot.expect("RELOADING=1")
        assert robot.ready() == "STATUS=listening as Nuri"
        assert re.search(r"ERROR .*the old one is back: .*broken\.gguf", robot.log)
        robot.send(signal.SIGINT)
        assert robot.ended(5) == 0


@pytest.mark.parametrize(
    ("config", "error", "told"),
    [
        ('mode = "push-to-talk"\n', ConfigError, "robot-voice talk"),
        ("[tone]\nwarmth = 7\n", ConfigError, "tone.warmth"),
        ('[asr]\nmodel = "nowhere"\n', ModelError, "asr.model = 'nowhere': not found"),
    ],
)
def test_what_it_cannot_start_with(
    tmp_path: Path, config: str, error: type[Exception], told: str
) -> None:
    with Daemon(tmp_path, config) as robot:
        assert robot.ended() == EXIT_CODES[error]
        assert told in robot.log
        assert "Traceback" not in robot.log
        assert not robot.notes


def test_an_audio_process_that_dies_again_and_again(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF) as robot:
        robot.ready()
        killed = set[psutil.Process]()
        while len(killed) < 6:
            audio = robot.audio_process()
            if audio not in killed:
                audio.kill()
                killed.add(audio)
        assert robot.ended() == EXIT_CODES[AudioError]
        last = robot.log.splitlines()[-1]
        assert last.startswith("robot-voice: the audio process was ended by SIGKILL"), robot.log


def test_sigterm_while_the_engines_load(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF) as robot:
        robot.audio_process()
        robot.send(signal.SIGTERM)
        assert robot.ended(5) == 0
        assert robot.notes == ["STOPPING=1"]


def test_a_killed_daemon_leaves_nothing_behind(tmp_path: Path) -> None:
    with Daemon(tmp_path, DEAF) as robot:
        robot.ready()
        robot.audio_process()
        robot.send(signal.SIGKILL)
        assert robot.ended() == -signal.SIGKILL  # which looks for the audio process, too


def test_the_daemon_needs_no_network(tmp_path: Path, offline: dict[str, str]) -> None:
    with Daemon(tmp_path, DEAF, "--set", "log.format=json", environment=offline) as robot:
        robot.ready()
        robot.send(signal.SIGTERM)
        assert robot.ended() == 0
        entries = [json.loads(line) for line in robot.log.splitlines()]
    assert [entry["message"] for entry in entries][-2:] == ["ready", "stopping"]
    assert not Path(offline["ASKED_FOR"]).exists()


def test_the_demo_needs_no_network(tmp_path: Path, offline: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "robot_voice", "demo", "--fast", "--json", "-o", str(tmp_path)],
        env=os.environ | offline,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert all(turn["reply"] for turn in json.loads(done.stdout)["turns"])
    assert not Path(offline["ASKED_FOR"]).exists()


def test_a_network_would_be_seen(offline: dict[str, str]) -> None:
    ask = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run(
        [sys.executable, "-c", ask], env=os.environ | offline, capture_output=True, text=True
    )
    assert "there is no network" in done.stderr
    assert Path(offline["ASKED_FOR"]).exists()


@dataclass
class FakeDevice:
    """Sound arrives until ``silent_from``, in loop time."""

    silent_from: float

    @property
    def progress(self) -> float:
        return min(asyncio.get_running_loop().time(), self.silent_from)


def test_the_watchdog_starves_without_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def never() -> Loaded:
        raise ConfigError("no one asks for it")

    async def scenario() -> None:
        device = cast(DeviceAudio, FakeDevice(silent_from=20.0))
        robot = daemon._Daemon(never)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(robot._watch(device))
            await asyncio.sleep(20.0 + daemon.STALE_SECONDS - 0.1)
            fed.append(pending())
            await asyncio.sleep(30.0)
            fed.append(pending())
            watching.cancel()
        robot._systemd.socket.close()

    def pending() -> int:
        count = 0
        while True:
            try:
                assert systemd.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                return count
            count += 1

    fed = list[int]()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "15000000")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        with caplog.at_level(logging.ERROR, "robot_voice"):
            virtual_time.run(scenario())
    assert fed == [4, 0]  # at 5, 10, 15, 20
    assert "no sound has arrived for 5 s" in caplog.text
