"""The one place that knows the engines: it turns a configuration into a running assistant.

    async with assemble(loaded, listen, speaker, listener) as assistant:
        await assistant.pipeline.run()

Everything else sees the pipeline, its events and the conversation.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
import psutil

from . import paths
from .actions.commands import CommandTable, load_commands
from .asr.gate import Gate, load_gate
from .asr.language import reply_language
from .config import Config
from .conversation import Conversation
from .engines import Asr, Llm, Screen, Tts, Vad
from .errors import ModelError
from .events import EventBus, Listener
from .models.registry import FoundModel, find_model
from .pipeline import Pipeline
from .safety import KoreanLevel, apology, ask_again
from .settings import Loaded
from .stages import Mind, Speaker, Stages
from .types import (
    Action,
    Heard,
    Message,
    SafeText,
    Speech,
    Stream,
    Transcript,
    Utterance,
    Verdict,
)
from .vad.endpoint import Patience, patience
from .vad.segmenter import Segmenter, SegmenterConfig
from .worker import Workers

_log = logging.getLogger(__name__)

STARTER_NOTICE = (
    "starter models: small talk and robot commands in English and Korean; "
    "`robot-voice models pull` for the full ones"
)
"""Said once by whatever runs on them."""

STARTER_WINDOW_SECONDS = 2.0
"""The starter's Whisper was trained on windows this short."""

STOP = "stop"
"""The action of the words that stop the robot, whatever else was thought of them."""

TOKENS_AHEAD = 8
"""How far the model may run ahead of the sentence splitter."""

BLOCKS_AHEAD = 4
"""How far the synthesiser's thread may run ahead of the turn, which buffers on its own."""

Listen: TypeAlias = Callable[[], Stream[Heard]]


@dataclass(frozen=True, slots=True)
class Models:
    """The model files a configuration names."""

    asr: FoundModel
    llm: FoundModel

    @property
    def starter(self) -> bool:
        return self.asr.is_starter or self.llm.is_starter


@dataclass(frozen=True, slots=True)
class Thinker:
    """A robot without ears and voice."""

    mind: Mind
    conversation: Conversation
    act: Callable[[Transcript], Sequence[Action]]
    starter: bool


@dataclass(frozen=True, slots=True)
class Engines:
    """The four engines, loaded."""

    asr: Asr
    llm: Llm
    screen: Screen
    tts: Tts


@dataclass(frozen=True, slots=True)
class Assistant:
    """A robot that is ready to listen."""

    config: Config
    models: Models
    pipeline: Pipeline
    conversation: Conversation
    events: EventBus
    workers: Workers
    """The engines' threads, for whoever measures how soon they are free again."""


# --- the parts -----------------------------------------------------------------


def find_models(loaded: Loaded) -> Models:
    """Where the configured models are. Raises ``ModelError``."""
    config = loaded.config
    return Models(
        find_model("asr", config.asr.model, loaded.base(("asr", "model"))),
        find_model("llm", config.llm.model, loaded.base(("llm", "model"))),
    )


def start_workers(config: Config) -> Workers:
    return Workers.start(
        config.asr.timeout_seconds, config.llm.timeout_seconds, config.tts.timeout_seconds
    )


def load_engines(config: Config, models: Models) -> Engines:
    """Load all engines at once. Blocks for seconds. Raises ``ModelError`` or ``ConfigError``."""
    with ThreadPoolExecutor(4, "load") as pool:
        asr = pool.submit(load_asr, config, models.asr)
        llm = pool.submit(load_llm, config, models.llm)
        tts = pool.submit(load_tts, config)
        screen = pool.submit(load_screen, config)
        return Engines(asr.result(), llm.result(), screen.result(), tts.result())


def load_asr(config: Config, model: FoundModel) -> Asr:
    from .asr.whisper import WhisperAsr

    window = STARTER_WINDOW_SECONDS if model.is_starter else config.asr.min_window_seconds
    threads = config.asr.threads or threads_for(config)
    return WhisperAsr(model.path, config.language, config.asr, threads, window)


def with_fallback(asr: Asr, config: Config, gate: Gate, commands: CommandTable) -> Asr:
    """The starter's ears, with a closed grammar for the English commands that they are unsure of
    where there is PocketSphinx for it."""
    wanted = config.asr.fallback == "auto" and "en" in config.language.allowed
    if not (wanted and find_spec("pocketsphinx")):
        return asr
    from .asr.sphinx import CommandAsr, PhraseSpotter

    try:
        spotter = PhraseSpotter(commands.actions)
    except ModelError as error:  # no command in English, perhaps: the robot does without
        _log.warning("no closed grammar: %s", error)
        return asr
    return CommandAsr(asr, spotter, lambda heard, seconds: gate.judge(heard, seconds) == "accept")


def load_llm(config: Config, model: FoundModel) -> Llm:
    from .llm.llama import LlamaLlm
    from .llm.prompt import compose

    engine = LlamaLlm(model.path, config.llm, config.llm.threads or threads_for(config))
    # The system prompt of the usual language is read now, not in the first turn.
    greeting = [Message("user", ".")]
    language = reply_language(config.language, Transcript("", config.language.default))
    prompt = compose(greeting, language, config.persona, config.tone)
    next(engine.generate(prompt, lambda: False), None)
    return engine


def load_tts(config: Config) -> Tts:
    if config.tts.engine == "pyttsx3":
        from .tts.pyttsx3_engine import Pyttsx3Tts

        return Pyttsx3Tts(config.tts)
    from .tts.espeak import EspeakTts

    return EspeakTts(config.tts)


def load_screen(config: Config) -> Screen:
    from .safety.screen import SafetyScreen

    return SafetyScreen(config.safety, config.tone.korean_level)


def load_vad(config: Config) -> Vad:
    """The detector for audio that does not come from the audio process."""
    from .vad import load_vad as load

    return load(config.vad)


def load_actions(loaded: Loaded) -> CommandTable:
    """The robot's commands. Raises ``ConfigError``."""
    name = loaded.config.actions.file
    shipped = paths.configs() / "actions" / f"{name}.toml"
    if shipped.is_file():
        return load_commands(shipped)
    return load_commands((loaded.base(("actions", "file")) or Path.cwd()) / Path(name).expanduser())


def threads_for(config: Config) -> int:
    """How many threads an engine may use."""
    return config.cpu.threads or psutil.cpu_count(logical=False) or os.cpu_count() or 1


def segmenter(config: Config) -> Segmenter:
    vad = config.vad
    if config.mode == "push-to-talk":
        return Segmenter(SegmenterConfig(soft_end_seconds=0.05, max_seconds=vad.max_seconds))
    return Segmenter(
        SegmenterConfig(
            start_threshold=vad.start_threshold,
            stop_threshold=vad.stop_threshold,
            start_seconds=vad.start_seconds,
            soft_end_seconds=config.endpoint.soft_end_seconds,
            pre_roll_seconds=vad.pre_roll_seconds,
            max_seconds=vad.max_seconds,
        )
    )


# --- the whole -----------------------------------------------------------------


@asynccontextmanager
async def assemble(
    loaded: Loaded, listen: Listen, speaker: Speaker, *listeners: Listener
) -> AsyncGenerator[Assistant]:
    """Load everything and wire it. Raises ``ModelError``, ``ConfigError`` or an engine's error."""
    config = loaded.config
    models, commands = find_models(loaded), load_actions(loaded)
    gate = load_gate(models.asr.path)
    workers = start_workers(config)
    engines: Engines | None = None
    try:
        engines = await asyncio.to_thread(load_engines, config, models)
        asr = engines.asr
        if models.asr.is_starter:
            asr = await asyncio.to_thread(with_fallback, asr, config, gate, commands)
        stages = Stages(
            listen=listen,
            transcribe=lambda utterance: workers.asr.call(partial(asr.transcribe, utterance)),
            judge=partial(judge, gate, commands, config.vad.pre_roll_seconds),
            patience=partial(_patience, config, commands),
            act=partial(_act, commands),
            mind=_mind(config, models.llm, engines.llm, engines.screen, workers),
            synthesize=lambda text: workers.tts.stream(
                partial(engines.tts.synthesize, text), BLOCKS_AHEAD
            ),
            apology=await asyncio.to_thread(_prepared, config, engines.tts, apology),
            ask_again=await asyncio.to_thread(_prepared, config, engines.tts, ask_again),
        )
        conversation = Conversation(config.conversation.max_messages)
        events = EventBus(*listeners)
        pipeline = Pipeline(stages, segmenter(config), speaker, conversation, events.emit)
        yield Assistant(config, models, pipeline, conversation, events, workers)
    finally:
        workers.close(engines.llm if engines else None)


def judge(
    gate: Gate,
    commands: CommandTable,
    pre_roll: float,
    transcript: Transcript,
    utterance: Utterance,
) -> Verdict:
    """A robot that may have been told to stop stops, however badly it has heard it."""
    action = commands.match(transcript)
    if action is not None and action.name == STOP:
        return "accept"
    return gate.judge(transcript, utterance.speech_end - utterance.start - pre_roll)


def _patience(config: Config, commands: CommandTable, transcript: Transcript) -> float:
    if config.mode == "push-to-talk":
        return 0.0  # letting go of the key is the end
    waits = Patience(
        config.endpoint.complete_seconds,
        config.endpoint.unknown_seconds,
        config.endpoint.unfinished_seconds,
    )
    return patience(transcript, waits, command=commands.match(transcript) is not None)


def _act(commands: CommandTable, transcript: Transcript) -> Sequence[Action]:
    action = commands.match(transcript)
    return [action] if action is not None else []


def _mind(config: Config, model: FoundModel, llm: Llm, screen: Screen, workers: Workers) -> Mind:
    from .llm.prompt import compose

    def generate(messages: Sequence[Message], language: str) -> Stream[str]:
        prompt = compose(messages, language, config.persona, config.tone)
        return workers.llm.stream(partial(llm.generate, prompt), TOKENS_AHEAD)

    return Mind(
        generate=generate,
        reply_language=partial(reply_language, config.language),
        screen=lambda draft: workers.screen.call(partial(screen.screen, draft)),
    )


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
        mind = _mind(config, model, llm, load_screen(config), workers)
        conversation = Conversation(config.conversation.max_messages)
        yield Thinker(mind, conversation, partial(_act, commands), model.is_starter)
    finally:
        workers.close(llm)


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
