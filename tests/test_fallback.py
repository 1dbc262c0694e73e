"""Two chat models: who answers when the link is cut, and that nothing is said twice."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from robot_voice.engines import Cancelled
from robot_voice.errors import LlmError
from robot_voice.llm import fallback
from robot_voice.llm.fallback import LONGEST_PAUSE, PAUSE, Breaker, FallbackLlm
from robot_voice.types import Message
from scripts.bench.remote_faults import Rig, inject
from tests.openai_server import FAULTS, HELLO, ask, never

# --- who takes over ----------------------------------------------------------------


FAIL = "\0"


class Scripted:
    """A model that says these pieces; ``FAIL`` fails."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.asked: list[list[Message]] = []
        self.read: list[list[Message]] = []
        self.closed = False

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        self.asked.append(list(messages))
        for piece in self.pieces:
            if cancelled():
                return
            if piece == FAIL:
                raise LlmError("broken")
            yield piece

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        self.read.append(list(messages))

    def close(self) -> None:
        self.closed = True


LOCAL = ("I am ", "on board. ", "Wait.")


def test_the_remote_model_answers_while_it_can() -> None:
    local = Scripted(*LOCAL)
    assert ask(FallbackLlm(Scripted("On the roof. ", "Go", " up!"), local)) == "On the roof. Go up!"
    assert not local.asked


@pytest.mark.parametrize("continues", [True, False])
@pytest.mark.parametrize(
    "pieces", [(FAIL,), ("", FAIL), ("On the ro", FAIL), ("😀! ", FAIL), ("\n", FAIL)]
)
def test_before_the_first_sentence_the_model_on_board_answers(
    pieces: tuple[str, ...], continues: bool
) -> None:
    local = Scripted(*LOCAL)
    said = ask(FallbackLlm(Scripted(*pieces), local, continues))
    assert said.endswith("I am on board. Wait.") and "roof" not in said
    assert local.asked == [HELLO]


def test_after_it_the_model_on_board_goes_on() -> None:
    local = Scripted("Take ", "a ladder. Be", " careful.")
    llm = FallbackLlm(Scripted("On the", " roof. It is", " red.", " Take", FAIL), local, True)
    assert ask(llm) == "On the roof. It is red. Take a ladder. Be careful."
    assert local.asked == [[*HELLO, Message("assistant", "On the roof. It is red.")]]


def test_nothing_is_said_twice() -> None:
    local = Scripted("On the roof! ", "It is red. No. ", "No. ", "Take a ladder.")
    llm = FallbackLlm(Scripted("On the roof. No. It is", " red. ", FAIL), local, True)
    assert ask(llm) == "On the roof. No. It is red. No. No. Take a ladder."


def test_a_model_that_cannot_go_on_is_not_asked_to() -> None:
    local = Scripted(*LOCAL)
    assert ask(FallbackLlm(Scripted("On the roof. It i", FAIL), local)) == "On the roof. "
    assert not local.asked


def test_a_turn_that_was_answered_stays_answered(caplog: pytest.LogCaptureFixture) -> None:
    llm = FallbackLlm(Scripted("On the roof. ", FAIL), Scripted("It is red. Ta", FAIL), True)
    assert ask(llm) == "On the roof. It is red. "
    assert "could not go on" in caplog.text


def test_when_both_fail_it_is_an_error() -> None:
    with pytest.raises(LlmError, match="broken"):
        ask(FallbackLlm(Scripted(FAIL), Scripted(FAIL)))


@pytest.mark.parametrize("last", [FAIL, "More."])
def test_a_cancelled_turn_is_nobodys(last: str) -> None:
    local, told, cancelled = Scripted(*LOCAL), list[bool](), threading.Event()
    breaker = Breaker(lambda: 0.0)
    breaker.failed()
    breaker._until = 0.0
    llm = FallbackLlm(
        Scripted("On the roof. ", "It i", last),
        local,
        True,
        lambda on, why: told.append(on),
        breaker,
    )
    for _ in llm.generate(HELLO, cancelled.is_set):
        cancelled.set()
    assert not local.asked and not told


def test_the_model_on_board_reads_in_advance_and_both_are_closed() -> None:
    away, local = Scripted("Hi."), Scripted()
    llm = FallbackLlm(away, local)
    llm.prefill(HELLO, never)
    llm.close()
    assert (away.read, local.read) == ([], [HELLO])
    assert away.closed and local.closed


def test_a_server_that_failed_is_left_alone_for_longer_and_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, fallback.__name__)
    now, told, tried = [0.0], list[tuple[bool, str]](), list[float]()
    away = Scripted(FAIL)
    llm = FallbackLlm(
        away,
        Scripted("I am."),
        changed=lambda *what: told.append(what),
        breaker=Breaker(lambda: now[0]),
    )
    for second in range(int(4 * LONGEST_PAUSE)):
        now[0] = float(second)
        before = len(away.asked)
        assert ask(llm) == "I am."
        tried += [now[0]] * (len(away.asked) - before)
    pauses = [later - sooner for sooner, later in pairwise(tried)]
    assert pauses[:4] == [PAUSE, 2 * PAUSE, 4 * PAUSE, 8 * PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert told == [(False, "broken")]
    away.pieces = ("Here.",)
    now[0] += LONGEST_PAUSE
    assert [ask(llm), ask(llm)] == ["Here.", "Here."]
    assert told[1:] == [(True, "")]
    away.pieces = (FAIL,)
    assert [ask(llm), ask(llm)] == ["I am.", "I am."]
    assert len(told) == 3
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


TEXTS = [
    'He said "Stop!" Then it stopped... Dr. Kim, 3.5 m tall, agreed.\n\n1. Open it. 2. Close it?!',
    "안녕하세요! 오늘은 2024. 5. 3. 금요일이에요. 무엇을 도와드릴까요?",
    "はい。「行きます。」と言った！そうです。",
    "no end " * 60,
    "끝없는글자" * 60,
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_is_lost_or_changed_on_the_way(text: str) -> None:
    dice = random.Random(text)
    for _ in range(20):
        pieces, rest = list[str](), text
        while rest:
            size = dice.randint(1, 9)
            pieces, rest = [*pieces, rest[:size]], rest[size:]
        parts = list(FallbackLlm(Scripted(*pieces), Scripted()).generate(HELLO, never))
        assert "".join(parts) == text
        assert all(len(part) <= fallback.LONGEST_SENTENCE + 10 for part in parts)


# --- the link is cut --------------------------------------------------------------


def test_every_turn_is_answered_and_nothing_said_twice(record_property: Any) -> None:
    """``python -m scripts.bench.remote_faults`` does the same with more faults."""
    result = inject(2 * len(FAULTS), {"same": None, "stubborn": None, "other": None}, seed=5)
    record_property("faults", dict(result.faults))
    assert set(result.faults) == set(FAULTS)  # each kind came about
    assert not (result.unanswered or result.twice or result.wrong)


class Parrot:
    """Says everything twice."""

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        yield "It leaves. It leaves."

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """It needs none."""

    def close(self) -> None:
        """It has nothing."""


def test_the_bench_notices_what_is_said_twice() -> None:
    result = inject(3, {"starter": Parrot()}, seed=5)
    assert result.twice


def test_a_whole_reply_through_the_link_is_no_fault() -> None:
    with Rig({}) as rig:
        rig.script("On the roof.")
        assert ask(rig.remote()) == "On the roof."
        assert not rig.result.faults
