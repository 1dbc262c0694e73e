"""The one place that knows the engines: it turns a configuration into a running assistant.

    async with assemble(loaded, listen, speaker, listener) as assistant:
        await assistant.pipeline.run()

Everything else sees the pipeline, its events and the conversation. ``loading`` makes the engines,
``thinking`` the mind, ``interpreting`` what an interpreter needs besides; here they become the
pipeline's stages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from robot_voice.actions.commands import CommandTable
from robot_voice.asr.gate import Gate
from robot_voice.asr.language import ReplyLanguage
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.engines import Tts
from robot_voice.events import EventBus, Listener
from robot_voice.interpreter import Interpreter, Translator
from robot_voice.pipeline import MAX_ASKED, Pipeline
from robot_voice.safety import KoreanLevel, apology, ask_again, cannot_translate
from robot_voice.settings import Loaded
from robot_voice.stages import Speaker, Stages
from robot_voice.types import (
    Heard,
    Judgement,
    SafeText,
    Speech,
    Stream,
    Transcript,
    Utterance,
)
from robot_voice.vad.endpoint import Dialogue, Patience, patience
from robot_voice.worker import Workers

from .caring import Keeper, open_store
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
    threads_for,
    with_fallback,
)
from .thinking import Thinker, act, commit, make_mind, open_mind

__all__ = [
    "STARTER_HEARING",
    "STARTER_NOTICE",
    "Assistant",
    "Listen",
    "Models",
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
    "threads_for",
    "translates",
    "with_fallback",
]

STOP = "stop"
"""The action of the words that stop the robot, whatever else was thought of them."""

BLOCKS_AHEAD = 4
"""How far the synthesiser's thread may run ahead of the turn, which buffers on its own."""

Listen: TypeAlias = Callable[[], Stream[Heard]]


@dataclass(frozen=True, slots=True)
class Assistant:
    """A robot that is ready to listen."""

    config: Config
    models: Models
    pipeline: Pipeline | Interpreter
    conversation: Conversation
    events: EventBus
    workers: Workers
    """The engines' threads, for whoever measures how soon they are free again."""


@asynccontextmanager
async def assemble(
    loaded: Loaded, listen: Listen, speaker: Speaker, *listeners: Listener
) -> AsyncGenerator[Assistant]:
    """Load everything and wire it. Raises ``ModelError``, ``ConfigError`` or an engine's error."""
    config = between_two(loaded.config)
    models, commands = find_models(loaded), load_actions(loaded)
    gate = load_judge(config, models.asr)
    check_directions(config, models)
    workers = start_workers(config)
    engines: Engines | None = None
    keeper: Keeper | None = None
    try:
        store = await asyncio.to_thread(open_store, config)
        engines = await asyncio.to_thread(load_engines, config, models, store)
        conversation = Conversation(config.conversation.max_messages)
        keeper = Keeper(config, engines.screen, conversation, store)
        wiring = _Wiring(config, models, engines, workers, commands, keeper)
        stages = await asyncio.to_thread(wiring.stages, listen, gate)
        events = EventBus(*listeners)
        pipeline: Pipeline | Interpreter
        if config.mode == "interpret":
            two = await asyncio.to_thread(wiring.translator)
            pipeline = Interpreter(stages, two, segmenter(config), speaker, events.emit)
        else:
            pipeline = Pipeline(stages, segmenter(config), speaker, conversation, events.emit)
        yield Assistant(config, models, pipeline, conversation, events, workers)
    finally:
        workers.close(*(engines.llm, engines.judge) if engines else ())
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

    def stages(self, listen: Listen, gate: Gate) -> Stages:
        """Takes as long as a few sentences to synthesise."""
        config, tts = self.config, self.engines.tts
        asr = self.engines.asr
        if self.models.asr.is_starter:
            asr = with_fallback(asr, config, gate, self.commands)
        language = ReplyLanguage(config.language, config.tts.voices)
        again = [_prepared(config, tts, partial(ask_again, times=n)) for n in range(MAX_ASKED)]
        return Stages(
            listen=listen,
            transcribe=lambda utterance: self.workers.asr.call(partial(asr.transcribe, utterance)),
            judge=partial(judge, gate, self.commands, config.vad.pre_roll_seconds),
            finished=self._finished(),
            patience=partial(_patience, config, self.commands),
            act=partial(commit, self.commands, language, self.engines.session, self.keeper),
            mind=make_mind(
                config,
                self.engines.llm,
                self.keeper,
                self.workers,
                language,
                starter=self.models.llm.is_starter,
            ),
            synthesize=lambda text: self.workers.tts.stream(
                partial(tts.synthesize, text), BLOCKS_AHEAD
            ),
            apology=_prepared(config, tts, apology),
            ask_again=lambda language, times: again[times % len(again)](language),
        )

    def _finished(self) -> Callable[[Utterance], Awaitable[float | None]]:
        model = self.engines.turn_model

        async def finished(utterance: Utterance) -> float | None:
            if model is None:
                return None
            return await self.workers.turn.call(partial(model.finished, utterance.samples))

        return finished

    def translator(self) -> Translator:
        """Takes as long as a sentence to synthesise. Raises ``TtsError``."""
        refusal = _prepared(self.config, self.engines.tts, cannot_translate)
        stops = partial(_stops, self.commands)
        return translator(self.config, self.models, self.engines, self.workers, refusal, stops)


def barge_in(config: Config) -> bool:
    """Whether a voice holds the loudspeaker: to an interpreter it is no interruption."""
    return config.mode == "listen"


def judge(
    gate: Gate,
    commands: CommandTable,
    pre_roll: float,
    transcript: Transcript,
    utterance: Utterance,
) -> Judgement:
    """A robot that may have been told to stop stops, however badly it has heard it.

    ``pre_roll``: seconds before the voice, for utterances that do not say how much of them it is.
    """
    action = commands.match(transcript)
    if action is not None and action.name == STOP:
        return Judgement("accept")
    if utterance.voiced is None:
        voiced = max(0.0, utterance.speech_end - utterance.start - pre_roll)
        utterance = replace(utterance, voiced=voiced)
    return gate.judge(transcript, utterance)


def _patience(
    config: Config, commands: CommandTable, transcript: Transcript, dialogue: Dialogue
) -> float:
    if config.mode == "push-to-talk":
        return 0.0  # letting go of the key is the end
    waits = Patience(
        config.endpoint.complete_seconds,
        config.endpoint.unknown_seconds,
        config.endpoint.unfinished_seconds,
        config.endpoint.command_seconds,
    )
    command = commands.match(transcript) is not None
    return patience(transcript, waits, replace(dialogue, command=command))


def _stops(commands: CommandTable, transcript: Transcript) -> bool:
    return any(action.name == STOP for action in act(commands, transcript))


def _prepared(
    config: Config, tts: Tts, sentence: Callable[[str, KoreanLevel], SafeText]
) -> Callable[[str], tuple[SafeText, Speech]]:
    """Synthesise one of the robot's own sentences in every language that may be needed, while all
    is well."""
    languages = {*config.language.allowed, config.language.default}
    if config.language.reply != "user":
        languages.add(config.language.reply)
    made: dict[str, tuple[SafeText, Speech]] = {}
    for language in languages:
        text = sentence(language, config.tone.korean_level)
        blocks = list(tts.synthesize(text, lambda: False))
        if blocks:
            samples = np.concatenate([block.samples for block in blocks])
            made[language] = (text, Speech(samples, blocks[0].rate))
    default = made[config.language.default]
    return lambda language: made.get(language, default)
