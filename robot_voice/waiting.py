"""What is heard between the user's last word and the first of an answer that takes long.

Silence after a question makes people ask again. So a robot that will need more than
``FILLER_SECONDS`` says that it is thinking: once a turn, in other words each time, and never where
the user is not in the mood for it. A robot that is quick says nothing of the kind.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import deque
from collections.abc import Awaitable, Callable

from .stages import Meanwhile
from .turn import Turn
from .types import Speech

FILLER_SECONDS = 1.2
"""A longer silence than this is filled. People answer one another within 0.2 s, and hear trouble in
a silence from about 1 s on (Stivers et al., PNAS 2009; Jefferson 1989)."""

BEAT_SECONDS = 0.3
"""Silence before a filler that is known to be needed."""

SOUND_SECONDS = 0.5
"""Silence before the first sound of thinking."""

SOUND_EVERY = 1.6

REMEMBERED = 5
"""Answers by which the robot knows how long it usually takes."""


class Waiting:
    """Remembers how long answers take, and fills the time until one is ready."""

    def __init__(
        self, meanwhile: Meanwhile, sound: Callable[[Turn, str, Speech], Awaitable[None]]
    ) -> None:
        """``sound`` plays something that is not part of the answer, with the words it holds."""
        self._meanwhile = meanwhile
        self._sound = sound
        self._took: deque[float] = deque(maxlen=REMEMBERED)

    def ready(self, turn: Turn) -> None:
        """The first sound of the answer was made."""
        self._took.append(_now() - turn.began)
        turn.ready.set()

    async def until_ready(self, turn: Turn, language: str) -> None:
        """The mouth may open: fill the time until there is something to say."""
        begun = _now()
        usual = statistics.median(self._took) if self._took else 0.0
        late = turn.began + usual - begun > FILLER_SECONDS
        filler_at = begun + (BEAT_SECONDS if late else FILLER_SECONDS)
        sound_at = begun + SOUND_SECONDS if self._meanwhile.thinking else float("inf")
        while not await _is_set(turn.ready, min(filler_at, sound_at)):
            if sound_at <= filler_at and self._meanwhile.thinking is not None:
                sound_at += SOUND_EVERY
                await self._sound(turn, "", self._meanwhile.thinking)
                continue
            filler_at = float("inf")
            filler = self._meanwhile.filler(turn.transcript, language)
            if filler is not None:
                await self._sound(turn, filler[0].text, filler[1])


async def _is_set(event: asyncio.Event, deadline: float) -> bool:
    """Wait for ``event`` until ``deadline`` (loop time; infinite: for ever)."""
    if deadline == float("inf"):
        return await event.wait()
    try:
        async with asyncio.timeout_at(deadline):
            return await event.wait()
    except TimeoutError:
        return event.is_set()


def _now() -> float:
    return asyncio.get_running_loop().time()
