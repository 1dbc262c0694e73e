"""Thinking: what makes an answer out of words, with or without ears and a voice."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from robot_voice.actions.commands import CommandTable
from robot_voice.asr.language import LanguagePolicy, ReplyLanguage
from robot_voice.condense import Diary
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.engines import Cancelled, Judge, Llm
from robot_voice.llm import prompt as prompts
from robot_voice.llm.summary import Window
from robot_voice.models.registry import find_model
from robot_voice.safety.screen import SafetyScreen
from robot_voice.settings import Loaded
from robot_voice.skills.tasks import instructed, task
from robot_voice.stages import Mind
from robot_voice.types import Action, Draft, Message, SafeText, Stream, Transcript
from robot_voice.worker import Workers

from .caring import Keeper, open_screen, open_store
from .doing import Doing
from .equipment import Equipment, load_equipment
from .interpreting import TOKENS_AHEAD
from .language_model import (
    conversation_limits,
    guide,
    load_llm,
    load_second_opinion,
    with_remote,
)
from .loading import load_actions, start_workers
from .remembering import Remembering, load_memory


@dataclass(frozen=True, slots=True)
class Thinker:
    """A robot without ears and voice."""

    mind: Mind
    conversation: Conversation
    act: Callable[[Transcript], Sequence[Action]]
    doing: Doing
    """To be opened by whoever shows or says what it tells."""
    starter: bool
    diary: Diary | None = None
    """Where the gist of the conversation is kept when it is over; None: nowhere."""


@asynccontextmanager
async def open_mind(loaded: Loaded) -> AsyncGenerator[Thinker]:
    """Thinking alone, for typed conversations: no ears, no voice. Raises as ``assemble``."""
    config = loaded.config
    model = find_model("llm", config.llm.model, loaded.base(("llm", "model")))
    starter = model.is_starter
    commands = load_actions(loaded)
    workers = start_workers(config)
    llm: Llm | None = None
    judge: Judge | None = None
    able: Equipment | None = None
    keeper: Keeper | None = None
    try:
        store = await asyncio.to_thread(open_store, config)
        engine = await asyncio.to_thread(load_llm, loaded, model, commands)
        llm = engine  # which is closed at the end even if there is no way to the remote one
        llm = with_remote(engine, loaded)
        judge = await asyncio.to_thread(load_second_opinion, config, model)
        open_ = partial(open_screen, config, judge, store, starter=starter)
        screen = await asyncio.to_thread(open_)
        language = ReplyLanguage(config.language, config.tts.voices)
        limits = conversation_limits(config, engine, commands, starter=starter)
        conversation = Conversation(window=Window(limits))
        memories = await asyncio.to_thread(load_memory, loaded)
        able = await asyncio.to_thread(load_equipment, loaded, commands, model)
        screened = screening(screen, workers)
        memory = Remembering(config, memories, screened, conversation, able.skills)
        keeper = Keeper(config, screen, conversation, store, memory=memory)
        doing = Doing(config, able, screened, conversation, starter=starter)
        thinking = Thinking(config, llm, keeper, doing, workers, language, commands, starter)
        act, diary = thinking.committed, memory.diary
        yield Thinker(thinking.mind(), conversation, act, doing, starter, diary)
    finally:
        if keeper is not None:
            await keeper.close()
        if able is not None:
            able.close()
        workers.close(llm, judge)


def screening(screen: SafetyScreen, workers: Workers) -> Callable[[Draft], Awaitable[SafeText]]:
    """The filter, on its thread."""
    return lambda draft: workers.screen.call(partial(screen.screen, draft))


@dataclass(frozen=True, slots=True)
class Thinking:
    """Everything that takes part in an answer, and the mind made of it."""

    config: Config
    llm: Llm
    keeper: Keeper
    doing: Doing
    workers: Workers
    language: ReplyLanguage
    commands: CommandTable
    starter: bool
    """The language model follows no instructions but those it was trained on."""
    session: LanguagePolicy | None = None
    """The recogniser's memory of languages, where there is a recogniser."""

    def mind(self) -> Mind:
        """What the pipeline asks for answers."""
        screened = screening(self.keeper.screen, self.workers)
        return Mind(
            generate=self._generate,
            reply_language=self._reply_language,
            screen=screened,
            answer=self._answer,
            rewrite=None if self.starter else self._rewrite,
            closing=self._closing,
            prepare=self._prepare,
            sum_up=None if self.starter else self._sum_up,
        )

    def committed(self, transcript: Transcript) -> Sequence[Action]:
        """The user did say this: what follows for the filter, the memory, the languages and the
        body."""
        reading = self.keeper.committed(transcript)
        asked = self.language.commit(transcript)
        if self.session is not None:
            self.session.heard(transcript.language)
            if asked is not None:
                self.session.heard(asked)
        return self.doing.committed(transcript, danger=bool(reading.danger))

    def _reply_language(self, transcript: Transcript) -> str:
        """Of a translation: the one that was asked for, where there is a voice for it."""
        wanted = None if self.starter or not self._skilled else task(transcript.text)
        if wanted is not None and wanted.language in self.config.tts.voices:
            return wanted.language
        return self.language(transcript)

    @property
    def _skilled(self) -> bool:
        return self.config.skills.enabled

    async def _answer(self, words: Transcript, language: str, said: str) -> SafeText | None:
        """What is said to these words whatever the model thinks. The filter comes first."""
        keeper = self.keeper
        asked = partial(keeper.screen.answer, words.text, language, said, words.language)
        fixed = await self.workers.screen.call(asked)
        if fixed is None and keeper.memory is not None:
            fixed = await keeper.memory.answer(words, language)
        return fixed or await self.doing.answer(words, language, said)

    @asynccontextmanager
    async def _generate(
        self, messages: Sequence[Message], code: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        memory, remembered, asked = self.keeper.memory, "", messages
        if not self.starter:
            remembered = await memory.note(messages, code) if memory else ""
            wanted = task(messages[-1].text) if messages and self._skilled else None
            asked = instructed(messages, wanted, code) if wanted else messages
        written = self._prompt(asked, code, remembered)
        produce = partial(self.llm.generate, written)
        async with (
            self.workers.llm.stream(produce, TOKENS_AHEAD) as tokens,
            aclosing(self.doing.apart(tokens, messages, code)) as words,
        ):
            yield words

    def _closing(self, language: str) -> SafeText | None:
        """Asked for when all of a reply has passed the filter."""
        self.doing.passed()
        return self.keeper.closing(language)

    def _rewrite(self, draft: Draft) -> Stream[str]:
        again = prompts.rewrite(draft, self.config.tone)
        return self.workers.llm.stream(partial(self.llm.generate, again), TOKENS_AHEAD)

    def _sum_up(self, messages: Sequence[Message], code: str) -> Stream[str]:
        """With the instructions of every prompt, which the model has read already."""
        config = self.config
        asked = prompts.compose(messages, code, config.persona, config.tone, self._guide(code))
        return self.workers.llm.stream(partial(self.llm.generate, asked), TOKENS_AHEAD)

    async def _prepare(self, messages: Sequence[Message], code: str) -> None:
        read = partial(_prefill, self.llm, self._prompt(messages, code))
        async with self.workers.llm.stream(read, 1) as nothing:
            async for _ in nothing:
                pass

    def _prompt(
        self, messages: Sequence[Message], code: str, remembered: str = ""
    ) -> list[Message]:
        config, guidance = self.config, self._guide(code)
        feeling = None if guidance is None else _feeling(self.keeper.screen, messages, code)
        aside = prompts.Aside(feeling, remembered)
        return prompts.compose(messages, code, config.persona, config.tone, guidance, aside)

    def _guide(self, code: str) -> str | None:
        return None if self.starter else guide(self.config, self.commands, code)


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
