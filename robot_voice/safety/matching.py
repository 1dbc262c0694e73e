"""Whether a listed word that was found counts: where it begins and ends, and who says it. Pure.

Latin words are words between non-letters. Korean is written with endings and particles attached,
and words run together, so each rule says what may stand before and after (``lexicon.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from unicodedata import normalize

from robot_voice.traced import Traced

from .normalise import View, Views

Script: TypeAlias = Literal["latin", "hangul", "jamo", "other"]

_DENIED_BEFORE = re.compile(
    r"(?:(?:\bnot|n't|\bnever|\bnobody|\bno one) (?:\w+ )?(?:thinks?|believes?|mean|means|says?"
    r"|said|saying|call|calling|called|make|makes|true|because|agree)|\bno such thing|\bwho says"
    r"|\bwho said|\banyone who|\bwhoever|\beven if)\b[^.,!?;]{0,30}$"
)
_NOT_BEFORE = re.compile(r"(?:\bnot|n't|\bnever|\bno)(?: (?:an?|the|so|that|at all|really))?\s?$")
_REPORTED_BEFORE = re.compile(
    r"\b(?:feel(?:s|ing)? (?:like|that|as if)|(?:when|if) (?:people|someone|others|they|everyone)"
    r"|(?:they|he|she|someone|people|somebody) (?:said|says|say|told|tells?|called|calls?|thinks?)"
    r"|(?:make|makes|made) you (?:feel|think)|(?:the )?words?|you (?:said|say|asked|told|mentioned)"
    r"|(?:voice|thought|illness|guilt|depression|grief)\b[^.,!?;]{0,24}\b(?:say|tell|shout|whisper)\w*"
    r"|being told|to (?:say|hear|be told))\b[^.,!?;]{0,30}$"
)
_DENIED_AFTER = re.compile(r"^[^,.!?]{0,14}?(?:아니|아닙|않|없|라니요|다니요|말아|마세요|생각하지)")
_REPORTED_AFTER = re.compile(
    r"^[^.!?]{0,6}['\"]?\s?(?:라고|이라고|라는|이라는|다고|고)\s?(?:말|했|하|놀|부르|느|외)"
    r"|^['\"]?(?:[가-힣 ]{0,6}[라다]|이라|)['\"]?(?:는|이란) "
    r"(?:말|단어|표현|글자|욕|생각|소리|별명|느낌|기분)"
    r"|^[^.!?]{0,3}(?:이?라니|이?라고 ?(?:하[실셨신]|속|해서|까지))"
)
_CONTEXTS = {
    "medical": re.compile(
        r"\b(?:patients?|doctors?|diagnos\w+|cancer|screening|anatom\w+|medical\w*|infections?"
        r"|symptoms?|surgery|clinic\w*|nurses?|hospital|vaccine|health\w*|exam(?:ination)?s?"
        r"|disease|treat(?:ment|ed)|biolog\w+|gynecolog\w+|urolog\w+|pregnan\w+|hygiene)\b"
        r"|검진|진단|환자|의사|병원|수술|증상|질환|질병|치료|의학|감염|건강|진료|검사|백신|성병|피임|임신"
    ),
    "animal": re.compile(
        r"\b(?:dogs?|pupp(?:y|ies)|kennel|breed\w*|donkeys?|animals?|roosters?|hens?|farm\w*|cats?"
        r"|birds?|foxes|hunting)\b"
        r"|손가락|발가락|낳|젖|둥지|어미|부화|태어|강아지|고양이|동물|짖|들려|들리|출산|번식|분양|사육"
        r"|마리|펭귄|사자|호랑이|곰|토끼|어린 새|아기 새|물고기|알에서|수의사|반려"
    ),
}
_HANGUL_BEFORE = re.compile("[가-힣0-9]")
_LATIN_AROUND = re.compile("[a-z0-9@$]")
_JAMO_BEFORE = re.compile("[ㄱ-ㅊㅌㅍㄲ-ㅆ]")
_JAMO_AFTER = re.compile("(?:[ㅋㅎㅠㅜㅡ]+|ㅇㅇ)?(?![ㄱ-ㅎ])")
_WORD_TAIL = re.compile(
    "(?![가-힣])|[이가은는을를의에도만들로과와랑한께같처놈년넘새것짓임입아야하했해할함잖련럼라냐네죠지다]"
)
_LISTING = re.compile(r"(?<=[가-힣])[(,/·~:\-](?=[가-힣])")
"""Between two syllables, one of these is as likely to be punctuation as a disguise."""
_TAILS = {"any": re.compile(""), "word": _WORD_TAIL, "end": re.compile("(?![가-힣])")}
_APART_TAIL = re.compile("(?![가-힣])|[아야들놈년새것같련은는가도만을네로]")
_MOSTLY_DIGITS = 4
"""Characters of a word that may be mostly digits: "5h17" is one, "a55" is a road."""


@dataclass(frozen=True, slots=True)
class Word:
    """A rule about words. ``tail`` is for what follows in a Latin word, or names a Korean tail."""

    category: str
    severity: int
    unless: frozenset[str]
    head: str
    tail: str
    endings: re.Pattern[str]
    disguised: bool
    language: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A string that is sought, and the word it stands for."""

    key: str
    word: str
    rule: Word
    script: Script
    changed: bool
    whole: bool


def script_of(key: str) -> Script:
    """Which boundaries suit ``key``."""
    if re.search("[a-z]", key) and key.isascii():
        return "latin"
    if re.fullmatch("[ㄱ-ㅎ ]+", key):
        return "jamo"
    return "hangul" if re.match("[가-힣ㄱ-ㅎㅏ-ㅣ]", key) else "other"


def stands(entry: Entry, views: Views, view: View, start: int, end: int) -> bool:
    """Whether a word, found in a view from ``start`` to ``end``, begins and ends as one."""
    trace = views.trace(view)
    text = trace.text
    first, last = views.span(view, start, end)
    if entry.script == "latin":
        digits = sum(map(str.isdigit, views.raw[first:last]))
        return not (end - start < _MOSTLY_DIGITS and 2 * digits > end - start) and _latin(
            entry, trace, start, end
        )
    if entry.script == "jamo":
        before = start > 0 and _JAMO_BEFORE.match(text[start - 1])
        return not before and bool(_JAMO_AFTER.match(text, end))
    if entry.script == "other":
        return True
    listed = last - first > end - start and _LISTING.search(views.raw, first, last) is not None
    return _hangul(entry, trace, (start, end), listed)


def is_changed(entry: Entry, views: Views, view: View, start: int, end: int) -> bool:
    """Whether the original was written differently from what was found."""
    first, last = views.span(view, start, end)
    written = " ".join(normalize("NFC", views.raw[first:last]).lower().split())
    prolonged = entry.key == entry.word and written.startswith(entry.key)
    return written != entry.key and not prolonged


def excused(unless: frozenset[str], text: str, start: int, end: int) -> bool:
    """Whether what surrounds a match lets it pass."""
    if not unless:
        return False
    before, after = text[:start], text[end:]
    if "denied" in unless and (_DENIED_BEFORE.search(before) or _DENIED_AFTER.search(after)):
        return True
    if "reported" in unless and (_REPORTED_BEFORE.search(before) or _REPORTED_AFTER.search(after)):
        return True
    return any(name in unless and bool(about.search(text)) for name, about in _CONTEXTS.items())


def _latin(entry: Entry, trace: Traced, start: int, end: int) -> bool:
    text = trace.text
    if len(entry.key) < len(entry.word) and text.startswith(entry.word, start):
        return False  # "useles" and an ending is no misspelling of "useless"
    anywhere = entry.rule.head == "any" and not entry.whole
    if not anywhere and start and _LATIN_AROUND.match(text[start - 1]):
        lone = (
            text[start - 1] in "ai" and _is_gap(trace, start) and not text[: start - 1][-1:].strip()
        )
        if not (lone or _joined_before(trace, start)):
            return False
    if not entry.whole and (entry.rule.tail == "any" or not entry.word.isascii()):
        return True
    ending = entry.rule.endings.match(text, end)
    if ending is None:
        return False
    after = ending.end()
    return not _LATIN_AROUND.match(text[after : after + 1]) or _joined_after(trace, after)


def _hangul(entry: Entry, trace: Traced, span: tuple[int, int], listed: bool) -> bool:
    """``listed``: the word was put together over a sign that may just as well part two words."""
    text, (start, end) = trace.text, span
    if (listed or entry.whole or entry.rule.head != "any") and start:
        apart = _is_gap(trace, start) and text[start - 1] not in "0123456789"
        if _HANGUL_BEFORE.match(text[start - 1]) and not apart:
            return False
    tail = _APART_TAIL if entry.whole and entry.rule.tail != "end" else _TAILS[entry.rule.tail]
    return bool(tail.match(text, end))


def _is_gap(trace: Traced, at: int) -> bool:
    """Was there something between this character and the one before it?"""
    return trace.starts[at] > trace.ends[at - 1]


def _joined_before(trace: Traced, at: int) -> bool:
    """Does a word of two letters or more end here that was joined to the next by undoing?"""
    return at > 1 and _is_gap(trace, at) and not _is_gap(trace, at - 1)


def _joined_after(trace: Traced, at: int) -> bool:
    return at + 1 < len(trace.text) and _is_gap(trace, at) and not _is_gap(trace, at + 1)
