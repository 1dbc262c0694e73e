"""Asking before doing: ask -> yes, no, other words, or silence for too long. Pure.

Only a clear yes is one: "yes, but not now" is other words, and other words withdraw the question,
for whoever goes on talking has not agreed to anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from robot_voice.interjections import Phrases
from robot_voice.types import Action

CONFIRM_SECONDS = 15.0
"""How long a question stands, from when it was asked; it takes some 4 s to say."""

# fmt: off
_YES = (
    "yes", "yeah", "yep", "yup", "sure", "of course", "please do", "do it", "go ahead", "okay",
    "ok", "right", "correct", "that's right", "that is right", "exactly", "confirmed",
    "affirmative",
    "네", "넵", "예", "응", "어", "그래", "그래요", "맞아", "맞아요", "맞습니다", "좋아", "좋아요",
    "그렇게 해", "그렇게 해 줘", "그렇게 해 주세요", "해 줘", "해 주세요", "부탁해", "부탁해요",
    "물론이지", "はい", "うん", "ええ", "そうです", "お願いします",
    "是", "是的", "对", "好", "好的", "可以",
)
_NO = (
    "no", "nope", "don't", "do not", "cancel", "never mind", "nevermind", "stop", "not now",
    "wrong", "no thanks", "no thank you", "forget it", "leave it", "negative",
    "아니", "아니요", "아니오", "아뇨", "하지 마", "하지 마세요", "하지 말아 줘", "됐어", "됐어요",
    "취소", "취소해", "취소해 줘", "안 돼", "안 돼요", "그만", "그만해", "그만둬", "싫어", "싫어요",
    "말아", "いいえ", "いや", "だめ", "やめて", "不", "不是", "不要", "不行", "取消", "算了",
)
_AROUND = (
    "please", "robot", "oh", "well", "thanks", "thank you", "um", "uh", "just", "then",
    "로봇", "로봇아", "음", "자", "제발", "좀", "고마워", "그럼",
)
# fmt: on

YES, NO = Phrases(_YES, _AROUND), Phrases(_NO, _AROUND)

Reply: TypeAlias = Literal["yes", "no", "other", "late", ""]
"""What became of a question: agreed, refused, other words, too late. Empty: none was asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether to do it."""

    action: Action
    language: str
    """ISO 639-1 code of the command."""
    at: float
    """Seconds of the clock by which the answer's time is told."""


def reply(question: Question | None, text: str, at: float) -> Reply:
    """What these words, said at ``at``, are to the question."""
    if question is None:
        return ""
    if at - question.at > CONFIRM_SECONDS:
        return "late"
    if NO.match(text):
        return "no"
    return "yes" if YES.match(text) else "other"
