"""The one place that knows the engines: it turns a configuration into a running assistant.

    async with assemble(loaded, listen, speaker, listener) as assistant:
        await assistant.pipeline.run()

Everything else sees the pipeline, its events and the conversation. ``loading`` and
``language_model`` make the engines, ``thinking`` the mind, ``doing`` what it does besides talking,
``interpreting`` what an interpreter needs besides; here they become the pipeline's stages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from robot_voice.actions.commands import CommandTable
from robot_voice.asr.gate import Gate
from robot_voice.asr.language import ReplyLanguage
from robot_voice.condense import Diary
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.cores import threads_for
from robot_voice.events import EventBus, Listener
from robot_voice.interpreter import Interpreter, Translator
from robot_voice.llm.summary import Window
from robot_voice.pipeline import Pipeline
from robot_voice.safety import apology, ask_again, cannot_translate
from robot_voice.settings import Loaded
from robot_voice.skills.items import Item
from robot_voice.skills.talk import Skills
from robot_voice.stages import Speaker, Stages
from robot_voice.types import Heard, Message, Stream, Utterance
from robot_voice.understanding import MAX_ASKED
from robot_voice.worker import Workers

from .caring import Keeper, open_store
from .doing import Doing
from .equipment import Equipment, load_equipment
from .hearing import backchannel, judge, stop_word, wait_for
from .interpreting import between_two, check_directions, translates, translator
from .loading import (
    STARTER_HEARING,
    STARTER_NOTICE,
    Engines,
    Models,
    find_models,
    load_actions,
    load_asr,
    load_engines,
    load_judge,
    load_screen,
    load_tts,
    load_vad,
    segmenter,
    start_workers,
    with_fallback,
)
from .prepared import News, announcing, meanwhile, news, prepared
from .remembering import Remembering, load_memory
from .thinking import Thinker, Thinking, open_mind, screening

__all__ = [
    "STARTER_HEARING",
    "STARTER_NOTICE",
    "Assistant",
    "Carried",
    "Listen",
    "Models",
    "News",
    "Thinker",
    "assemble",
    "barge_in",
    "between_two",
    "check_directions",
    "find_models",
    "judge",
    "load_actions",
    "load_asr",
    "load_judge",
    "load_screen",
    "load_tts",
    "load_vad",
    "open_mind",
    "segmenter",
    "stop_word",
    "threads_for",
    "translates",
    "with_fallback",
]

ADAPT_SECONDS = 60.0
"""Longest wait for another adapter, with which a large model reads its instructions anew."""

BLOCKS_AHEAD = 1
"""How far the synthesiser's thread may run ahead of the turn, which buffers on its own."""

Listen: TypeAlias = Callable[[], Stream[Heard]]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a new configuration goes on with."""

    messages: Sequence[Message] = ()
    timers: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class Assistant:
    """A robot that is ready to listen."""

    config: Config
    models: Models
    pipeline: Pipeline | Interpreter
    conversation: Conversation
    events: EventBus
    news: News
    workers: Workers
    """The engines' threads, for whoever measures how soon they are free again."""
    adapt: Callable[[str], Awaitable[None]]
    """Falls silent, then lets the language model on board speak with another of ``llm.adapters``;
    "": with none. Raises ``ConfigError`` or ``LlmError``."""
    skills: Skills | None = None
    """The timers. None: the owner wants none."""

    def carried(self) -> Carried:
        """What the next one is to ``go_on`` with."""
        timers = self.skills.waiting() if self.skills is not None else ()
        return Carried(self.conversation.preview(""), timers)

    def go_on(self, carried: Carried) -> None:
        """Take up the conversation, and ring what is to ring."""
        self.conversation.restore([*carried.messages])
        if self.skills is not None:
            self.skills.take_over(carried.timers)


@asynccontextmanager
async def assemble(
    loaded: Loaded, listen: Listen, speaker: Speaker, *listeners: Listener
) -> AsyncGenerator[Assistant]:
    """Load everything and wire it. Raises ``ModelError``, ``ConfigError`` or an engine's error."""
    config = between_two(loaded.config)
    loaded = replace(loaded, config=config)
    models, commands = find_models(loaded), load_actions(loaded)
    gate = load_judge(config, models.asr)
    check_directions(config, models)
    workers = start_workers(config)
    engines: Engines | None = None
    able: Equipment | None = None
    keeper: Keeper | None = None
    try:
        store = await asyncio.to_thread(open_store, config)
        engines = await asyncio.to_thread(load_engines, loaded, models, store, commands)
        screened = screening(engines.screen, workers)
        conversation = Conversation(window=Window(engines.limits))
        memories = await asyncio.to_thread(load_memory, loaded)
        able = await asyncio.to_thread(load_equipment, loaded, commands, models.llm)
        memory = Remembering(config, memories, screened, conversation, able.skills)
        keeper = Keeper(config, engines.screen, conversation, store, memory=memory)
        doing = Doing(config, able, screened, conversation, starter=models.llm.is_starter)
        wiring = _Wiring(config, models, engines, workers, commands, keeper, doing)
        stages = await asyncio.to_thread(wiring.stages, listen, gate)
        events = EventBus(doing.happened, memory.happened, *listeners)
        make = partial(wiring.pipeline, stages, speaker, conversation, events.emit, memory.diary)
        pipeline = await asyncio.to_thread(make)
        told = await asyncio.to_thread(news, config, engines.tts)
        async with doing.open(announcing(stages, pipeline.announce), events.emit):
            adapt = wiring.adapt(pipeline)
            robot = Assistant(config, models, pipeline, conversation, events, told, workers, adapt)
            yield replace(robot, skills=able.skills)
    finally:
        workers.close(*(engines.llm, engines.judge, engines.tts) if engines else ())
        if able is not None:
            able.close()
        if keeper is not None:
            await keeper.close()


@dataclass(frozen=True, slots=True)
class _Wiring:
    """Everything that is loaded, and the stages made of it."""

    config: Config
    models: Models
    engines: Engines
    workers: Workers
    commands: CommandTable
    keeper: Keeper
    doing: Doing

    def stages(self, listen: Listen, gate: Gate) -> Stages:
        """Takes as long as a few sentences to synthesise."""
        config, tts = self.config, self.engines.tts
        asr = self.engines.asr
        if self.models.asr.is_starter:
            asr = with_fallback(asr, config, gate, self.commands)
        thinking = self.thinking()
        stops = stop_word(config, self.commands)
        again = [prepared(config, tts, partial(ask_again, times=n)) for n in range(MAX_ASKED)]
        return Stages(
            listen=listen,
            transcribe=lambda utterance: self.workers.asr.call(partial(asr.transcribe, utterance)),
            judge=partial(judge, gate, stops, config.vad.pre_roll_seconds),
            finished=self._finished(),
            patience=partial(wait_for, config, self.commands),
            stops=stops,
            backchannel=backchannel(config),
            act=thinking.committed,
            mind=thinking.mind(),
            synthesize=lambda text: self.workers.tts.stream(
                partial(tts.synthesize, text), BLOCKS_AHEAD
            ),
            meanwhile=meanwhile(config, tts),
            apology=prepared(config, tts, apology),
            ask_again=lambda language, times: again[times % len(again)](language),
        )

    def pipeline(
        self,
        stages: Stages,
        speaker: Speaker,
        conversation: Conversation,
        emit: Listener,
        diary: Diary | None,
    ) -> Pipeline | Interpreter:
        """Takes as long as a sentence to synthesise. Raises ``TtsError``."""
        ears = segmenter(self.config)
        if self.config.mode == "interpret":
            return Interpreter(stages, self.translator(), ears, speaker, emit)
        return Pipeline(stages, ears, speaker, conversation, emit, diary)

    def thinking(self) -> Thinking:
        """What makes answers, and what follows from committed words."""
        return Thinking(
            self.config,
            self.engines.llm,
            self.keeper,
            self.doing,
            self.workers,
            ReplyLanguage(self.config.language, self.config.tts.voices),
            self.commands,
            self.models.llm.is_starter,
            self.engines.session,
        )

    def adapt(self, pipeline: Pipeline | Interpreter) -> Callable[[str], Awaitable[None]]:
        async def adapt(name: str) -> None:
            await pipeline.interrupt()  # a long reply has the model's thread until it was spoken
            await self.workers.llm.call(partial(self.engines.adapt, name), ADAPT_SECONDS)

        return adapt

    def _finished(self) -> Callable[[Utterance], Awaitable[float | None]]:
        model = self.engines.turn_model

        async def finished(utterance: Utterance) -> float | None:
            if model is None:
                return None
            return await self.workers.turn.call(partial(model.finished, utterance.samples))

        return finished

    def translator(self) -> Translator:
        """Takes as long as a sentence to synthesise. Raises ``TtsError``."""
        refusal = prepared(self.config, self.engines.tts, cannot_translate)
        return translator(self.config, self.models, self.engines, self.workers, refusal)


def barge_in(config: Config) -> bool:
    """Whether a voice holds the loudspeaker: to an interpreter it is no interruption."""
    return config.mode == "listen"
