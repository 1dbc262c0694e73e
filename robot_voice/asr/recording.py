"""Long recordings, by the library's batched path: cut where nobody speaks, several pieces at once.

A piece is at most 10 s long: a subtitle that can be read, and the most that the starter model can
hear at a time. What fails a guard is decoded again alone, as an utterance would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from robot_voice.types import RATE, Passage, Samples, Utterance, Word

from .evidence import Decoded, decoded, failed_guard, nobody_spoke
from .windowed import WindowedWhisper

LONGEST = 10.0
"""Seconds of a piece."""
GAP = 0.6
"""Seconds of silence that part two pieces, though both would have room in one."""
PAD = 0.2
"""Seconds around the speech of a piece: first consonants are quiet."""
BATCH = 8
"""Pieces that are decoded together (the library's default)."""

Piece = tuple[float, float]
"""Start and end of a piece, in seconds."""


def speech(samples: Samples) -> list[Piece]:
    """Where somebody speaks, by Silero VAD, in pieces of at most ``LONGEST``.

    ``samples``: shape (n,), at ``RATE``.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # after ``windowed``

    options = VadOptions(
        max_speech_duration_s=LONGEST - 2 * PAD,
        min_silence_duration_ms=200,
        speech_pad_ms=round(1000 * PAD),
    )
    found = get_speech_timestamps(samples, options)
    return joined([(each["start"] / RATE, each["end"] / RATE) for each in found])


def joined(found: Sequence[Piece]) -> list[Piece]:
    """Neighbours in one piece where the silence between is short and there is room."""
    pieces: list[Piece] = []
    for start, end in found:
        if pieces and start - pieces[-1][1] <= GAP and end - pieces[-1][0] <= LONGEST:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces


def cut(samples: Samples, piece: Piece) -> Utterance:
    """A piece as an utterance of its own."""
    start, end = piece
    return Utterance(samples[round(start * RATE) : round(end * RATE)], start, end)


def passages(
    model: WindowedWhisper,
    samples: Samples,
    pieces: Sequence[Piece],
    options: Mapping[str, Any],
    again: Callable[[Piece], Decoded],
) -> Iterator[Passage]:
    """What was said in each piece; nothing where there were no words.

    ``options`` are those of the library's ``transcribe``; ``again`` hears a piece alone. The
    model must not be used for anything else meanwhile. Raises what the library raises.
    """
    from faster_whisper import BatchedInferencePipeline

    frames = model.frames
    clips = [{"start": start, "end": end} for start, end in pieces]
    found, _ = BatchedInferencePipeline(model).transcribe(
        samples, clip_timestamps=clips, batch_size=BATCH, **options
    )
    # A piece is one segment, except where the model writes time stamps nobody asked for.
    by_piece = (list(segments) for _, segments in groupby(found, key=lambda each: each.seek))
    for piece, segments in zip(pieces, by_piece, strict=True):
        words = tuple(
            Word(word.word.strip(), float(word.start), float(word.end), float(word.probability))
            for segment in segments
            for word in segment.words or ()
        )
        heard = decoded(segments, words)
        if failed_guard(heard, None, piece[1] - piece[0]):
            heard, model.frames = again(piece), frames
        if heard.text and not nobody_spoke(heard.evidence):
            yield Passage(*piece, heard.text, options["language"], heard.confidence, heard.words)
