"""Does the user ask the robot to remember or to forget something? Pure.

As with the body's commands, only a whole utterance that asks for it and nothing else counts:
"remember that my sister is called Mina" does, "do you remember my sister?" is a question for the
model, "I can't remember that" and "forget it" are talk. What cannot be understood for sure is left
to the model: a fact that was not kept can be told again.

English or Korean is decided by the letters, not by what the recogniser thinks the language is: it
often takes short words for another.
"""

from __future__ import annotations

import re

from . import english, korean
from .requests import MAX_FACT, Request

_SPACE = re.compile(r"\s+")
_MOST = MAX_FACT + 100
"""Characters of an utterance that may be a request; a longer one tells a story."""
_HANGUL = re.compile("[가-힣]")


def memory_request(text: str) -> Request | None:
    """What ``text``, English or Korean, asks of the robot's memory; None: nothing."""
    words = _SPACE.sub(" ", text.replace("’", "'")).strip()
    if len(words) > _MOST:
        return None
    return korean.request(words) if _HANGUL.search(words) else english.request(words)


def asks_of_talks(text: str) -> bool:
    """Whether ``text``, English or Korean, asks about an earlier conversation, whatever that was
    about: then no word of the question is in what is looked for."""
    words = _SPACE.sub(" ", text.replace("’", "'")).strip()[:_MOST]
    return korean.asks_of_talks(words) if _HANGUL.search(words) else english.asks_of_talks(words)


def says_yes(text: str) -> bool | None:
    """Whether ``text`` agrees to what the robot asked: None: it says something else."""
    letters = _SPACE.sub(" ", re.sub(r"[^\w\s']", " ", text.replace("’", "'").casefold())).strip()
    if _NO.fullmatch(letters):
        return False
    return True if _YES.fullmatch(letters) else None


_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|ok|okay|of course|certainly|absolutely|definitely|please|do it"
    r"|please do|go ahead|i am|i'm sure|i am sure|that's right|right|correct|confirm|forget it"
    r"|forget everything|forget it all|do that|i do)\b ?)+"
    r"|(?:(?:네|예|응|어|그래|그래요|맞아|맞아요|맞습니다|좋아|좋아요|당연하지|당연하죠|물론|물론이지"
    r"|물론이죠|그렇게|그렇게 해|해|해 ?줘|해 ?줘요|해 ?주세요|그럼|그럼요|확실해|확실해요"
    r"|(?:다 |전부 |모두 )?(?:잊어|지워)(?: ?(?:줘|줘요|주세요|버려))?)(?: |$))+"
)
_NO = re.compile(
    r"(?:no|nope|nah|no way|don't|do not|stop|wait|cancel|never ?mind|keep (?:it|them|that)"
    r"|rather not|better not|not (?:now|yet|that))"
    r"(?: (?:no|don't|do it|do that|don't do it|forget|stop|wait|please|thanks|thank you|keep"
    r"|that|it|them|now|never ?mind))*"
    r"|(?:(?:아니|아니요|아뇨|아니야|아니에요|안 ?돼|안 ?돼요|싫어|싫어요|됐어|됐어요|취소|취소해"
    r"|취소해 ?줘|그만|그만둬|하지 ?마|하지 ?마요|하지 ?마세요|잊지 ?마|잊지 ?마세요|지우지 ?마"
    r"|지우지 ?마세요)(?: |$))+"
)
