"""The cores, lent to one engine at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from robot_voice.build import threads_for
from robot_voice.config import Config, CpuConfig
from robot_voice.cores import Cores, SharedAsr, SharedLlm
from robot_voice.engines import Cancelled
from robot_voice.types import Message, Transcript, Utterance


class Engine:
    """Notices when another one works at the same time."""

    def __init__(self) -> None:
        self.active, self.most, self.lock = 0, 0, threading.Lock()

    def work(self) -> int:
        with self.lock:
            self.active += 1
            self.most = max(self.most, self.active)
        threading.Event().wait(0.001)
        with self.lock:
            self.active -= 1
        return 1


def test_only_one_engine_works_at_a_time() -> None:
    cores, engine = Cores(), Engine()

    def hear() -> None:
        for _ in range(20):
            cores.during(engine.work)

    def think() -> None:
        assert sum(cores.between(engine.work() for _ in range(20))) == 20

    threads = [threading.Thread(target=task) for task in (hear, think, hear)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.most == 1


def test_who_waits_is_next() -> None:
    """The language model must not go on and on while an utterance waits to be heard."""
    cores, order, begun = Cores(), list[str](), threading.Event()

    def hear() -> None:
        begun.set()
        cores.during(lambda: order.append("words"))

    def tokens() -> Iterator[int]:
        hearing = threading.Thread(target=hear)
        for number in range(3):
            if number == 0:
                hearing.start()
                begun.wait()
                while not cores._next.locked():  # it waits for the cores
                    threading.Event().wait(0.001)
            order.append(f"token {number}")
            yield number
        hearing.join()

    assert list(cores.between(tokens())) == [0, 1, 2]
    assert order == ["token 0", "words", "token 1", "token 2"]


def test_the_cores_come_back_after_a_failure() -> None:
    cores = Cores()

    def fail() -> Iterator[int]:
        yield 1
        raise ValueError("gone")

    with pytest.raises(ValueError, match="gone"):
        list(cores.between(fail()))
    with pytest.raises(ZeroDivisionError):
        cores.during(lambda: 1 // 0)
    assert cores.during(lambda: "free") == "free"


class Both:
    """Both engines, which never work at the same time."""

    def __init__(self, cores: Cores) -> None:
        self.cores, self.calls = cores, list[str]()

    def _work(self, what: str) -> str:
        assert self.cores._lent.locked()
        self.calls.append(what)
        return what

    def transcribe(self, utterance: Utterance) -> Transcript:
        return Transcript(self._work("transcribed"), "en")

    def translate(self, utterance: Utterance) -> Transcript:
        return Transcript(self._work("translated"), "en")

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        yield self._work("one")
        yield self._work("two")

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        self._work("prefilled")

    def close(self) -> None:
        self.calls.append("closed")


def test_both_engines_work_with_the_cores_only() -> None:
    cores = Cores()
    both, sound = Both(cores), Utterance(np.zeros(1, np.float32), 0.0, 0.0)
    asr, llm = SharedAsr(both, cores), SharedLlm(both, cores)
    llm.prefill([], lambda: False)
    for number, piece in enumerate(llm.generate([], lambda: False)):
        assert not cores._lent.locked()
        assert piece == ["one", "two"][number]
        assert asr.transcribe(sound).text == "transcribed"
    assert asr.translate(sound).text == "translated"
    llm.close()
    assert both.calls == [
        "prefilled", "one", "transcribed", "two", "transcribed", "translated", "closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "wanted", "threads"), [(4, None, 4), (4, 2, 2), (4, 9, 4), (1, None, 1), (1, 3, 1)]
)
def test_no_engine_gets_more_than_the_budget(budget: int, wanted: int | None, threads: int) -> None:
    assert threads_for(Config(cpu=CpuConfig(threads=budget)), wanted) == threads


def test_the_budget_is_the_cores_this_process_may_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.cpu_count", lambda logical: 8)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert threads_for(Config()) == 3
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert threads_for(Config()) == 8
    assert threads_for(Config(cpu=CpuConfig(threads=12))) == 12
