"""Write dialogues: ``python -m scripts.starter.llm.dialogues.make OUT.jsonl --number 60000``.

Runs in the product's environment, whose prompts and whose screen it uses. One JSON object a line:
``system`` (text, or empty), ``turns`` (``user``, ``reply``, ``kind``, ``learn``: whether the reply
is in the language of the system message and so to be learnt).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from robot_voice.llm.prompt import KOREAN_NAME

from .grammar import Words
from .prompts import Setting, draw_setting
from .turns import LISTS, Fact, Talk, Turn, is_safe

_LENGTHS = ((1, 8), (2, 6), (3, 8), (4, 10), (6, 16), (8, 16), (10, 18), (12, 18))
"""Exchanges in a conversation, and how often."""
_WEIGHTS = {"low": 1.0, "good": 1.2, "open": 0.8, "close": 0.5, "self": 1.6, "manner": 1.0}
_WEIGHTS |= {"play": 1.0, "fact": 2.0, "refuse": 1.2, "chat": 1.2, "noise": 0.6, "answer": 0.5}
_WEIGHTS |= {"care": 1.2}
"""How often an intent is drawn, by its group."""
_GAMES = 0.25
"""Share of the dialogues that are short memory games."""
_OPENERS = ("hello", "hello", "hello", "morning", "evening", "how_are_you")
_CLOSERS = ("goodbye", "goodnight", "thanks")


class Maker:
    """Draws conversations; counts what the screen refused."""

    def __init__(self, seed: int, held: bool) -> None:
        self.dice = random.Random(f"{seed} {held}")
        self.words = Words(self.dice, held)
        self.talk = Talk(self.words)
        self.refused: Counter[str] = Counter()
        self._names = list(self.talk.intents)
        tables = self.talk.intents.values()
        self._weights = [_WEIGHTS[table["group"]] * table.get("weight", 1) for table in tables]

    def dialogue(self) -> dict[str, Any]:
        """One conversation, as it is written."""
        self.talk.begin()
        language = self.dice.choice(["en", "ko"])
        if self.dice.random() < _GAMES:
            return self._game(language)
        setting = draw_setting(self.words, language)
        length = self.dice.choices(*zip(*_LENGTHS, strict=True))[0]
        spoken = ""
        turns: list[dict[str, Any]] = []
        kind = self.dice.random()
        facts: dict[str, Fact] = {}
        if kind < 0.10 and length > 1:  # it began in the other language
            before = self._turns(self._other(setting), length // 2, facts)
            turns = [_entry(turn, learn=False) for turn in before]
            length -= length // 2
        elif kind < 0.13:  # the robot is set to answer in one language
            spoken = "ko" if language == "en" else "en"
        turns += [_entry(turn, learn=True) for turn in self._turns(setting, length, facts, spoken)]
        return {"system": setting.system, "language": language, "turns": turns}

    def _game(self, language: str) -> dict[str, Any]:
        """Several words to remember, and nothing else: what teaches copying fastest.

        Copying takes two layers of attention that find each other (Olsson et al., 2022); long lists
        of words nobody could guess make them do so early.
        """
        setting = draw_setting(self.words, language, plain=True)
        turn, fact = self.talk.tell(setting, frozenset(), LISTS)
        turns = [turn, *(self.talk.recall(setting, fact) for _ in range(self.dice.choice((1, 2))))]
        if not all(is_safe(turn, language) for turn in turns):
            return self._game(language)
        entries = [_entry(turn, learn=True) for turn in turns]
        return {"system": setting.system, "language": language, "turns": entries}

    def _other(self, setting: Setting) -> Setting:
        language = "ko" if setting.language == "en" else "en"
        names = {"Nuri": KOREAN_NAME, KOREAN_NAME: "Nuri"}
        return replace(setting, language=language, name=names.get(setting.name, setting.name))

    def _turns(
        self, setting: Setting, length: int, facts: dict[str, Fact], spoken: str = ""
    ) -> Iterator[Turn]:
        """``facts``: what the user has told; grows. ``spoken``: the user's language, if another."""
        group = ""
        for number in range(length):
            for _ in range(20):
                place = number / max(1, length - 1)
                turn = self._edge(setting, place, spoken)
                turn, fact = (turn, None) if turn else self._middle(setting, group, facts)
                if is_safe(turn, setting.language):
                    break
                self.refused[f"{turn.kind}: {turn.user} / {turn.reply}"] += 1
            else:
                raise RuntimeError(f"the screen refuses every answer: {turn}")
            if fact is not None:
                facts[fact.kind] = fact
            group = turn.group
            yield turn

    def _edge(self, setting: Setting, place: float, spoken: str) -> Turn | None:
        """A greeting, a farewell, or any turn in another language; ``place``: 0 first, 1 last."""
        if spoken:
            return self.talk.about(self._any(), setting, spoken)
        if place == 0 and self.dice.random() < 0.25:
            return self.talk.about(self.dice.choice(_OPENERS), setting)
        if place == 1 and self.dice.random() < 0.15:
            return self.talk.about(self.dice.choice(_CLOSERS), setting)
        return None

    def _middle(
        self, setting: Setting, group: str, facts: dict[str, Fact]
    ) -> tuple[Turn, Fact | None]:
        dice, talk = self.dice, self.talk
        draw = dice.random()
        if draw < 0.24:
            return talk.tell(setting, frozenset(facts))
        if draw < 0.27:
            return talk.not_told(setting, frozenset(facts)), None
        if draw < 0.34:
            return talk.command(setting), None
        if group in talk.follow and draw < 0.44:
            return talk.after(group, setting), None
        told = [fact for fact in facts.values() if fact.can_be_said_in(setting.language)]
        if told and draw < 0.74:
            return talk.recall(setting, dice.choice(told)), None
        return talk.about(self._any(), setting), None

    def _any(self) -> str:
        return self.dice.choices(self._names, self._weights)[0]


def _entry(turn: Turn, learn: bool) -> dict[str, Any]:
    return {"user": turn.user, "reply": turn.reply, "kind": turn.kind, "learn": learn}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--number", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held", action="store_true", help="with the held-out words and phrasings")
    options = parser.parse_args()
    maker = Maker(options.seed, options.held)
    with options.out.open("w", encoding="utf-8") as file:
        for _ in range(options.number):
            file.write(json.dumps(maker.dialogue(), ensure_ascii=False) + "\n")
    refused = sum(maker.refused.values())
    sys.stderr.write(f"{options.number} dialogues; the screen refused {refused} answers, as\n")
    for what, times in maker.refused.most_common(25):
        sys.stderr.write(f"  {times} x {what}\n")


if __name__ == "__main__":
    main()
