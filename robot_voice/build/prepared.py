"""What is synthesised before it is needed, in every language that may be: it must be there when an
engine has failed, or is too slow."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from robot_voice.config import Config
from robot_voice.earcons import earcon
from robot_voice.engines import Tts
from robot_voice.safety import KoreanLevel, microphone, thinking
from robot_voice.safety.emotion import SOBER
from robot_voice.safety.reading import read
from robot_voice.stages import Meanwhile, Prepared, Stages
from robot_voice.types import SafeText, Speech, Transcript

FILLERS = 3
"""How many of a language's fillers are made; a robot that says one in three turns varies enough."""

TENDER = 0.5
"""Probability that a subject is a tender one, from which no filler is said."""

Sentence = Callable[[str], tuple[SafeText, Speech]]
"""A sentence and its sound, in this language or else in the default one."""


def prepared(
    config: Config, tts: Tts, sentence: Callable[[str, KoreanLevel], SafeText]
) -> Sentence:
    """Synthesise one of the robot's own sentences in every language. Raises ``TtsError``."""
    languages = {*config.language.allowed, config.language.default}
    if config.language.reply != "user":
        languages.add(config.language.reply)
    made: dict[str, tuple[SafeText, Speech]] = {}
    for language in languages:
        text = sentence(language, config.tone.korean_level)
        if blocks := list(tts.synthesize(text, lambda: False)):
            made[language] = (text, joined(blocks))
    default = made[config.language.default]
    return lambda language: made.get(language, default)


def joined(blocks: list[Speech]) -> Speech:
    """One block of several, at least one, of the same rate."""
    marks, seconds = [], 0.0
    for block in blocks:
        marks += [replace(mark, at=seconds + mark.at) for mark in block.marks]
        seconds += block.seconds
    samples = np.concatenate([block.samples for block in blocks])
    return Speech(samples, blocks[0].rate, tuple(marks))


Announce: TypeAlias = Callable[[SafeText, Callable[[], None]], Awaitable[None]]
"""Say this when nobody speaks, and call that when it begins. Raises ``TtsError``."""


def announcing(stages: Stages, announce: Callable[[Prepared], None]) -> Announce:
    """How to say something of one's own accord: synthesise it now, ``announce`` it when it is
    there."""

    async def say(text: SafeText, begins: Callable[[], None]) -> None:
        async with stages.synthesize(text) as speech:
            blocks = [block async for block in speech]

        def news(language: str) -> tuple[SafeText, Speech]:
            begins()
            return text, joined(blocks)

        if blocks:
            announce(news)

    return say


def meanwhile(config: Config, tts: Tts) -> Meanwhile:
    """What is heard while the robot thinks, as the owner wants it. Raises ``TtsError``."""
    sounds = config.sounds
    made = [prepared(config, tts, partial(thinking, times=n)) for n in range(FILLERS)]
    turns = itertools.count()

    def filler(transcript: Transcript, language: str) -> tuple[SafeText, Speech] | None:
        if not sounds.filler or is_sensitive(transcript):
            return None
        return made[next(turns) % FILLERS](language)

    return Meanwhile(
        filler,
        thinking=earcon("thinking", sounds.volume) if sounds.earcons else None,
        error=earcon("error", sounds.volume) if sounds.earcons else None,
    )


def is_sensitive(transcript: Transcript) -> bool:
    """Whether whoever said this is in no mood for "let me see"."""
    reading = read(transcript.text, transcript.language)
    upset = reading.sober or reading.abuse or reading.feedback or reading.emotion in SOBER
    return upset or reading.scores.get("tender", 0.0) >= TENDER


@dataclass(frozen=True, slots=True)
class News:
    """What the robot tells of its own accord."""

    microphone_gone: Prepared
    microphone_back: Prepared
    listening: Prepared | None
    """A sound that says: speak now. None: the owner wants none."""


def news(config: Config, tts: Tts) -> News:
    """Raises ``TtsError``."""
    listening: Prepared | None = None
    if config.sounds.earcons:
        sound = earcon("listening", config.sounds.volume)
        listening = lambda language: (None, sound)  # noqa: E731 - mypy needs the declared type
    return News(
        prepared(config, tts, partial(microphone, present=False)),
        prepared(config, tts, partial(microphone, present=True)),
        listening,
    )
