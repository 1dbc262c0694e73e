"""What a chat model writes, as text that may be spoken. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence

STOPS = (
    "[INST]",
    "[/INST]",
    "</s>",
    "<s>",
    "<|im_end|>",
    "<|im_start|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end|>",
    "<|user|>",
    "<end_of_turn>",
    "<start_of_turn>",
)
"""Marks that end a reply though the model wrote them as plain text. Those that the vocabulary
knows as control tokens end it by themselves."""
_UNSPEAKABLE = {code: None for code in range(32) if chr(code) not in "\t\n"}
"""Control characters, which small models emit from byte tokens and no synthesiser takes."""


def readable(pieces: Iterable[bytes], stops: Sequence[str] = STOPS) -> Iterator[str]:
    """Bytes as text, piece by piece, up to the first of ``stops``.

    A character whose bytes are not all there yet is held back, and so is text that may be the
    beginning of a stop mark; what is still held back at the end is no speech. Dropped are bytes
    that make no character, control characters, and the space before and after the text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    held, begun = "", False
    for piece in pieces:
        held += decoder.decode(piece).translate(_UNSPEAKABLE)
        if not begun:
            held = held.lstrip()
        ends = [at for stop in stops if (at := held.find(stop)) >= 0]
        sure = min(ends) if ends else len(held) - _unsure(held, stops)
        sure = len(held[:sure].rstrip())
        if sure:
            begun = True
            yield held[:sure]
        if ends:
            return
        held = held[sure:]


def _unsure(text: str, stops: Sequence[str]) -> int:
    """The length of the longest end of ``text`` that begins one of ``stops``."""
    longest = min(len(text), max(map(len, stops), default=1) - 1)
    for length in range(longest, 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
