"""What is to become of a sentence: the rules, in the order they are asked. Pure.

1. The user says they want to die, or needs help from people at once: nothing the model wrote is
   said, a fixed script is.
2. A sentence that cannot be judged (too long, broken code, control characters) is not said, nor is
   one in another script than its language's, which its voice could not speak.
3. Words and phrases of the lexicon, in this sentence or completed by it.
4. The robot does not laugh at, praise or congratulate someone who is sad, hurt or afraid, and its
   answer to them begins with the feeling, unless something was to be done.
5. Asked whether it is human, it says what it is.

The floor cannot be lowered: ``sensitivity`` only adds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from robot_voice.types import Draft

from . import lexicon
from .emotion import SOBER, read_emotion
from .normalise import Views, is_sound, normalise

Sensitivity: TypeAlias = Literal["standard", "high", "child"]

MAX_CHARS = 400
"""Nobody listens to a longer sentence, and no rule here was tried on one."""

_CONTEXT_CHARS = 120
_LEAST_SEVERITY: dict[Sensitivity, int] = {"standard": 2, "high": 1, "child": 1}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a draft. ``template`` names the sentence said in its place."""

    action: Literal["pass", "replace", "crisis"]
    category: str = ""
    template: str = ""


PASS = Verdict("pass")


def judge(draft: Draft, sensitivity: Sensitivity = "standard") -> Verdict:
    """Whether ``draft`` may be said."""
    asked = normalise(draft.user[-2 * MAX_CHARS :]).strict
    verdict = _urgent(asked) or _unspeakable(draft)
    if verdict is not None:
        return verdict
    views = normalise(draft.text)
    category = _worst(views, draft.previous, _LEAST_SEVERITY[sensitivity])
    if category:
        return Verdict("replace", category, category)
    return _out_of_place(draft, views, asked) or PASS


def _urgent(asked: str) -> Verdict | None:
    """Does the user need people, now?"""
    for category in ("crisis", "emergency"):
        if _found(category, asked) and not _found("not_crisis", asked):
            return Verdict("crisis", category, category)
    return None


def _unspeakable(draft: Draft) -> Verdict | None:
    """Can the sentence not be judged, or not be spoken?"""
    if len(draft.text) > MAX_CHARS:
        return Verdict("replace", "too_long", "fallback")
    if not is_sound(draft.text):
        return Verdict("replace", "invalid", "fallback")
    if in_another_script(draft.text, draft.language):
        return Verdict("replace", "wrong_language", "wrong_language")
    return None


def _out_of_place(draft: Draft, views: Views, asked: str) -> Verdict | None:
    """Does the sentence not fit what the user said?"""
    feeling = read_emotion(draft.user[-MAX_CHARS:], draft.language)
    if feeling in SOBER and not _found("asked_for_fun", asked):
        cheerful = _found("cheer", views.strict)
        if cheerful or (feeling != "anger" and _is_cold(draft, views, asked)):
            return Verdict("replace", "out_of_place", str(feeling))
    evasive = not draft.previous and not _found("says_what", views.strict)
    if evasive and _found("asked_what", asked):
        return Verdict("replace", "disclosure", "human_claim")
    return None


def _is_cold(draft: Draft, views: Views, asked: str) -> bool:
    """Does an answer to sorrow, fear or pain begin with something else?"""
    begins = not draft.previous and draft.language in ("en", "ko")
    return begins and not (_found("empathy", views.strict) or _found("asked_to_do", asked))


def _found(kind: str, view: str) -> bool:
    return bool(_context()[kind].search(view))


def _worst(views: Views, previous: str, least: int) -> str:
    """The category of the worst rule that ``views`` breaks; empty when it breaks none."""
    rules = lexicon.load()
    hits = list(rules.hits(views))
    # The first clause of a reply is screened by itself: an insult may be dealt over two drafts.
    before = normalise(previous[-_CONTEXT_CHARS:]).strict
    if before and before[-1] not in ".!?。！？":
        hits += [h for h in rules.phrases(f"{before} {views.strict}") if h.end > len(before) + 1]
    found = [hit for hit in hits if hit.severity >= least]
    return max(found, key=lambda hit: hit.severity).category if found else ""


_SYLLABIC = {
    "ko": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]"),
    "ja": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
}
_ANY_SYLLABIC = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")

_FOREIGN_WORDS = 3
"""Latin words without a letter of the language's own: "Okay!" is said in Korean, too."""


def in_another_script(text: str, language: str) -> bool:
    """Whether ``text`` cannot be in ``language``, by its letters. Languages other than Korean,
    Japanese and Chinese are taken to be written without their scripts."""
    own = _SYLLABIC.get(language)
    if own is None:
        syllables = len(_ANY_SYLLABIC.findall(text))
        return syllables > len(re.findall(r"[A-Za-z\u00c0-\u024f]+", text))
    return not own.search(text) and len(_LATIN_WORD.findall(text)) >= _FOREIGN_WORDS


@cache
def _context() -> dict[str, re.Pattern[str]]:
    """The rules of all languages, each kind as one pattern."""
    data = lexicon.read_data("context.toml")
    return {
        kind: re.compile("|".join(f"(?:{p})" for patterns in table.values() for p in patterns))
        for kind, table in data.items()
    }
