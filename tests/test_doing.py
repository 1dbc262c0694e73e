"""What the robot does besides talking: never for words that were withdrawn, and told when it is
over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from robot_voice import paths
from robot_voice.actions.commands import Found, load_commands
from robot_voice.actions.execution import ActionError
from robot_voice.build.doing import Doing
from robot_voice.build.equipment import Equipment
from robot_voice.clock import FastLoop
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.errors import SafetyError
from robot_voice.events import (
    ActionEnded,
    ActionSubmitted,
    Event,
    StopRequested,
    TurnEnded,
    Withdrawn,
)
from robot_voice.llm_config import ActionsConfig
from robot_voice.safety.screen import SafetyScreen
from robot_voice.skills.recognise import skill_request
from robot_voice.skills.talk import Skills
from robot_voice.types import Action, Draft, SafeText, Transcript

from . import skill_sayings
from .test_actions_dispatch import LEFT, TABLE, Body

TURN = '<do>{"action":"turn","arguments":{"side":"left"}}</do>'
UNLOCK = '<do>{"action":"unlock","arguments":{}}</do>'


@dataclass
class Guess:
    """A model that is sure of one command, after a while."""

    action: Action
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    async def find(self, words: Transcript) -> Found | None:
        self.asked.append(words.text)
        await asyncio.sleep(0.5)
        return Found(self.action, "scored", "turn left")

    def close(self) -> None:
        self.closed = True


class Robot:
    """Somebody in front of a robot that has a body, a clock and a conversation."""

    def __init__(self, folder: Path, acting: ActionsConfig, guess: Guess | None = None) -> None:
        table = folder / "table.toml"
        table.write_text(TABLE, encoding="utf-8")
        self.config = Config(actions=acting)
        self.body, self.lamp = Body(3.0), Body(0.1)
        self.now = 1_750_000_000.0
        skills = Skills(clock=lambda: self.now)
        executors = {"body": self.body, "lamp": self.lamp}
        able = Equipment(load_commands(table), executors, skills, guess)  # type: ignore[arg-type]
        self.filter = SafetyScreen(self.config.safety, self.config.tone)
        self.fails = False
        self.conversation = Conversation()
        self.doing = Doing(self.config, able, self.screen, self.conversation, starter=False)
        self.told: list[str] = []
        self.events: list[Event] = []

    async def screen(self, draft: Draft) -> SafeText:
        if self.fails:
            raise SafetyError("it fails")
        return self.filter.screen(draft)

    async def announce(self, text: SafeText, begins: Callable[[], None]) -> None:
        begins()
        self.told.append(text.text)

    def withdraw(self) -> None:
        """The words that were answered last never were."""
        self.doing.happened(Withdrawn(0.0, 1))

    async def answer(self, text: str, language: str = "en", said: str = "Hello.") -> str:
        """What is said to these words; they may still be withdrawn."""
        found = await self.doing.answer(Transcript(text, language), language, said)
        return found.text if found else ""

    def commit(self, text: str, language: str = "en") -> list[str]:
        """The words are certain."""
        self.conversation.add("user", text)
        submitted = self.doing.committed(Transcript(text, language), danger=False)
        return [action.name for action in submitted]

    async def replies(self, *pieces: str) -> str:
        """What is heard of the model's reply to the last words."""

        async def made() -> AsyncIterator[str]:
            for piece in pieces:
                await asyncio.sleep(0.1)
                yield piece

        messages = self.conversation.preview("")
        async with aclosing(self.doing.apart(made(), messages, "en")) as words:
            heard = "".join([word async for word in words])
        self.doing.passed()
        return heard

    def ended(self) -> list[str]:
        return [event.outcome for event in self.events if isinstance(event, ActionEnded)]

    def submitted(self) -> list[Action]:
        return [event.action for event in self.events if isinstance(event, ActionSubmitted)]


Scenario = Callable[[Robot], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario in virtual time."""

    def play(
        scenario: Scenario, acting: ActionsConfig | None = None, guess: Guess | None = None
    ) -> None:
        async def all_of_it() -> None:
            robot = Robot(tmp_path, acting or ActionsConfig(), guess)
            async with robot.doing.open(robot.announce, robot.events.append):
                await scenario(robot)
            assert robot.body.closed == robot.lamp.closed == 1

        with asyncio.Runner(loop_factory=FastLoop) as runner:
            runner.run(all_of_it())

    return play


def test_a_command_is_answered_done_and_told(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        assert await robot.answer("Turn left.")
        await asyncio.sleep(1)
        assert robot.body.began == []  # it may still be withdrawn
        assert robot.commit("Turn left.") == ["turn"]
        await asyncio.sleep(5)
        assert robot.body.done == [LEFT]
        assert robot.ended() == ["done"]
        assert robot.told == ["Done: turn left."]

    play(scenario)


def test_what_is_done_at_once_needs_no_words(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        assert robot.commit("light") == ["light"]
        await asyncio.sleep(1)
        assert robot.ended() == ["done"]
        assert robot.told == []

    play(scenario)


def test_a_failure_is_told(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.body.error = ActionError("the knee is stuck")
        robot.commit("turn left")
        await asyncio.sleep(5)
        assert robot.ended() == ["failed"]
        assert robot.told == ["I am sorry, that did not work: turn left."]

    play(scenario)


@pytest.mark.parametrize("late", [False, True])
def test_a_dangerous_one_takes_a_yes(play: Callable[..., None], late: bool) -> None:
    """``late``: recognition took longer than the silence that ends a turn."""

    async def say(robot: Robot, text: str) -> tuple[str, list[str]]:
        if late:
            done = robot.commit(text)
            return await robot.answer(text), done
        answered = await robot.answer(text)
        return answered, robot.commit(text)

    async def scenario(robot: Robot) -> None:
        asked, done = await say(robot, "unlock the door")
        assert asked == "You said: unlock the door. Shall I do it?"
        assert done == []
        answered, done = await say(robot, "yes")
        assert answered in ("I am on it.", "Right away.")
        assert done == ["unlock"]
        assert await say(robot, "yes") == ("", [])

    play(scenario)


def test_a_no_is_taken(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("문 잠금 풀어", "ko")
        assert await robot.answer("아니요", "ko") == "그럼 하지 않을게요."
        assert robot.commit("아니요", "ko") == []
        assert robot.commit("네", "ko") == []
        await asyncio.sleep(4)
        assert robot.body.began == []

    play(scenario)


def test_what_is_forbidden_is_refused_in_words(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        assert "not allowed" in await robot.answer("turn left")
        assert robot.commit("turn left") == []

    play(scenario, ActionsConfig(forbidden=("moves",)))


def test_stop_is_for_the_body_at_once(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("turn left")
        await asyncio.sleep(1)
        robot.doing.happened(StopRequested(0.0, "stop"))
        await asyncio.sleep(0.1)
        assert robot.body.halted and robot.ended() == ["stopped"]
        assert robot.body.done == [] and robot.told == []

    play(scenario)


def test_a_typed_stop_stops_too(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("turn left")
        await asyncio.sleep(1)
        assert robot.commit("Stop!") == ["stop"]
        await asyncio.sleep(0.1)
        assert robot.body.halted and robot.ended() == ["stopped"]

    play(scenario)


# --- skills --------------------------------------------------------------------------


def test_the_clock_is_no_matter_for_the_model(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        assert "7" in await robot.answer("What is three plus four?")
        assert await robot.answer("How are you?") == ""

    play(scenario)


@pytest.mark.parametrize("late", [False, True])
def test_a_timer_rings_once_it_was_really_set(play: Callable[..., None], late: bool) -> None:
    async def scenario(robot: Robot) -> None:
        text = "Set a timer for ten seconds."
        assert await robot.answer(text)  # withdrawn
        robot.now += 20
        await asyncio.sleep(2)
        assert robot.told == []
        if late:
            robot.commit(text)
        assert "10 seconds" in await robot.answer(text)
        if not late:
            robot.commit(text)
        await asyncio.sleep(2)
        robot.now += 11
        await asyncio.sleep(2)
        assert len(robot.told) == 1

    play(scenario)


def test_no_reminder_is_made_where_a_life_is_at_stake(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        words = Transcript("Set a timer for ten seconds.", "en")
        robot.doing.committed(words, danger=True)
        robot.now += 11
        await asyncio.sleep(2)
        assert robot.told == []

    play(scenario)


def test_a_filter_that_fails_costs_an_announcement_and_no_more(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.fails = True
        robot.commit("turn left")
        await asyncio.sleep(5)
        robot.fails = False
        robot.commit("turn left")
        await asyncio.sleep(5)
        assert robot.ended() == ["done", "done"]
        assert len(robot.told) == 1

    play(scenario)


def test_there_is_nothing_to_sum_up_yet(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        assert await robot.answer("What did we talk about?", said="")
        assert await robot.answer("What did we talk about?", said="Hello.") == ""

    play(scenario)


# --- in the model's reply --------------------------------------------------------------


def test_a_reply_may_hold_an_action(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("would you mind looking over there")
        assert await robot.replies("Of cour", "se. <d", "o>" + TURN[4:]) == "Of course. "
        assert robot.submitted() == [LEFT]
        await asyncio.sleep(5)
        assert robot.body.done == [LEFT]

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_it_is_asked_about_if_it_moves(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("would you mind looking over there")
        await robot.replies("Well. ", TURN)
        await asyncio.sleep(1)
        assert robot.told == ["You said: turn left. Shall I do it?"]
        assert robot.submitted() == []
        assert robot.commit("yes") == ["turn"]

    play(scenario)


def test_it_waits_until_the_words_are_certain(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.conversation.add("user", "so")  # what is shown is not remembered yet
        robot.conversation.add("assistant", "Yes?")

        async def made() -> AsyncIterator[str]:
            yield f"Of course. {TURN}"

        for text in ("look over", "look over there"):
            messages = robot.conversation.preview(text)
            async with aclosing(robot.doing.apart(made(), messages, "en")) as words:
                assert [word async for word in words] == ["Of course. "]
            robot.doing.passed()
            assert robot.submitted() == []
        robot.commit("look over there")
        assert robot.submitted() == [LEFT]
        robot.commit("look over there")
        assert robot.submitted() == [LEFT]

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_a_reply_of_an_action_alone_is_not_silent(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("look over there")
        assert await robot.replies(TURN) in ("I am on it.", "Right away.")

    play(scenario, ActionsConfig(ask_when_guessed=False))


@pytest.mark.parametrize(
    "written",
    [
        '<do>{"action":"fly","arguments":{}}</do>',
        '<do>{"action":"turn","arguments":{"side":"up"}}</do>',
        "<do>turn left</do>",
    ],
)
def test_what_there_is_not_is_refused(play: Callable[..., None], written: str) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("fly to the moon")
        await robot.replies("All right. ", written)
        await asyncio.sleep(1)
        assert robot.submitted() == []
        assert robot.told == ["I cannot do that."]

    play(scenario)


async def one_of(robot: Robot, dice: random.Random, text: str, reply: str) -> tuple[str, int]:
    """A turn that is withdrawn, committed or interrupted at some moment; and how many actions were
    submitted for it."""

    async def made() -> AsyncIterator[str]:
        for piece in ("Well. ", reply):
            await asyncio.sleep(dice.random())
            yield piece

    async def think() -> None:
        messages = robot.conversation.preview(text)
        async with aclosing(robot.doing.apart(made(), messages, "en")) as words:
            async for _ in words:
                pass
        robot.doing.passed()

    before = len(robot.submitted())
    thinking = asyncio.create_task(think())
    await asyncio.sleep(dice.random() * 2)
    what = dice.choice(["withdrawn", "committed", "interrupted"])
    if what != "withdrawn":
        robot.commit(text)
    if what != "committed":
        thinking.cancel()
    if what == "withdrawn":
        robot.withdraw()
    await asyncio.sleep(3)
    robot.conversation.add("assistant", "" if what == "withdrawn" else "Well.")
    return what, len(robot.submitted()) - before


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_done_for_words_that_were_withdrawn(
    play: Callable[..., None], seed: int
) -> None:
    async def scenario(robot: Robot) -> None:
        dice = random.Random(seed)
        for turn in range(8):
            wants = dice.random() < 0.7
            what, done = await one_of(robot, dice, f"number {turn}", TURN if wants else "Yes.")
            may = {"withdrawn": [0], "committed": [int(wants)], "interrupted": [0, int(wants)]}
            assert done in may[what]

    play(scenario, ActionsConfig(ask_when_guessed=False))


# --- words that are no command ----------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
def test_what_a_model_takes_for_a_command_is_asked_about(
    play: Callable[..., None], late: bool
) -> None:
    guess = Guess(LEFT)

    async def scenario(robot: Robot) -> None:
        text = "could you face the other way"
        if late:
            robot.commit(text)
        assert await robot.answer(text) == "You said: turn left. Shall I do it?"
        if not late:
            assert robot.commit(text) == []
        assert robot.commit("yes") == ["turn"]
        assert guess.asked == [text]

    play(scenario, guess=guess)


def test_a_guess_may_come_after_the_commit(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        text = "could you face the other way"
        asked = asyncio.create_task(robot.answer(text))
        await asyncio.sleep(0.2)
        assert robot.commit(text) == []
        assert await asked == "You said: turn left. Shall I do it?"
        assert robot.commit("yes") == ["turn"]

    play(scenario, guess=Guess(LEFT))


# --- what a fresh reader found -----------------------------------------------------------


def test_a_command_that_was_obeyed_is_not_obeyed_again(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        assert robot.commit("turn left") == ["turn"]
        await robot.replies("Of course. ", TURN)
        await asyncio.sleep(5)
        assert robot.body.done == [LEFT]
        robot.commit("unlock the door")
        await robot.replies("Of course. ", UNLOCK)
        await asyncio.sleep(1)
        assert robot.told == ["Done: turn left."]

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_the_same_words_after_a_cough_are_obeyed_once(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        async def made() -> AsyncIterator[str]:
            yield f"Of course. {TURN}"

        for certain in (False, True):
            messages = robot.conversation.preview("look over there")
            if certain:
                robot.withdraw()
                robot.commit("look over there")
                assert robot.submitted() == []
            async with aclosing(robot.doing.apart(made(), messages, "en")) as words:
                assert [word async for word in words] == ["Of course. "]
            robot.doing.passed()
        assert robot.submitted() == [LEFT]

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_a_yes_that_was_withdrawn_and_is_said_again(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("unlock the door")
        await robot.answer("unlock the door")
        assert await robot.answer("yes")
        robot.withdraw()
        assert robot.commit("yes") == ["unlock"]
        assert await robot.answer("yes") in ("I am on it.", "Right away.")

    play(scenario)


def test_what_was_owed_in_a_turn_that_failed_is_not_owed_in_the_next(
    play: Callable[..., None],
) -> None:
    async def scenario(robot: Robot) -> None:
        text = "could you face the other way"
        robot.commit(text)
        robot.doing.happened(TurnEnded(0.0, 1, "", False))
        await robot.answer(text)
        assert robot.submitted() == []

    play(scenario, ActionsConfig(ask_when_guessed=False), Guess(LEFT))


def test_a_stop_that_a_model_understood_does_not_wait_in_line(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("turn left")
        await asyncio.sleep(1)
        robot.commit("would you cease that")
        await robot.replies("Yes. ", '<do>{"action":"stop","arguments":{}}</do>')
        robot.commit("yes")
        await asyncio.sleep(0.1)
        assert robot.body.halted and robot.ended() == ["stopped"]

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_what_a_refused_reply_asks_for_is_not_done(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("look over there")

        async def made() -> AsyncIterator[str]:
            yield f"You idiot. {TURN}"

        messages = robot.conversation.preview("")
        async with aclosing(robot.doing.apart(made(), messages, "en")) as words:
            assert [word async for word in words] == ["You idiot. "]
        robot.doing.happened(TurnEnded(0.0, 1, "", True))  # it has not passed
        robot.commit("look at me")
        await robot.replies("All right.")
        assert robot.submitted() == []

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_a_reply_that_was_cut_off_asks_for_nothing_any_more(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        robot.commit("look over there")

        async def made() -> AsyncIterator[str]:
            yield f"Of course. {TURN}"

        async with aclosing(robot.doing.apart(made(), robot.conversation.preview(""), "en")) as one:
            assert [word async for word in one] == ["Of course. "]
        # Before its last sentence was judged somebody speaks; the reply to that has no action.
        await robot.replies("All right.")
        assert robot.submitted() == []

    play(scenario, ActionsConfig(ask_when_guessed=False))


def test_a_question_that_a_stop_overtakes_is_none(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        begun: list[Callable[[], None]] = []

        async def announce(text: SafeText, begins: Callable[[], None]) -> None:
            begun.append(begins)

        robot.doing._telling._announce = announce
        robot.commit("look over there")
        await robot.replies("Well. ", TURN)
        await asyncio.sleep(1)
        robot.doing.happened(StopRequested(0.0, "stop"))
        [begins] = begun
        begins()
        assert robot.commit("okay") == []

    play(scenario)


def test_a_question_counts_from_when_it_is_asked(play: Callable[..., None]) -> None:
    async def scenario(robot: Robot) -> None:
        begun: list[Callable[[], None]] = []

        async def announce(text: SafeText, begins: Callable[[], None]) -> None:
            begun.append(begins)

        robot.doing._telling._announce = announce  # the robot still speaks
        robot.commit("look over there")
        await robot.replies("Well. ", TURN)
        await asyncio.sleep(60)
        assert robot.commit("okay") == []
        [begins] = begun
        begins()
        assert robot.commit("okay") == ["turn"]

    play(scenario)


def _sayings(value: object) -> set[str]:
    """Every text in a table."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*map(_sayings, [*value.keys(), *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return set().union(*map(_sayings, value))
    return set()


@pytest.mark.parametrize("name", ["base", "demo"])
def test_no_words_are_for_the_body_and_for_a_skill(name: str) -> None:
    table = load_commands(paths.configs() / "actions" / f"{name}.toml")
    tables = [value for key, value in vars(skill_sayings).items() if not key.startswith("_")]
    asked = [text for text in _sayings(tables) if skill_request(text, "Nuri") is not None]
    assert len(asked) > 200
    assert [text for text in asked if table.find(Transcript(text, "en"))] == []
    assert [text for text in table.actions if skill_request(text, "Nuri")] == []
