"""What an interpreter needs besides a conversation's stages, and whether the models provide it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial

from robot_voice.config import Config, LanguageConfig
from robot_voice.engines import Asr, Cancelled
from robot_voice.errors import ConfigError
from robot_voice.interpreter import Translator
from robot_voice.models.registry import FoundModel
from robot_voice.types import SafeText, Speech, Stream, Transcript, Utterance
from robot_voice.worker import Workers

from .loading import Engines, Models

_log = logging.getLogger(__name__)

TOKENS_AHEAD = 8
"""How far the model may run ahead of the sentence splitter."""


def between_two(config: Config) -> Config:
    """An interpreter hears the two languages it stands between and no other, and does not wait
    for the end of a long speech."""
    if config.mode != "interpret":
        return config
    between = config.interpret.between
    language = LanguageConfig(allowed=between, default=between[0])
    longest = min(config.vad.max_seconds, config.interpret.max_seconds)
    vad = config.vad.model_copy(update={"max_seconds": longest})
    return config.model_copy(update={"language": language, "vad": vad})


def hears_in_english(asr: FoundModel, source: str, target: str) -> bool:
    """Whether the speech model itself translates: Whisper does, into English. The starter has
    learnt it for Korean; the turbo models, OpenAI says, have unlearnt it."""
    if target != "en":
        return False
    return source == "ko" if asr.is_starter else "turbo" not in asr.name.lower()


def translates(models: Models, source: str, target: str) -> bool:
    """Whether the models translate from the first language into the second. What Whisper does not
    do is left to the language model, for which the starter is too small."""
    return hears_in_english(models.asr, source, target) or not models.llm.is_starter


def check_directions(config: Config, models: Models) -> None:
    """Raises ``ConfigError`` when an interpreter could translate in neither direction; warns when
    in one only."""
    if config.mode != "interpret":
        return
    one, other = config.interpret.between
    missing = [pair for pair in ((one, other), (other, one)) if not translates(models, *pair)]
    ways = " and ".join(f"from {source} into {target}" for source, target in missing)
    says = f"the loaded models do not translate {ways}; `robot-voice models pull` brings some"
    if len(missing) == 2:
        raise ConfigError(says)
    if missing:
        _log.warning("%s", says)


def translator(
    config: Config,
    models: Models,
    engines: Engines,
    workers: Workers,
    refusal: Callable[[str], tuple[SafeText, Speech]],
) -> Translator:
    """Whisper for what it translates, the language model for the rest."""
    from robot_voice.llm.prompt import interpret

    one, other = config.interpret.between

    def translate(utterance: Utterance, said: Transcript, target: str) -> Stream[str]:
        if hears_in_english(models.asr, said.language, target):
            return workers.asr.stream(partial(_in_english, engines.asr, utterance), 1)
        prompt = interpret(said.text, said.language, target, config.tone)
        return workers.llm.stream(partial(engines.llm.generate, prompt), TOKENS_AHEAD)

    return Translator(
        target=lambda language: other if language == one else one,
        translate=translate,
        supports=partial(translates, models),
        refusal=refusal,
    )


def _in_english(asr: Asr, utterance: Utterance, cancelled: Cancelled) -> Iterator[str]:
    yield asr.translate(utterance).text
