"""Questions to the clock, the calendar and the calculator in Korean. Pure.

Texts are as ``plain`` leaves them: without spaces. A pattern covers a whole utterance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from . import units
from .amounts import KO, number
from .english import Make, Rule
from .korean_days import day
from .requests import AskDay, AskDistance, AskTime, Convert, Operator, Request, Share, Sum

PLEASE = (
    r"(?:줘요?|줘라|줘봐요?|주세요|주십시오|주시겠어요|주시겠습니까|주실래요|주실수있(?:어요?|나요|을까요|습니까)"
    r"|줄래요?|줄수있(?:어요?|니|나요|을까요?)|주라|주렴|주겠니|주시면(?:돼요|됩니다)|줬으면(?:해|좋겠어)요?)"
)
"""How a favour is asked for, at every level of speech."""
TELL = (
    r"(?:(?:알려|말해|가르쳐|얘기해|이야기해|말씀해|확인해|읽어|계산해)"
    rf"(?:{PLEASE}|봐요?)|부탁해요?)"
)
_IS = (
    r"(?:이야|야|이에요|이예요|예요|에요|인가요?|입니까|이지요?|이죠|지요?|죠|이니|니|일까요?|인데요?|이냐|냐"
    r"|이더라|더라|였지요?|였어요?|이었어요?|였나요?|이었나요?|이었지요?|됐어요?|됐지요?|됐니|됐나요?|됐습니까"
    r"|돼요?|되나요?|되니|되지요?|됩니까|됩니다|되냐|되요|임|인지|인지좀|이라고|라고|다|나와요?|나오지|나올까)?"
)
ASKED = rf"{_IS}(?:{TELL}|알아요?|아니|아세요|아십니까|궁금해요?)?"
"""How a question ends."""
_TOPIC = r"(?:은|는|이|가|도|의|에는)?"
_THEN = r"(?P<day>.+?)"
_WHICH = r"(?:며칠|몇일|무슨요일|어떤요일|몇월며칠|몇월몇일|며칠무슨요일)"
_DATE = (
    rf"(?:{_WHICH}(?:이고무슨요일)?{ASKED}"
    rf"|(?:날짜|요일)(?:이|가|은|는|을|를|도)?(?:{TELL}|뭐{_IS}|어떻게{_IS}))"
)

_REST = rf"(?:어요?|나요?|지요?|죠|니|습니까|는지|냐|을까요?){ASKED}"

_NUMBER = rf"(?:마이너스)?{KO}"
_OPERATORS: dict[str, Operator] = {
    "더하기": "+",
    "플러스": "+",
    "빼기": "-",
    "마이너스": "-",
    "곱하기": "*",
    "나누기": "/",
}
_BETWEEN = re.compile(f"(?<=.)({'|'.join(_OPERATORS)})")
_SUM = rf"(?P<sum>{_NUMBER}(?:(?:{'|'.join(_OPERATORS)}){_NUMBER}){{1,7}})"
_HOW_MUCH = (
    rf"(?:은|는|이|가|을|를|하면)?(?:(?:얼마|몇|뭐|무엇){ASKED}|{TELL}|해(?:{PLEASE}|봐요?))?"
)
_VERBS: dict[str, Operator] = {"더": "+", "빼": "-", "곱": "*", "나누": "/"}

_UNIT = units.names("ko")
_DEGREES = rf"(?P<scale>섭씨|화씨)(?P<amount>(?:마이너스|영하)?{KO})도"


def _day(found: re.Match[str]) -> Request | None:
    named = day(found["day"])
    return None if named is None else AskDay(named)


def _distance(found: re.Match[str]) -> Request | None:
    named = day(found["day"])
    weeks = "몇주" in found.group()
    return None if named is None else AskDistance(named, "weeks" if weeks else "days")


def _sum(found: re.Match[str]) -> Request | None:
    pieces = _BETWEEN.split(found["sum"])
    return _made(pieces[::2], [_OPERATORS[word] for word in pieces[1::2]])


def _in_words(found: re.Match[str]) -> Request | None:
    """열둘에 일곱을 곱하면."""
    return _made([found["one"], found["other"]], [_VERBS[found["verb"]]])


def _made(texts: Sequence[str], operators: Sequence[Operator]) -> Request | None:
    known = [each for text in texts if (each := _signed(text)) is not None]
    return Sum(tuple(known), tuple(operators)) if len(known) == len(texts) else None


def _signed(text: str) -> Fraction | None:
    bare = re.sub("^(?:마이너스|영하)", "", text)
    found = number(bare, "ko")
    return found if found is None or bare == text else -found


def _share(found: re.Match[str]) -> Request | None:
    percent, whole = number(found["percent"], "ko"), number(found["whole"], "ko")
    return None if percent is None or whole is None else Share(percent, whole)


def _converted(found: re.Match[str]) -> Request | None:
    amount = _signed(found["amount"])
    source = units.unit(found["source"], "ko")
    target = units.unit(found["target"], "ko", source or "")
    if source and not target:  # 킬로: of length or of mass
        target = units.unit(found["target"], "ko")
        source = units.unit(found["source"], "ko", target or "")
    return None if amount is None or not source or not target else Convert(amount, source, target)


def _heat(found: re.Match[str]) -> Request | None:
    amount = _signed(found["amount"])
    scales = ("celsius", "fahrenheit")
    source, target = scales if found["scale"] == "섭씨" else scales[::-1]
    return None if amount is None else Convert(amount, source, target)


def _asks(make: Make, *patterns: str) -> Rule:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)), make


_DAYS_LEFT = (
    r"(?:며칠|몇일|몇주|몇밤|얼마)(?:이나|이|나|정도|쯤|동안)?(?:더)?"
    r"(?:(?:남았|남아있|있어야|기다려야|걸리|자야|지났|됐)(?:어요?|나요?|지요?|죠|니|습니까|는지|는데|냐|을까요?)?"
    r"(?:돼요?|되나요?|하나요|해요?|와요?)?)?"
    rf"{ASKED}"
)
RULES: Sequence[Rule] = (
    _asks(
        lambda found: AskTime(),
        rf"(?:지금|현재|이제|지금은)?(?:시간|시각)?(?:이|은)?몇시(?:쯤|나|정도|몇분)?{ASKED}",
        r"몇시(?:야|예요|에요|지|니|입니까)지금",
        rf"(?:지금|현재|지금은)(?:시간|시각)(?:은|이|을)?(?:어떻게{_IS}|뭐{_IS}|{ASKED})",
        rf"(?:시간|시각)(?:을|이|은)?(?:{TELL}|어떻게(?:돼요?|되나요?|되니|됩니까|되지))",
    ),
    _asks(
        lambda found: AskDay(part="month"),
        rf"(?:지금|이번달|이달|현재)(?:은|이)?몇월(?:달)?{ASKED}",
    ),
    _asks(
        lambda found: AskDay(part="year"),
        rf"(?:지금|올해|금년|현재)(?:은|는|이|가)?(?:서기)?몇년도?{ASKED}",
    ),
    _asks(lambda found: AskDay(), rf"(?:지금)?(?:은|이)?{_DATE}"),
    _asks(_day, rf"{_THEN}{_TOPIC}{_DATE}"),
    _asks(_day, rf"{_THEN}{_TOPIC}언제{ASKED}"),
    _asks(
        _distance,
        rf"(?:오늘부터|지금부터|앞으로|오늘)?{_THEN}까지(?:는|은)?(?:앞으로)?{_DAYS_LEFT}",
    ),
    _asks(_distance, rf"{_THEN}(?:은|는|이|가)?(?:며칠|몇일|몇밤|얼마나)(?:이나|이)?남았{_REST}"),
    _asks(
        _distance,
        rf"{_THEN}(?:이후로?|부터|에서|로부터|으로부터)?(?:오늘까지|지금까지)?"
        rf"(?:며칠|몇일|몇주|얼마나)(?:이나|이)?지났{_REST}",
    ),
    _asks(_sum, rf"{_SUM}{_HOW_MUCH}"),
    _asks(
        _in_words,
        rf"(?P<one>{_NUMBER})(?:에|에서|을|를|과|와|하고)(?P<other>{_NUMBER})(?:을|를|으로|로)?"
        rf"(?P<verb>더|빼|곱|나누)(?:하면|면|으면|한값|한건|했을때)(?:{_HOW_MUCH})",
    ),
    _asks(
        _share,
        rf"(?P<whole>{KO})(?:의|에서)?(?P<percent>{KO})(?:percent|퍼센트|프로){_HOW_MUCH}",
    ),
    _asks(
        _converted,
        rf"(?P<amount>{_NUMBER})(?P<source>{_UNIT})(?:은|는|이|가|을|를)?(?:몇)(?P<target>{_UNIT}){ASKED}",
    ),
    _asks(
        _converted,
        rf"(?P<amount>{_NUMBER})(?P<source>{_UNIT})(?:은|는|이|가|을|를)?(?P<target>{_UNIT})(?:으로|로)"
        rf"(?:(?:바꿔|변환해|환산해)(?:{PLEASE}|봐요?)?|바꾸면|환산하면|하면|변환하면)?"
        rf"(?:(?:얼마|몇|뭐){ASKED}|{TELL})?",
    ),
    _asks(
        _heat,
        rf"{_DEGREES}(?:는|은|를|을)?(?:(?:섭씨|화씨)(?:로|온도로)?)"
        rf"(?:(?:바꿔|변환해|환산해)(?:{PLEASE}|봐요?)?|바꾸면|환산하면)?(?:(?:얼마|몇도|뭐){ASKED}|{TELL})?",
    ),
)
"""In the order they are tried."""
