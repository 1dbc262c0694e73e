"""The process in which espeak-ng's library speaks: stopped, killed, frozen, left alone."""

from __future__ import annotations

import ctypes.util
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from robot_voice.config import TtsConfig
from robot_voice.errors import TtsError
from robot_voice.tts import espeak_child
from robot_voice.tts.espeak import EspeakTts
from robot_voice.tts.espeak_library import LIBRARY, Library, NoLibrary, Order, Sound
from robot_voice.types import SafeText

pytestmark = pytest.mark.skipif(
    not ctypes.util.find_library("espeak-ng"), reason="there is no library espeak-ng"
)

SHORT = Order("Hello there.", "en-us", 165, 50, 100)
LONG = Order("This goes on and on. " * 200, "en-us", 165, 50, 100)


def never() -> bool:
    return False


@pytest.fixture
def library() -> Iterator[Library]:
    library = Library(5.0)
    yield library
    library.close()


def pid(library: Library) -> int:
    child = library._child
    assert child is not None
    return child._process.pid


def samples(library: Library, order: Order) -> int:
    said = library.say(order, never)
    return sum(len(item.pcm) // 2 for item in said if isinstance(item, Sound))


def test_one_process_says_sentence_after_sentence(library: Library) -> None:
    assert samples(library, SHORT) > 10_000
    first = pid(library)
    assert samples(library, SHORT) > 10_000
    assert pid(library) == first


@pytest.mark.parametrize("count", [0, 1, 7, 100])
def test_a_sentence_that_is_given_up_leaves_the_process_ready(library: Library, count: int) -> None:
    library.start()
    first = pid(library)
    for _ in range(5):
        said = library.say(LONG, never)
        assert len(list(islice(said, count))) == count
        said.close()  # type: ignore[attr-defined]
        whole = samples(library, SHORT)
        assert 10_000 < whole < 40_000  # nothing of the long one
    assert pid(library) == first


def test_being_cancelled_stops_it(library: Library) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 20

    assert len(list(library.say(LONG, cancelled))) < 20
    assert samples(library, SHORT) > 10_000


def test_a_process_that_was_killed_is_an_error_once(library: Library) -> None:
    said = library.say(LONG, never)
    next(said)
    os.kill(pid(library), signal.SIGKILL)
    with pytest.raises(TtsError, match="status -9"):
        list(said)
    assert samples(library, SHORT) > 10_000


def test_a_process_that_dies_between_sentences_is_replaced(library: Library) -> None:
    samples(library, SHORT)
    child = library._child
    assert child is not None
    os.kill(pid(library), signal.SIGKILL)
    child._process.wait()
    assert samples(library, SHORT) > 10_000


def test_a_process_that_hangs_is_ended(library: Library) -> None:
    library._timeout = 0.1
    library.start()
    first = pid(library)
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(TtsError, match=r"said nothing for 0\.1 s"):
        list(library.say(SHORT, never))
    library._timeout = 5.0
    assert samples(library, SHORT) > 10_000
    assert pid(library) != first


def test_a_process_that_does_not_stop_is_ended(library: Library) -> None:
    said = library.say(LONG, never)
    next(said)
    first = pid(library)
    os.kill(first, signal.SIGSTOP)
    said.close()  # type: ignore[attr-defined]
    assert samples(library, SHORT) > 10_000
    assert pid(library) != first


def test_nonsense_is_an_error(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    samples(library, SHORT)
    monkeypatch.setattr("robot_voice.tts.espeak_library._MAX_FRAME", 10)
    with pytest.raises(TtsError, match="nonsense"):
        samples(library, SHORT)


@pytest.mark.parametrize("name", ["none", "libnothing.so.9", "libc.so.6"])
def test_without_the_library_the_program_speaks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setenv(LIBRARY, name)
    with pytest.raises(NoLibrary):
        Library(5.0).start()
    tts = EspeakTts(TtsConfig())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert list(tts.synthesize(SafeText("Hello", "en"), never))
    assert caplog.text.count("without telling where it is") == 1


@pytest.mark.parametrize("busy", [False, True])
def test_the_process_ends_with_who_started_it(busy: bool) -> None:
    command = [sys.executable, "-I", "-S", espeak_child.__file__, "libespeak-ng.so.1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        head = child.stdout.read(espeak_child.HEAD.size)
        assert head[:1] == b"R"
        if busy:  # in the middle of a sentence that nobody reads
            order = LONG.payload()
            child.stdin.write(espeak_child.HEAD.pack(b"S", len(order)) + order)
            child.stdin.flush()
            assert child.stdout.read(100)
        child.stdin.close()
        if busy:
            child.stdout.close()
        child.wait(timeout=5)


def test_its_memory_is_bounded(library: Library) -> None:
    samples(library, LONG)
    before = resident(library)
    for _ in range(100):
        samples(library, SHORT)
    assert resident(library) < before + 1_000_000
    assert before < 60_000_000


def resident(library: Library) -> int:
    pages = int(Path(f"/proc/{pid(library)}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
