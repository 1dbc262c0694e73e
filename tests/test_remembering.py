"""The memory, wired into a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from robot_voice.build.remembering import Remembering, load_memory
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.errors import ModelError
from robot_voice.memory.hashing import HashEmbedder
from robot_voice.memory.store import MemoryStore, memory_path
from robot_voice.safety.screen import SafetyScreen
from robot_voice.settings import load_config
from robot_voice.skills.talk import Skills
from robot_voice.types import Draft, Message, SafeText, Transcript


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
