"""A turn: one answer of the robot, from the user's pause to the last sample heard."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .conversation import Spoken
from .types import Evidence, SafeText, Speech, Transcript, Utterance

SENTENCES_AHEAD = 2
"""How far thinking may run ahead of synthesis."""

BLOCKS_AHEAD = 2
"""How far synthesis may run ahead of playing, in blocks of at most 0.25 s, besides what waits in
the loudspeaker (``audio.ahead_seconds``) and a block in each hand: less than 4 s in all."""

SILENCE = Utterance(np.zeros(0, np.float32), 0.0, 0.0)
"""What the user has said where the robot speaks of its own accord."""

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
    began: float = 0.0
    """Loop time at which thinking began."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once there is sound of the answer."""
    aside: Spoken | None = None
    """What is being said that is no part of the answer: a few words while it takes long."""
    heard_before: str = ""
    """What was heard in this turn before the present sound: such words, or what came before an
    apology."""
    sounded: bool = False
    finished: bool = False
    task: asyncio.Task[None] | None = None

    async def end(self) -> None:
        """Cancel the turn and wait until it is over."""
        while self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task])


def cancelled() -> bool:
    """Whether the present task is being cancelled, whatever error it meets meanwhile."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def whole(parts: Sequence[Utterance], last: Utterance) -> Utterance:
    """The sound of ``last``, with the evidence of all parts of an utterance that was cut."""
    if not parts:
        return last
    every = [*parts, last]
    voiced = [part.voiced for part in every if part.voiced is not None]
    likely = [(part.speech, part.voiced) for part in every if part.speech and part.voiced]
    seconds = sum(share for _, share in likely)
    return replace(
        last,
        start=parts[0].start,
        voiced=sum(voiced) if voiced else None,
        speech=sum(p * share for p, share in likely) / seconds if seconds else None,
        motion=max(part.motion for part in every),
    )


def joined(parts: Sequence[Transcript]) -> Transcript:
    """One transcript of an utterance that was heard in parts, which overlap a little.

    The words that one part ends with and the next begins with are kept once. Of the evidence the
    worst counts; the language is that of the last words.
    """
    spoken = [part for part in parts if part.text]
    if len(spoken) < 2:
        return spoken[0] if spoken else parts[-1]
    text, words = spoken[0].text, spoken[0].words
    for part in spoken[1:]:
        text = _spliced(text, part.text)
        end = words[-1].end if words else 0.0
        words += tuple(word for word in part.words if word.start + word.end >= 2 * end)
    evidence = [part.evidence for part in spoken]
    return Transcript(
        text,
        spoken[-1].language,
        min(part.confidence for part in spoken),
        min(part.language_confidence for part in spoken),
        Evidence(
            max(each.no_speech for each in evidence),
            min(each.log_probability for each in evidence),
            max(each.compression for each in evidence),
            next((each.retried for each in evidence if each.retried), ""),
        ),
        spoken[-1].choice,
        words,
    )


MOST_SHARED = 8
"""Words, or characters of a script without spaces, that fit into an overlap of half a second."""

_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['’][^\W{_UNSPACED}]+)*")
"""A word; of Japanese and Chinese, which have no spaces, a character."""


def _spliced(before: str, after: str) -> str:
    """Both texts, with the tokens that ``before`` ends with and ``after`` begins with once."""
    old, new = list(_TOKEN.finditer(before)), list(_TOKEN.finditer(after))
    for shared in range(min(MOST_SHARED, len(old), len(new)), 0, -1):
        if _plain(old[-shared:]) == _plain(new[:shared]):
            # A full stop there was the recogniser's guess: the sentence goes on.
            return before[: old[-1].end()] + after[new[shared - 1].end() :]
    unspaced = old and new and re.match(f"[{_UNSPACED}]{{2}}", old[-1].group() + new[0].group())
    return before + ("" if unspaced else " ") + after


def _plain(tokens: Sequence[re.Match[str]]) -> list[str]:
    texts = (unicodedata.normalize("NFKC", token.group()).casefold() for token in tokens)
    return [text.replace("’", "'") for text in texts]
