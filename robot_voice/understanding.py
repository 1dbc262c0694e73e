"""From the sound of an utterance to words that are believed, and meant for the robot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from .errors import EngineError
from .events import Event, Failed, Transcribed
from .interjections import is_own_voice
from .stages import Stages
from .turn import Turn, joined, whole
from .types import Judgement, Transcript, Utterance

MAX_PARTS = 20
"""Parts of an over-long utterance that are kept; the oldest are forgotten first."""

MAX_ASKED = 2
"""Times in a row the robot asks for unclear words. Whoever was not understood twice needs no third
"pardon?", and a noisy room must not keep the robot talking."""

CLEAR_VOICE = 0.6
"""Seconds of voice without which a sound may have been a noise: two syllables, spoken slowly."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """What the robot is saying while somebody speaks."""

    said: str
    """All of the answer so far."""
    just_now: str
    """Of it, what sounded at the moment the voice was noticed."""


class Understanding:
    """One utterance after another, each perhaps heard several times and in parts."""

    def __init__(self, stages: Stages, emit: Callable[[Event], None]) -> None:
        self._stages = stages
        self._emit = emit
        self._parts: list[asyncio.Task[Transcript | None]] = []  # bounded by MAX_PARTS
        self._cut: list[Utterance] = []  # what is known of their sound
        self._words: Transcript | None = None  # what was understood of the present utterance
        self.asked = 0
        """How many times in a row the robot has asked for unclear words."""

    @property
    def busy(self) -> bool:
        """Whether a part of the present utterance is still being heard."""
        return not all(part.done() for part in self._parts)

    def cut(self, tasks: asyncio.TaskGroup, utterance: Utterance) -> None:
        """This is the beginning of an utterance that grew too long."""
        self._parts.append(tasks.create_task(self._hear_part(utterance)))
        self._cut.append(replace(utterance, samples=utterance.samples[:0]))
        del self._parts[:-MAX_PARTS], self._cut[:-MAX_PARTS]

    def committed(self, turn: Turn) -> None:
        """The user did say this."""
        self.asked = self.asked + 1 if turn.unclear else 0

    def forget(self) -> None:
        """The present utterance was answered, or was none."""
        self._parts.clear()
        self._cut.clear()
        self._words = None

    async def understand(
        self, turn: Turn, speaking: Callable[[], Speaking | None]
    ) -> tuple[Judgement, float | None]:
        """Give the turn its transcript: without text when its words are not believed. Returns
        what is thought of the words, and how likely the user is done by the sound alone.
        ``speaking`` tells what the robot is saying; None: it is silent. Raises ``AsrError``, in a
        group."""
        async with asyncio.TaskGroup() as tasks:
            sound = tasks.create_task(self._finished(turn.utterance))
            last = await self._stages.transcribe(turn.utterance)
        if self._parts:
            await asyncio.wait(self._parts)  # not awaited one by one: they outlive this turn
        parts = [part for task in self._parts if (part := task.result()) is not None]
        transcript, utterance = joined([*parts, last]), whole(self._cut, turn.utterance)
        if not transcript.text and self._words is not None:
            transcript = self._words  # they were in a shorter hearing of this very utterance
            judged = Judgement("accept")
        else:
            judged = self._judge(transcript, utterance, speaking())
        if judged.verdict == "accept":
            self._words = transcript
        verdict, reason = judged.verdict, judged.reason
        motion = utterance.motion
        self._emit(Transcribed(_now(), turn.number, transcript, verdict, reason, motion))
        turn.unclear = judged.verdict == "ask"
        accepted = judged.verdict == "accept"
        turn.transcript = transcript if accepted else replace(transcript, text="")
        return judged, sound.result()

    def _judge(
        self, transcript: Transcript, utterance: Utterance, speaking: Speaking | None
    ) -> Judgement:
        if not transcript.text:
            return Judgement("ignore", "no words")
        if speaking is not None and (reason := self._not_meant(transcript, utterance, speaking)):
            return Judgement("ignore", reason)
        judged = self._stages.judge(transcript, utterance)
        noise = utterance.voiced is not None and utterance.voiced < CLEAR_VOICE
        # In the midst of a sentence a sound of which nothing is certain is no reason to end it.
        most = MAX_ASKED if not noise else 1 if speaking is None else 0
        if judged.verdict == "ask" and self.asked >= most:
            return Judgement("ignore", judged.reason)
        return judged

    def _not_meant(self, transcript: Transcript, utterance: Utterance, speaking: Speaking) -> str:
        """Why these words are not for the robot; empty: they are."""
        if self._stages.stops(transcript):
            return ""
        if is_own_voice(transcript.text, utterance, speaking.just_now):
            return "own voice"
        asked = any(mark in speaking.said for mark in "?？")
        return "backchannel" if self._stages.backchannel(transcript) and not asked else ""

    async def _finished(self, utterance: Utterance) -> float | None:
        try:
            return await self._stages.finished(utterance)
        except EngineError as error:
            self._emit(Failed(_now(), 0, str(error)))
            return None

    async def _hear_part(self, utterance: Utterance) -> Transcript | None:
        try:
            return await self._stages.transcribe(utterance)
        except EngineError as error:
            self._emit(Failed(_now(), 0, str(error)))
            return None


def _now() -> float:
    return asyncio.get_running_loop().time()
