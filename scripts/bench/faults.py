"""Does anything unscreened reach the voice, whatever fails?

    python -m scripts.bench.faults [faults]

Conversations in virtual time: the real pipeline, mouth and screen between a scripted microphone,
model and voice (``tests.fakes``). In every other turn something goes wrong: an engine fails, hangs,
or answers when nobody waits for it any more; the model writes half words, broken code or without
end; the user interrupts. The model's replies are drawn from our own hurtful and benign sentences.
Each such turn is followed by one without a fault, which must be answered.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from robot_voice.errors import SafetyError
from robot_voice.safety import SafetyScreen
from robot_voice.safety.lexicon import read_data
from robot_voice.safety.templates import helpline
from robot_voice.safety_config import SafetyConfig
from robot_voice.types import Draft, SafeText
from tests.fakes import World
from tests.screen_faults import WAYS, Trial, replies, trial
from tests.virtual_time import run

FAULTS = 600
AT_THE_SCREEN = ("screen times out", "screen is cancelled", "screen answers late")
IN_THE_TEXT = (
    *("half words", "broken code", "odd marks", "no full stop", "without end", "empty tokens"),
    "interrupted",
)
"""Kinds that always come about: the model writes so, or the user does it."""

PERIOD = 14.0
"""Virtual seconds from one fault to the next."""

_NUMBER = re.compile(r"number (\d+)")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass
class Result:
    """What came of it."""

    faults: Counter[str] = field(default_factory=Counter)
    """By kind."""
    spoken: int = 0
    """Sentences that reached the voice."""
    replaced: int = 0
    """Of these, how many the screen had put in a sentence's place."""
    unscreened: list[str] = field(default_factory=list)
    """What reached the voice though the screen had not passed it, or would not pass it alone."""
    dead: list[str] = field(default_factory=list)
    """Faults after which the next question was not answered."""

    def add(self, other: Result) -> None:
        self.faults.update(other.faults)
        self.spoken += other.spoken
        self.replaced += other.replaced
        self.unscreened += other.unscreened
        self.dead += other.dead


# --- a conversation ------------------------------------------------------------


class Rewrites(Mapping[str, str]):
    """Whatever is to be written anew becomes what the present trial says."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __getitem__(self, text: str) -> str:
        return self._stage.rewriting()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


CLEAN = "The bus at stop {} leaves at nine."
"""A reply that the screen passes, whatever the number."""


class Stage:
    """The fakes of one conversation, and what they notice."""

    def __init__(self, trials: Sequence[Trial], screen: SafetyScreen) -> None:
        """``screen`` asks for a sentence to be written anew; what it has passed is judged by
        another."""
        self._trials = trials
        self._screen = screen
        self._steps = 0
        self._late: set[asyncio.Task[SafeText]] = set()
        self.present = Trial("none")
        self.passed: list[tuple[Draft, SafeText]] = []
        self.world = World(
            reply=lambda text: text,
            tokens=self._tokens,
            mishap=self._fails,
            gate=self.gate,
            rewrites=Rewrites(self),
            llm_seconds_per_token=0.005,
            speech_seconds_per_letter=0.03,
        )
        for number, made in enumerate(trials):
            at = 0.5 + number * PERIOD
            self.world.user(at, at + 1, f"which bus is number {2 * number}?")
            if made.interrupted is not None:
                begin = at + made.interrupted
                self.world.user(begin, begin + 0.7, "wait a moment.")
            at += PERIOD - 5.0
            self.world.user(at, at + 1, f"which bus is number {2 * number + 1}?")

    @property
    def seconds(self) -> float:
        return len(self._trials) * PERIOD + 6.0

    async def gate(self, draft: Draft) -> SafeText:
        """The real screen, and what becomes of its answer."""
        kind = self.present.kind
        due = kind in AT_THE_SCREEN and self._due()
        if kind == "screen times out" and due:
            try:
                async with asyncio.timeout(1.0):
                    await asyncio.sleep(60.0)
            except TimeoutError:
                raise SafetyError("no answer") from None  # as ``worker.Worker`` has it
        if kind == "screen is cancelled" and due:
            raise asyncio.CancelledError
        if kind == "screen answers late" and due:
            task = asyncio.get_running_loop().create_task(self._answer_late(draft))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return await asyncio.shield(task)
        return self._screened(draft)

    async def _answer_late(self, draft: Draft) -> SafeText:
        await asyncio.sleep(0.6)
        return self._screened(draft)

    def _screened(self, draft: Draft) -> SafeText:
        safe = self._screen.screen(draft)
        self.passed.append((draft, safe))
        return safe

    def rewriting(self) -> str:
        """What the model makes of a sentence."""
        if self.present.kind.startswith("rewriting") and not self.present.fails:
            self.present.struck = True
        return self.present.again

    def _due(self) -> bool:
        self._steps += 1
        due = self._steps > self.present.after
        self.present.struck = self.present.struck or due
        return due

    def _tokens(self, text: str) -> Sequence[str]:
        """The reply to these words begins."""
        numbers = _NUMBER.findall(text)
        self._steps = 0
        if not numbers:  # words that interrupted
            return ["All right."]
        number = int(numbers[-1])
        if number % 2 == 0:
            self.present = self._trials[number // 2]
            self.present.struck = self.present.kind in IN_THE_TEXT
            return self.present.tokens
        self.present = Trial("none")
        return [CLEAN.format(number)]

    def _fails(self, engine: str) -> bool:
        return engine == self.present.fails and self._due()

    def result(self, judge: SafetyScreen) -> Result:
        """What came of it. ``judge`` is asked about every sentence once more, alone."""
        result = Result(Counter(made.kind for made in self._trials if made.struck))
        given = {id(safe): draft for draft, safe in self.passed}
        latest = 0
        for spoken in self.world.voiced:
            draft = given.get(id(spoken))
            turn = max(map(int, _NUMBER.findall(draft.user if draft else "")), default=latest)
            result.spoken += 1
            result.replaced += spoken.text in templates()
            if draft is None or turn < latest or not _may_be_said(spoken, draft, judge):
                result.unscreened.append(spoken.text)
            latest = max(latest, turn)
        heard = " ".join(turn.heard for turn in self.world.turns())
        for number, made in enumerate(self._trials):
            if CLEAN.format(2 * number + 1) not in heard:
                result.dead.append(made.kind)
        return result


def _may_be_said(spoken: SafeText, draft: Draft, judge: SafetyScreen) -> bool:
    """Is it the very draft that was screened, and fine alone; or one of the screen's own?"""
    if spoken.text in templates():
        return True
    alone = judge.screen(Draft(spoken.text, spoken.language))
    return spoken.text == draft.text and not alone.ends_reply


def hold(trials: Sequence[Trial], screen: SafetyScreen, judge: SafetyScreen) -> Result:
    """A conversation with these faults."""
    stage = Stage(trials, screen)

    async def scenario() -> None:
        await stage.world.run(until=stage.seconds)

    run(scenario())
    return stage.result(judge)


def inject(number: int, seed: int = 5) -> Result:
    """At least so many faults that came about, of all kinds."""
    dice, total = random.Random(seed), Result()
    screen, judge = (SafetyScreen(SafetyConfig(), rewrites=True) for _ in range(2))
    pool = doubtful(judge)
    while total.faults.total() < number:
        kinds = dice.sample(list(WAYS), len(WAYS))
        total.add(hold([trial(kind, dice, pool) for kind in kinds], screen, judge))
    return total


def doubtful(screen: SafetyScreen) -> Sequence[str]:
    """Some of our own sentences that the screen would have written anew."""
    ours = random.Random(1).sample([text for texts in replies() for text in texts], 1500)
    said = ((text, screen.screen(Draft(text, "en", "which bus is number 1?"))) for text in ours)
    return [text for text, safe in said if safe.action == "soften" and safe.text != text]


@cache
def templates() -> frozenset[str]:
    """The screen's own sentences, as they are spoken in English."""

    def spoken(text: str) -> str:
        return _PLACEHOLDER.sub(lambda kind: helpline("", "en", kind[1]), text)

    return frozenset(
        spoken(text) for texts in read_data("templates.toml")["en"].values() for text in texts
    )


def figures(result: Result) -> dict[str, Any]:
    return {
        "faults": result.faults.total(),
        "unscreened": len(result.unscreened),
        "spoken": result.spoken,
        "replaced": result.replaced,
        "dead": len(result.dead),
        "kinds": dict(sorted(result.faults.items())),
    }


def main() -> None:
    from .common import save

    result = inject(int(sys.argv[1]) if len(sys.argv) > 1 else FAULTS)
    for text in (*result.unscreened, *result.dead):
        sys.stdout.write(f"{text!r}\n")
    sys.stdout.write(f"{figures(result)}\n")
    save("safety_faults", figures(result))


if __name__ == "__main__":
    main()
