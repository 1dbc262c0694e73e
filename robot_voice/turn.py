"""A turn: one answer of the robot, from the user's pause to the last sample heard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from .conversation import Spoken
from .types import SafeText, Speech, Transcript, Utterance

SENTENCES_AHEAD = 2
"""How far thinking may run ahead of synthesis."""

BLOCKS_AHEAD = 16
"""How far synthesis may run ahead of playing, in blocks of at most 0.25 s."""

NOT_UNDERSTOOD = Transcript("", "", 0.0, 0.0)


@dataclass(slots=True)
class Turn:
    """What the pipeline knows of it. Everything it starts lives inside ``task``."""

    number: int
    utterance: Utterance
    transcript: Transcript = NOT_UNDERSTOOD
    unclear: bool = False
    """Whether there were words the robot does not believe, so that it asks for them again."""
    patience: float | None = None
    """Seconds of silence to wait for; None until the words are known."""
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    sentences: asyncio.Queue[SafeText | None] = field(
        default_factory=lambda: asyncio.Queue(SENTENCES_AHEAD)
    )
    blocks: asyncio.Queue[Speech | None] = field(
        default_factory=lambda: asyncio.Queue(BLOCKS_AHEAD)
    )
    spoken: Spoken = field(default_factory=Spoken)
    """The sentences in ``blocks``, and where in the sound each begins and ends."""
    heard_before: str = ""
    """What was heard of an answer that failed, before the apology for it."""
    sounded: bool = False
    finished: bool = False
    task: asyncio.Task[None] | None = None

    async def end(self) -> None:
        """Cancel the turn and wait until it is over."""
        while self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task])


def joined(parts: Sequence[Transcript]) -> Transcript:
    """One transcript of an utterance that was heard in parts."""
    spoken = [part for part in parts if part.text]
    if len(spoken) < 2:
        return spoken[0] if spoken else parts[-1]
    return Transcript(
        " ".join(part.text for part in spoken),
        spoken[-1].language,
        min(part.confidence for part in spoken),
        min(part.language_confidence for part in spoken),
    )
