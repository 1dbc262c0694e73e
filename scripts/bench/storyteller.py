"""A robot on the virtual sound card that tells stories: the whole assistant, with real ears.

Only the language model is a fake, which tells the same story whatever it is asked, and the voice
is lifted by a few units, so that no sample of what the robot says is zero: on a tape of the
loudspeaker zeros are then the robot's silence, and never a pause between its words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice import paths
from robot_voice.audio.clips import read_audio, to_float, to_int16
from robot_voice.audio.resample import Resampler
from robot_voice.build import Assistant, assemble, loading
from robot_voice.engines import Cancelled, Tts
from robot_voice.events import Event, SpeakingStarted, Transcribed
from robot_voice.pipeline import Pipeline
from robot_voice.settings import Loaded
from robot_voice.types import RATE, Message, SafeText, Samples, Speech
from tests.rig.audiorig import AudioRig, Pcm

from .common import defaults
from .rigged import Tape, WatchedAudio, find, prioritise, speech_level

STORIES = {
    "en": (
        "Once there was a small robot, and it lived beside the sea.",
        "Every morning it counted the boats, and every evening it counted the stars.",
        "One day a cat came to the beach, and the robot gave it some milk.",
    ),
    "ko": (
        "옛날에 작은 로봇이 바닷가에 살았어요.",
        "아침마다 배를 세고 저녁마다 별을 세었어요.",
        "어느 날 고양이가 놀러 와서 로봇이 우유를 주었어요.",
    ),
}

_QUESTIONS = {"en": "1-en-hello", "ko": "4-ko-hello"}

LIFT = 4 / 32768
"""What the voice is lifted by. Espeak's own silence is zero, or one unit beside it."""

RUNG = 0.7
"""Seconds of silence after which nothing of the robot's last words is in the air."""

DELAY_MS, GAIN_DB, RT60 = 40.0, -6.0, 0.3
"""The room."""


class Storyteller:
    """Implements ``engines.Llm``."""

    def __init__(self) -> None:
        self.story = ""

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        for word in self.story.split():
            yield f"{word} "

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None: ...

    def close(self) -> None: ...


class LiftedVoice:
    """Implements ``engines.Tts``, and keeps what it has made."""

    def __init__(self, voice: Tts) -> None:
        self._voice = voice
        self.made: list[Speech] = []

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        for block in self._voice.synthesize(text, cancelled):
            lifted = replace(block, samples=np.asarray(block.samples + LIFT, np.float32))
            self.made.append(lifted)
            yield lifted

    def close(self) -> None:
        self._voice.close()

    def sound(self) -> Pcm:
        """What was made, as the loudspeaker should play it."""
        resampler = Resampler(RATE)
        parts: list[Samples] = [resampler.push(block) for block in self.made]
        return to_int16(np.concatenate([*parts, resampler.flush()]))


@dataclass
class Stage:
    """The robot at work, its room, and two tapes."""

    rig: AudioRig
    audio: WatchedAudio
    assistant: Assistant
    llm: Storyteller
    voice: LiftedVoice
    speaker: Tape
    microphone: Tape
    events: list[Event] = field(default_factory=list)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, kind: type[Event], seconds: float = 25.0) -> bool:
        """Wait for an event of this kind; whether it came."""
        try:
            async with asyncio.timeout(seconds):
                while not self.of(kind):  # noqa: ASYNC110 - events come by plain callback
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return False
        return True

    async def hush(self) -> None:
        """End whatever is being said, and wait until all is quiet."""
        assert isinstance(self.assistant.pipeline, Pipeline)
        quiet_since = len(self.speaker)
        while len(self.speaker) - quiet_since < RUNG * RATE:
            await self.assistant.pipeline.interrupt()
            await asyncio.sleep(0.1)
            sounding = np.flatnonzero(self.speaker.cut(quiet_since))
            quiet_since += int(sounding[-1]) + 1 if len(sounding) else 0
        self.events.clear()
        self.voice.made.clear()

    async def tell(self, language: str, sentences: int, seconds: float) -> bool:
        """Ask for a story, and wait until it has been told for so long; False: it was not."""
        self.llm.story = " ".join(STORIES[language][:sentences])
        for _ in range(3):
            await self.hush()
            self.rig.say_later(_question(language))
            if await self.until(SpeakingStarted, 8.0):
                break
        await asyncio.sleep(seconds)
        started = bool(self.of(SpeakingStarted))
        self.events[:] = [event for event in self.events if not isinstance(event, Transcribed)]
        return started

    def echo_delay(self) -> float:
        """Seconds from the loudspeaker to the microphone, by what was said of late. It must not
        move: on a machine that is too slow for the room it does."""
        start = len(self.speaker) - 3 * RATE // 2
        said = self.speaker.cut(start, start + RATE // 2)
        first = self.microphone.at(self.speaker.time_of(start))
        return find(said, self.microphone.cut(first, first + RATE))[0] / RATE

    def echo_level(self) -> float:
        """dBFS of the robot's voice in the microphone, of late."""
        return speech_level(to_float(self.microphone.cut(len(self.microphone) - 2 * RATE)))


def _question(language: str) -> Pcm:
    file = paths.starter_models() / "questions" / f"{_QUESTIONS[language]}.wav"
    return to_int16(read_audio(file))


def on_rig(*overrides: str) -> Loaded:
    """The shipped configuration on the rig's devices."""
    return defaults(
        *("audio.input=rig_mic", "audio.output=rig_spk", "audio.echo=aec"),
        *("disclosure.notice=off", *overrides),
    )


@contextmanager
def room(directory: Path | None = None) -> Iterator[AudioRig]:
    """A virtual sound card in a room, as prompt as the system allows."""
    with AudioRig(directory) as rig:
        prioritise(rig.room(DELAY_MS, GAIN_DB, RT60).pid)
        prioritise(rig.pid)
        yield rig


@asynccontextmanager
async def stage(rig: AudioRig, loaded: Loaded) -> AsyncIterator[Stage]:
    """The robot, listening."""
    llm, voice, events = Storyteller(), LiftedVoice(loading.load_tts(loaded)), list[Event]()
    config = loaded.config
    with _in_place(llm, voice):
        async with (
            WatchedAudio(config.audio, config.vad, events.append) as audio,
            assemble(loaded, audio.listen, audio, events.append) as assistant,
        ):
            await audio.first_status()
            with Tape(rig, "speaker.monitor") as speaker, Tape(rig, "mic") as microphone:
                async with asyncio.TaskGroup() as tasks:
                    running = tasks.create_task(assistant.pipeline.run())
                    yield Stage(rig, audio, assistant, llm, voice, speaker, microphone, events)
                    running.cancel()


@contextmanager
def _in_place(llm: Storyteller, voice: LiftedVoice) -> Iterator[None]:
    """``loading`` gives these two instead of what is configured."""
    kept = {name: getattr(loading, name) for name in ("load_llm", "load_tts")}
    setattr(loading, "load_llm", lambda *_: llm)  # noqa: B010 - mypy knows its type
    setattr(loading, "load_tts", lambda loaded: voice)  # noqa: B010
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(loading, name, function)
