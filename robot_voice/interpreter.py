"""Two people, two languages: what one says is said again in the other's.

    hear -> segment -> [ transcribe -> translate -> screen -> synthesise ] -> play, one by one

Unlike in a conversation the floor is shared: whoever speaks goes on while the sentence before is
translated and spoken. So a voice neither holds the loudspeaker nor ends what is being said, and the
utterances wait in line for the mouth, each being prepared meanwhile. Nothing is remembered: every
utterance is translated for itself, and no robot command is obeyed but "stop".
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .errors import EngineError, reasons
from .events import (
    Committed,
    Dismissed,
    Event,
    Failed,
    StopRequested,
    Transcribed,
    TurnEnded,
    UserPaused,
    UserStarted,
    Withdrawn,
)
from .mouth import Mouth, now
from .pipeline import MAX_NEWS
from .stages import Mind, Prepared, Speaker, Stages
from .turn import NOT_UNDERSTOOD, SILENCE, Turn, cancelled
from .types import (
    SafeText,
    SoftEnd,
    Speech,
    SpeechCut,
    SpeechResumed,
    SpeechStarted,
    Stream,
    Transcript,
    Utterance,
)
from .vad.endpoint import Dialogue
from .vad.segmenter import Segmenter

WAITING = 8
"""Utterances that may wait for the mouth; of more, the oldest that waits is dropped, and told."""


@dataclass(frozen=True, slots=True)
class Translator:
    """What an interpreter can do besides a conversation's stages."""

    target: Callable[[str], str]
    """The language that something said in this language is translated into."""
    translate: Callable[[Utterance, Transcript, str], Stream[str]]
    """The translation into this language, piece by piece."""
    supports: Callable[[str, str], bool]
    """Whether the loaded models translate from the first language into the second."""
    refusal: Callable[[str], tuple[SafeText, Speech]]
    """What is said, in this language, where they do not; made beforehand."""


class Interpreter:
    """Takes the place of a ``Pipeline``: the same microphone, engines and events."""

    def __init__(
        self,
        stages: Stages,
        translator: Translator,
        segmenter: Segmenter,
        speaker: Speaker,
        emit: Callable[[Event], None],
    ) -> None:
        self._stages = stages
        self._translator = translator
        self._segmenter = segmenter
        self._mouth = Mouth(stages, speaker, emit)
        self._emit = emit
        self._tasks = asyncio.TaskGroup()
        self._hearing: Turn | None = None
        self._line: deque[Turn] = deque()  # bounded by WAITING; the first has the mouth
        self._news: deque[Prepared] = deque(maxlen=MAX_NEWS)
        self._turns = 0
        self._latest = NOT_UNDERSTOOD
        self._user_speaks = False
        self._no_more_audio = False

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, and nobody is about to."""
        return not (self._user_speaks or self._hearing or self._line)

    def motion(self, level: float) -> None:
        """As ``Pipeline.motion``."""
        self._segmenter.motion(level)

    def announce(self, news: Prepared) -> None:
        """Say this next, in the language that was spoken last."""
        self._news.append(news)

    def _tell_news(self) -> None:
        while self._news and len(self._line) < WAITING:
            self._turns += 1
            turn = Turn(self._turns, SILENCE, self._latest)
            turn.task = self._tasks.create_task(self._announce(turn, self._news.popleft()))
            self._line.append(turn)
            self._next()

    async def _announce(self, turn: Turn, news: Prepared) -> None:
        try:
            await self._mouth.announce(turn, news)
        finally:
            self._end(turn)

    async def interrupt(self) -> None:
        """Fall silent: drop all that is being said, prepared or waiting."""
        self._withdraw()
        for turn in list(self._line):
            await turn.end()
        self._close_utterance()

    async def run(self) -> None:
        """Listen until cancelled or until the audio ends, then finish what was begun."""
        async with self._tasks, self._stages.listen() as frames:
            async for heard in frames:
                for found in self._segmenter.push(heard):
                    self._take(found)
                self._commit_when_due()
                self._tell_news()
            for found in self._segmenter.flush():
                self._take(found)
            self._no_more_audio = True
            self._commit_when_due()

    # --- the ears ------------------------------------------------------------

    def _take(self, found: SpeechStarted | SpeechResumed | SoftEnd | SpeechCut) -> None:
        match found:
            case SpeechStarted():
                self._user_speaks = True
                self._emit(UserStarted(now()))
            case SpeechResumed():
                self._withdraw()
            case SoftEnd(utterance):
                self._hearing = self._begin(utterance)
            case SpeechCut(utterance):  # whoever speaks on and on is translated meanwhile
                self._queue(self._begin(utterance))

    def _begin(self, utterance: Utterance) -> Turn:
        self._turns += 1
        turn = Turn(self._turns, utterance)
        self._emit(UserPaused(now(), turn.number, self._segmenter.silence))
        turn.task = self._tasks.create_task(self._take_turn(turn))
        return turn

    def _withdraw(self) -> None:
        turn, self._hearing = self._hearing, None
        if turn is not None and turn.task is not None:
            turn.task.cancel()
            self._emit(Withdrawn(now(), turn.number))

    def _commit_when_due(self) -> None:
        turn, silence = self._hearing, self._segmenter.silence
        if turn is None or turn.patience is None:
            return
        if silence >= turn.patience - 1e-6 or self._no_more_audio:
            self._hearing = None
            self._close_utterance()
            self._queue(turn)

    def _close_utterance(self) -> None:
        self._segmenter.close()
        self._user_speaks = False

    # --- the mouth -----------------------------------------------------------

    def _queue(self, turn: Turn) -> None:
        """In line for the mouth."""
        if self._stages.stops(turn.transcript):
            self._drop(list(self._line))
        elif len(self._line) == WAITING:
            oldest = self._line[1]  # the first has the mouth
            self._emit(Failed(now(), oldest.number, "too much to translate at once: left out"))
            self._drop([oldest])
        self._line.append(turn)
        self._next()

    def _drop(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            if turn.task is not None:
                turn.task.cancel()

    def _next(self) -> None:
        """The first in line may speak."""
        if self._line and not self._line[0].committed.is_set():
            self._line[0].committed.set()
            self._tell_commit(self._line[0])

    def _tell_commit(self, turn: Turn) -> None:
        """Once it may speak and it is known what was said."""
        if turn.committed.is_set() and turn.transcript.text and turn.utterance is not SILENCE:
            silence, patience = self._segmenter.silence, turn.patience or 0.0
            self._emit(Committed(now(), turn.number, turn.transcript, patience, silence))

    async def _take_turn(self, turn: Turn) -> None:
        try:
            if await self._understand(turn):
                await self._interpret(turn)
        except* EngineError as errors:
            if not cancelled():
                self._emit(Failed(now(), turn.number, "; ".join(reasons(errors))))
                await self._apologise(turn)
        finally:
            self._end(turn)

    async def _apologise(self, turn: Turn) -> None:
        if turn.patience is None:  # nothing was understood
            turn.patience = self._stages.patience(turn.transcript, Dialogue())
            self._commit_when_due()
        await self._mouth.apologise(turn)

    async def _understand(self, turn: Turn) -> bool:
        """Give the turn its transcript. Whether there is anything to be said about it."""
        heard = await self._stages.transcribe(turn.utterance)
        judged = self._stages.judge(heard, turn.utterance) if heard.text else None
        if judged is None or judged.verdict == "ignore":
            self._dismiss(turn, judged.reason if judged else "no words")
            return False
        motion = turn.utterance.motion
        self._emit(Transcribed(now(), turn.number, heard, judged.verdict, judged.reason, motion))
        turn.unclear = judged.verdict == "ask"
        turn.transcript = replace(heard, text="") if turn.unclear else heard
        self._latest = turn.transcript
        if word := self._stages.stops(turn.transcript):
            self._emit(StopRequested(now(), word))
        turn.patience = self._stages.patience(turn.transcript, Dialogue())
        self._tell_commit(turn)
        self._commit_when_due()
        return True

    async def _interpret(self, turn: Turn) -> None:
        said, translator = turn.transcript, self._translator
        target = translator.target(said.language)
        if turn.unclear:
            await self._mouth.ask_again(turn, 0)
        elif self._stages.stops(said):
            await turn.committed.wait()  # which ended all that was being said
        elif not translator.supports(said.language, target):
            reason = f"the loaded models do not translate from {said.language} into {target}"
            self._emit(Failed(now(), turn.number, reason))
            await self._mouth.say(turn, *translator.refusal(said.language))
        else:
            await self._mouth.answer(turn, [], self._mind(turn, target))

    def _mind(self, turn: Turn, target: str) -> Mind:
        """One that answers with the translation of what was said, and with nothing of its own: it
        was not the interpreter to whom this was said."""
        mind = self._stages.mind
        return replace(
            mind,
            reply_language=lambda _: target,
            answer=_nothing,
            rewrite=None,
            closing=lambda _: None,
            screen=lambda draft: mind.screen(replace(draft, user="")),
            generate=lambda _, language: self._translator.translate(
                turn.utterance, turn.transcript, language
            ),
        )

    def _dismiss(self, turn: Turn, reason: str) -> None:
        if turn is self._hearing:
            self._hearing = None
            self._close_utterance()
        self._emit(Dismissed(now(), turn.number, reason))

    def _end(self, turn: Turn) -> None:
        """Make room for the next in line."""
        if turn not in self._line:
            return
        spoke = turn is self._line[0]
        self._line.remove(turn)
        if spoke:
            heard = self._mouth.stop(turn)
            if turn.transcript.text or heard:
                self._emit(TurnEnded(now(), turn.number, heard, turn.finished))
            self._next()


async def _nothing(transcript: Transcript, language: str, said: str) -> None:
    """No answer that is not the other person's."""
