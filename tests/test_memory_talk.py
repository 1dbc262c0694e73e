"""The memory in a conversation, and on the command line."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from robot_voice.commands.memory import app
from robot_voice.errors import EngineError
from robot_voice.memory.store import MemoryStore, memory_path
from robot_voice.memory.talk import (
    ASKED_SECONDS,
    CATEGORIES,
    LAST_SECONDS,
    MOST_TALKED,
    MOST_TOLD,
    Memory,
    Say,
    filled,
)
from robot_voice.reports import Report, ReportStore, reports_path
from robot_voice.safety.suppress import form
from robot_voice.skills import board
from robot_voice.skills.items import Item
from tests.test_memory import DAY, NOW, SISTER, Clock, texts, words_in


class Talk:
    """A conversation in which every turn is committed."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.store = MemoryStore(path, clock=self.clock)
        self.forgotten = 0
        self.memory = Memory(self.store, self._forget, self.clock)

    def _forget(self) -> None:
        self.forgotten += 1

    def says(self, text: str, language: str = "en") -> Say | None:
        """What the robot answers; the words are committed."""
        said = self.memory.answer(text, language)
        assert said is None or said.category in CATEGORIES
        assert self.memory.committed(text, language) is None
        return said


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path / "state" / "memory.db")


def told(talk: Talk, text: str, since: float = math.inf) -> list[str]:
    """What the model is shown for an answer to ``text``."""
    return [note.text for note in talk.memory.notes(text, since)]


def test_remembering_and_being_reminded(talk: Talk) -> None:
    assert talk.says("What does my sister collect?") is None
    assert told(talk, "What does my sister collect?") == []
    assert talk.says(f"Remember that {SISTER}.") == Say("memory_kept")
    assert told(talk, "What does my sister collect?") == [SISTER]
    assert told(talk, "Good morning!") == []


def test_a_withdrawn_turn_leaves_no_trace(talk: Talk) -> None:
    for text in (f"Remember that {SISTER}.", "Forget everything.", "Export my memories."):
        assert talk.memory.answer(text, "en") is not None
    assert talk.memory.answer("yes", "en") is None
    assert not talk.store.path.parent.exists()


def test_words_may_be_certain_before_they_are_answered(talk: Talk) -> None:
    """As they are when recognition takes longer than the silence that ends a turn."""

    def says(text: str) -> Say | None:
        assert talk.memory.committed(text, "en") is None
        return talk.memory.answer(text, "en")

    assert says("Remember that I like tea.") == Say("memory_kept")
    assert says("Forget that.") == Say("memory_forgotten")
    assert says(f"Remember that {SISTER}.") == Say("memory_kept")
    assert says("Forget everything about me.") == Say("memory_ask_all")
    assert says("yes") == Say("memory_all_forgotten")
    assert says("yes") is None
    assert texts(talk.store) == []


def test_forgetting_what_was_said_last(talk: Talk) -> None:
    assert talk.says("Forget that.") == Say("memory_unknown")
    talk.says("Remember that I like tea.")
    talk.says(f"Remember that {SISTER}.")
    assert talk.says("Forget that.") == Say("memory_forgotten")
    assert texts(talk.store) == ["I like tea"]
    assert words_in(talk.store.path.parent, [SISTER]) == []
    assert talk.says("Forget that.") == Say("memory_unknown")
    assert texts(talk.store) == ["I like tea"]


def test_that_is_not_what_was_said_an_hour_ago(talk: Talk) -> None:
    talk.says("Remember that I like tea.")
    talk.clock.now += LAST_SECONDS + 1
    assert talk.says("Forget that.") == Say("memory_unknown")
    assert texts(talk.store) == ["I like tea"]


def test_what_was_just_told_can_be_forgotten(talk: Talk) -> None:
    talk.says("Remember that I like tea.")
    talk.says(f"Remember that {SISTER}.")
    assert talk.says("What do you remember about tea?") == Say("memory_told", ("I like tea",))
    assert talk.says("Forget that.") == Say("memory_forgotten")
    assert texts(talk.store) == [SISTER]
    talk.says("Remember that I like milk.")
    told = talk.says("What do you remember about me?")
    assert told == Say("memory_told", (SISTER, "I like milk"))
    assert talk.says("Forget that.") == Say("memory_unknown")  # which of them?


def test_what_is_guessed_at_takes_a_yes(talk: Talk) -> None:
    talk.says("Remember that I like tea.")
    talk.says(f"Remember that {SISTER}.")
    assert talk.says("Forget about the moon.") == Say("memory_unknown")
    assert talk.says("Forget about my sister.") == Say("memory_ask_which", (SISTER,))
    assert talk.says("No.") == Say("memory_left")
    assert len(texts(talk.store)) == 2
    talk.says("Forget about my sister.")
    assert talk.says("Yes.") == Say("memory_forgotten")
    assert texts(talk.store) == ["I like tea"]
    assert talk.says("Yes.") is None


def test_forgetting_everything_takes_a_yes(talk: Talk) -> None:
    talk.says(f"Remember that {SISTER}.")
    talk.says("Export my memories.")
    assert words_in(talk.store.path.parent, [SISTER])
    assert talk.says("Forget everything about me.") == Say("memory_ask_all")
    assert texts(talk.store) == [SISTER]
    assert talk.forgotten == 0
    assert talk.says("Yes, please.") == Say("memory_all_forgotten")
    assert talk.forgotten == 1
    assert talk.store.notes() == []
    assert words_in(talk.store.path.parent, [SISTER]) == []


@pytest.mark.parametrize(
    "between", ["No.", "What is the weather like?", "Remember that I like tea"]
)
def test_only_the_very_next_words_are_the_yes(talk: Talk, between: str) -> None:
    talk.says(f"Remember that {SISTER}.")
    talk.says("Forget everything about me.")
    talk.says(between)
    assert talk.says("Yes.") is None
    assert SISTER in texts(talk.store)


def test_a_late_yes_means_something_else(talk: Talk) -> None:
    talk.says(f"Remember that {SISTER}.")
    talk.says("Forget everything about me.")
    talk.clock.now += ASKED_SECONDS + 1
    assert talk.says("Yes.") is None
    assert texts(talk.store) == [SISTER]


def test_a_withdrawn_yes_does_nothing_and_a_withdrawn_no_neither(talk: Talk) -> None:
    talk.says(f"Remember that {SISTER}.")
    talk.says("Forget everything about me.")
    assert talk.memory.answer("No", "en") == Say("memory_left")
    assert talk.memory.answer("Yes", "en") == Say("memory_all_forgotten")
    assert texts(talk.store) == [SISTER]
    assert talk.says("Yes") == Say("memory_all_forgotten")


def test_korean(talk: Talk) -> None:
    assert talk.says("내 생일이 오월 삼일이라는 거 기억해 줘.", "ko") == Say("memory_kept")
    assert talk.store.notes()[0].language == "ko"
    assert told(talk, "내 생일이 언제지?") == ["내 생일이 오월 삼일"]
    assert talk.says("나에 대해 뭘 기억하고 있어?", "ko") == Say(
        "memory_told", ("내 생일이 오월 삼일",)
    )
    assert talk.says("나에 대한 거 전부 잊어 줘", "ko") == Say("memory_ask_all")
    assert talk.says("네, 잊어 줘", "ko") == Say("memory_all_forgotten")
    assert talk.says("기억하는 거 다 말해 줘", "ko") == Say("memory_empty")


def test_how_long_things_are_kept(talk: Talk) -> None:
    talk.says(f"Remember that {SISTER}.")
    talk.clock.now += 8 * DAY
    assert talk.says("Keep my memories for only one week.") == Say("memory_ask_days", days=7)
    assert texts(talk.store) == [SISTER]
    assert talk.says("yes") == Say("memory_days", days=7)
    assert texts(talk.store) == []


def test_only_so_much_is_told(talk: Talk) -> None:
    for number in range(MOST_TOLD + 2):
        talk.store.remember(f"fact {number}", "en")
    talk.memory.summarised("They talked about fish.", "en")
    said = talk.says("What do you remember about me?")
    assert said is not None
    assert said.facts == tuple(f"fact {number}" for number in range(2, MOST_TOLD + 2))
    assert "fish" not in "".join(said.facts)


TRIP = "They went to Busan by train. The robot promised to ask after Mina's knee."


def test_what_a_conversation_was_about_is_found_by_few_words(talk: Talk) -> None:
    talk.memory.summarised(TRIP, "en")
    talk.memory.summarised(" \n", "en")
    talk.memory.summarised("사용자는 무릎이 아프다. 로봇은 걱정했다.", "ko")
    assert {note.kind for note in talk.store.notes()} == {"summary"}
    assert told(talk, "How is Mina's knee?") == ["The robot promised to ask after Mina's knee"]
    assert told(talk, "내 무릎 이야기") == ["사용자는 무릎이 아프다"]
    assert told(talk, "Good morning!") == []
    # What the model is shown word for word, it needs no note on.
    assert told(talk, "How is Mina's knee?", since=NOW) == []
    assert told(talk, "How is Mina's knee?", since=NOW + 1) != []


def test_a_question_about_the_last_conversation_has_no_word_of_it(talk: Talk) -> None:
    talk.says("Remember that I like tea.")
    for day in range(4):
        talk.clock.now += DAY
        talk.memory.summarised(f"It was warm on day {day}. They spoke of plan {day}.", "en")
    last = [f"{text} {day}" for day in (1, 2, 3) for text in ("It was warm on day", WITH_PLANS)]
    assert told(talk, "What did we talk about last time?") == last[-MOST_TALKED:]
    assert told(talk, "지난번에 무슨 얘기 했지?") == last[-MOST_TALKED:]
    assert told(talk, "What did we talk about last time?", since=talk.clock.now) != last
    assert told(talk, "Did we talk about tea before?")[0] == "I like tea"
    assert told(talk, "What time is it?") == []


WITH_PLANS = "They spoke of plan"


def test_what_is_known_from_conversations_the_model_tells(talk: Talk) -> None:
    talk.memory.summarised(TRIP, "en")
    for text in ("What do you remember about my trip to Busan?", "What do you know about me?"):
        assert talk.says(text) is None
        assert "They went to Busan by train" in told(talk, text)
    talk.says("Remember that I like tea.")
    assert talk.says("What do you know about me?") == Say("memory_told", ("I like tea",))


def test_a_conversation_is_forgotten_as_a_whole(talk: Talk) -> None:
    talk.memory.summarised("Both played chess.", "en")
    talk.clock.now += DAY
    talk.memory.summarised(TRIP, "en")
    talk.says("Remember that I like tea.")
    said = talk.says("Forget everything about Busan.")
    assert said == Say("memory_ask_which", ("They went to Busan by train",))
    talk.says("Yes.")
    assert texts(talk.store) == ["Both played chess", "I like tea"]
    assert words_in(talk.store.path.parent, [TRIP]) == []


def test_conversations_are_kept_no_longer_than_facts(talk: Talk) -> None:
    talk.memory.summarised(TRIP, "en")
    talk.says("Keep my memories for only one week.")
    talk.says("Yes.")
    talk.clock.now += 8 * DAY
    talk.memory.start()
    assert words_in(talk.store.path.parent, [TRIP]) == []


def test_the_memory_is_off() -> None:
    memory = Memory(None)
    memory.start()
    memory.summarised("They talked about fish.", "en")
    assert memory.notes("fish") == []
    for text in ("Remember that I like tea.", "Forget that.", "What do you know about me?"):
        assert memory.answer(text, "en") == Say("memory_off")
        assert memory.committed(text, "en") is None
    assert memory.answer("Hello.", "en") is None


def test_everything_else_is_forgotten_though_the_memory_is_off() -> None:
    deeds: list[str] = []

    def forget() -> None:
        deeds.append("elsewhere")
        raise EngineError("the disk is gone")

    memory = Memory(None, lambda: deeds.append("conversation"), elsewhere=forget)
    assert memory.answer("Forget everything about me.", "en") == Say("memory_ask_all")
    assert memory.committed("Forget everything about me.", "en") is None
    assert not deeds
    assert memory.answer("Yes.", "en") == Say("memory_all_forgotten")
    assert memory.committed("Yes.", "en") == Say("memory_failed")
    assert deeds == ["conversation", "elsewhere"]


def test_trouble_with_the_disk_is_told_and_costs_nothing_else(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.store.path.mkdir(parents=True)
    talk.memory.start()
    assert talk.memory.notes("anything") == []
    assert talk.memory.answer("What do you know about me?", "en") == Say("memory_failed")
    assert talk.memory.answer(f"Remember that {SISTER}.", "en") == Say("memory_kept")
    assert talk.memory.committed(f"Remember that {SISTER}.", "en") == Say("memory_failed")
    assert talk.says("Forget everything.") == Say("memory_ask_all")
    assert talk.memory.committed("yes", "en") == Say("memory_failed")
    assert talk.forgotten == 1  # of the conversation, all the same
    assert caplog.records
    assert "Wilhelmina" not in caplog.text


def test_nothing_that_is_said_is_logged(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    talk.says(f"Remember that {SISTER}.")
    talk.memory.notes("my sister")
    assert "Wilhelmina" not in caplog.text


def test_the_start_drops_what_is_too_old(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "memory.db"
    MemoryStore(path, clock=clock).remember(SISTER, "en")
    clock.now += 40 * DAY
    Memory(MemoryStore(path, retention_days=30, clock=clock)).start()
    assert words_in(tmp_path, [SISTER]) == []


def test_facts_and_days_are_put_into_templates() -> None:
    say = Say("memory_told", ("I like {days} tea", "she sings"), 7)
    assert filled("You said {facts}.", say) == "You said “I like {days} tea”, “she sings”."
    assert filled("For {days} days?", say) == "For 7 days?"


# --- the command line ----------------------------------------------------------

SPREAD = (
    "Nobody wants Bartholomew around.",
    "Please stop hurting Penelope.",
    "Guinevere likes marmalade.",
    "feed Rosencrantz",
)


def spread(folder: Path) -> None:
    """Leave words in everything that keeps some."""
    said, user, saved, reminder = SPREAD
    ReportStore(reports_path(), keep_text=True).file(Report(NOW, "en", said, user))
    for name in ("history.json", "history.json.corrupt", ".history.json.x", ".timers.json.x"):
        (folder / name).write_text(saved, encoding="utf-8")
    (folder / "reports.db.corrupt").write_text(user, encoding="utf-8")
    items = Item("alarm", NOW, name=reminder, remind=True), Item("alarm", NOW, name="Ophelia")
    board.save(folder / "timers.json", items)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert memory_path().is_relative_to(tmp_path)
    return memory_path()


def do(*arguments: object, typed: str = "") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)


def read(*arguments: object) -> Any:
    """The JSON that a command writes."""
    result = do(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_commands_without_a_memory(state: Path) -> None:
    assert "Nothing is remembered." in do("list").output
    assert read("list") == {"memories": []}
    assert do("forget", 1).exit_code == 2
    assert read("forget-all", "--yes") == {"deleted": 0}
    assert not state.exists()


def test_everything_is_forgotten_everywhere(state: Path) -> None:
    store = MemoryStore(state)
    store.remember(SISTER, "en")
    store.remember(TRIP, "en", "summary")
    spread(state.parent)
    assert words_in(state.parent, [SISTER, TRIP, *SPREAD])
    assert read("forget-all", "--yes") == {"deleted": 2}
    assert words_in(state.parent, [SISTER, TRIP, *SPREAD]) == []
    # What hurt is not said again, and what was to ring does.
    hurt = ReportStore(reports_path())
    assert hurt.digest(form(SPREAD[0])) in hurt.suppressed()
    assert [item.kind for item in board.load(state.parent / "timers.json")] == ["alarm"]


def test_what_cannot_be_forgotten_keeps_nothing_else_from_being(state: Path) -> None:
    MemoryStore(state).remember(SISTER, "en")
    spread(state.parent)
    (state.parent / "reports.db").unlink()
    (state.parent / "reports.db").mkdir()
    assert isinstance(do("forget-all", "--yes").exception, EngineError)
    assert words_in(state.parent, [SISTER, *SPREAD[2:]]) == []


def test_commands(state: Path, tmp_path: Path) -> None:
    store = MemoryStore(state, clock=Clock())
    store.remember(SISTER, "en")
    store.remember("커피를 좋아해", "ko")
    listed = do("list").output.splitlines()
    assert len(listed) == 2
    assert listed[0].split()[0] == "1" and listed[0].endswith(SISTER)
    assert read("list")["memories"][1]["text"] == "커피를 좋아해"
    target = tmp_path / "out.json"
    assert f"Written: {target}" in do("export", target).output
    assert len(json.loads(target.read_text("utf-8"))["memories"]) == 2
    assert do("export", target).exit_code == 2
    assert isinstance(do("export", tmp_path / "no" / "such").exception, EngineError)
    assert "Memory 1 is deleted." in do("forget", 1).output
    assert "there is no memory 1" in " ".join(do("forget", 1).output.replace("│", " ").split())
    assert do("forget-all", typed="n\n").exit_code == 1
    assert len(store.notes()) == 1
    assert "1 memories deleted." in do("forget-all", typed="y\n").output
    assert words_in(state.parent, ["커피를 좋아해", SISTER]) == []


def test_retention_on_the_command_line(state: Path) -> None:
    MemoryStore(state, clock=Clock(NOW - 4000 * DAY)).remember(SISTER, "en")
    assert read("retain", 36_500) == {"days": 36_500, "deleted": 0}
    assert read("retain", 1) == {"days": 1, "deleted": 1}
    assert do("retain", 0).exit_code == 2
