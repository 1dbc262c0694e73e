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
spoken, and a noise that held no words gives the robot its sentence back, as does "mm-hm". "Stop!"
does not wait for a pause (``stopwatch``), nor for the language model.

Words that were not clear are never acted on, answered or remembered: the robot asks for them
again, and after ``MAX_ASKED`` times in a row it waits for clear ones in silence. What may have been
a noise is asked for once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from .captions import Captions
from .condense import Condenser, Diary
from .conversation import Conversation
from .errors import EngineError, reasons
from .events import (
    ActionSubmitted,
    Committed,
    Dismissed,
    Event,
    Failed,
    StopRequested,
    TurnEnded,
    UserPaused,
    UserStarted,
    Withdrawn,
)
from .interjections import OWN_AFTER, OWN_BEFORE
from .mouth import Mouth, now
from .stages import Prepared, Speaker, Stages
from .stopwatch import StopWatch
from .turn import NOT_UNDERSTOOD, SILENCE, Turn, cancelled
from .types import SoftEnd, SpeechCut, SpeechResumed, SpeechStarted, Utterance
from .understanding import Speaking, Understanding
from .vad.endpoint import Dialogue
from .vad.segmenter import Segmenter

MAX_NEWS = 3
"""Announcements that wait until nobody speaks; of more the oldest are dropped."""


class Pipeline:
    """Listens for ever, answers one turn and prepares at most one more."""

    def __init__(
        self,
        stages: Stages,
        segmenter: Segmenter,
        speaker: Speaker,
        conversation: Conversation,
        emit: Callable[[Event], None],
        diary: Diary | None = None,
    ) -> None:
        self._stages = stages
        self._segmenter = segmenter
        self._speaker = speaker
        self._mouth = Mouth(stages, speaker, emit)
        self._captions = Captions(stages, conversation, emit)
        self._condenser = Condenser(conversation.window, stages.mind, stages.mind.sum_up, diary)
        self._understanding = Understanding(stages, emit)
        self._stopwatch = StopWatch(stages, self._stop)
        self._conversation = conversation
        self._emit = emit
        self._tasks = asyncio.TaskGroup()
        self._news: deque[Prepared] = deque(maxlen=MAX_NEWS)
        self._speculation: Turn | None = None
        self._answering: Turn | None = None
        self._turns = 0
        self._latest = NOT_UNDERSTOOD  # words that were committed
        self._heard_at = 0.0  # seconds heard of the answer when the user began to speak
        self._user_speaks = False
        self._moving = False
        self._no_more_audio = False

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, and nobody is about to."""
        return not (self._user_speaks or self._speculation or self._answering)

    def motion(self, level: float) -> None:
        """From now on the robot's own motors are this loud: 0 not at all, 1 as loud as they get.
        What is heard meanwhile is doubted more."""
        self._moving = level > 0
        self._segmenter.motion(level)

    def announce(self, news: Prepared) -> None:
        """Say this when nobody speaks, in the language that was spoken last."""
        self._news.append(news)

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
                self._listen_in()
                self._tell_news()
                self._condenser.consider(self._tasks, self._latest if self.idle else None)
            self._condenser.consider(self._tasks, None)
            for found in self._segmenter.flush():
                self._take(found)
            self._no_more_audio = True
            self._commit_when_due()

    def _take(self, found: SpeechStarted | SpeechResumed | SoftEnd | SpeechCut) -> None:
        match found:
            case SpeechStarted():
                self._heard_at = self._speaker.heard
                self._give_floor(True)
                self._captions.begin()
                self._stopwatch.begin()
                self._emit(UserStarted(now()))
            case SpeechResumed():
                self._withdraw()
            case SoftEnd(utterance):
                self._speculate(utterance)
            case SpeechCut(utterance):
                self._captions.begin()
                self._understanding.cut(self._tasks, utterance)

    def _listen_in(self) -> None:
        """Hear what is being said, while there is nothing more important to hear."""
        if self._speculation is not None or self._understanding.busy:
            return
        if self._moving or self._answering is not None:
            self._stopwatch.consider(self._tasks, self._segmenter.so_far)
        self._captions.consider(self._tasks, self._segmenter.so_far, self._answering is None)

    def _stop(self, word: str) -> None:
        """ "Stop!", in the midst of an utterance, which goes on."""
        self._emit(StopRequested(now(), word))
        if self._answering is not None and self._answering.task is not None:
            self._answering.task.cancel()

    def _give_floor(self, to_user: bool) -> None:
        self._user_speaks = to_user
        self._speaker.hold(to_user)

    # --- speculation and commit ----------------------------------------------

    def _speculate(self, utterance: Utterance) -> None:
        self._captions.pause()
        self._stopwatch.pause()
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
        self._understanding.forget()
        self._give_floor(False)

    def _commit_when_due(self) -> None:
        turn, silence = self._speculation, self._segmenter.silence
        if turn is None or turn.patience is None:
            return
        if silence < turn.patience - 1e-6 and not self._no_more_audio:
            return
        self._speculation, self._answering = None, turn
        self._understanding.committed(turn)
        self._latest = turn.transcript
        self._conversation.add("user", turn.transcript.text)
        self._emit(Committed(now(), turn.number, turn.transcript, turn.patience, silence))
        for action in self._stages.act(turn.transcript) if turn.transcript.text else ():
            self._emit(ActionSubmitted(now(), turn.number, action))
        self._close_utterance()
        turn.committed.set()

    # --- the turn ------------------------------------------------------------

    async def _take_turn(self, turn: Turn) -> None:
        try:
            judgement, finished = await self._understanding.understand(turn, self._speaking)
            if judgement.verdict == "ignore":
                self._dismiss(turn, judgement.reason)
                return
            silent = self._asked_to_stop(turn)
            await self._end_answer()  # words end the turn being spoken
            messages = self._conversation.preview(turn.transcript.text)
            dialogue = Dialogue(question=self._conversation.question, finished=finished)
            turn.patience = self._stages.patience(turn.transcript, dialogue)
            times = self._understanding.asked
            self._commit_when_due()
            if silent:
                await turn.committed.wait()
                turn.finished = True
            elif turn.unclear:
                await self._mouth.ask_again(turn, times)
            else:
                await self._mouth.answer(turn, messages, self._stages.mind)
        except* EngineError as errors:
            if not cancelled():  # a task group prefers an error to the cancel that came with it
                self._emit(Failed(now(), turn.number, "; ".join(reasons(errors))))
                await self._apologise(turn)
        finally:
            self._end(turn)

    def _asked_to_stop(self, turn: Turn) -> bool:
        """Whether this was "stop", said to a robot that spoke or moved: silence is the answer."""
        word = self._stages.stops(turn.transcript)
        if word:
            self._emit(StopRequested(now(), word))
        busy = self._moving or self._stopwatch.stopped or self._answering is not None
        return bool(word) and busy

    def _speaking(self) -> Speaking | None:
        """What the robot is saying, while the user speaks."""
        if self._answering is None:
            return None
        spoken, at = self._answering.spoken, self._heard_at
        before, after = spoken.until(max(0.0, at - OWN_BEFORE)), spoken.until(at + OWN_AFTER)
        return Speaking(spoken.text, after[len(before) :])

    async def _apologise(self, turn: Turn) -> None:
        """Say that something failed, when it is the robot's turn to speak."""
        if turn.patience is None:  # nothing was understood
            if self._answering is not None:  # a cough, perhaps: no reason to end an answer
                self._dismiss(turn, "failed")
                return
            turn.patience = self._stages.patience(turn.transcript, Dialogue())
            self._commit_when_due()
        await self._mouth.apologise(turn)

    def _tell_news(self) -> None:
        if self._news and self.idle:
            self._turns += 1
            turn = self._answering = Turn(self._turns, SILENCE, self._latest)
            turn.committed.set()
            turn.task = self._tasks.create_task(self._announce(turn, self._news.popleft()))

    async def _announce(self, turn: Turn, news: Prepared) -> None:
        try:
            await self._mouth.announce(turn, news)
        finally:
            self._end(turn)

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
