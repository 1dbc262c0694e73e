"""What is kept of conversations that are over: when it is written, and of which."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from robot_voice import condense
from robot_voice.condense import END_SECONDS, GIST_TOKENS, LEAST_EXCHANGES, Condenser, Diary
from robot_voice.llm.summary import Limits, Window, as_note, ask, cost
from robot_voice.pipeline import Pipeline
from robot_voice.types import Action, Message, Transcript

from .fakes import World
from .test_condense import HELLO, Model, talk
from .virtual_time import run

ASK = ask("en", GIST_TOKENS)


@dataclass
class Robot:
    """Talks, and keeps a diary. Enter it to have a task group."""

    window: Window = field(default_factory=lambda: Window(Limits(20, 4000.0)))
    model: Model = field(default_factory=Model)
    kept: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.diary = Diary(lambda gist, code, last: self.kept.append((gist, code, last.text)))
        mind = self.model.mind()
        self.condenser = Condenser(self.window, mind, self.model.sum_up, self.diary)
        self.tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Robot:
        await self.tasks.__aenter__()
        self.condenser.consider(self.tasks, None)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.condenser.consider(self.tasks, None)
        await self.tasks.__aexit__(None, None, None)

    def says(self, messages: Sequence[Message]) -> None:
        """There was a turn, or several."""
        self.condenser.consider(self.tasks, None)
        self.window.put([*self.window.messages(), *messages])

    async def rests(self, seconds: float, latest: Transcript = HELLO) -> None:
        """Nobody speaks for so long."""
        self.condenser.consider(self.tasks, latest)
        await asyncio.sleep(seconds)


def test_a_conversation_that_is_over_is_written_down_once() -> None:
    async def scenario() -> None:
        async with Robot() as robot:
            robot.says(talk(3))
            await robot.rests(END_SECONDS - 1)
            assert not robot.model.asked
            await robot.rests(20.0)
            assert robot.model.asked == [[*talk(3), ASK]]
            assert robot.kept == [("The user is Ann.", "en", "words 2?")]
            # The conversation itself is as it was, and read again for whoever goes on with it.
            assert robot.window.messages() == talk(3)
            assert robot.model.read == [talk(3)]
            await robot.rests(10 * END_SECONDS)
            robot.says([])  # a noise
            await robot.rests(2 * END_SECONDS)
            assert len(robot.model.asked) == 1

    run(scenario())


def test_noises_put_nothing_off() -> None:
    async def scenario() -> None:
        async with Robot() as robot:
            robot.says(talk(2))
            for _ in range(4):
                await robot.rests(END_SECONDS / 4)
                robot.says([])
            await robot.rests(10.0)
            assert len(robot.kept) == 1

    run(scenario())


def test_what_is_said_later_is_written_down_by_itself() -> None:
    async def scenario() -> None:
        async with Robot() as robot:
            robot.says(talk(2))
            await robot.rests(END_SECONDS + 10)
            # Announced after the last answer, which the conversation has as one message.
            before = robot.window.messages()[:-1]
            robot.window.put([*before, Message("assistant", "words 1. It rings.")])
            robot.says(talk(1, "one"))
            await robot.rests(END_SECONDS + 10)
            assert len(robot.kept) == 1  # a question and its answer
            robot.says(talk(1, "two"))
            await robot.rests(END_SECONDS + 10)
            assert robot.model.asked[1:] == [[*talk(1, "one"), *talk(1, "two"), ASK]]
            assert [last for _, _, last in robot.kept] == ["words 1?", "two 0?"]

    run(scenario())


def test_a_long_conversation_is_written_down_with_the_note_on_its_beginning() -> None:
    async def scenario() -> None:
        async with Robot(Window(Limits(12, 4000.0, 40.0))) as robot:
            robot.says(talk(8))
            await robot.rests(END_SECONDS + 10)
            first, second = robot.model.asked
            assert first == [*talk(8), ask("en", 40.0)]
            assert second == [as_note("The user is Ann.", "en"), *talk(8)[-4:], ASK]
            assert len(robot.kept) == 1

    run(scenario())


@pytest.mark.parametrize("seed", range(15))
def test_whoever_speaks_ends_the_writing_at_once(seed: int) -> None:
    dice = random.Random(seed)

    async def scenario() -> None:
        async with Robot() as robot:
            robot.says(talk(2))
            for _ in range(4):
                # At most three of the four words are made by then.
                await robot.rests(END_SECONDS + dice.uniform(-2.0, 1.8))
                robot.condenser.consider(robot.tasks, None)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert robot.model.working == 0
                assert robot.kept == []
                robot.says([Message("user", "And?"), Message("assistant", "Yes.")])
            await robot.rests(END_SECONDS + 10)
            assert len(robot.kept) == 1
            assert len(robot.model.asked[-1]) == 4 + 8 + 1

    run(scenario())


def test_nothing_is_kept_of_a_conversation_that_is_nobodys_business() -> None:
    async def scenario() -> None:
        async with Robot(Window(Limits(12, 4000.0, 40.0))) as robot:
            robot.says(talk(1))
            robot.diary.silent = True
            robot.says(talk(2, "secret"))
            await robot.rests(END_SECONDS / 2)
            robot.says(talk(1, "secret"))
            await robot.rests(END_SECONDS + 10)
            assert not robot.diary.silent
            assert all(asked[-1] != ASK for asked in robot.model.asked)
            # Nor later, though the model is still shown it.
            robot.says(talk(2, "open"))
            await robot.rests(END_SECONDS + 10)
            assert robot.model.asked[-1] == [*talk(2, "open"), ASK]
            # The note on it is no source either, when only that is left.
            for _ in range(3):
                robot.says(talk(4, "long"))
                await robot.rests(20.0)
            await robot.rests(END_SECONDS + 10)
            assert robot.model.asked[-1][-1] == ASK
            assert all("note" not in message.text for message in robot.model.asked[-1][:-1])
            # Until all is forgotten.
            robot.window.clear()
            robot.says([])
            await robot.rests(5.0)
            robot.says(talk(6, "new"))
            await robot.rests(END_SECONDS + 10)
            assert robot.model.asked[-1][0] == as_note("The user is Ann.", "en")
            assert len(robot.kept) == 3

    run(scenario())


def test_what_is_forgotten_while_it_is_written_down_is_not_kept() -> None:
    async def scenario() -> None:
        async with Robot() as robot:
            robot.says(talk(2))
            await robot.rests(END_SECONDS + 1)
            assert robot.model.working == 1
            robot.window.clear()
            await asyncio.sleep(10)
            robot.says(talk(2, "more"))
            await robot.rests(END_SECONDS + 1)
            robot.diary.silent = True
            await asyncio.sleep(10)
            assert len(robot.model.asked) == 2
            assert robot.kept == []

    run(scenario())


def test_a_failure_costs_nothing_and_is_made_up_for() -> None:
    async def scenario() -> None:
        async with Robot(model=Model(fails=True)) as robot:
            robot.says(talk(2))
            await robot.rests(END_SECONDS + 10)
            robot.says([])
            await robot.rests(END_SECONDS + 10)
            assert len(robot.model.asked) == 1
            robot.model.fails = False
            robot.says(talk(1, "more"))
            await robot.rests(END_SECONDS + 10)
            assert robot.model.asked[1:] == [[*talk(2), *talk(1, "more"), ASK]]
            assert len(robot.kept) == 1

    run(scenario())


def test_a_gist_keeps_to_its_length_and_an_empty_one_is_none() -> None:
    async def scenario() -> None:
        async with Robot(model=Model(summary="The user likes tea. " * 99)) as robot:
            robot.says(talk(2))
            await robot.rests(2 * END_SECONDS)
            robot.says(talk(2))
            await robot.rests(2 * END_SECONDS, Transcript("네.", "ko"))
            robot.model.summary = "“”"
            robot.says(talk(2))
            await robot.rests(2 * END_SECONDS)
        english, korean = robot.kept
        assert 50 <= len(english[0].split()) <= 80
        assert cost(english[0]) <= GIST_TOKENS < cost(korean[0])
        assert korean[1] == "ko"

    run(scenario())


def test_what_comes_from_an_earlier_process_was_that_ones_to_write_down() -> None:
    async def scenario() -> None:
        window = Window(Limits(20, 4000.0))
        window.put(talk(4))
        async with Robot(window) as robot:
            await robot.rests(END_SECONDS + 10)
            assert not robot.model.asked
            robot.says(talk(2, "new"))
            await robot.rests(END_SECONDS + 10)
            assert robot.model.asked == [[*talk(2, "new"), ASK]]

    run(scenario())


@pytest.mark.parametrize("able", [True, False])
def test_without_a_diary_or_a_model_that_can_nothing_happens(able: bool) -> None:
    async def scenario() -> None:
        model, window = Model(), Window(Limits(20, 4000.0))
        diary = None if able else Diary(lambda *_: None)
        condenser = Condenser(window, model.mind(), model.sum_up if able else None, diary)
        async with asyncio.TaskGroup() as tasks:
            condenser.consider(tasks, None)
            window.put(talk(3))
            condenser.consider(tasks, HELLO)
            await asyncio.sleep(2 * END_SECONDS)
        assert not model.asked

    run(scenario())


# --- in a conversation, by dice --------------------------------------------------


@dataclass
class Watched(World):
    """A conversation of which is known when it is summed up, and what was kept."""

    begun: list[float] = field(default_factory=list)
    kept: list[tuple[float, list[Message]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.diary = Diary(lambda *_: self.kept.append((now(), self.summed_up[-1][:-1])))

    def with_diary(self, until: float) -> Pipeline:
        bare, conversation = self.pipeline(until)
        parts = bare._stages, bare._segmenter, self.speaker, conversation, self.events.append
        return Pipeline(*parts, self.diary)

    def _act(self, transcript: Transcript) -> list[Action]:
        if "secret" in transcript.text:
            self.diary.silent = True
        return super()._act(transcript)

    @asynccontextmanager
    async def _sum_up(
        self, messages: Sequence[Message], language: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        self.begun.append(now())
        async with super()._sum_up(messages, language) as words:
            yield words

    def speaks(self, at: float) -> bool:
        """Whether somebody has been speaking for long enough to be noticed."""
        user = any(start + 0.2 <= at < end for start, end, _ in self.says)
        return user or any(start < at < end for start, end in self.speaker.sounded)


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("long", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_written_while_somebody_speaks_and_nothing_twice(
    seed: int, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condense, "END_SECONDS", 12.0)
    dice = random.Random(seed)

    async def scenario() -> None:
        limits = Limits(4, 4000.0, 40.0) if long else Limits(100, 9000.0, 40.0)
        world = Watched(window=Window(limits), summary="They talk. " * 3)
        at, spoken = 1.0, []
        kinds = ["number"] * 3 + ["secret"] * (seed % 2)
        for turn in range(12):
            spoken.append(f"{dice.choice(kinds)} {turn}")
            world.user(at, at + 1, spoken[-1])
            # From breaks between turns to the very moments in which a gist is being made.
            at += dice.choice([dice.uniform(3.0, 7.0), dice.uniform(14.0, 22.0)])
        await world.with_diary(at + 30).run()
        assert world.kept or seed % 2
        assert not [at for at in world.begun if world.speaks(at)]
        assert not [at for at, _ in world.kept if world.speaks(at)]
        written = [m.text for _, said in world.kept for m in said if m.role == "user"]
        told = [text for text in written if text in spoken]
        assert sorted(told) == sorted(set(told))
        assert not [text for text in told if "secret" in text]
        if not long and seed % 2 == 0:
            assert len(told) > len(spoken) - LEAST_EXCHANGES

    run(scenario())
