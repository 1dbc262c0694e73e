"""The engines and models that a configuration names, loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from robot_voice import paths
from robot_voice.actions.commands import CommandTable, load_commands
from robot_voice.asr.gate import Gate, load_gate
from robot_voice.asr.language import LanguagePolicy
from robot_voice.config import Config
from robot_voice.cores import Cores, SharedAsr, SharedLlm, threads_for
from robot_voice.engines import Asr, Judge, Llm, Tts, Vad
from robot_voice.errors import ModelError, VoiceError
from robot_voice.llm.summary import Limits
from robot_voice.models.registry import FoundModel, find_model
from robot_voice.settings import Loaded
from robot_voice.vad.floor import MARGIN_DB
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig
from robot_voice.worker import Workers

from .caring import open_screen
from .language_model import (
    adapters,
    conversation_limits,
    load_llm,
    load_second_opinion,
    with_remote,
)

if TYPE_CHECKING:
    from robot_voice.asr.whisper import WhisperAsr
    from robot_voice.reports import ReportStore
    from robot_voice.safety.screen import SafetyScreen
    from robot_voice.vad.turn_model import TurnModel

_log = logging.getLogger(__name__)

STARTER_NOTICE = (
    "starter models: small talk and robot commands in English and Korean; "
    "`robot-voice models pull` for the full ones"
)
"""Said once by whatever runs on them."""

STARTER_HEARING = {"min_window_seconds": 2.0, "window_margin_seconds": 0.5, "hot_words": ()}
"""The starter's Whisper was trained on windows this short, and never with words before the text."""


@dataclass(frozen=True, slots=True)
class Models:
    """The model files a configuration names."""

    asr: FoundModel
    llm: FoundModel

    @property
    def starter(self) -> bool:
        return self.asr.is_starter or self.llm.is_starter


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines, loaded. Recognition and the language model share the cores."""

    asr: Asr
    llm: Llm
    adapt: Callable[[str], None]
    """Lets the language model on board speak with another of ``llm.adapters``; "": with none. In
    its thread. Raises ``ConfigError`` or ``LlmError``."""
    limits: Limits
    """How much of a conversation the language model is shown."""
    judge: Judge | None
    screen: SafetyScreen
    tts: Tts
    turn_model: TurnModel | None
    session: LanguagePolicy
    """The recogniser's memory of languages, to be told of committed words."""


def find_models(loaded: Loaded) -> Models:
    """Where the configured models are. Raises ``ModelError``, or ``ConfigError`` for an adapter
    that is not listed."""
    config = loaded.config
    adapters(loaded)
    return Models(
        find_model("asr", config.asr.model, loaded.base(("asr", "model"))),
        find_model("llm", config.llm.model, loaded.base(("llm", "model"))),
    )


def start_workers(config: Config) -> Workers:
    return Workers.start(
        config.asr.timeout_seconds,
        config.llm.timeout_seconds,
        config.tts.timeout_seconds,
        screen=1.0 + config.safety.judge_seconds,
    )


def load_engines(
    loaded: Loaded, models: Models, store: ReportStore | None, commands: CommandTable
) -> Engines:
    """Load all engines at once. Blocks for seconds. Raises ``ModelError`` or ``ConfigError``."""
    config = loaded.config
    with ThreadPoolExecutor(5, "load") as pool:
        judge = pool.submit(load_second_opinion, config, models.llm)
        asr = pool.submit(load_asr, config, models.asr)
        llm = pool.submit(load_llm, loaded, models.llm, commands)
        tts = pool.submit(load_tts, loaded)
        starter = models.llm.is_starter
        screen = pool.submit(lambda: open_screen(config, judge.result(), store, starter=starter))
        turn = pool.submit(load_turn_model, config)
        cores = Cores()
        try:
            ears = asr.result()
            return Engines(
                asr=SharedAsr(ears, cores),
                llm=with_remote(SharedLlm(llm.result(), cores), loaded),
                adapt=lambda name: cores.during(partial(llm.result().adapt, name)),
                limits=conversation_limits(config, llm.result(), commands, starter=starter),
                judge=judge.result(),
                screen=screen.result(),
                tts=tts.result(),
                turn_model=turn.result(),
                session=ears.policy,
            )
        except VoiceError:
            for made in (llm, judge, tts):
                if made.exception() is None and (engine := made.result()) is not None:
                    engine.close()
            raise


def load_asr(config: Config, model: FoundModel) -> WhisperAsr:
    """Raises ``ModelError``."""
    from robot_voice.asr.whisper import WhisperAsr

    own = STARTER_HEARING if model.is_starter else {"hot_words": _prompts(config)}
    hearing = config.asr.model_copy(update=own)
    return WhisperAsr(model.path, config.language, hearing, threads_for(config, hearing.threads))


def with_fallback(asr: Asr, config: Config, gate: Gate, commands: CommandTable) -> Asr:
    """The starter's ears, with a closed grammar for the English commands that they are unsure of
    where there is PocketSphinx for it."""
    wanted = config.asr.fallback == "auto" and "en" in config.language.allowed
    if not (wanted and find_spec("pocketsphinx")):
        return asr
    from robot_voice.asr.sphinx import CommandAsr, PhraseSpotter

    try:
        spotter = PhraseSpotter(commands.actions)
    except ModelError as error:  # no command in English, perhaps: the robot does without
        _log.warning("no closed grammar: %s", error)
        return asr
    return CommandAsr(asr, spotter, lambda *heard: gate.judge(*heard).verdict == "accept")


def load_tts(loaded: Loaded) -> Tts:
    """The voices of every language that may be needed. Raises ``ModelError`` or ``ConfigError``."""
    from robot_voice.tts.voices import load_voices

    config = loaded.config
    reply = () if config.language.reply == "user" else (config.language.reply,)
    languages = list(dict.fromkeys((*config.language.allowed, config.language.default, *reply)))
    return load_voices(config.tts, languages, lambda code: loaded.base(("tts", "voices", code)))


def load_screen(config: Config) -> SafetyScreen:
    """The filter alone, without a judge and without reports."""
    from robot_voice.safety.screen import SafetyScreen

    return SafetyScreen(config.safety, config.tone)


def load_judge(config: Config, model: FoundModel) -> Gate:
    """The gate of the speech model. Raises ``ModelError``."""
    prompted = () if model.is_starter else _prompts(config)
    return load_gate(model.path, prompted)


def _prompts(config: Config) -> tuple[str, ...]:
    """What a Whisper that was trained with prompts is told to expect."""
    return (config.persona.name, *config.asr.hot_words)


def load_turn_model(config: Config) -> TurnModel | None:
    """The acoustic turn model, if one is configured. Raises ``ModelError``."""
    if config.endpoint.turn_model is None:
        return None
    from robot_voice.vad.turn_model import TurnModel

    return TurnModel(Path(config.endpoint.turn_model).expanduser())


def load_vad(config: Config) -> Vad:
    """The detector for audio that does not come from the audio process."""
    from robot_voice.vad import load_vad as load

    return load(config.vad)


def load_actions(loaded: Loaded) -> CommandTable:
    """The robot's commands. Raises ``ConfigError``."""
    return load_commands(actions_file(loaded))


def actions_file(loaded: Loaded) -> Path:
    """The table that is configured: one of those that come along, or the owner's."""
    name = loaded.config.actions.file
    shipped = paths.configs() / "actions" / f"{name}.toml"
    if shipped.is_file():
        return shipped
    return (loaded.base(("actions", "file")) or Path.cwd()) / Path(name).expanduser()


def segmenter(config: Config) -> Segmenter:
    vad = config.vad
    if config.mode == "push-to-talk":
        return Segmenter(SegmenterConfig(soft_end_seconds=0.05, max_seconds=vad.max_seconds))
    margin = MARGIN_DB[vad.engine] if vad.floor_margin_db is None else vad.floor_margin_db
    return Segmenter(
        SegmenterConfig(
            start_threshold=vad.start_threshold,
            stop_threshold=vad.stop_threshold,
            start_seconds=vad.start_seconds,
            soft_end_seconds=config.endpoint.soft_end_seconds,
            pre_roll_seconds=vad.pre_roll_seconds,
            max_seconds=vad.max_seconds,
            floor_margin_db=margin,
        )
    )
