"""Which sentences teach which head, and how much each counts.

Two heads judge replies, since mixing drowns the small set in the large one: ``toxic`` learns from
people's comments, ``hurt`` from our own replies. ``context`` judges a reply to somebody who is
easily hurt just then (``tender``). The others read what the user says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from robot_voice.safety.disclosure import read_disclosure
from robot_voice.safety.lexicon import read_data
from robot_voice.tts.sentences import SentenceSplitter

from . import corpora
from .disguises import ENGLISH, KOREAN
from .sentences import EMOTIONS, Scene, Sentence, scenes, sentences
from .small_talk import GRAVE, LOW, small_talk

RUDE = ("h_insult", "h_profane", "h_obf", "h_sexual", "h_threat")
"""Functions that look like the comments on which ``toxic`` is trained."""

EASY = ("request", "boredom", "thanks", "joy")
"""Situations in which nobody is easily hurt: cheer is welcome, or at least harmless."""

TENDER = ("e_sadness", "e_anger", "e_fear", "n_sad")
"""Functions of users' words after which a reply has to fit; all crises are, too."""

URGENT = ("crisis", "third", "danger")

REPLY_HEADS = ("toxic", "hurt", "context")
USER_HEADS = ("urgent", *URGENT, "feedback", "abuse", "tender", *EMOTIONS)

Keep = Callable[[Sentence | Scene], bool]
"""Whether one of our own sentences is trained on; the others are to be tested on."""


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    positive: bool
    weight: float = 1.0


def everything(_: Sentence | Scene) -> bool:
    return True


OWN_IN_TOXIC = {"ko": 0.3, "en": 3.0}
"""How much one of our replies counts for ``toxic`` against a comment. English comments are toxic by
words that harmless replies have, too; Korean ones are not, and more would cost F1 there."""

CALM_WEIGHT = {"toxic": 3.0, "hurt": 8.0}
"""How much a sentence counts that no filter may stop: a false block is heard by everybody."""

CLEAN_WEIGHT = 0.4
"""How much a harmless comment counts for ``hurt``, which else takes quarrels of others for its own
matter: without them the F1 on comments falls by .07."""


def reply_examples(head: str, language: str, keep: Keep = everything) -> Iterator[Example]:
    """What a head for replies learns from. Lines of the open data that are held out never."""
    found = [scene for scene in scenes(language) if keep(scene)]
    if head == "context":
        for scene in found:
            yield Example(scene.bad, True)
            yield Example(scene.good, False)
        low = {talk.reply for talk in small_talk(language) if talk.kind in LOW}
        yield from (Example(text, False) for text in sorted(low))
        return
    own = OWN_IN_TOXIC[language] if head == "toxic" else 1.0
    for reply in sentences("replies", language):
        hurtful = reply.label == "1"
        if keep(reply) and (head == "hurt" or not hurtful or reply.function in RUDE):
            yield Example(reply.text, hurtful, own)
    calm = [scene.good for scene in found] + own_texts(language)
    calm += _with_sentences({talk.reply for talk in small_talk(language)}, language)
    yield from (Example(text, False) for text in calm)
    lines = [line.text for name in corpora.CALM[language] for line in _open(name)]
    yield from (Example(text, False, CALM_WEIGHT[head]) for text in lines)
    harmless = [r.text for r in sentences("replies", language) if r.label == "0" and keep(r)]
    yield from (Example(text, False) for text in disguised(harmless + lines, language))
    yield from _comments(head, language)


def _comments(head: str, language: str) -> Iterator[Example]:
    for name in corpora.TOXIC[language]:
        weight = corpora.WEIGHT.get(name, 1.0) if head == "toxic" else CLEAN_WEIGHT
        for line in _open(name):
            if head == "toxic" or not line.toxic:
                yield Example(line.text, line.toxic, weight)


DISGUISES = {
    "ko": ("digit", "sign", "spaced", "zero width", "jamo", "stretched"),
    "en": ("leet", "sign", "star", "spaced", "repeated", "zero width", "full width"),
}
"""The kinds that the open samples show. The filter meets the others unprepared."""


def disguised(texts: Sequence[str], language: str) -> Iterator[str]:
    """Every tenth of ``texts`` with a word written strangely, which makes it no worse."""
    kinds = KOREAN if language == "ko" else ENGLISH
    for number, text in enumerate(texts[::10]):
        dice = random.Random(number)
        words = text.split(" ")
        at = dice.randrange(len(words))
        words[at] = kinds[dice.choice(DISGUISES[language])](words[at], dice)
        yield " ".join(words)


def _with_sentences(texts: set[str], language: str) -> list[str]:
    """Replies, and each of their sentences alone: that is how the screen sees them."""
    found = set(texts)
    for text in texts:
        splitter = SentenceSplitter(language)
        found |= {*splitter.push(text), *splitter.flush()}
    return sorted(found)


def own_texts(language: str) -> list[str]:
    """The robot's fixed sentences."""
    found: list[str] = []
    for table in (read_data("templates.toml"), read_disclosure()["answer"]):
        found += _texts(table.get(language, {}))
    return found


def _texts(table: Any) -> Iterator[str]:
    if isinstance(table, str):
        yield table
    else:
        for part in table.values() if isinstance(table, dict) else table:
            yield from _texts(part)


def user_examples(head: str, language: str, keep: Keep = everything) -> Iterator[Example]:
    """What a head for users' words learns from."""
    users = [user for user in sentences("users", language) if keep(user)]
    if head in EMOTIONS:
        yield from _emotional(head, users, language)
        return
    for user in users:
        yield Example(user.text, _belongs(head, user))
    yield from (Example(text, False) for text in harmless_words(language, head == "tender"))
    if head == "tender":
        for scene in filter(keep, scenes(language)):
            yield Example(scene.user, scene.situation not in EASY)


def _belongs(head: str, user: Sentence) -> bool:
    if head == "urgent":
        return user.label in URGENT
    if head == "tender":
        return user.function in TENDER or user.label in URGENT
    return user.label == head


def harmless_words(language: str, at_ease: bool) -> list[str]:
    """What people say in small talk without being in danger; ``at_ease``: or feeling low."""
    without = LOW if at_ease else GRAVE
    talks = small_talk(language)
    return sorted({talk.user for talk in talks} - {t.user for t in talks if t.kind in without})


OWN_EMOTION = 4.0
"""How much one of our sentences counts against one of the thousands from comments: people speak to
a robot otherwise than they write in forums."""


def _emotional(head: str, users: list[Sentence], language: str) -> Iterator[Example]:
    for user in users:
        if user.label in EMOTIONS:
            yield Example(user.text, user.label == head, OWN_EMOTION)
        elif user.function == "n_sad":
            yield Example(user.text, head == "sadness", OWN_EMOTION / 4)
    plain = ("command", "who", "hello", "sum", "time", "weather", "abilities", "knowledge", "age")
    asked = {t.user for t in small_talk(language) if t.kind in plain or t.kind.startswith("recall")}
    yield from (Example(text, head == "neutral") for text in sorted(asked))
    for name in corpora.EMOTIONAL[language]:
        for line in _open(name):
            yield Example(line.text, head in line.label.split("|"))


def _open(name: str) -> Iterator[corpora.Line]:
    if corpora.present():
        yield from (line for line in corpora.corpus(name) if not line.held_out)
