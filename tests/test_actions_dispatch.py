"""From committed words to things that are done, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from robot_voice.actions.commands import CommandTable, Found, load_commands
from robot_voice.actions.confirm import CONFIRM_SECONDS, Question, reply
from robot_voice.actions.dispatch import (
    MAX_WAITING,
    SLACK_SECONDS,
    SLOW_SECONDS,
    Dispatcher,
    Policy,
    Report,
)
from robot_voice.actions.execution import HALT_SECONDS, ActionError
from robot_voice.events import ActionSubmitted, Committed, Event, StopRequested, Withdrawn
from robot_voice.types import Action, Transcript

from .fakes import World
from .virtual_time import run

TABLE = """
[executors.body]
kind = "dry-run"
seconds = 10
[executors.lamp]
kind = "dry-run"
[slots.side]
left = { en = ["left"], ko = ["왼쪽"] }
right = { en = ["right"], ko = ["오른쪽"] }
[slots.angle]
type = "number"
min = 1
max = 360
unit = { en = ["degrees"], ko = ["도"] }
[[command]]
action = "turn"
executor = "body"
en = ["turn {side}", "turn {side} {angle}"]
ko = ["{side} 돌아"]
[[command]]
action = "light"
safety = "harmless"
executor = "lamp"
en = ["light"]
[[command]]
action = "unlock"
safety = "strong"
executor = "body"
en = ["unlock the door"]
ko = ["문 잠금 풀어"]
[[command]]
action = "stop"
executor = "body"
en = ["stop"]
[[command]]
action = "wink"
en = ["wink"]
"""
LEFT, RIGHT = (Action("turn", {"side": side}) for side in ("left", "right"))


@dataclass
class Body:
    """An executor that takes its time, and remembers."""

    seconds: float = 1.0
    error: Exception | None = None
    hangs: bool = False
    began: list[Action] = field(default_factory=list)
    done: list[Action] = field(default_factory=list)
    halted: list[float] = field(default_factory=list)
    closed: int = 0

    async def execute(self, action: Action) -> None:
        self.began.append(action)
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.done.append(action)

    async def halt(self) -> None:
        self.halted.append(asyncio.get_running_loop().time())
        if self.hangs:
            await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Robot:
    body: Body
    lamp: Body
    reports: list[Report]
    dispatcher: Dispatcher

    def say(self, text: str, language: str = "en") -> list[str]:
        return [action.name for action in self.dispatcher.commit(Transcript(text, language))]

    def answer(self, text: str, language: str = "en") -> tuple[str, str]:
        remark = self.dispatcher.preview(Transcript(text, language))
        return (remark.category, remark.words) if remark else ("", "")

    def outcomes(self) -> list[tuple[str, str]]:
        return [(report.action.name, report.outcome) for report in self.reports]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> CommandTable:
    file = tmp_path_factory.mktemp("actions") / "table.toml"
    file.write_text(TABLE, "utf-8")
    return load_commands(file)


@asynccontextmanager
async def robot(
    table: CommandTable, policy: Policy | None = None, **body: object
) -> AsyncGenerator[Robot]:
    reports: list[Report] = []
    made = Body(**body), Body(seconds=0.1)  # type: ignore[arg-type]
    dispatcher = Dispatcher(
        table, {"body": made[0], "lamp": made[1]}, reports.append, policy or Policy()
    )
    async with dispatcher.open():
        yield Robot(*made, reports, dispatcher)
    assert [each.closed for each in made] == [1, 1]
    assert not dispatcher.under_way


def test_a_command_is_done_and_told(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table, seconds=SLOW_SECONDS + 1) as it:
            assert it.answer("turn left") == ("action_ok", "turn left")
            assert it.body.began == [], "preview does nothing"
            assert it.say("turn left") == ["turn"]
            assert it.dispatcher.under_way == [LEFT]
            await asyncio.sleep(5)
            assert it.body.done == [LEFT]
            (report,) = it.reports
            assert report.outcome == "done"
            assert report.seconds == pytest.approx(3)
            assert report.remark is not None
            assert (report.remark.category, report.remark.words) == ("action_done", "turn left")

    run(scenario())


def test_of_what_is_quick_nothing_is_said(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            it.say("light")
            await asyncio.sleep(1)
            assert [report.remark for report in it.reports] == [None]

    run(scenario())


@pytest.mark.parametrize("tell", ["all", "failures", "none"])
def test_failures_are_told_unless_the_owner_wants_none(table: CommandTable, tell: str) -> None:
    async def scenario() -> None:
        policy = Policy(tell=tell)  # type: ignore[arg-type]
        async with robot(table, policy, error=ActionError("motor")) as it:
            it.say("왼쪽 돌아", "ko")
            await asyncio.sleep(2)
            (report,) = it.reports
            assert (report.outcome, report.reason) == ("failed", "motor")
            if tell == "none":
                assert report.remark is None
            else:
                assert report.remark is not None
                assert report.remark.category == "action_failed"
                assert (report.remark.words, report.remark.language) == ("왼쪽 돌아", "ko")

    run(scenario())


def test_what_takes_too_long_is_given_up(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table, seconds=60.0) as it:
            it.say("turn left")
            it.say("turn right")
            await asyncio.sleep(25)
            assert it.outcomes() == [("turn", "late")] * 2
            assert it.body.began == [LEFT, RIGHT], "the second had its ten seconds too"

    run(scenario())


def test_one_thing_after_another_but_not_for_ever(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            for _ in range(MAX_WAITING + 1):
                assert it.say("turn left") == ["turn"]
            assert it.answer("turn right") == ("action_busy", "turn right")
            assert it.say("turn right") == []
            assert it.say("light") == ["light"], "the lamp is somebody else's"
            await asyncio.sleep(0.5)
            assert it.lamp.done == [Action("light")]
            await asyncio.sleep(0.6 + MAX_WAITING)
            assert it.body.done == [LEFT] * (MAX_WAITING + 1)
            assert it.say("turn right") == ["turn"]
            await asyncio.sleep(2)

    run(scenario())


def test_stop_ends_everything(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table, seconds=5.0) as it:
            it.say("turn left")
            it.say("turn right")
            it.say("unlock the door")
            await asyncio.sleep(1)
            it.dispatcher.stop()
            it.dispatcher.stop()
            await asyncio.sleep(0)
            assert it.say("stop") == ["stop"]
            await asyncio.sleep(0.1)
            assert it.outcomes() == [("turn", "stopped")] * 2
            assert [report.remark for report in it.reports] == [None, None]
            assert (it.body.began, it.body.done) == ([LEFT, Action("stop")], [])
            assert len(it.body.halted) == len(it.lamp.halted) == 1
            assert it.answer("yes") == ("", ""), "the question is withdrawn too"
            await asyncio.sleep(6)
            assert it.outcomes()[2:] == [("stop", "done")]
            it.dispatcher.stop()
            await asyncio.sleep(0.1)
            assert len(it.body.halted) == 2, "it may move though we know of nothing"

    run(scenario())


def test_so_does_an_end_by_force(table: CommandTable) -> None:
    async def scenario() -> None:
        made: list[Robot] = []

        async def session() -> None:
            async with robot(table, seconds=50.0) as it:
                made.append(it)
                it.say("turn left")
                await asyncio.sleep(60)

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(session())
            await asyncio.sleep(1)
            task.cancel()
        (it,) = made
        assert it.outcomes() == [("turn", "stopped")]
        assert len(it.body.halted) == it.body.closed == 1
        it.dispatcher.stop()
        assert it.say("wink") == ["wink"]
        assert len(it.body.halted) == 1, "nobody is there any more"

    run(scenario())


@pytest.mark.parametrize("hangs", [True, False])
def test_the_end_stops_what_is_under_way(table: CommandTable, hangs: bool) -> None:
    async def scenario() -> None:
        clock = asyncio.get_running_loop().time
        async with robot(table, seconds=50.0, hangs=hangs) as it:
            it.say("turn left")
            await asyncio.sleep(1)
            end = clock()
        assert it.outcomes() == [("turn", "stopped")]
        assert it.body.halted == [end]
        assert clock() - end == pytest.approx(HALT_SECONDS if hangs else 0)

    run(scenario())


def test_an_error_of_ours_is_not_hidden(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table, error=KeyError("bug")) as it:
            it.say("turn left")
            await asyncio.sleep(2)

    with pytest.raises(ExceptionGroup):
        run(scenario())


def test_some_things_are_asked_about_first(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            assert it.answer("unlock the door") == ("action_confirm", "unlock the door")
            assert it.answer("yes") == ("", ""), "nothing was committed yet"
            assert it.say("yes") == []
            assert it.say("unlock the door") == []
            assert it.answer("Yes, please.") == ("action_ok", "unlock the door")
            assert it.say("Yes, please.") == ["unlock"]
            assert it.say("yes") == [], "once"
            assert it.say("문 잠금 풀어 줘", "ko") == []
            assert it.answer("아니요", "ko") == ("action_dropped", "")
            assert it.say("아니요", "ko") == []
            assert it.say("네", "ko") == []
            assert it.say("unlock the door") == []
            assert it.answer("turn left") == ("action_ok", "turn left")
            assert it.say("turn left") == ["turn"], "other words are what they are"
            assert it.say("yes") == [], "and withdraw the question"
            await asyncio.sleep(3)
            assert [action.name for action in it.body.done] == ["unlock", "turn"]

    run(scenario())


def test_a_question_does_not_stand_for_ever(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            it.say("unlock the door")
            await asyncio.sleep(CONFIRM_SECONDS + 1)
            assert it.answer("yes") == ("", "")
            await asyncio.sleep(SLACK_SECONDS)
            assert it.say("yes") == []
            it.say("unlock the door")
            await asyncio.sleep(CONFIRM_SECONDS - 0.1)
            assert it.answer("yes") == ("action_ok", "unlock the door")
            await asyncio.sleep(1)
            assert it.say("yes") == ["unlock"], "the answer was in time, its commit takes a while"
            await asyncio.sleep(2)

    run(scenario())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("Yes!", "yes"), ("oh yes please", "yes"), ("okay, do it", "yes"), ("응, 그래", "yes")),
        *(("해 주세요", "yes"), ("No.", "no"), ("no no no", "no"), ("아니, 하지 마", "no")),
        *(("yes, but not now", "other"), ("yes and turn left", "other"), ("don't do it", "other")),
        *(("네 아니요", "other"), ("maybe", "other"), ("", "other"), ("yesterday", "other")),
    ],
)
def test_only_a_clear_yes_is_one(text: str, meant: str) -> None:
    question = Question(Action("unlock"), "en", 100.0)
    assert reply(question, text, 101.0) == meant
    assert reply(None, text, 101.0) == ""
    assert reply(question, text, 101.0 + CONFIRM_SECONDS) == "late"


def test_what_is_forbidden_is_refused_in_words(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table, Policy(frozenset({"strong", "light"}))) as it:
            assert it.answer("unlock the door") == ("action_forbidden", "unlock the door")
            assert it.answer("light") == ("action_forbidden", "light")
            assert it.say("unlock the door") == it.say("yes") == it.say("light") == []
            assert it.say("turn left") == ["turn"]
            await asyncio.sleep(2)

    run(scenario())


def test_what_has_no_executor_is_but_an_event(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            assert it.answer("wink") == ("", ""), "the answer is the model's"
            assert it.say("wink") == ["wink"]
            assert it.dispatcher.under_way == []
            assert it.answer("how are you") == ("", "")
            assert it.say("how are you") == []

    run(scenario())


def test_a_stop_is_never_too_much(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table, seconds=5.0) as it:
            for _ in range(MAX_WAITING + 3):
                it.say("turn left")
            assert it.say("stop") == ["stop"]
            await asyncio.sleep(0.1)
            assert set(it.outcomes()) == {("turn", "stopped")}
            assert it.body.halted

    run(scenario())


def test_what_a_model_wishes_is_checked(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            wish = it.dispatcher.wish
            for unknown in (Action("fly"), Action("turn", {"side": "up"}), Action("turn")):
                refused = wish(unknown, "en")
                assert refused.submitted == () and refused.question is None
                assert refused.remark is not None and refused.remark.category == "action_unknown"
            asked = wish(LEFT, "en")
            assert asked.submitted == () and asked.question is not None
            assert asked.remark is not None and asked.remark.category == "action_confirm"
            assert it.say("yes") == [], "nobody has heard the question yet"
            await asyncio.sleep(2 * CONFIRM_SECONDS)
            it.dispatcher.ask(asked.question)
            assert it.say("yes") == ["turn"]
            assert wish(Action("light"), "en").submitted == (Action("light"),), "harmless"
            await asyncio.sleep(2)
        async with robot(table, Policy(ask_when_guessed=False)) as it:
            assert it.dispatcher.wish(LEFT, "en").submitted == (LEFT,)
            strong = it.dispatcher.wish(Action("unlock"), "en")
            assert strong.submitted == () and strong.remark is not None
            assert strong.remark.category == "action_confirm", "strong, whoever wishes it"
            await asyncio.sleep(2)

    run(scenario())


def test_what_a_model_takes_words_for_is_asked_about(table: CommandTable) -> None:
    async def scenario() -> None:
        async with robot(table) as it:
            words, found = Transcript("rotate a bit", "en"), Found(LEFT, "scored", "turn left")
            it.dispatcher.suppose(words, found)
            assert it.say("something else") == it.say("rotate a bit") == []
            assert it.say("yes") == [], "it was for the next words only"
            it.dispatcher.suppose(words, found)
            assert it.answer("rotate a bit") == ("action_confirm", "turn left")
            assert it.say("rotate a bit") == []
            assert it.say("yes") == ["turn"]
            await asyncio.sleep(2)

    run(scenario())


# --- with the pipeline ----------------------------------------------------------------------


class ActingWorld(World):
    """A world whose robot acts."""

    dispatcher: Dispatcher

    def _act(self, transcript: Transcript) -> list[Action]:
        self.acted.append(transcript.text)
        return list(self.dispatcher.commit(transcript))


WORDS = ("turn left", "turn right", "unlock the door", "yes", "no", "stop", "hello", "light", "")


@pytest.mark.parametrize("seed", range(100))
def test_nothing_executes_on_a_cancelled_turn(table: CommandTable, seed: int) -> None:
    """Conversations by dice: people command, hesitate, go on, interrupt, take it back."""
    dice = random.Random(seed)
    world = ActingWorld(
        asr_seconds=dice.choice([0.02, 0.3, 0.9]),
        llm_seconds_to_first=dice.choice([0.01, 0.5, 2.0]),
        reply=lambda text: "All right, I will do that for you now.",
    )
    at = 0.5
    for _ in range(dice.randint(4, 10)):
        end = at + dice.uniform(0.2, 1.0)
        world.user(at, end, dice.choice(WORDS))
        at = end + dice.choice([0.3, 0.5, 0.9, 1.4, 2.5, 4.0])
    body, lamp = Body(seconds=dice.choice([0.05, 3.0, 8.0])), Body(seconds=0.1)
    reports: list[Report] = []
    dispatcher = Dispatcher(table, {"body": body, "lamp": lamp}, reports.append)
    stops: list[float] = []

    class Told(list[Event]):
        """What the world emits; a stop reaches the body."""

        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, StopRequested):
                stops.append(event.at)
                dispatcher.stop()

    async def scenario() -> None:
        async with dispatcher.open():
            world.dispatcher, world.events = dispatcher, Told()
            await world.run(until=at + 3)
            await asyncio.sleep(30)

    run(scenario())
    committed = [e.transcript.text for e in world.events if isinstance(e, Committed)]
    submitted = [e.action for e in world.events if isinstance(e, ActionSubmitted)]
    withdrawn = {e.turn for e in world.events if isinstance(e, Withdrawn)}
    assert withdrawn.isdisjoint(e.turn for e in world.events if isinstance(e, ActionSubmitted))
    assert submitted == expected(table, committed, world.events)
    assert all(action in submitted for action in (*body.began, *lamp.began))
    done = [action for action in submitted if action.name != "wink"]
    assert sorted(map(str, done)) == sorted(str(report.action) for report in reports)
    if not stops:
        assert len(body.done) + len(lamp.done) == len(done)
    else:
        assert body.halted and lamp.halted


def expected(table: CommandTable, committed: list[str], events: list[Event]) -> list[Action]:
    """What committed words command, by a simpler reckoning: a yes counts after its question."""
    asked, found = False, []
    for event in events:
        if isinstance(event, StopRequested):
            asked = False
        elif isinstance(event, Committed):
            words = event.transcript.text
            action = table.match(event.transcript)
            if asked and words == "yes":
                found.append(Action("unlock"))
            elif action is not None and action.name != "unlock":
                found.append(replace(action))
            asked = action is not None and action.name == "unlock"
    assert len(committed) == sum(isinstance(event, Committed) for event in events)
    return found
