"""Thinking: what makes an answer out of words, with or without ears and a voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from robot_voice.actions.commands import CommandTable
from robot_voice.asr.language import LanguagePolicy, ReplyLanguage
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.engines import Cancelled, Llm, Screen
from robot_voice.models.registry import find_model
from robot_voice.settings import Loaded
from robot_voice.stages import Mind
from robot_voice.types import Action, Message, Transcript
from robot_voice.worker import Workers

from .interpreting import TOKENS_AHEAD
from .loading import load_actions, load_llm, load_screen, start_workers


@dataclass(frozen=True, slots=True)
class Thinker:
    """A robot without ears and voice."""

    mind: Mind
    conversation: Conversation
    act: Callable[[Transcript], Sequence[Action]]
    starter: bool


@asynccontextmanager
async def open_mind(loaded: Loaded) -> AsyncGenerator[Thinker]:
    """Thinking alone, for typed conversations: no ears, no voice. Raises as ``assemble``."""
    config = loaded.config
    model = find_model("llm", config.llm.model, loaded.base(("llm", "model")))
    commands = load_actions(loaded)
    workers = start_workers(config)
    llm: Llm | None = None
    try:
        llm = await asyncio.to_thread(load_llm, config, model)
        language = ReplyLanguage(config.language, config.tts.voices)
        mind = make_mind(config, llm, load_screen(config), workers, language)
        conversation = Conversation(config.conversation.max_messages)
        taken = partial(commit, commands, language, None)
        yield Thinker(mind, conversation, taken, model.is_starter)
    finally:
        workers.close(llm)


def make_mind(
    config: Config, llm: Llm, screen: Screen, workers: Workers, language: ReplyLanguage
) -> Mind:
    """The language model with the persona's instructions, and the screen."""
    from robot_voice.llm.prompt import compose

    def prompt(messages: Sequence[Message], code: str) -> list[Message]:
        return compose(messages, code, config.persona, config.tone)

    async def prepare(messages: Sequence[Message], code: str) -> None:
        read = partial(_prefill, llm, prompt(messages, code))
        async with workers.llm.stream(read, 1) as nothing:
            async for _ in nothing:
                pass

    return Mind(
        generate=lambda messages, code: workers.llm.stream(
            partial(llm.generate, prompt(messages, code)), TOKENS_AHEAD
        ),
        reply_language=language,
        screen=lambda draft: workers.screen.call(partial(screen.screen, draft)),
        prepare=prepare,
    )


def _prefill(llm: Llm, prompt: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
    llm.prefill(prompt, cancelled)
    yield from ()


def commit(
    commands: CommandTable,
    reply: ReplyLanguage,
    session: LanguagePolicy | None,
    transcript: Transcript,
) -> Sequence[Action]:
    """The user did say this: what follows for the languages, and for the body."""
    asked = reply.commit(transcript)
    if session is not None:
        session.heard(transcript.language)
        if asked is not None:
            session.heard(asked)
    return act(commands, transcript)


def act(commands: CommandTable, transcript: Transcript) -> Sequence[Action]:
    """What these words tell the body to do."""
    action = commands.match(transcript)
    return [action] if action is not None else []
