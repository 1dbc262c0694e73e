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
again, and after ``MAX_ASKED`` times in a row it waits for clear ones in silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from .conversation import Conversation
from .errors import EngineError
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
from .turn import Turn, joined
from .types import (
    SoftEnd,
    SpeechCut,
    SpeechResumed,
    SpeechStarted,
    Transcript,
    Utterance,
    Verdict,
)
from .vad.segmenter import Segmenter

MAX_PARTS = 20
"""Parts of an over-long utterance that are kept; the oldest are forgotten first."""

MAX_ASKED = 2
"""Times in a row the robot asks for unclear words. Whoever was not understood twice needs no third
"pardon?", and a noisy room must not keep the robot talking."""


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
        self._conversation = conversation
        self._emit = emit
        self._tasks = asyncio.TaskGroup()
        self._parts: list[asyncio.Task[Transcript | None]] = []  # bounded by MAX_PARTS
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
            for found in self._segmenter.flush():
                self._take(found)
            self._no_more_audio = True
            self._commit_when_due()

    def _take(self, found: SpeechStarted | SpeechResumed | SoftEnd | SpeechCut) -> None:
        match found:
            case SpeechStarted():
                self._give_floor(True)
                self._emit(UserStarted(now()))
            case SpeechResumed():
                self._withdraw()
            case SoftEnd(utterance):
                self._speculate(utterance)
            case SpeechCut(utterance):
                self._parts.append(self._tasks.create_task(self._understand_part(utterance)))
                del self._parts[:-MAX_PARTS]

    def _give_floor(self, to_user: bool) -> None:
        self._user_speaks = to_user
        self._speaker.hold(to_user)

    # --- speculation and commit ----------------------------------------------

    def _speculate(self, utterance: Utterance) -> None:
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

    def _dismiss(self, turn: Turn) -> None:
        """There were no words: go on as if nothing had been heard."""
        self._speculation = None
        self._close_utterance()
        self._emit(Dismissed(now(), turn.number))

    def _close_utterance(self) -> None:
        self._segmenter.close()
        self._parts.clear()
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
            verdict = await self._understand(turn)
            if verdict == "ignore":
                self._dismiss(turn)
                return
            await self._end_answer()  # words end the turn being spoken
            messages = self._conversation.preview(turn.transcript.text)
            turn.patience = self._stages.patience(turn.transcript)
            self._commit_when_due()
            if verdict == "ask":
                await self._mouth.ask_again(turn)
            else:
                await self._mouth.answer(turn, messages)
        except* EngineError as errors:
            if not _cancelled():  # a task group prefers an error to the cancel that came with it
                self._emit(Failed(now(), turn.number, "; ".join(_messages(errors))))
                await self._apologise(turn)
        finally:
            self._end(turn)

    async def _understand(self, turn: Turn) -> Verdict:
        """Give the turn its transcript: without text when its words are not believed."""
        last = await self._stages.transcribe(turn.utterance)
        if self._parts:
            await asyncio.wait(self._parts)  # not awaited one by one: they outlive this turn
        parts = [part for task in self._parts if (part := task.result()) is not None]
        transcript = joined([*parts, last])
        if not transcript.text and self._words is not None:
            transcript = self._words  # they were in a shorter hearing of this very utterance
            verdict: Verdict = "accept"
        else:
            verdict = self._judge(transcript, turn.utterance)
        if verdict == "accept":
            self._words = transcript
        self._emit(Transcribed(now(), turn.number, transcript, verdict))
        turn.unclear = verdict == "ask"
        turn.transcript = transcript if verdict == "accept" else replace(transcript, text="")
        return verdict

    def _judge(self, transcript: Transcript, utterance: Utterance) -> Verdict:
        verdict = self._stages.judge(transcript, utterance) if transcript.text else "ignore"
        if verdict == "ignore" and transcript.text and self._parts:
            verdict = "ask"  # ``utterance`` is the end of something too long to be a noise
        return "ignore" if verdict == "ask" and self._asked >= MAX_ASKED else verdict

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
                self._dismiss(turn)
                return
            turn.patience = self._stages.patience(turn.transcript)
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


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _messages(group: BaseExceptionGroup[EngineError]) -> list[str]:
    return [
        message
        for error in group.exceptions
        for message in (_messages(error) if isinstance(error, BaseExceptionGroup) else [str(error)])
    ]
