"""Live captions: what is understood while the user still speaks.

The growing utterance is transcribed again whenever the recogniser has nothing better to do. What
two hearings in a row agree on is shown as certain, and the language model reads it, so that only
the end of the utterance is new to it when the user is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .asr.agreement import LocalAgreement
from .conversation import Conversation
from .errors import EngineError
from .events import Captioned, Event
from .stages import Stages
from .types import Utterance

FIRST_SECONDS = 2.0
"""Of an utterance before its first caption: what is shorter is over before it could be read."""

EVERY_SECONDS = 0.7
"""Between two captions, at least."""

REST = 3.0
"""Times as long as a hearing took that the recogniser rests after it: it must be free most of the
time, for a hearing that has begun cannot be aborted and may hold up the one that matters."""


class Captions:
    """One utterance after another. It lives in the pipeline's task group."""

    def __init__(
        self, stages: Stages, conversation: Conversation, emit: Callable[[Event], None]
    ) -> None:
        self._stages = stages
        self._conversation = conversation
        self._emit = emit
        self._task: asyncio.Task[None] | None = None
        self._agreement = LocalAgreement()
        self._prepared = ""
        self._due = float("inf")

    def begin(self) -> None:
        """The user has begun to speak, or what was said is handed over and the rest is new."""
        self.pause()
        self._agreement, self._prepared = LocalAgreement(), ""
        self._due = _now() + FIRST_SECONDS

    def pause(self) -> None:
        """The recogniser is needed for something else."""
        if self._task is not None:
            self._task.cancel()

    def consider(
        self,
        tasks: asyncio.TaskGroup,
        so_far: Callable[[], Utterance | None],
        may_think: bool,
    ) -> None:
        """Hear what was said ``so_far`` if it is time. ``may_think``: whether the language model
        is idle as well."""
        if _now() < self._due or (self._task is not None and not self._task.done()):
            return
        utterance = so_far()
        if utterance is not None and utterance.seconds >= FIRST_SECONDS:
            self._task = tasks.create_task(self._caption(utterance, may_think))

    async def _caption(self, utterance: Utterance, may_think: bool) -> None:
        began = _now()
        try:
            heard = await self._stages.transcribe(utterance)
            stable, rest = self._agreement.push(heard.text)
            if stable or rest:
                self._emit(Captioned(_now(), stable, rest, heard.language))
            if may_think and stable != self._prepared:
                self._prepared = stable
                language = self._stages.mind.reply_language(heard)
                await self._stages.mind.prepare(self._conversation.preview(stable), language)
        except EngineError:
            pass  # whatever it is, the turn itself will meet it and tell
        finally:
            self._due = _now() + max(EVERY_SECONDS, REST * (_now() - began))


def _now() -> float:
    return asyncio.get_running_loop().time()
