"""One exchange: what a user says about something, and the answer, as the settings want it."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from robot_voice import paths
from robot_voice.actions.commands import load_commands
from robot_voice.safety.policy import judge
from robot_voice.safety.rules import rules
from robot_voice.tts.sentences import SentenceSplitter
from robot_voice.types import Draft, Transcript

from .grammar import Words, noisy, read
from .korean import ends_closed, speak
from .prompts import Setting

HELD_PHRASES = 6
"""From this many phrasings on, an intent keeps its last one for the held-out dialogues."""

OFTEN = {
    **{"name": 5, "friends": 2, "words": 2, "color": 1, "food": 1, "animal": 1, "hobby": 1},
    **{"pet": 1, "home": 1, "job": 1, "friend": 1},
}
"""How often the user tells what."""
LISTS = {"friends": 1.0, "words": 1.0}

_CONTRACTIONS = (
    ("can't", "cannot"), ("won't", "will not"), ("n't", " not"), ("I'm", "I am"),
    ("I'd", "I would"),
    ("I'll", "I will"), ("You're", "You are"), ("you're", "you are"), ("That's", "That is"),
    ("that's", "that is"), ("It's", "It is"), ("it's", "it is"), ("I've", "I have"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said, what is answered, and what it was about."""

    user: str
    reply: str
    kind: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the user told: of which kind, the word itself, and the pet it is about, if any."""

    kind: str
    word: str
    pet: str
    language: str

    def can_be_said_in(self, language: str) -> bool:
        """Whether the word needs no translation."""
        return self.language == language or self.kind in ("name", "friend", "friends")


class Talk:
    """Makes the exchanges of one conversation."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.dice = words.dice
        self.intents = {
            name: table
            for file in ("feelings", "social", "world")
            for name, table in read(file).items()
        }
        self.memory = read("memory")
        self.follow = read("follow")
        self._commands = _phrases_of_commands()
        self._acknowledge = read("commands")
        self._said: set[str] = set()

    def begin(self) -> None:
        """Forget what was said: a new conversation."""
        self._said.clear()

    def about(self, name: str, setting: Setting, spoken: str = "") -> Turn:
        """An exchange about an intent. ``spoken``: the user's language, where it is another."""
        table = self.intents[name]
        fixed = self._fixed(setting) | self._shared(spoken or setting.language)
        user = self._user(table[spoken or setting.language], spoken or setting.language, fixed)
        reply = self._reply(table[f"{setting.language}_reply"], setting, fixed)
        return Turn(self._addressed(noisy(user, self.dice), fixed), reply, name, table["group"])

    def after(self, group: str, setting: Setting) -> Turn:
        """What may be said next, after something of this group."""
        table = self.follow[group]
        user = self._user(table[setting.language], setting.language, {})
        reply = self._reply(table[f"{setting.language}_reply"], setting, {})
        return Turn(noisy(user, self.dice), reply, f"after {group}")

    def command(self, setting: Setting) -> Turn:
        """A command of the table, told or asked for, and how it is acknowledged."""
        language = setting.language
        user, action, arguments = self.dice.choice(self._commands[language])
        slots = self._acknowledge["slots"]
        fixed = {slot: slots[slot][value][language] for slot, value in arguments.items()}
        done = self.words.fill(self._acknowledge["done"][action][language], language, fixed)
        reply = self._reply(self._acknowledge["acknowledge"][language], setting, {"done": done})
        user = noisy(_asked(user, language, self.dice), self.dice)
        return Turn(self._addressed(user, self._fixed(setting)), reply, "command")

    def tell(
        self, setting: Setting, known: frozenset[str], kinds: Mapping[str, float] = OFTEN
    ) -> tuple[Turn, Fact]:
        """The user tells something, of ``kinds`` by their weights, rather of one not ``known``."""
        weights = [0.05 * w if kind in known else w for kind, w in kinds.items()]
        kind = self.dice.choices(list(kinds), weights)[0]
        table, language = self.memory[kind], setting.language
        word, pet = self.words.told(table["value"], language), self.words.word("pet", language)
        fact = Fact(kind, word, pet, language)
        fixed = {"x": fact.word, "pet": fact.pet, "pet_ko": fact.pet}
        user = self._user(table[language], language, fixed)
        if self.dice.random() < 0.35:
            user = re.sub(r"[.,!?]+", "", user)
        reply = self._reply(table[f"{language}_ack"], setting, fixed)
        return Turn(user, reply, f"tell {kind}", "chat"), fact

    def recall(self, setting: Setting, fact: Fact) -> Turn:
        """The user asks for something told before."""
        table = self.memory[fact.kind]
        return self._ask(setting, fact, table[f"{setting.language}_recall"], f"recall {fact.kind}")

    def not_told(self, setting: Setting, known: frozenset[str]) -> Turn:
        """The user asks for something never told."""
        kinds = [kind for kind in self.memory if kind not in known]
        kind = "name" if "name" in kinds and self.dice.random() < 0.4 else self.dice.choice(kinds)
        fact = Fact(kind, "", self.words.word("pet", setting.language), setting.language)
        replies = self.memory[kind][f"{setting.language}_unknown"]
        return self._ask(setting, fact, replies, f"unknown {kind}")

    def _ask(self, setting: Setting, fact: Fact, replies: list[str], kind: str) -> Turn:
        fixed = {"x": fact.word, "pet": fact.pet, "pet_ko": fact.pet}
        asked = self._user(
            self.memory[fact.kind][f"{setting.language}_ask"], setting.language, fixed
        )
        return Turn(noisy(asked, self.dice), self._reply(replies, setting, fixed), kind)

    def _user(self, templates: list[str], language: str, fixed: dict[str, str]) -> str:
        held = len(templates) >= HELD_PHRASES
        if held and self.words.held and self.dice.random() < 0.7:
            template = templates[-1]
        else:
            template = self.dice.choice(templates[:-1] if held else templates)
        text = self.words.fill(template, language, fixed)
        return text[:1].upper() + text[1:]

    def _reply(self, templates: list[str], setting: Setting, fixed: dict[str, str]) -> str:
        """One of the replies, rather one not said yet, as long and in the tone that is wanted."""
        fresh = [template for template in templates if template not in self._said]
        template = self.dice.choice(fresh or templates)
        self._said.add(template)
        template = template.replace("{x@}", "<{x}님|{x}님|{x}{아/야}>")
        sentences = template.replace("{x=이야}", "{x}{이야/야}").split(" | ")
        if setting.detail == 1 or (setting.detail == 2 and self.dice.random() < 0.4):
            sentences = sentences[:1]
        text = self.words.fill(" ".join(sentences), setting.language, fixed)
        if setting.language == "ko":
            return speak(text, setting.level)
        if setting.formality == "formal":
            for short, full in _CONTRACTIONS:
                text = text.replace(short, full)
        return text

    def _fixed(self, setting: Setting) -> dict[str, str]:
        called = setting.name + ("아" if ends_closed(setting.name) else "야")
        return {"robot": setting.name, "robot_call": called}

    def _shared(self, language: str) -> dict[str, str]:
        """One animal for the user's words and the robot's."""
        return {"animal": self.words.word("animal", language)}

    def _addressed(self, user: str, fixed: dict[str, str]) -> str:
        if self.dice.random() > 0.05 or not user or fixed["robot"] in user:
            return user
        called = fixed["robot_call"] if "가" <= user[0] <= "힣" else fixed["robot"]
        return f"{called}, {user}"


def is_safe(turn: Turn, language: str) -> bool:
    """Whether the product's strictest screen lets every sentence of the reply pass.

    Only what the user said in despair is left out: there the program says its own words whatever
    the model wrote.
    """
    splitter = SentenceSplitter(language)
    previous = ""
    for sentence in chain(splitter.push(turn.reply), splitter.flush()):
        user = "" if turn.kind == "crisis" else turn.user
        verdict = judge(Draft(sentence, language, user, previous=previous), rules("child"))
        if verdict.action == "replace":
            return False
        previous = sentence
    return bool(previous)


def _phrases_of_commands() -> dict[str, list[tuple[str, str, dict[str, str]]]]:
    """By language: every phrase of the table, its action and arguments."""
    file: Path = paths.configs() / "actions" / "base.toml"
    table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    known = load_commands(file)
    found: dict[str, list[tuple[str, str, dict[str, str]]]] = {"en": [], "ko": []}
    for command in table["command"]:
        for language, phrases in found.items():
            for phrase in command.get(language, []):
                for text in _spelled_out(phrase, language, table["slots"]):
                    action = known.match(Transcript(text, language))
                    assert action is not None, text
                    phrases.append((text, action.name, dict(action.arguments)))
    return found


def _spelled_out(phrase: str, language: str, slots: dict[str, Any]) -> list[str]:
    found = re.search(r"\{(\w+)\}", phrase)
    if found is None:
        return [phrase]
    words = chain.from_iterable(value.get(language, ()) for value in slots[found[1]].values())
    return [phrase.replace(found[0], word) for word in words]


def _asked(phrase: str, language: str, dice: random.Random) -> str:
    """The plain phrase half of the time, else as a request."""
    if language == "en":
        forms = _REQUESTS["en"] if dice.random() < 0.5 else ("{}.",)
        text = dice.choice(forms).format(phrase)
        return text[:1].upper() + text[1:]
    bare = dice.random() < 0.4 or not _CAN_BE_ASKED.search(phrase)
    first = dice.choice(("", "", "", "이제 ", "지금 ", "좀 ", "한번 "))
    return first + phrase + ("." if bare else dice.choice(_REQUESTS["ko"]))


_REQUESTS = {
    "en": (
        *("Please {}.", "Can you {}?", "Could you {}, please?", "Would you {}?", "{}, please."),
        *("Please {} now.", "I want you to {}.", "Can you please {}?", "Now {}.", "Robot, {}."),
        *("Would you please {} for me?", "Will you {}?", "Hey, {}.", "Okay, now {}."),
    ),
    "ko": (
        " 줘.",
        " 줘.",
        " 주세요.",
        " 줄래?",
        " 봐.",
        " 볼래?",
        " 줄 수 있어?",
        " 줘요.",
        " 줄래요?",
    ),
}
_CAN_BE_ASKED = re.compile(
    r"(?<!앞으로 )(?<!뒤로 )(?:[아여해와켜꺼춰려봐들워내쳐]|돌아|[왼른]쪽으로 가)$"
)
