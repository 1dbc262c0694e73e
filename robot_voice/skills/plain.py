"""What does not change what is asked for: case, marks, courtesy, and spelling. Pure."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARS = 160
"""Whoever says more means more than these requests."""

_HANGUL = re.compile("[가-힣]")
_SIGNS = (
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    (re.compile(r"\b([ap])\.? ?m\b\.?"), r"\1m"),
    (re.compile(r"(?<=\d)(?=[ap]m\b)"), " "),
    (re.compile(r" ?%"), " percent "),
    (re.compile(r" ?(?:°|º) ?c\b| ?℃"), " celsius "),
    (re.compile(r" ?(?:°|º) ?f\b| ?℉"), " fahrenheit "),
    (re.compile(r"(?<=\d) ?\+ ?(?=\d)"), " plus "),
    (re.compile(r"(?<=\d) ?(?:[×*]|x(?= ?\d)) ?(?=\d)"), " times "),
    (re.compile(r"(?<=\d)(?: ?÷ ?| / )(?=\d)"), " divided by "),
    (re.compile(r"(?<=\d)(?: [-−–] ?|−)(?=\d)"), " minus "),
    (re.compile(r"(?<![\w.])-(?=\d)"), "minus "),
    (re.compile(r"\bo'? ?clock\b"), "oclock"),
    (re.compile(r"\b(what|when|how|where|it|that)'s\b|\b(what|when|how)s\b"), r"\1\2 is"),
    (re.compile(r"\b(long|much|many)'s\b"), r"\1 is"),
    (re.compile(r"\b(what|when)'re\b"), r"\1 are"),
    (re.compile(r"\b(i|you|we)'d\b"), r"\1 would"),
    (re.compile(r"\b(i|you|we)'ve\b"), r"\1 have"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'"), ""),
    (re.compile(r"(?<!\d)[.:]|[.:](?!\d)|[^\w\s.:]|_"), " "),
)
"""Signs as words, short forms in full; the other marks are nothing."""
_HALVES = (
    (re.compile(r"\bhalf an? (hour|minute)\b"), {"hour": "30 minutes", "minute": "30 seconds"}),
    (re.compile(r"\b(?:a )?quarter of an (hour)\b"), {"hour": "15 minutes"}),
    (re.compile(r"\bthree quarters of an (hour)\b"), {"hour": "45 minutes"}),
)
_COUPLE = re.compile(r"\ba couple(?: of)?\b")
_FOR_ME = re.compile(r" for (?:me|us)(?= (?:at|in|for|on|to|tomorrow|tonight|called)\b)")
_MORE = re.compile(r"\b(\w+) more ((?:second|minute|hour)s?)\b")

_LEAD = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|alright|all right|so|well|and|then|also|oh|um|uh|er|now|please"
    r"|kindly|just|robot|nuri|sorry|excuse me|thanks|thank you|yes|yeah|no|go ahead and"
    r"|i would like you to|i want you to|i need you to|i would like to know|i want to know"
    r"|i wonder|(?:can|could|would|will) you(?: please| kindly| just| also| quickly)*"
    r"|do you think you (?:can|could)|would you mind) )+"
)
_TAIL = re.compile(
    r"(?: (?:please|right now|(?<!from )now|at the moment|for me|thanks|thank you|robot|nuri|okay"
    r"|ok|exactly|again|if you can|would you|will you|can you))+"
)
_SIGNS_KO = {"plus": "더하기", "minus": "빼기", "times": "곱하기", "divided by": "나누기"}
_ASIDE = re.compile(
    r"(?:(?:자|음|어|아|야|그|저기|저기요|있잖아|그럼|그러면|그리고|혹시|미안한데|미안하지만|죄송한데"
    r"|누리야|누리|로봇아|로봇|헤이|오케이|네|응|안녕|제발|부탁인데)(?: |$))+"
)
_FILLER = re.compile(r"(?:^|(?<= ))(?:좀|한번|한 번|빨리|얼른|그냥|제발)(?= |$)")

_A_LITTLE = re.compile("좀(?=알려|말해|맞춰|설정|켜|걸어|바꿔|취소|꺼|깨워|확인|틀어|시작|재)")


def plain(text: str, name: str = "") -> str:
    """``text`` in small letters, without marks and courtesy, English short forms in full, Korean
    without spaces. Empty if it is too long to be a request. ``name``: what the robot is called."""
    if len(text) > MOST_CHARS:
        return ""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    korean = is_korean(text)
    for pattern, instead in _SIGNS:
        text = pattern.sub(instead, text)
    words = " ".join(text.split())
    if name:
        words = _without(words, " ".join(name.casefold().split()), korean)
    return _korean(words) if korean else _english(words)


def is_korean(text: str) -> bool:
    """Whether there is a syllable of Hangul in it."""
    return bool(_HANGUL.search(text))


def _without(words: str, name: str, korean: bool) -> str:
    """``words`` without a call by name at the beginning or the end."""
    call = re.escape(name) + ("(?:아|야|이)?" if korean else "")
    return re.sub(rf"^(?:hey )?{call} | {call}$", "", words)


def _english(words: str) -> str:
    for pattern, instead in _HALVES:
        words = pattern.sub(lambda found, by=instead: by[found[1]], words)  # type: ignore[misc]
    words = _MORE.sub(r"\1 \2 more", _COUPLE.sub("2", words))
    words = _FOR_ME.sub("", words)
    lead = _LEAD.match(words + " ")
    words = words[min(lead.end(), len(words)) :] if lead else words
    return re.sub(_TAIL.pattern + "$", "", words).strip()


def _korean(words: str) -> str:
    for sign, word in _SIGNS_KO.items():
        words = words.replace(f" {sign} ", word)
    aside = _ASIDE.match(words)
    words = words[aside.end() :] if aside else words
    return _A_LITTLE.sub("", _FILLER.sub("", words).replace(" ", ""))
