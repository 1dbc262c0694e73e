"""Which sentences the starter hears: a bilingual grammar, commands first.

A template is a pair of lists of forms, English and Korean, with slots that are filled in parallel,
so that every Korean sentence comes with its English translation. The templates lie in
``data/sentences.txt``, the words in ``data/slots.txt``, and the robot's own commands are read from
``configs/actions/base.toml``: whatever the body can be told is in the grammar.

    python -m scripts.starter.asr.grammar        # how large it is, and some sentences
"""

from __future__ import annotations

import random
import re
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .console import say
from .data import lines
from .numerals import number_slots

COMMANDS = Path(__file__).parents[3] / "configs" / "actions" / "base.toml"
ENGLISH, KOREAN = 0, 1
LANGUAGES = {"en": ENGLISH, "ko": KOREAN}
HELD_OUT = 12
"""One sentence with slots in this many is never trained on."""
SHORTEST_HELD_OUT = 12
"""Characters; shorter sentences are commands, which the robot must know by heart."""
COMMAND_WEIGHT = 0.25
"""Of each form of a command, relative to 1 for a template of small talk."""
PLEASE = (" 줘", " 주세요", " 줄래")
"""Endings that make a Korean command polite, where its verb takes them."""

Words = tuple[str, str]
Slots = Mapping[str, Sequence[Words]]

_SLOT = re.compile(r"\{(\w+?)(\d?)(?:\|([^}]+))?\}")
_PARTICLES = {
    "을": ("을", "를"), "이": ("이", "가"), "은": ("은", "는"), "으로": ("으로", "로"),
    "이야": ("이야", "야"), "이에요": ("이에요", "예요"), "과": ("과", "와"),
}  # fmt: skip
_RIEUL = 8
_FINALS = 28


@dataclass(frozen=True, slots=True)
class Template:
    """Forms of one sentence; the first English one is what the Korean ones are translated to."""

    weight: float
    english: tuple[str, ...]
    korean: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said, in English as well, and how many slots it had."""

    language: str
    text: str
    english: str
    slots: int

    @property
    def held_out(self) -> bool:
        """Whether it is kept from training: decided by its letters, so it never changes."""
        if self.slots == 0 or len(self.text) <= SHORTEST_HELD_OUT:
            return False
        return zlib.crc32(self.text.lower().encode()) % HELD_OUT == 0


class Grammar:
    """Draws sentences."""

    def __init__(self, templates: Sequence[Template], slots: Slots) -> None:
        self.templates = templates
        self.slots = slots
        self._weights = [template.weight for template in templates]
        self._english_of: dict[str, str] = {}  # one Korean form, one translation: the first
        for template in templates:
            for form in template.korean:
                self._english_of.setdefault(form, template.english[0])
        self._fixed = {
            written(form): written(english)
            for form, english in self._english_of.items()
            if "{" not in form
        }

    def draw(self, rng: random.Random, language: str) -> Sentence:
        """One sentence in ``language``, "en" or "ko"."""
        template = rng.choices(self.templates, weights=self._weights)[0]
        forms = template.korean if language == "ko" else template.english
        form = rng.choice(forms)
        english = self._english_of[form] if language == "ko" else form
        names = sorted({match[1] + match[2] for match in _SLOT.finditer(form + english)})
        filled = {name: rng.choice(self.slots[name.rstrip("0123456789")]) for name in names}
        translation = written(_fill(english, filled, ENGLISH))
        if language == "en":
            return Sentence("en", translation, translation, len(filled))
        text = written(_fill(form, filled, KOREAN))
        return Sentence("ko", text, self._fixed.get(text, translation), len(filled))


def load() -> Grammar:
    """The grammar of this folder and the robot's commands."""
    slots: dict[str, Sequence[Words]] = dict(number_slots())
    for line in lines("slots.txt"):
        name, words = line.split(": ", 1)
        pairs = (pair.split("=") for pair in words.split(", "))
        slots[name] = [(english, korean) for english, korean in pairs]
    templates = [_template(line) for line in lines("sentences.txt")]
    table = tomllib.loads(COMMANDS.read_text("utf-8"))
    for name, values in table["slots"].items():
        slots[name] = [
            (value["en"][0], korean) for value in values.values() for korean in value["ko"]
        ]
    return Grammar(templates + [_command(entry) for entry in table["command"]], slots)


def written(text: str) -> str:
    """As a sentence is written: a capital letter, a full stop, "an" before a vowel."""
    text = re.sub(r"\ba (?=[aeiou])", "an ", text.strip())
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in "?!." else text + "."


def with_particle(word: str, particle: str) -> str:
    """Append the form of a Korean particle that fits the word's last sound."""
    last = word[-1]
    final = (ord(last) - ord("가")) % _FINALS if "가" <= last <= "힣" else 0
    closed, opened = _PARTICLES[particle]
    light = final == 0 or (particle == "으로" and final == _RIEUL)
    return word + (opened if light else closed)


def _template(line: str) -> Template:
    weight, forms = line.split(" | ", 1)
    english, korean = forms.split(" = ")
    return Template(float(weight), tuple(english.split(" / ")), tuple(korean.split(" / ")))


def _command(entry: Mapping[str, Any]) -> Template:
    """A command's forms. One that has only Korean ones borrows "turn left" from its arguments."""
    korean = list(entry["ko"])
    # Only a verb that ends in an open vowel ("들어", "꺼", "봐") can be made polite like this.
    polite = [form for form in korean if form[-1] in "어아워와켜꺼봐여려와숙쳐가춰"]
    korean += [form + ending for form in polite for ending in PLEASE[:2]]
    english = entry.get("en") or [" ".join([entry["action"], *entry["arguments"].values()])]
    return Template(COMMAND_WEIGHT * len(korean), tuple(english), tuple(korean))


def _fill(form: str, filled: Mapping[str, Words], language: int) -> str:
    def word(match: re.Match[str]) -> str:
        value = filled[match[1] + match[2]][language]
        return with_particle(value, match[3]) if match[3] else value

    return _SLOT.sub(word, form)


def main() -> None:
    """Print statistics and examples."""
    grammar, rng = load(), random.Random(0)
    seen: dict[str, set[str]] = {"en": set(), "ko": set()}
    for index in range(60_000):
        sentence = grammar.draw(rng, "en" if index % 2 else "ko")
        seen[sentence.language].add(sentence.text)
        if index < 40:
            say(sentence.language, "|", sentence.text, "|", sentence.english, sentence.held_out)
    words = set(re.findall(r"[a-z']+", " ".join(seen["en"]).lower()))
    say(len(grammar.templates), "templates;", len(words), "English words;")
    say(len(set("".join(seen["ko"]))), "Korean characters")
    say("distinct sentences in 30 000 draws:", {name: len(texts) for name, texts in seen.items()})


if __name__ == "__main__":
    main()
