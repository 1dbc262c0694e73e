"""What the safety filter and its peers are asked about: open data that no head is trained on.

The samples (``hurtcheck_*``, ``crisis_*``, ``emo_*``, ``ctx``) are not trained on at all, of the
large sets a tenth (``corpora.Line.held_out``). ``obf_*`` is made from sentences of which most
are trained on in their plain form; ``disguised`` makes the same from held-out sentences, in kinds
that ``obf_*`` lacks.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from scripts.safety import corpora, disguises
from scripts.safety.sentences import Kind, sentences

LANGUAGES = ("ko", "en")
KINDS: tuple[Kind, ...] = ("replies", "users")
SEED = 5

CALM = {"sgd_system": "en", "songys_reply": "ko", "klue_sent": "ko"}
COMMENTS = {"kmhas": "ko", "curse_detection": "ko", "surge_toxicity": "en"}

SEVERE = ("h_insult", "h_profane", "h_threat", "h_selfharm", "h_sexual", "h_worth", "h_obf")

SEEN = {
    "ko": ("digit", "sign", "spaced", "zero width", "jamo", "stretched"),
    "en": ("leet", "star", "spaced", "repeated", "doubled", "zero width", "full width"),
}
"""Kinds of ``disguises`` that are in ``obf_*`` too, under names of their own."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text and what is known about it."""

    text: str
    language: str
    label: str
    """"1" for what must be caught; of an emotion its names, joined by ``|``."""
    group: str = ""
    """Function or kind."""
    user: str = ""
    trained: bool = False
    """Whether a head was trained on it, or on its plain form."""

    @property
    def positive(self) -> bool:
        return self.label == "1"


def language_of(text: str) -> str:
    return "ko" if re.search("[ㄱ-ㆎ가-힣]", text) else "en"


def sample(name: str) -> list[Case]:
    """A set as a whole, less the few that happen to be among our own sentences too."""
    return [
        Case(line.text, language_of(line.text), line.label, line.category, line.context)
        for line in corpora.corpus(name)
        if line.context or _letters(line.text) not in _our_own()
    ]


@cache
def _our_own() -> frozenset[str]:
    return frozenset(
        _letters(one.text)
        for language in LANGUAGES
        for kind in KINDS
        for one in sentences(kind, language)
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def held_out(name: str, language: str) -> list[Case]:
    """The tenth of a set that is never trained on."""
    return [
        Case(line.text, language, line.label, line.category)
        for line in corpora.corpus(name)
        if line.held_out
    ]


def obfuscated(language: str) -> list[Case]:
    """``obf_*``, with whether its plain sentence may have been trained on."""
    file = corpora.SHARED / "safety" / f"obf_{language}.jsonl"
    with file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Case(
            text=row["text"],
            language=language,
            label=str(row["label"]),
            group=row["cat"],
            trained=not _held_out(row["orig"]) and row["source"] != "obf:hurtcheck",
        )
        for row in rows
    ]


def _held_out(text: str) -> bool:
    return corpora.Line(text, "", "", "", "").held_out


def disguised(
    language: str, each: int, caught: Callable[[str], bool], alone: bool = False
) -> Iterator[Case]:
    """``each`` hurtful and as many harmless held-out sentences of every unseen kind, with one word
    disguised: in hurtful ones, of those that ``caught`` says are caught as they are, a word of the
    public lists; in harmless ones any. ``alone``: hurtful ones that are not caught without that
    word, and no others. Always the same ones for the same ``caught``."""
    dice = random.Random(SEED)
    kinds = disguises.KOREAN if language == "ko" else disguises.ENGLISH
    rude = [pair for pair in _rude(language) if caught(pair[0])]
    calm = [] if alone else _calm(language, dice)
    if alone:
        rude = [pair for pair in rude if not caught(_without(*pair))]
    for kind, disguise in kinds.items():
        if kind in SEEN[language]:
            continue
        for label, pairs in (("1", rude), ("0", calm)):
            made = 0
            for text, (start, end) in dice.sample(pairs, len(pairs)):
                word = text[start:end].lower()
                hidden = disguise(word, dice)
                if hidden != word and made < each:
                    made += 1
                    yield Case(f"{text[:start]}{hidden}{text[end:]}", language, label, kind)


def _without(text: str, span: tuple[int, int]) -> str:
    return text[: span[0]] + text[span[1] :]


def _rude(language: str) -> list[tuple[str, tuple[int, int]]]:
    """Toxic sentences never trained on, and where a bad word is in them."""
    pattern = word_pattern(bad_words(language, hard=True), language)
    found = []
    for name in corpora.TOXIC[language]:
        for case in held_out(name, language):
            hit = pattern.search(case.text)
            if hit and case.positive and len(case.text) <= MAX_CHARS:
                found.append((case.text, hit.span()))
    return found


def _calm(language: str, dice: random.Random) -> list[tuple[str, tuple[int, int]]]:
    word = re.compile("[가-힣]{2,}" if language == "ko" else "[A-Za-z]{4,}")
    found = []
    for name in corpora.CALM[language]:
        for case in held_out(name, language):
            spans = [hit.span() for hit in word.finditer(case.text)]
            if spans and len(case.text) <= MAX_CHARS:
                found.append((case.text, dice.choice(spans)))
    return found


MAX_CHARS = 200
"""Of a sentence that is disguised; comments may be much longer than what a robot says."""


@cache
def bad_words(language: str, hard: bool = False) -> frozenset[str]:
    """All public lists of a language together; ``hard``: words that are bad wherever they stand,
    of a script that can be disguised."""
    folder = corpora.SHARED / "safety" / "lexicons"
    words = set((folder / f"ldnoobw_{language}.txt").read_text("utf-8").splitlines())
    if language == "ko":
        config = json.loads((folder / "badwords.ko.config.json").read_text("utf-8"))
        words |= set(config["badWords"])
    if hard:
        plain = re.compile("[가-힣]{2,}" if language == "ko" else "[a-z]{4,}")
        return frozenset(word for word in words if plain.fullmatch(word))
    words |= set(json.loads((folder / "pruned_ko_en.json").read_text("utf-8"))[language])
    if language == "ko":
        words |= set((folder / "doublems_ko.txt").read_text("utf-8").splitlines())
    else:
        with (folder / "surge_en.csv").open(encoding="utf-8", newline="") as rows:
            words |= {row["text"] for row in csv.DictReader(rows)}
    return frozenset(word.strip().lower() for word in words if word.strip())


def pruned_words(language: str) -> frozenset[str]:
    """A list somebody has rid of what fires on harmless text."""
    file = corpora.SHARED / "safety" / "lexicons" / "pruned_ko_en.json"
    return frozenset(json.loads(file.read_text("utf-8"))[language])


def word_pattern(words: frozenset[str], language: str) -> re.Pattern[str]:
    """Any of the words: whole words in English, anywhere in Korean, which joins them."""
    one = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
    return re.compile(one if language == "ko" else rf"\b(?:{one})\b", re.I)
