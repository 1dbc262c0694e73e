"""The memory, wired into a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from robot_voice import condense
from robot_voice.build.caring import Keeper
from robot_voice.build.remembering import Remembering, load_memory
from robot_voice.clock import FastLoop
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.errors import ModelError
from robot_voice.events import TurnEnded
from robot_voice.llm.summary import Limits, Window
from robot_voice.memory.hashing import HashEmbedder
from robot_voice.memory.store import MemoryStore, memory_path
from robot_voice.pipeline import Pipeline
from robot_voice.safety.screen import SafetyScreen
from robot_voice.service.journal import History, HistoryKeeper
from robot_voice.settings import load_config
from robot_voice.skills.talk import Skills
from robot_voice.types import Action, Draft, Message, SafeText, Transcript

from .fakes import World
from .test_memory import DAY, NOW, words_in
from .test_memory_talk import SPREAD, spread


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


class Talk:
    """Somebody and a robot with a memory in ``folder``; without one if that is None."""

    def __init__(self, folder: Path | None, skills: Skills | None = None) -> None:
        self.config = Config()
        self.store = MemoryStore(folder / "memory.db", HashEmbedder()) if folder else None
        self.conversation = Conversation()
        filter_ = SafetyScreen(self.config.safety, self.config.tone)

        async def screen(draft: Draft) -> SafeText:
            return filter_.screen(draft)

        self.memory = Remembering(self.config, self.store, screen, self.conversation, skills)

    async def say(self, text: str, language: str = "en") -> str:
        """Say it, and mean it; what the memory answers."""
        words = Transcript(text, language)
        answer = await self.memory.answer(words, language)
        self.conversation.add("user", text)
        self.memory.committed(words)
        await self.memory.answer(Transcript("So.", language), language)  # whatever waited is done
        await asyncio.sleep(0)
        return answer.text if answer else ""


def test_what_was_asked_for_is_remembered_and_shown_to_the_model(tmp_path: Path) -> None:
    async def scenario() -> None:
        talk = Talk(tmp_path)
        assert await talk.say("Please remember that my dog is called Biscuit.")
        asked = [Message("user", "What is my dog called?")]
        assert "Biscuit" in await talk.memory.note(asked, "en")
        assert await talk.memory.note([Message("user", "How tall is the tower?")], "en") == ""
        assert await talk.memory.note([Message("assistant", "Biscuit.")], "en") == ""
        assert "Biscuit" in await talk.say("What do you know about me?")
        talk.memory.close()

    run(scenario())


def test_forgetting_everything_wants_a_yes_and_reaches_the_conversation(tmp_path: Path) -> None:
    async def scenario() -> None:
        talk = Talk(tmp_path)
        await talk.say("제 생일은 유월 삼일이라고 기억해 줘.", "ko")
        assert await talk.say("나에 대해 전부 잊어 줘.", "ko")
        assert talk.store and talk.store.notes()
        assert await talk.say("네.", "ko")
        assert talk.store.notes() == []
        assert all("생일" not in message.text for message in talk.conversation.messages())
        talk.memory.close()

    run(scenario())


def test_a_robot_without_a_memory_says_so_and_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        talk = Talk(None)
        assert "not to remember" in await talk.say("Remember that I like tea.")
        assert await talk.say("Hello there.") == ""
        assert await talk.say("Do you remember what I like?") == ""  # the conversation knows
        assert await talk.memory.note([Message("user", "tea")], "en") == ""
        talk.memory.close()

    run(scenario())


def test_hurtful_facts_are_kept_but_not_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        talk = Talk(tmp_path)
        await talk.say("Remember that my neighbour is a stupid bastard.")
        assert "bastard" not in await talk.say("What do you know about me?")
        talk.memory.close()

    run(scenario())


def test_a_disk_in_trouble_costs_an_apology_and_no_turn(tmp_path: Path) -> None:
    async def scenario() -> None:
        talk = Talk(tmp_path)
        (tmp_path / "memory.db").mkdir()
        await talk.say("Remember that I like tea.")
        failed = talk.memory.closing("en")
        assert failed is not None and "sorry" in failed.text
        assert talk.memory.closing("en") is None
        assert await talk.memory.note([Message("user", "tea")], "en") == ""
        talk.memory.close()

    run(scenario())


def test_only_who_wants_a_memory_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load_memory(load_config(None, [], {})) is None
    assert not memory_path().exists()
    store = load_memory(load_config(None, ["memory.enabled=true"], {}))
    assert store is not None
    assert store.remember("tea", "en")
    missing = ["memory.enabled=true", f'memory.embedder="{tmp_path}/none.gguf"']
    with pytest.raises(ModelError, match=r"none\.gguf"):
        load_memory(load_config(None, missing, {}))


# --- conversations that are over ---------------------------------------------------

GIST = "They spoke of Wilhelmina's porcelain. The robot promised silence."


class Diarist(Talk):
    """Keeps what conversations were about, as a model that can sum up lets it."""

    def over(self, gist: str = GIST, language: str = "en") -> None:
        """The conversation is over, and summed up."""
        assert self.memory.diary is not None
        last = [message for message in self.conversation.messages() if message.role == "user"][-1]
        self.memory.diary.keep(gist, language, last)

    async def shown(self, text: str) -> str:
        """What the model is shown for an answer to ``text``."""
        return await self.memory.note(self.conversation.preview(text), "en")


def test_what_a_conversation_was_about_is_shown_once_it_is_not_shown_itself(tmp_path: Path) -> None:
    async def scenario() -> None:
        talk = Diarist(tmp_path)
        await talk.say("My sister has porcelain.")
        talk.conversation.add("assistant", "How nice.")
        talk.over()
        assert await talk.shown("Tell me about the porcelain.") == ""
        assert await talk.shown("What did we talk about yesterday?") == ""
        talk.conversation.clear()
        for text in ("Tell me about the porcelain.", "What did we talk about yesterday?"):
            note = await talk.shown(text)
            assert "today: “They spoke of Wilhelmina's porcelain”" in note
        assert "silence" not in await talk.shown("Tell me about the porcelain.")
        talk.memory.close()

    run(scenario())


@pytest.mark.parametrize(
    "text", ["Forget that.", "Forget about my sister.", "그건 잊어 줘.", "Forget everything."]
)
def test_of_a_conversation_with_something_to_forget_nothing_is_kept(
    text: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        talk = Diarist(tmp_path)
        assert talk.memory.diary is not None
        await talk.say("Remember that my sister has porcelain.")
        assert not talk.memory.diary.silent
        await talk.say(text)
        assert talk.memory.diary.silent
        talk.memory.close()

    run(scenario())


def test_nor_of_one_with_somebody_in_danger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def scenario() -> None:
        talk = Diarist(tmp_path)
        assert talk.memory.diary is not None
        screen = SafetyScreen(talk.config.safety, talk.config.tone)
        keeper = Keeper(talk.config, screen, talk.conversation, None, memory=talk.memory)
        for text, silent in [("I like tea.", False), ("I want to kill myself.", True)]:
            keeper.committed(Transcript(text, "en"))
            assert talk.memory.diary.silent is silent
        talk.memory.diary.silent = False  # the next conversation, an hour later
        keeper.committed(Transcript("I like tea.", "en"))
        assert talk.memory.diary.silent
        await keeper.close()

    run(scenario())


@pytest.mark.parametrize("section", [{}, {"summaries": False}])
def test_a_diary_is_the_owners_choice(section: dict[str, bool], tmp_path: Path) -> None:
    async def scenario() -> None:
        config = Config.model_validate({"memory": section})
        store = MemoryStore(tmp_path / "memory.db") if section else None
        memory = Remembering(config, store, unscreened, Conversation())
        assert memory.diary is None
        memory.keep_nothing()
        memory.close()

    run(scenario())


async def unscreened(draft: Draft) -> SafeText:
    raise AssertionError("nothing is said")


def test_everything_is_forgotten_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = memory_path().parent
    spread(folder)
    skills = Skills(path=folder / "timers.json", clock=lambda: NOW - DAY)

    async def scenario() -> None:
        talk = Diarist(folder, skills)
        await talk.say("Remember that my sister Wilhelmina collects porcelain.")
        talk.over()
        await talk.say("Forget everything about me.")
        assert words_in(folder, [GIST, *SPREAD])
        await talk.say("Yes.")
        assert words_in(folder, [GIST, *SPREAD]) == []
        assert talk.conversation.messages() == []
        talk.memory.close()

    run(scenario())
    skills.due()
    # The robot that runs has no words to write back either.
    assert words_in(folder, SPREAD) == []


def test_it_is_forgotten_at_once_also_what_was_just_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = memory_path().parent / "history.json"

    async def scenario() -> None:
        talk = Diarist(None)  # though the memory is off
        history = History(file)
        await talk.say("My sister collects porcelain.")
        assert history.save(talk.conversation.preview(""))
        keeper = HistoryKeeper(history, lambda: talk.conversation.preview(""))
        await talk.say("Forget everything about me.")
        await talk.say("Yes.")
        for _ in range(1000):
            if not file.exists():
                break
            await asyncio.sleep(0.01)
        assert not file.exists()
        keeper(TurnEnded(0.0, 2, "", True))
        assert keeper.close()
        assert words_in(file.parent, ["porcelain"]) == []
        talk.memory.close()

    run(scenario())


@dataclass
class Household(World):
    """Spoken conversations with a robot that remembers. ``folder``: where it does."""

    folder: Path = Path()
    notes: list[str] = field(default_factory=list)
    """What the model was shown of earlier conversations, turn by turn."""

    async def live(self, until: float) -> None:
        bare, conversation = self.pipeline(until)
        parts = bare._stages, bare._segmenter, self.speaker, conversation, self.events.append
        store = MemoryStore(self.folder / "memory.db", clock=self._now)
        said = Config(), store, self._screen, conversation
        self.memory = Remembering(*said, clock=self._now)
        await Pipeline(*parts, self.memory.diary).run()
        self.memory.close()

    def _now(self) -> float:
        return NOW

    def _act(self, transcript: Transcript) -> list[Action]:
        self.memory.committed(transcript)
        return []

    async def _answer(self, transcript: Transcript, language: str, said: str) -> SafeText | None:
        return await self.memory.answer(transcript, language)

    @asynccontextmanager
    async def _generate(
        self, messages: Sequence[Message], language: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        self.notes.append(await self.memory.note(messages, language))
        async with super()._generate(messages, language) as tokens:
            yield tokens


def test_two_conversations_and_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condense, "END_SECONDS", 60.0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    house = Household(window=Window(Limits(4, 4000.0, 40.0)), summary=GIST, folder=tmp_path)
    said = ["My sister collects porcelain.", "She is in Busan."]
    later = ["Good morning.", "How are you?", "It is warm.", "What did we talk about last time?"]
    for at, words in enumerate(said):
        house.user(1.0 + 12 * at, 2.5 + 12 * at, words)
    for at, words in enumerate(later):
        house.user(100.0 + 12 * at, 101.5 + 12 * at, words)
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(house.live(150.0))
        *before, last = house.notes
        assert before == [""] * 5
        assert last.startswith("[Your own notes on earlier conversations")
        assert "Wilhelmina's porcelain" in last
        house.says.clear()
        house.user(1.0, 2.5, "Forget everything about me.").user(7.0, 8.0, "Yes.")
        house.user(15.0, 16.0, "Good night.").user(22.0, 23.0, "Sleep well.")
        runner.run(house.live(100.0))
    assert words_in(tmp_path, [GIST]) == []


@pytest.mark.parametrize("on", [True, False])
def test_what_cannot_be_forgotten_is_told(
    on: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = memory_path().parent
    (folder / "reports.db").mkdir(parents=True)

    async def scenario() -> None:
        talk = Diarist(folder if on else None)
        await talk.say("Forget everything about me.")
        await talk.say("Yes.")
        for _ in range(1000):
            if failed := talk.memory.closing("en"):
                break
            await asyncio.sleep(0.01)
        assert failed is not None and "sorry" in failed.text
        assert talk.conversation.messages() == []
        talk.memory.close()

    run(scenario())
