"""A scripted world: what the user says and when, and how long each engine takes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from robot_voice.conversation import Conversation
from robot_voice.errors import AsrError, EngineError, LlmError, SafetyError, TtsError
from robot_voice.events import Event, SpeakingStarted, TurnEnded
from robot_voice.interjections import Phrases
from robot_voice.llm.summary import Window
from robot_voice.pipeline import Pipeline
from robot_voice.safety.heads import Heads
from robot_voice.safety.reading import EMOTIONS
from robot_voice.stages import Meanwhile, Mind, Stages
from robot_voice.types import (
    RATE,
    Action,
    AudioFrame,
    Draft,
    Heard,
    Judgement,
    Message,
    SafeText,
    ScreenAction,
    Speech,
    Transcript,
    Utterance,
    Verdict,
)
from robot_voice.vad.endpoint import Dialogue, Patience, patience
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig

FRAME = 0.032
BLOCK = RATE // 4
STOPS, MURMURS = Phrases(["stop", "멈춰", "그만"], ["please"]), Phrases(["mm-hm", "응", "yes"])
PATIENCE = Patience(complete=0.4, unknown=0.6, unfinished=1.2)


class FakeSpeaker:
    """Plays in loop time, with a buffer of ``buffer`` seconds."""

    def __init__(self, buffer: float = 4.0) -> None:
        self._buffer = buffer
        self._queued = 0.0  # seconds waiting
        self._heard = 0.0
        self._since: float | None = None  # loop time up to which the playback is accounted for
        self._held = False
        self.sounded: list[tuple[float, float]] = []
        self.calls: list[str] = []

    async def play(self, speech: Speech) -> None:
        await self._until(lambda: self._queued <= self._buffer)
        self._settle()
        self._queued += speech.seconds

    async def sounding(self) -> None:
        await self._until(lambda: self._heard > 0)

    async def drain(self) -> None:
        await self._until(lambda: self._queued <= 1e-9)

    def hold(self, held: bool) -> None:
        self._settle()
        self._held = held
        self.calls.append("hold" if held else "release")

    def stop(self) -> float:
        self._settle()
        heard, self._heard, self._queued = self._heard, 0.0, 0.0
        self.calls.append("stop")
        return heard

    @property
    def heard(self) -> float:
        self._settle()
        return self._heard

    def _settle(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._since is not None and not self._held:
            played = min(now - self._since, self._queued)
            self._queued -= played
            self._heard += played
            if played > 0:
                self.sounded.append((self._since, self._since + played))
        self._since = now

    async def _until(self, ready: Callable[[], bool]) -> None:
        while True:
            self._settle()
            if ready():
                return
            await asyncio.sleep(0.01)


HEADS = {
    "reply": ("toxic", "hurt", "context"),
    "user": (*EMOTIONS, "urgent", "crisis", "third", "danger", "abuse", "feedback", "tender"),
}


@dataclass(frozen=True)
class FakeHeads(Heads):
    """Heads that give every sentence these probabilities, and all others next to none."""

    language: str = "en"
    groups: tuple[()] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    def logits(self, text: str, kind: str) -> dict[str, float]:
        return {name: _logit(self.scores.get(name, 0.001)) for name in HEADS[kind]}


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))


@dataclass
class World:
    """One script, one pipeline, and everything it emitted."""

    says: list[tuple[float, float, str]] = field(default_factory=list)
    """(from, to, words) - no words is a noise."""
    reply: Callable[[str], str] = lambda text: f"You said {text}."
    asr_seconds: float = 0.1
    llm_seconds_to_first: float = 0.3
    llm_seconds_per_token: float = 0.02
    tts_seconds: float = 0.1
    speech_seconds_per_letter: float = 0.07
    fails: str = ""
    """Which engine always fails: asr, llm, screen or tts."""
    mishap: Callable[[str], bool] = lambda engine: False
    """Asked at every step of an engine: does it fail just now?"""
    unheard: Callable[[Utterance], bool] = lambda utterance: False
    """Does the recogniser miss all words of this utterance?"""
    believed: Callable[[str], Verdict] = lambda text: "accept"
    """What the robot makes of these words."""
    answers: dict[str, str] = field(default_factory=dict)
    """Words that have an answer of their own, whatever the model thinks."""
    rewrites: Mapping[str, str] | None = None
    """What the model makes of a sentence that is to be softened; None: it cannot."""
    tokens: Callable[[str], Sequence[str]] = lambda text: [f"{word} " for word in text.split()]
    """The pieces in which a reply arrives."""
    gate: Callable[[Draft], Awaitable[SafeText]] | None = None
    """The screen, in the place of the fake one."""
    sounds_finished: Callable[[Utterance], float | None] = lambda utterance: None
    """What an acoustic turn model says."""
    meanwhile: Meanwhile = field(default_factory=lambda: Meanwhile(lambda words, language: None))
    """What is heard while the robot thinks."""
    window: Window | None = None
    """How much of the conversation the model is shown; None: as a conversation has it by itself."""
    summary: str = ""
    """What the model sums up; empty: it cannot."""
    max_seconds: float = 25.0
    events: list[Event] = field(default_factory=list)
    prompts: list[list[Message]] = field(default_factory=list)
    summed_up: list[list[Message]] = field(default_factory=list)
    """What the model was asked to sum up."""
    acted: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    voiced: list[SafeText] = field(default_factory=list)
    """What the voice was given to speak."""
    prepared: list[str] = field(default_factory=list)
    """What the model was given to read in advance: the user's words so far."""
    dialogues: list[Dialogue] = field(default_factory=list)
    active: int = 0
    speaker: FakeSpeaker = field(default_factory=FakeSpeaker)

    def user(self, start: float, end: float, words: str) -> Self:
        self.says.append((start, end, words))
        return self

    def pipeline(self, until: float) -> tuple[Pipeline, Conversation]:
        conversation = Conversation(window=self.window)
        stages = Stages(
            listen=lambda: self._hear(until),
            transcribe=self._transcribe,
            judge=lambda transcript, utterance: self._judge(transcript.text),
            finished=self._finished,
            patience=self._patience,
            stops=lambda transcript: STOPS.match(transcript.text),
            backchannel=lambda transcript: bool(MURMURS.match(transcript.text)),
            act=self._act,
            meanwhile=self.meanwhile,
            mind=Mind(
                generate=self._generate,
                reply_language=lambda transcript: transcript.language or "en",
                screen=self._screen,
                answer=self._answer,
                rewrite=self._rewrite if self.rewrites is not None else None,
                closing=lambda language: None,
                prepare=self._prepare,
                sum_up=self._sum_up if self.summary else None,
            ),
            synthesize=self._synthesize,
            apology=lambda language: (SafeText("Sorry.", language), self._sound("Sorry.")),
            ask_again=lambda language, times: self._pardon(language, times),
        )
        segmenter = Segmenter(SegmenterConfig(max_seconds=self.max_seconds))
        return Pipeline(
            stages, segmenter, self.speaker, conversation, self.events.append
        ), conversation

    def _judge(self, text: str) -> Judgement:
        verdict = self.believed(text)
        return Judgement(verdict, "" if verdict == "accept" else "unsure")

    async def _finished(self, utterance: Utterance) -> float | None:
        return self.sounds_finished(utterance)

    def _patience(self, transcript: Transcript, dialogue: Dialogue) -> float:
        self.dialogues.append(dialogue)
        return patience(transcript, PATIENCE, dialogue)

    def _pardon(self, language: str, times: int) -> tuple[SafeText, Speech]:
        text = ("Pardon?", "Repeat?")[times % 2]
        return SafeText(text, language), self._sound(text)

    async def _prepare(self, messages: Sequence[Message], language: str) -> None:
        await asyncio.sleep(self.llm_seconds_to_first)
        self.prepared.append(messages[-1].text if messages else "")

    async def run(self, until: float) -> Conversation:
        pipeline, conversation = self.pipeline(until)
        await pipeline.run()
        assert self.active == 0, "a stream was left open"
        assert pipeline.idle
        return conversation

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def turns(self) -> list[TurnEnded]:
        return [event for event in self.events if isinstance(event, TurnEnded)]

    def spoke_at(self) -> list[float]:
        return [event.at for event in self.events if isinstance(event, SpeakingStarted)]

    # --- engines -------------------------------------------------------------

    @asynccontextmanager
    async def _hear(self, until: float) -> AsyncGenerator[AsyncIterator[Heard]]:
        async def frames() -> AsyncIterator[Heard]:
            at = 0.0
            while at < until:
                await asyncio.sleep(FRAME)
                voiced = any(start <= at < end for start, end, _ in self.says)
                frame = AudioFrame(np.zeros(int(RATE * FRAME), np.float32), at)
                yield Heard(frame, 0.9 if voiced else 0.05)
                at += FRAME

        yield frames()

    async def _transcribe(self, utterance: Utterance) -> Transcript:
        await asyncio.sleep(self.asr_seconds)
        self._may_fail("asr", AsrError)
        if self.unheard(utterance):
            return Transcript("", "en")
        # A word is heard by whoever hears its beginning.
        end = utterance.start + utterance.seconds
        words = [w for start, _, w in self.says if utterance.start <= start < end]
        return Transcript(" ".join(filter(None, words)), "en")

    def _act(self, transcript: Transcript) -> list[Action]:
        self.acted.append(transcript.text)
        return [Action("noted", {"text": transcript.text})]

    @asynccontextmanager
    async def _generate(
        self, messages: Sequence[Message], language: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        self.prompts.append(list(messages))

        async def tokens() -> AsyncIterator[str]:
            await asyncio.sleep(self.llm_seconds_to_first)
            for token in self.tokens(self.reply(messages[-1].text)):
                self._may_fail("llm", LlmError)
                await asyncio.sleep(self.llm_seconds_per_token)
                yield token

        self.active += 1
        try:
            yield tokens()
        finally:
            self.active -= 1

    @asynccontextmanager
    async def _sum_up(
        self, messages: Sequence[Message], language: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        self.summed_up.append(list(messages))

        async def words() -> AsyncIterator[str]:
            for word in self.summary.split():
                await asyncio.sleep(self.llm_seconds_to_first)
                yield f"{word} "

        self.active += 1
        try:
            yield words()
        finally:
            self.active -= 1

    async def _answer(self, transcript: Transcript, language: str, said: str) -> SafeText | None:
        text = self.answers.get(transcript.text)
        return SafeText(text, language, "replace", "fixed") if text else None

    @asynccontextmanager
    async def _rewrite(self, draft: Draft) -> AsyncGenerator[AsyncIterator[str]]:
        async def tokens() -> AsyncIterator[str]:
            rewrites = {} if self.rewrites is None else self.rewrites
            for word in rewrites.get(draft.text, "").split(" "):
                self._may_fail("rewrite", LlmError)
                yield f"{word} "

        self.active += 1
        try:
            yield tokens()
        finally:
            self.active -= 1

    async def _screen(self, draft: Draft) -> SafeText:
        self.drafts.append(draft)
        self._may_fail("screen", SafetyError)
        if self.gate is not None:
            return await self.gate(draft)
        if "bomb" in draft.text:
            return SafeText("I would rather not say.", draft.language, "replace", "danger")
        if "rude" in draft.text:
            action: ScreenAction = "replace" if draft.again else "soften"
            return SafeText("Let me be kind.", draft.language, action, "rudeness")
        if draft.again:
            return SafeText(draft.text, draft.language, "soften", draft.again)
        return SafeText(draft.text, draft.language)

    @asynccontextmanager
    async def _synthesize(self, sentence: SafeText) -> AsyncGenerator[AsyncIterator[Speech]]:
        self.voiced.append(sentence)

        async def blocks() -> AsyncIterator[Speech]:
            await asyncio.sleep(self.tts_seconds)
            samples = self._sound(sentence.text).samples
            for start in range(0, len(samples), BLOCK):
                self._may_fail("tts", TtsError)
                yield Speech(samples[start : start + BLOCK], RATE)

        self.active += 1
        try:
            yield blocks()
        finally:
            self.active -= 1

    def _may_fail(self, engine: str, error: type[EngineError]) -> None:
        if self.fails == engine or self.mishap(engine):
            raise error(f"{engine} failed")

    def _sound(self, text: str) -> Speech:
        seconds = letters(text) * self.speech_seconds_per_letter
        return Speech(np.zeros(round(RATE * seconds), np.float32), RATE)


def letters(text: str) -> int:
    return len("".join(text.split()))
