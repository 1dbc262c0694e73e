"""A text that remembers where each of its characters came from. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Edit = str | Callable[[re.Match[str]], str]
Piece = tuple[int, int, str]
"""Where from, where to, and what shall stand there."""


@dataclass(frozen=True, slots=True)
class Traced:
    """``text``, whose i-th character stands for the original's ``starts[i]`` to ``ends[i]``."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Traced:
        """The original itself."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def over(self, count: int) -> int:
        """How many of the original's characters are over when ``text[:count]`` is: a character
        that became several is over with the last of them."""
        return self.starts[count] if count < len(self.starts) else max(self.ends, default=0)

    def same_length(self, text: str) -> Traced:
        """Other characters in the same places."""
        return Traced(text, self.starts, self.ends)

    def sub(self, pattern: re.Pattern[str], edit: Edit) -> Traced:
        """As ``re.sub`` (without groups in a replacement string). What a match becomes stands for
        the whole match, or character for character if it is as long."""
        return self.replace(
            (*match.span(), edit if isinstance(edit, str) else edit(match))
            for match in pattern.finditer(self.text)
        )

    def replace(self, pieces: Iterable[Piece]) -> Traced:
        """With other text in some places, each (start, end, new text), from left to right, none of
        them empty. The new text stands for its whole place, or character for character if it is
        as long."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for first, last, new in pieces:
            parts += (self.text[done:first], new)
            starts += self.starts[done:first]
            ends += self.ends[done:first]
            if len(new) == last - first:
                starts += self.starts[first:last]
                ends += self.ends[first:last]
            elif new:
                starts += [self.starts[first]] * len(new)
                ends += [self.ends[last - 1]] * len(new)
            done = last
        if not parts:
            return self
        parts.append(self.text[done:])
        starts += self.starts[done:]
        ends += self.ends[done:]
        return Traced("".join(parts), starts, ends)

    def thin(self, runs: re.Pattern[str], waste: re.Pattern[str]) -> Traced:
        """Without the characters that match ``waste``, within what matches ``runs``."""
        keep: list[int] = []
        done = 0
        for run in runs.finditer(self.text):
            first, last = run.span()
            keep += range(done, first)
            keep += (at for at in range(first, last) if not waste.match(self.text[at]))
            done = last
        if not done:
            return self
        keep += range(done, len(self.text))
        return Traced(
            "".join(self.text[at] for at in keep),
            [self.starts[at] for at in keep],
            [self.ends[at] for at in keep],
        )

    def strip(self) -> Traced:
        """Without white space at either end."""
        first = len(self.text) - len(self.text.lstrip())
        if first == 0 and not self.text[-1:].isspace():
            return self
        last = len(self.text.rstrip())
        return Traced(self.text[first:last], self.starts[first:last], self.ends[first:last])
