"""Ways in which a turn can go wrong between the user's words and the robot's voice.

``scripts/bench/faults.py`` plays them and counts what slips through.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from scripts.safety.sentences import sentences

LONG = 10_000
"""Characters of a reply without end."""


@dataclass
class Trial:
    """One turn in which something goes wrong."""

    kind: str
    reply: str = ""
    tokens: Sequence[str] = ()
    again: str = ""
    """What the model writes when it is asked for a sentence again."""
    fails: str = ""
    """The engine that fails: screen, llm, rewrite or tts."""
    after: int = 0
    """Steps of the engine before it fails."""
    interrupted: float | None = None
    """When the user speaks again, in seconds after having asked."""
    struck: bool = False
    """Whether it came to that: a model that fails at its tenth token may have had but nine."""


def trial(kind: str, dice: random.Random, doubtful: Sequence[str]) -> Trial:
    """A fault of this kind, with all that is left to chance. ``doubtful``: sentences that the
    screen would have written anew."""
    hurtful, benign = replies()
    parts = [dice.choice(hurtful if dice.random() < 0.5 else benign) for _ in range(4)]
    if kind.startswith("rewriting"):
        parts = [dice.choice(doubtful), *parts]
    text = " ".join(parts[: dice.randint(1, 4)])
    made = Trial(kind, text, [f"{word} " for word in text.split()], dice.choice(benign))
    WAYS[kind](made, dice)
    return made


def _fails(engine: str, most_steps: int) -> Callable[[Trial, random.Random], None]:
    def prepare(made: Trial, dice: random.Random) -> None:
        made.fails, made.after = engine, dice.randint(0, most_steps)

    return prepare


def _halved(made: Trial, dice: random.Random) -> None:
    cuts = sorted(dice.sample(range(len(made.reply)), min(len(made.reply), dice.randint(1, 30))))
    made.tokens = [made.reply[a:b] for a, b in pairwise([0, *cuts, len(made.reply)])]


def _surrogates(made: Trial, dice: random.Random) -> None:
    _insert(made, dice, ["\ud83d", "\ude00", "\udcff", "a\ud800b"])


def _marks(made: Trial, dice: random.Random) -> None:
    _insert(made, dice, ["\u0301" * 40, "\u200b", "\u202e", "\x00", "\x07", "\ufeff", "\ue000"])


def _empty(made: Trial, dice: random.Random) -> None:
    if dice.random() < 0.3:
        made.tokens = [""] * dice.randint(0, 5)
    else:
        _insert(made, dice, ["", " ", "\n"])


def _insert(made: Trial, dice: random.Random, odd: Sequence[str]) -> None:
    tokens = list(made.tokens)
    for _ in range(dice.randint(1, 6)):
        tokens.insert(dice.randint(0, len(tokens)), dice.choice(odd))
    made.tokens = tokens


def _unpunctuated(made: Trial, dice: random.Random) -> None:
    words = re.sub(r"[^\w\s']", "", made.reply).split()
    made.tokens = [f"{word.lower()} " for word in words]


def _endless(made: Trial, dice: random.Random) -> None:
    letters = "".join(char for char in made.reply if unicodedata.category(char)[0] == "L") or "a"
    whole = "".join(dice.choice([letters, letters[::-1]]) for _ in range(LONG))[:LONG]
    size = dice.choice([50, LONG])
    made.tokens = [whole[at : at + size] for at in range(0, LONG, size)]


def _bad_rewriting(made: Trial, dice: random.Random) -> None:
    hurtful, benign = replies()
    made.again = f"{dice.choice(['', *benign])} {dice.choice(hurtful)}"


def _no_rewriting(made: Trial, dice: random.Random) -> None:
    made.again = dice.choice(["", " ", "---", "\ud83d", "\u200b"])


def _interrupted(made: Trial, dice: random.Random) -> None:
    made.interrupted = dice.uniform(1.2, 6.0)


def _interrupted_screen(made: Trial, dice: random.Random) -> None:
    made.interrupted, made.after = dice.uniform(1.2, 3.0), dice.randint(0, 2)


def _nothing(made: Trial, dice: random.Random) -> None:
    """The screen itself does it: see ``scripts.bench.faults``."""
    made.after = dice.randint(0, 2)


WAYS: Mapping[str, Callable[[Trial, random.Random], None]] = {
    "screen raises": _fails("screen", 2),
    "screen times out": _nothing,
    "screen answers late": _interrupted_screen,
    "screen is cancelled": _nothing,
    "model fails": _fails("llm", 12),
    "rewriting fails": _fails("rewrite", 6),
    "rewriting is bad": _bad_rewriting,
    "rewriting is empty": _no_rewriting,
    "voice fails": _fails("tts", 6),
    "half words": _halved,
    "broken code": _surrogates,
    "odd marks": _marks,
    "no full stop": _unpunctuated,
    "without end": _endless,
    "empty tokens": _empty,
    "interrupted": _interrupted,
}


@cache
def replies() -> tuple[Sequence[str], Sequence[str]]:
    """Our own in English: hurtful ones, and benign ones."""
    ours = sentences("replies", "en")
    return [s.text for s in ours if s.label == "1"], [s.text for s in ours if s.label == "0"]
