"""The mouth: an answer, from the prompt to the last sample heard.

    think -> synthesise -> play

Three stages with a short queue between each, so that every one runs ahead of the next, but not
far. Thinking and synthesis begin while the user may still go on; playing waits for the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

from .conversation import Spoken
from .errors import TtsError
from .events import Event, FirstToken, ReplyReady, SentenceScreened, SpeakingStarted
from .reply import reply
from .stages import Mind, Prepared, Speaker, Stages
from .turn import Turn
from .types import Message, SafeText, Speech
from .waiting import Waiting

ANNOUNCE_SECONDS = 0.1
"""How long, after the last sample was heard, the news of the first may take."""


class Mouth:
    """Speaks one turn at a time. It is silenced by cancelling whoever awaits it."""

    def __init__(self, stages: Stages, speaker: Speaker, emit: Callable[[Event], None]) -> None:
        self._stages = stages
        self._speaker = speaker
        self._emit = emit
        self._waiting = Waiting(stages.meanwhile, self._aside)

    async def answer(self, turn: Turn, messages: Sequence[Message], mind: Mind) -> None:
        """Answer ``messages``. Raises a group of ``EngineError`` when an engine fails."""
        turn.began = now()
        # Playing is the body, not another child: a group whose child fails while it is already
        # exiting leaves its parent looking cancelled (Python 3.11), and the others end first.
        async with asyncio.TaskGroup() as stages:
            stages.create_task(self._think(turn, messages, mind))
            stages.create_task(self._synthesise(turn))
            await turn.committed.wait()
            await self._waiting.until_ready(turn, self._language(turn))
            await self._play(turn)
        turn.finished = True

    async def apologise(self, turn: Turn) -> None:
        """Say, in the place of the rest of the answer, that something failed."""
        await turn.committed.wait()
        turn.heard_before = self.stop(turn)
        if self._stages.meanwhile.error is not None:
            await self._aside(turn, "", self._stages.meanwhile.error)
        await self.say(turn, *self._stages.apology(self._language(turn)))

    async def ask_again(self, turn: Turn, times: int) -> None:
        """Ask the user to repeat what was not clear; ``times``: how often that was done before."""
        await self.say(turn, *self._stages.ask_again(self._language(turn), times))
        turn.finished = True

    async def announce(self, turn: Turn, news: Prepared) -> None:
        """Say what nobody has asked for."""
        await self.say(turn, *news(self._language(turn)))
        turn.finished = True

    async def say(self, turn: Turn, text: SafeText | None, speech: Speech) -> None:
        """Say what was made beforehand, once the mouth may open. ``text``: None for a sound that
        holds no words."""
        turn.spoken, turn.blocks = _whole(text.text if text else "", speech), asyncio.Queue(2)
        turn.blocks.put_nowait(speech)
        turn.blocks.put_nowait(None)
        await self._play(turn)

    def _language(self, turn: Turn) -> str:
        return self._stages.mind.reply_language(turn.transcript)

    def stop(self, turn: Turn) -> str:
        """Fall silent; return what was heard of the turn."""
        spoken, turn.aside = turn.aside or turn.spoken, None
        return f"{turn.heard_before} {spoken.until(self._speaker.stop())}".strip()

    async def _aside(self, turn: Turn, text: str, speech: Speech) -> None:
        """Play something that is no part of the answer, and wait until it was heard."""
        turn.aside = _whole(text, speech)
        await self._speaker.play(speech)
        await self._speaker.drain()
        turn.heard_before = self.stop(turn)

    async def _think(self, turn: Turn, messages: Sequence[Message], mind: Mind) -> None:
        def begun() -> None:
            self._emit(FirstToken(now(), turn.number))

        async with aclosing(reply(mind, turn.transcript, messages, begun)) as sentences:
            async for sentence in sentences:
                self._emit(SentenceScreened(now(), turn.number, sentence))
                await turn.sentences.put(sentence)
        await turn.sentences.put(None)

    async def _synthesise(self, turn: Turn) -> None:
        """Make sound, ahead of what is played, so that a sentence's length is known early."""
        while (sentence := await turn.sentences.get()) is not None:
            turn.spoken.begin(sentence.text)
            async with self._stages.synthesize(sentence) as speech:
                async for block in speech:
                    if turn.spoken.seconds == 0.0:
                        self._emit(ReplyReady(now(), turn.number))
                        self._waiting.ready(turn)
                    turn.spoken.extend(block.seconds, block.marks)
                    await turn.blocks.put(block)
            turn.spoken.finish()
        if turn.spoken.seconds == 0.0:
            raise TtsError("the voice made no sound")
        await turn.blocks.put(None)

    async def _play(self, turn: Turn) -> None:
        """Hand the sound to the loudspeaker, once the mouth may open, until all was heard."""
        await turn.committed.wait()
        async with asyncio.TaskGroup() as tasks:
            announcing = tasks.create_task(self._announce(turn))
            while (block := await turn.blocks.get()) is not None:
                await self._speaker.play(block)
            await self._speaker.drain()
            await asyncio.wait([announcing], timeout=ANNOUNCE_SECONDS)
            announcing.cancel()

    async def _announce(self, turn: Turn) -> None:
        await self._speaker.sounding()
        if not turn.sounded:
            turn.sounded = True
            self._emit(SpeakingStarted(now(), turn.number))


def _whole(text: str, speech: Speech) -> Spoken:
    """``speech``, which is all there is of ``text``."""
    spoken = Spoken()
    spoken.begin(text)
    spoken.extend(speech.seconds, speech.marks)
    spoken.finish()
    return spoken


def now() -> float:
    return asyncio.get_running_loop().time()
