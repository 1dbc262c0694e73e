"""What the model does on request: sum up the conversation, translate, explain simply. Pure.

Code finds out what is asked for, and tells the model how in a note behind the user's last words.
Behind them, so that everything that was read ahead stays valid (see ``llm.prompt``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from robot_voice.llm.prompt import LANGUAGES
from robot_voice.types import Message

from .plain import MOST_CHARS, plain

_KOREAN_NAMES = {
    "ar": "아랍어",
    "de": "독일어",
    "en": "영어",
    "es": "스페인어",
    "fr": "프랑스어",
    "hi": "힌디어",
    "id": "인도네시아어",
    "it": "이탈리아어",
    "ja": "일본어",
    "ko": "한국어",
    "pt": "포르투갈어",
    "ru": "러시아어",
    "th": "태국어",
    "tr": "튀르키예어",
    "vi": "베트남어",
    "zh": "중국어",
}
_NAMES = {code: name.lower() for code, name in LANGUAGES.items()}
_NAMES = {code: f"{name}|{_KOREAN_NAMES.get(code, name)}" for code, name in _NAMES.items()}
_NAMES |= {"zh": "chinese|mandarin|중국어|중국말", "ko": "korean|한국어|한국말|우리말"}
_LANGUAGE = "(?P<language>" + "|".join(_NAMES.values()) + ")"


@dataclass(frozen=True, slots=True)
class Task:
    """``text``: what to translate or to explain; empty: what was said last. ``language``: ISO 639-1
    code of what is to come; empty: the reply's."""

    kind: Literal["summary", "translate", "explain"]
    text: str = ""
    language: str = ""


_POLITE = (
    r"(?:(?:hey|ok|okay|so|well|now|please|robot|nuri)[, ]+)*"
    r"(?:(?:can|could|would|will) you (?:please )?|please )?(?:tell me )?"
)
_QUOTES = " \t\"'“”‘’.,!?~:;"
_FAVOUR = r" ?(?:줘요?|줄래요?|주세요|주십시오|주시겠어요|봐요?|줄 수 있(?:어요?|나요))"
_ASKED = r"(?:어요?|지요?|죠|나요|더라|습니까|었지)"


def _english(pattern: str) -> re.Pattern[str]:
    return re.compile(_POLITE + pattern, re.IGNORECASE)


_TRANSLATE = (
    _english(rf"translate (?P<text>.+?) (?:in)?to {_LANGUAGE}"),
    _english(rf"translate (?:in)?to {_LANGUAGE}[:,]? (?P<text>.+)"),
    _english(rf"how (?:do|would|can) (?:you|i|we) say (?P<text>.+?) in {_LANGUAGE}"),
    _english(rf"(?:how to )?say (?P<text>.+?) in {_LANGUAGE}"),
    _english(rf"what(?: is|'s) (?P<text>.+?) in {_LANGUAGE}"),
    re.compile(
        rf"(?P<text>.+?)(?:이?라는 말)?(?:을|를|은|는|이|가)? {_LANGUAGE}로(?:는)? ?"
        rf"(?:(?:번역해|말해|옮겨|통역해|바꿔){_FAVOUR}"
        r"|뭐(?:야|예요|지|라고 ?(?:해요?|하지|하나요|합니까|말해요?))"
        r"|어떻게 (?:말해요?|해요?|하지|하나요|말하지))"
    ),
    re.compile(rf"{_LANGUAGE}로 (?P<text>.+?)(?:은|는|이|가) 뭐(?:야|예요|지|라고 해요?)"),
    re.compile(rf"(?P<text>){_LANGUAGE}로 ?(?:번역해|옮겨|통역해){_FAVOUR}"),
)
_SIMPLY = (
    r"(?:(?:more )?simply|in (?:an? )?(?:very )?(?:simple|simpler|easy) (?:way|words|terms)"
    r"|like (?:i am|i'm|im) (?:five|5)|(?:so|as if) (?:that )?(?:a child|a kid|i)\b.*)"
)
_EXPLAIN = (
    _english(rf"explain (?P<text>.+?)(?: to me)?(?: again)? {_SIMPLY}"),
    _english(rf"(?:say|put) (?P<text>that|it|this)(?: again)? {_SIMPLY}"),
    _english(r"simplify (?P<text>that|it|this)"),
    _english(r"what(?: is|'s) (?P<text>.+?) in simple (?:words|terms)"),
    re.compile(
        r"(?:(?P<text>.+?)(?:을|를|에 ?대해서?|이|가|은|는|이?란)? )??(?:(?:좀|더|아주|다시) )*"
        r"(?:쉽게|간단하게|간단히|알기 쉽게|(?:초등학생|아이|어린이)도 알(?:게|아듣게))(?: 좀)? ?"
        rf"(?:설명해|말해|얘기해|알려){_FAVOUR}"
    ),
)
_LATELY = r"(?: about)?(?: today| so far| just now| until now)?"
_TALKED = r"(?:talk(?:ed|ing)?|been talking|speak|spoken|said|discuss(?:ed)?)"
_OUR = r"(?:우리)?가?(?:지금까지|오늘|방금|아까|여태)?(?:우리)?가?"
_SUMMARY = re.compile(
    r"(?:summari[sz]e|sum up|recap|give me a (?:short )?(?:summary|recap) of)"
    rf" (?:what we (?:have )?(?:just )?{_TALKED}{_LATELY}|everything so far"
    r"|(?:our|this|the) (?:conversation|talk|chat|discussion)(?: so far)?)"
    rf"|what (?:did|have|were) we (?:just )?{_TALKED}{_LATELY}"
    rf"|{_OUR}(?:무슨|어떤)(?:얘기|이야기|대화|말)(?:를|을)?(?:했|나눴){_ASKED}"
    rf"|{_OUR}(?:한|나눈|했던|나눴던)?의?(?:얘기|이야기|대화|말)한?(?:내용|거|것)?(?:을|를)?"
    r"(?:요약|정리)해?(?:줘요?|주세요|줄래요?|주십시오|주시겠어요|봐)"
)
_THAT = frozenset(
    ["that", "it", "this", "그거", "그걸", "그것", "이거", "이걸", "그", "그건", "이 말", "이 단어"]
)
_THANKS = re.compile("[, ]+(?:please|thanks|thank you|for me)$", re.IGNORECASE)
_NAMELY = re.compile("^the (?:words?|phrase|sentence) ", re.IGNORECASE)
_NO_TEXT = re.compile(r"(?:new|up|popular|going on|the time|happening)(?: .*)?", re.IGNORECASE)


def task(text: str) -> Task | None:
    """What ``text``, English or Korean, asks the model to do; None: nothing of the kind."""
    if len(text) > 2 * MOST_CHARS:
        return None
    if _SUMMARY.fullmatch(plain(text)):
        return Task("summary")
    said = _courteous(" ".join(text.replace("’", "'").split()))
    for pattern in _TRANSLATE:
        if (found := pattern.fullmatch(said)) and not _NO_TEXT.fullmatch(found["text"]):
            return Task("translate", _object(found["text"]), _code(found["language"]))
    for pattern in _EXPLAIN:
        if found := pattern.fullmatch(said):
            return Task("explain", _object(found["text"] or ""))
    return None


def instructed(messages: Sequence[Message], wanted: Task, language: str) -> list[Message]:
    """``messages``, with a note on ``wanted`` behind the last of them, which is the user's.
    ``language``: ISO 639-1 code of the reply."""
    last = messages[-1]
    note = (_note_ko if language == "ko" else _note_en)(wanted)
    return [*messages[:-1], Message(last.role, f"{last.text}\n[{note}]")]


def _note_en(wanted: Task) -> str:
    what = f'"{wanted.text}"' if wanted.text else "what was said last"
    match wanted.kind:
        case "summary":
            return (
                "Sum up what we have talked about above in two or three short spoken sentences."
                " Only what was said; nothing new."
            )
        case "translate":
            name = LANGUAGES.get(wanted.language, wanted.language)
            return f"Say {what} in {name}. Answer with the translation alone, and add nothing."
        case "explain":
            return (
                f"Explain {what} in two or three short sentences, with everyday words and one"
                " example, so that a child of ten understands it."
            )


def _note_ko(wanted: Task) -> str:
    what = f"'{wanted.text}'" if wanted.text else "바로 앞에 나온 말"
    match wanted.kind:
        case "summary":
            return (
                "위에서 나눈 이야기를 짧은 두세 문장으로 요약하세요. 나온 이야기만 말하고, 새로운"
                " 것은 덧붙이지 마세요."
            )
        case "translate":
            name = _KOREAN_NAMES.get(wanted.language, wanted.language)
            return f"{what}: 이 말을 {name}로 옮기세요. 옮긴 말만 답하고, 아무것도 덧붙이지 마세요."
        case "explain":
            return (
                f"{what}: 이것을 열 살 아이도 알 수 있게 쉬운 말과 예 하나로, 짧은 두세 문장으로"
                " 설명하세요."
            )


def _courteous(text: str) -> str:
    """Without marks and thanks at the end."""
    return _THANKS.sub("", text.strip(_QUOTES)).strip(_QUOTES)


def _object(text: str) -> str:
    """What the task is about; empty for "that"."""
    bare = _NAMELY.sub("", text.strip(_QUOTES))
    return "" if bare.lower() in _THAT else bare.strip(_QUOTES)


def _code(name: str) -> str:
    return next(code for code, names in _NAMES.items() if re.fullmatch(names, name.lower()))


def is_about_conversation(wanted: Task) -> bool:
    """Whether there must have been a conversation before it."""
    return wanted.kind == "summary" or not wanted.text
