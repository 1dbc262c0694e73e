"""From the microphone to the loudspeaker.

The ears never stop. The mouth is a *turn*: one task. Cancelling it is the whole of barge-in, for
everything a turn starts lives inside that task.

    hear -> segment -> [ transcribe -> think -> screen -> synthesise -> play ]
                         one turn, one task

Waiting for certain silence before starting to work makes an assistant slow; acting before it
makes it rude. So a turn is

1. *speculative* from the soft end on: it transcribes, thinks, screens and synthesises, but the
   mouth stays shut, nothing is acted on and nothing is remembered. If the user goes on, it is
   cancelled without a trace, and the next soft end begins a new one with the whole utterance;
2. *committed* when the silence has lasted the endpoint policy's patience: the user's words
   enter the history, actions are submitted, the mouth opens;
3. *spoken*: what was heard of it enters the history when it ends, however it ends.

The user always has the floor: a voice holds the loudspeaker at once, words end the turn being
spoken, and a noise that held no words gives the robot its sentence back.

Words that were not clear are never acted on, answered or remembered: the robot asks for them
again, and after ``MAX_ASKED`` times in a row it waits for clear ones in silence. What may have been
a noise is asked for once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from .captions import Captions
from .conversation import Conversation
from .errors import EngineError, reasons
from .events import (
    ActionSubmitted,
    Committed,
    Dismissed,
    Event,
    Failed,
    Transcribed,
    TurnEnded,
    UserPaused,
    UserStarted,
    Withdrawn,
)
from .mouth import Mouth, now
from .stages import Speaker, Stages
from .turn import Turn, cancelled, joined, whole
from .types import (
    Judgement,
    SoftEnd,
    SpeechCut,
    SpeechResumed,
    SpeechStarted,
    Transcript,
    Utterance,
)
from .vad.endpoint import Dialogue
from .vad.segmenter import Segmenter

MAX_PARTS = 20
"""Parts of an over-long utterance that are kept; the oldest are forgotten first."""

MAX_ASKED = 2
"""Times in a row the robot asks for unclear words. Whoever was not understood twice needs no third
"pardon?", and a noisy room must not keep the robot talking."""

CLEAR_VOICE = 0.6
"""Seconds of voice without which a sound may have been a noise: two syllables, spoken slowly."""


class Pipeline:
    """Listens for ever, answers one turn and prepares at most one more."""

    def __init__(
        self,
        stages: Stages,
        segmenter: Segmenter,
        speaker: Speaker,
        conversation: Conversation,
        emit: Callable[[Event], None],
    ) -> None:
        self._stages = stages
        self._segmenter = segmenter
        self._speaker = speaker
        self._mouth = Mouth(stages, speaker, emit)
        self._captions = Captions(stages, conversation, emit)
        self._conversation = conversation
        self._emit = emit
        self._tasks = asyncio.TaskGroup()
        self._parts: list[asyncio.Task[Transcript | None]] = []  # bounded by MAX_PARTS
        self._cut: list[Utterance] = []  # what is known of their sound
        self._words: Transcript | None = None  # what was understood of the present utterance
        self._speculation: Turn | None = None
        self._answering: Turn | None = None
        self._turns = 0
        self._asked = 0  # times in a row
        self._user_speaks = False
        self._no_more_audio = False

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, and nobody is about to."""
        return not (self._user_speaks or self._speculation or self._answering)

    def motion(self, level: float) -> None:
        """From now on the robot's own motors are this loud: 0 not at all, 1 as loud as they get.
        What is heard meanwhile is doubted more."""
        self._segmenter.motion(level)

    async def interrupt(self) -> None:
        """Fall silent: end the turn being spoken, and the one being prepared."""
        self._withdraw()
        await self._end_answer()  # before the loudspeaker is given back: it may be held
        self._close_utterance()

    # --- the ears ------------------------------------------------------------

    async def run(self) -> None:
        """Listen until cancelled or until the audio ends, then finish what was begun."""
        async with self._tasks, self._stages.listen() as frames:
            async for heard in frames:
                for found in self._segmenter.push(heard):
                    self._take(found)
                self._commit_when_due()
                if self._speculation is None and not self._hearing_parts():
                    may_think = self._answering is None
                    self._captions.consider(self._tasks, self._segmenter.so_far, may_think)
            for found in self._segmenter.flush():
                self._take(found)
            self._no_more_audio = True
            self._commit_when_due()

    def _take(self, found: SpeechStarted | SpeechResumed | SoftEnd | SpeechCut) -> None:
        match found:
            case SpeechStarted():
                self._captions.begin()
                self._give_floor(True)
                self._emit(UserStarted(now()))
            case SpeechResumed():
                self._withdraw()
            case SoftEnd(utterance):
                self._speculate(utterance)
            case SpeechCut(utterance):
                self._captions.begin()
                self._parts.append(self._tasks.create_task(self._understand_part(utterance)))
                self._cut.append(replace(utterance, samples=utterance.samples[:0]))
                del self._parts[:-MAX_PARTS], self._cut[:-MAX_PARTS]

    def _hearing_parts(self) -> bool:
        return not all(part.done() for part in self._parts)

    def _give_floor(self, to_user: bool) -> None:
        self._user_speaks = to_user
        self._speaker.hold(to_user)

    # --- speculation and commit ----------------------------------------------

    def _speculate(self, utterance: Utterance) -> None:
        self._captions.pause()
        self._turns += 1
        turn = self._speculation = Turn(self._turns, utterance)
        self._emit(UserPaused(now(), turn.number, self._segmenter.silence))
        turn.task = self._tasks.create_task(self._take_turn(turn))

    def _withdraw(self) -> None:
        """The user went on: the speculative turn never was."""
        turn, self._speculation = self._speculation, None
        if turn is not None and turn.task is not None:
            turn.task.cancel()
            self._emit(Withdrawn(now(), turn.number))

    def _dismiss(self, turn: Turn, reason: str) -> None:
        """There were no words: go on as if nothing had been heard."""
        self._speculation = None
        self._close_utterance()
        self._emit(Dismissed(now(), turn.number, reason))

    def _close_utterance(self) -> None:
        self._segmenter.close()
        self._parts.clear()
        self._cut.clear()
        self._words = None
        self._give_floor(False)

    def _commit_when_due(self) -> None:
        turn, silence = self._speculation, self._segmenter.silence
        if turn is None or turn.patience is None:
            return
        if silence < turn.patience - 1e-6 and not self._no_more_audio:
            return
        self._speculation, self._answering = None, turn
        self._asked = self._asked + 1 if turn.unclear else 0
        self._conversation.add("user", turn.transcript.text)
        self._emit(Committed(now(), turn.number, turn.transcript, turn.patience, silence))
        for action in self._stages.act(turn.transcript) if turn.transcript.text else ():
            self._emit(ActionSubmitted(now(), turn.number, action))
        self._close_utterance()
        turn.committed.set()

    # --- the turn ------------------------------------------------------------

    async def _take_turn(self, turn: Turn) -> None:
        try:
            judgement, finished = await self._understand(turn)
            if judgement.verdict == "ignore":
                self._dismiss(turn, judgement.reason)
                return
            await self._end_answer()  # words end the turn being spoken
            messages = self._conversation.preview(turn.transcript.text)
            dialogue = Dialogue(question=self._conversation.question, finished=finished)
            turn.patience = self._stages.patience(turn.transcript, dialogue)
            times = self._asked
            self._commit_when_due()
            if turn.unclear:
                await self._mouth.ask_again(turn, times)
            else:
                await self._mouth.answer(turn, messages, self._stages.mind)
        except* EngineError as errors:
            if not cancelled():  # a task group prefers an error to the cancel that came with it
                self._emit(Failed(now(), turn.number, "; ".join(reasons(errors))))
                await self._apologise(turn)
        finally:
            self._end(turn)

    async def _understand(self, turn: Turn) -> tuple[Judgement, float | None]:
        """Give the turn its transcript: without text when its words are not believed. Returns
        what is thought of the words, and how likely the user is done by the sound alone."""
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
            judged = self._judge(transcript, utterance)
        if judged.verdict == "accept":
            self._words = transcript
        verdict, reason = judged.verdict, judged.reason
        motion = utterance.motion
        self._emit(Transcribed(now(), turn.number, transcript, verdict, reason, motion))
        turn.unclear = judged.verdict == "ask"
        accepted = judged.verdict == "accept"
        turn.transcript = transcript if accepted else replace(transcript, text="")
        return judged, sound.result()

    async def _finished(self, utterance: Utterance) -> float | None:
        try:
            return await self._stages.finished(utterance)
        except EngineError as error:
            self._emit(Failed(now(), 0, str(error)))
            return None

    def _judge(self, transcript: Transcript, utterance: Utterance) -> Judgement:
        if not transcript.text:
            return Judgement("ignore", "no words")
        judged = self._stages.judge(transcript, utterance)
        noise = utterance.voiced is not None and utterance.voiced < CLEAR_VOICE
        if judged.verdict == "ask" and self._asked >= (1 if noise else MAX_ASKED):
            return Judgement("ignore", judged.reason)
        return judged

    async def _understand_part(self, utterance: Utterance) -> Transcript | None:
        try:
            return await self._stages.transcribe(utterance)
        except EngineError as error:
            self._emit(Failed(now(), 0, str(error)))
            return None

    async def _apologise(self, turn: Turn) -> None:
        """Say that something failed, when it is the robot's turn to speak."""
        if turn.patience is None:  # nothing was understood
            if self._answering is not None:  # a cough, perhaps: no reason to end an answer
                self._dismiss(turn, "failed")
                return
            turn.patience = self._stages.patience(turn.transcript, Dialogue())
            self._commit_when_due()
        await self._mouth.apologise(turn)

    async def _end_answer(self) -> None:
        if self._answering is not None:
            await self._answering.end()

    def _end(self, turn: Turn) -> None:
        """Remember what was heard, and nothing of a turn that was never committed."""
        if not turn.committed.is_set():
            return
        heard = self._mouth.stop(turn)
        self._conversation.add("assistant", heard)
        self._answering = None
        self._emit(TurnEnded(now(), turn.number, heard, turn.finished))
