"""The saved conversation: whole or not at all, whatever happens to the disk or to us."""

from __future__ import annotations

import json
import logging
import random
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from robot_voice.events import Committed, EventBus, TurnEnded, UserStarted
from robot_voice.service.journal import History, HistoryKeeper
from robot_voice.types import Message, Transcript

TALK = [Message("user", '불 켜줘 "지금"\n'), Message("assistant", "네, 켰어요. \U0001f4a1")]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "state" / "history.json")


def path_of(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.json"


def test_what_was_saved_is_loaded(history: History) -> None:
    assert history.load() == []
    assert history.save(TALK)
    assert history.load() == TALK
    assert history.save(TALK[:1])
    assert history.load() == TALK[:1]
    assert history.save([])
    assert history.load() == []


def test_broken_text_survives(history: History) -> None:
    odd = [Message("user", "\udcff\x00\u2028")]
    assert history.save(odd)
    assert history.load() == odd


def test_the_persona_is_not_kept(history: History) -> None:
    assert history.save([Message("system", "You are Nuri."), *TALK])
    assert history.load() == TALK


def test_only_the_owner_can_read_it(history: History, tmp_path: Path) -> None:
    history.save(TALK)
    path_of(tmp_path).chmod(0o644)
    history.save(TALK)
    assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_of(tmp_path).parent.stat().st_mode) == 0o700
    assert [file.name for file in path_of(tmp_path).parent.iterdir()] == ["history.json"]


def test_the_newest_messages_that_fit_are_kept(tmp_path: Path) -> None:
    history = History(path_of(tmp_path), max_bytes=1000)
    messages = [Message("user", f"{number} 안녕") for number in range(100)]
    assert history.save(messages)
    assert path_of(tmp_path).stat().st_size <= 1000
    kept = history.load()
    assert 10 < len(kept) < 30
    assert kept == messages[-len(kept) :]


def corruptions() -> dict[str, bytes]:
    whole = json.dumps({"format": 1, "messages": [{"role": "user", "text": "hello"}]}).encode()
    return {
        "empty": b"",
        "truncated": whole[:-9],
        "zeroes": bytes(4096),
        "not text": b"\xff\xfe\x00",
        "another format": whole.replace(b"1", b"2", 1),
        "not an object": b"[1, 2]",
        "messages missing": b'{"format": 1}',
        "a stranger's role": whole.replace(b"user", b"system"),
        "a number for a text": whole.replace(b'"hello"', b"5"),
        "one key too many": whole.replace(b'"role"', b'"x": 1, "role"'),
        "too large": whole.replace(b"hello", b"x" * 5000),
        "too deep": b"[" * 4000,
    }


@pytest.mark.parametrize("name", corruptions())
def test_a_damaged_file_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(corruptions()[name])
    history = History(path, max_bytes=4096)
    assert history.load() == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "history.json.corrupt" in caplog.text
    assert "hello" not in caplog.text
    assert path.with_name("history.json.corrupt").read_bytes() == corruptions()[name]
    assert history.save(TALK)
    assert history.load() == TALK


def test_a_folder_that_cannot_be_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("in the way")
    history = History(path_of(tmp_path))
    assert history.load() == []
    caplog.clear()
    assert not history.save(TALK)
    assert not history.save(TALK)
    assert len(caplog.records) == 1
    (tmp_path / "state").unlink()
    assert history.save(TALK)
    assert history.load() == TALK


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path_of(tmp_path).mkdir(parents=True)
    assert History(path_of(tmp_path)).load() == []
    assert "cannot be read" in caplog.text


FULL_DISK = """
import logging, resource, sys
from pathlib import Path
from robot_voice.service.journal import History
from robot_voice.types import Message

logging.basicConfig()
history = History(Path(sys.argv[1]))
assert history.save([Message("user", "short")])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
assert not history.save([Message("user", "long " * 2000)])
assert history.load() == [Message("user", "short")]
assert [file.name for file in Path(sys.argv[1]).parent.iterdir()] == ["history.json"]
"""


def test_a_full_disk_costs_nothing_that_was_saved(tmp_path: Path) -> None:
    """A limit on file sizes fails a write half-way, as a full disk does."""
    command = [sys.executable, "-c", FULL_DISK, str(path_of(tmp_path))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert "cannot be saved" in result.stderr


SAVE_FOR_EVER = """
import sys
from pathlib import Path
from robot_voice.service.journal import History
from robot_voice.types import Message

history = History(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    assert history.save([Message("user", f"{number} " + "x" * 50_000)])
    print(number, flush=True)
"""


def killed_in_mid_write(path: Path, saves: int) -> int:
    """Kill a process that saves without end; the last save that it said was done."""
    command = [sys.executable, "-c", SAVE_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(saves):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]
    return int(rest[-1]) if rest else saves


def test_killed_in_mid_write_it_keeps_what_was_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(7)
    for attempt in range(20):
        path = tmp_path / f"{attempt}.json"
        done = killed_in_mid_write(path, saves=dice.randrange(1, 12))
        history = History(path)
        messages = history.load()
        assert len(messages) == 1
        assert int(messages[0].text.split()[0]) in (done, done + 1)  # killed before it could tell
    assert not caplog.records
    assert {file.suffix for file in tmp_path.iterdir()} == {".json"}


class SlowHistory(History):
    """Saves when it is let."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.saves: list[int] = []

    def save(self, messages: Sequence[Message]) -> bool:
        self.begun.release()
        self.let.acquire()
        self.saves.append(len(messages))
        return super().save(messages)


COMMITTED = Committed(1.0, 1, Transcript("hi", "en"), 0.4, 0.4)


def test_the_keeper_saves_the_newest_state_and_never_waits(tmp_path: Path) -> None:
    history = SlowHistory(path_of(tmp_path))
    messages: list[Message] = []
    keeper = HistoryKeeper(history, lambda: messages)
    bus = EventBus(keeper)
    bus.emit(UserStarted(0.5))  # nothing new to remember
    messages.append(TALK[0])
    bus.emit(COMMITTED)
    assert history.begun.acquire(timeout=10)
    for _ in range(50):  # the disk hangs; the talk goes on
        messages.append(TALK[1])
        bus.emit(TurnEnded(2.0, 1, "yes", finished=True))
    for _ in range(3):
        history.let.release()
    assert keeper.close(timeout=10)
    assert history.saves[0] == 1
    assert history.saves[-1] == 51
    assert len(history.saves) <= 3
    assert len(history.load()) == 51


def test_closing_saves_what_no_event_told_of(tmp_path: Path) -> None:
    history = History(path_of(tmp_path))
    keeper = HistoryKeeper(history, lambda: TALK)
    assert keeper.close(timeout=10)
    assert history.load() == TALK


def test_closing_does_not_wait_for_a_hung_disk(tmp_path: Path) -> None:
    history = SlowHistory(path_of(tmp_path))
    keeper = HistoryKeeper(history, lambda: TALK)
    assert not keeper.close(timeout=0.01)
    history.let.release()
    assert keeper.close(timeout=10)
