"""Thinking: what makes an answer out of words, with or without ears and a voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from robot_voice.actions.commands import CommandTable
from robot_voice.asr.language import LanguagePolicy, ReplyLanguage
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.engines import Cancelled, Judge, Llm
from robot_voice.models.registry import find_model
from robot_voice.safety.screen import SafetyScreen
from robot_voice.settings import Loaded
from robot_voice.stages import Mind
from robot_voice.types import Action, Draft, Message, SafeText, Stream, Transcript
from robot_voice.worker import Workers

from .caring import Keeper, open_screen, open_store
from .interpreting import TOKENS_AHEAD
from .loading import (
    load_actions,
    load_llm,
    load_second_opinion,
    start_workers,
    with_remote,
)
from .remembering import Remembering, load_memory


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
    judge: Judge | None = None
    try:
        store = await asyncio.to_thread(open_store, config)
        llm = with_remote(await asyncio.to_thread(load_llm, config, model), loaded)
        judge = await asyncio.to_thread(load_second_opinion, config, model)
        open_ = partial(open_screen, config, judge, store, starter=model.is_starter)
        screen = await asyncio.to_thread(open_)
        language = ReplyLanguage(config.language, config.tts.voices)
        conversation = Conversation(config.conversation.max_messages)
        memories = await asyncio.to_thread(load_memory, loaded)
        memory = Remembering(config, memories, screen, conversation)
        keeper = Keeper(config, screen, conversation, store, memory=memory)
        mind = make_mind(config, llm, keeper, workers, language, starter=model.is_starter)
        taken = partial(commit, commands, language, None, keeper)
        try:
            yield Thinker(mind, conversation, taken, model.is_starter)
        finally:
            await keeper.close()
    finally:
        workers.close(llm, judge)


def make_mind(
    config: Config,
    llm: Llm,
    keeper: Keeper,
    workers: Workers,
    language: ReplyLanguage,
    *,
    starter: bool,
) -> Mind:
    """The language model with the persona's instructions, and the screen. ``starter``: it follows
    no instructions but those it was trained on."""
    from robot_voice.llm import prompt as prompts

    screen, memory = keeper.screen, keeper.memory

    def prompt(messages: Sequence[Message], code: str, remembered: str = "") -> list[Message]:
        feeling = None if starter else _feeling(screen, messages, code)
        aside = prompts.Aside(feeling, remembered)
        return prompts.compose(messages, code, config.persona, config.tone, not starter, aside)

    @asynccontextmanager
    async def generate(
        messages: Sequence[Message], code: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        remembered = await memory.note(messages, code) if memory and not starter else ""
        written = prompt(messages, code, remembered)
        async with workers.llm.stream(partial(llm.generate, written), TOKENS_AHEAD) as tokens:
            yield tokens

    def rewrite(draft: Draft) -> Stream[str]:
        again = prompts.rewrite(draft, config.tone)
        return workers.llm.stream(partial(llm.generate, again), TOKENS_AHEAD)

    return Mind(
        generate=generate,
        reply_language=language,
        screen=lambda draft: workers.screen.call(partial(screen.screen, draft)),
        answer=partial(_fixed, keeper, workers),
        rewrite=None if starter else rewrite,
        closing=keeper.closing,
        prepare=lambda messages, code: _read(workers, llm, prompt(messages, code)),
    )


async def _fixed(
    keeper: Keeper, workers: Workers, words: Transcript, language: str, said: str
) -> SafeText | None:
    """What is said to these words whatever the model thinks. The filter comes first."""
    asked = partial(keeper.screen.answer, words.text, language, said, words.language)
    fixed = await workers.screen.call(asked)
    return fixed or (await keeper.memory.answer(words, language) if keeper.memory else None)


async def _read(workers: Workers, llm: Llm, prompt: Sequence[Message]) -> None:
    async with workers.llm.stream(partial(_prefill, llm, prompt), 1) as nothing:
        async for _ in nothing:
            pass


def _feeling(screen: SafetyScreen, messages: Sequence[Message], language: str) -> str | None:
    """What the user seems to feel, or to be about, for the model to know."""
    if not messages or messages[-1].role != "user":
        return None
    words = messages[-1].text
    korean = any("\uac00" <= letter <= "\ud7a3" for letter in words)
    spoken = "ko" if korean else "en" if language == "ko" else language
    reading = screen.reading(words, spoken)
    if reading.danger or screen.care.crisis:
        return "crisis"
    return "abuse" if reading.abuse else reading.feeling or None


def _prefill(llm: Llm, prompt: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
    llm.prefill(prompt, cancelled)
    yield from ()


def commit(
    commands: CommandTable,
    reply: ReplyLanguage,
    session: LanguagePolicy | None,
    keeper: Keeper,
    transcript: Transcript,
) -> Sequence[Action]:
    """The user did say this: what follows for the languages, the filter, and the body."""
    keeper.committed(transcript)
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
