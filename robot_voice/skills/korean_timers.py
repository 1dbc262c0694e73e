"""Timers, alarms and reminders in Korean. Pure. Texts are as ``plain`` leaves them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .amounts import KO, LENGTH_KO, seconds
from .english import Make, Rule
from .korean import ASKED, PLEASE, TELL
from .korean_days import day, when
from .requests import (
    AskLeft,
    Cancel,
    Cannot,
    Clock,
    Extend,
    Length,
    Request,
    SetAlarm,
    SetTimer,
    Snooze,
    Which,
)

_SET = (
    rf"(?:(?:맞춰|마춰|맞혀|설정해|켜|시작해|걸어|세팅해|돌려|추가해|틀어|만들어|등록해|예약해|해|하나해)"
    rf"(?:{PLEASE}|놔{PLEASE}?|둬{PLEASE}?|놓아{PLEASE}|봐요?|라)?"
    r"|(?:설정|시작|추가|예약|등록)(?:하자|하세요|하십시오|해라|할래|부탁해요?|부탁드려요)?|부탁해요?|부탁합니다"
    r"|부탁드려요|부탁드립니다|맞추자|맞출래)"
)
_LENGTH = rf"(?P<length>{LENGTH_KO})"
_NOT = r"(?!그|이(?!유식)|저|내|무슨|어떤|몇|언제|모든|전체|모두|방금|아까)"
_NAME = rf"(?P<name>{_NOT}[가-힣a-z]{{1,8}}?)"
_TIMER = r"(?:타이머|타이마|카운트다운)"
_OBJECT = r"(?:를|을|좀|하나를?|한개|도|은|는|더)*"
_OFF = (
    rf"(?:(?:취소해|꺼|멈춰|중지해|정지해|지워|없애|종료해|삭제해|해제해|그만해|끝내)(?:{PLEASE}|라|요|버려)?"
    r"|(?:취소|중지|정지|종료|삭제|해제|그만)(?:요|할게요?|하자|하세요|하십시오|부탁해요?|시켜줘)?|끄자|꺼버려)"
)
_ALL = r"(?P<all>모든|전체|모두|다른모든)?"
_EVERYTHING = r"(?P<many>들?(?:을|를)?(?:모두|전부|다|싹다|전체|몽땅)|들(?:을|를)?)?"
_RUNNING = (
    r"(?:남았|남아있|남)(?:어요?|나요?|지요?|죠|니|습니까|는지|냐|아요?|는데요?)"
    rf"(?:{TELL}|봐요?)?"
)
_LATER = r"(?:뒤|후|있다가|이따가?|지나면|지나서|되면)(?:에)?"
_RING = rf"(?:알려|깨워|말해|불러|알람해|신호해|울려|알람울려|얘기해|소리내)(?:{PLEASE})"
_EVERY = re.compile(r"매일|매주|매시간|매달|평일|주말마다|날마다|아침마다|저녁마다|요일마다")


def _length(found: re.Match[str]) -> int | None:
    text = found.groupdict().get("length")
    return seconds(text, "ko") if text else None


def _name(found: re.Match[str]) -> str:
    return re.sub("(?:용|할|위한)$", "", found.groupdict().get("name") or "")


def _set(found: re.Match[str]) -> Request | None:
    return SetTimer(_length(found), _name(found))


def _remind(found: re.Match[str]) -> Request | None:
    length = _length(found)
    about = found.groupdict().get("about") or ""
    return None if length is None else SetTimer(length, about, bool(about))


def _which(found: re.Match[str]) -> Which:
    groups = found.groupdict()
    text = groups.get("when") or ""
    time, named = when(text), day(text)
    if time is not None:
        named = time.day
    all_ = bool(groups.get("all") or groups.get("many"))
    return Which(_name(found), _length(found), time, named, all_)


def _cancel(found: re.Match[str]) -> Request | None:
    which = _which(found)
    if found.groupdict().get("when") and which.when is None and which.day is None:
        return None
    return Cancel("alarm" if "알람" in found.group() else "timer", which)


def _left(found: re.Match[str]) -> Request | None:
    return AskLeft("timer", Which(_name(found), _length(found)))


def _extend(found: re.Match[str]) -> Request | None:
    length = _length(found)
    return None if length is None else Extend(length, Which(_name(found)))


def _alarm(found: re.Match[str]) -> Request | None:
    groups = found.groupdict()
    said, wake = groups.get("when") or "", "깨워" in found.group()
    if _EVERY.search(found.group()):
        return Cannot("alarm_once")
    if not said or said in ("내일", "내일아침", "아침에", "내일아침에"):
        return SetAlarm(None, wake=wake)
    time, about = when(said), groups.get("about") or ""
    return None if time is None else SetAlarm(time, about or _name(found), bool(about), wake)


def _snooze(found: re.Match[str]) -> Request | None:
    length = seconds(found["length"] or "5분", "ko")
    return None if length is None else Snooze(length, sure="다시" in found.group())


def _clock(found: re.Match[str]) -> Request | None:
    time = when(found["when"])
    return None if time is None else Clock(time)


def _only_length(found: re.Match[str]) -> Request | None:
    length = _length(found)
    return None if length is None else Length(length)


def _rules(make: Make, *patterns: str) -> list[Rule]:
    return [(re.compile(pattern), make) for pattern in patterns]


_AT = r"(?P<when>.+?)"
_FOR = r"(?:에|으로|로|쯤|쯤에|에다|에맞춰|까지)?"
_ALARM = r"(?:알람|모닝콜|알림)"
_ABOUT = r"(?P<about>.+?(?:라고|자고|다고|는거|기|것|거))(?:을|를)?"
RULES: Sequence[Rule] = (
    *_rules(
        _extend,
        rf"{_NAME}??{_TIMER}(?:에|를|을)?{_LENGTH}(?:만)?(?:더)?(?:추가|연장|늘려|더해){_SET}?(?:{PLEASE})?",
        rf"{_NAME}??{_TIMER}(?:에|를|을)?{_LENGTH}(?:만)?더{_SET}?",
    ),
    *_rules(
        _set,
        rf"{_LENGTH}(?:짜리|동안|간|만|으로|로)?{_NAME}??{_TIMER}{_OBJECT}(?:하나)?{_SET}?",
        rf"{_NAME}??{_TIMER}{_OBJECT}{_LENGTH}(?:으로|로|만|짜리로|짜리|동안|간|뒤에?|후에?)*{_SET}?",
        rf"(?:시간)?{_LENGTH}(?:만|동안|간)?(?:재|세|카운트해|카운트다운해|타이머해)(?:{PLEASE})",
        rf"{_NAME}??{_TIMER}{_OBJECT}(?:하나)?{_SET}",
    ),
    *_rules(
        _remind,
        rf"{_LENGTH}(?:만)?{_LATER}(?:나|저|나를|저를|나한테|저한테)?{_RING}",
        rf"{_LENGTH}{_LATER}{_ABOUT}{_RING}",
    ),
    *_rules(
        _cancel,
        rf"{_ALL}(?:내|그|이)?(?:{_LENGTH}(?:짜리)?)?{_NAME}??{_TIMER}{_OBJECT}{_EVERYTHING}{_OFF}",
        rf"{_OFF}(?:내|그|이)?(?:{_TIMER}|{_ALARM})",
        rf"{_ALL}(?:내|그|이)?(?:아침)?{_ALARM}{_OBJECT}{_EVERYTHING}{_OFF}",
        rf"{_AT}(?:에)?(?:맞춘|맞춰둔|맞춰놓은|울리는|설정한)?{_ALARM}{_OBJECT}{_OFF}",
    ),
    *_rules(
        lambda found: Cannot("timer_no_pause"),
        rf"{_NAME}??{_TIMER}{_OBJECT}(?:잠깐|잠시)?(?:일시정지|일시중지)(?:해)?(?:{PLEASE})?",
        rf"{_NAME}??{_TIMER}{_OBJECT}(?:잠깐|잠시)멈춰(?:{PLEASE})?",
    ),
    *_rules(
        _left,
        rf"(?:{_LENGTH}(?:짜리)?)?{_NAME}??{_TIMER}(?:가|는|은|이|에|의)?(?:시간)?(?:이|은)?(?:앞으로)?"
        rf"(?:얼마나?|몇분|몇초|며칠|몇시간)(?:이나|이|나|정도|더)?(?:더)?{_RUNNING}",
        rf"(?:{_LENGTH}(?:짜리)?)?{_NAME}??{_TIMER}(?:의|가|에)?남은시간(?:은|이|을)?(?:얼마|몇분|뭐)?{ASKED}",
        rf"{_NAME}??{_TIMER}(?:를|을|가|는|좀)?(?:확인해|보여|읽어)(?:{PLEASE}|봐요?)",
        rf"{_NAME}??{_TIMER}(?:가|는|은)?(?:언제|몇시에)(?:끝나|울려|울리|꺼져|끝)(?:요|지|나요|니|는지)*(?:{TELL})?",
        rf"(?:지금|현재)?(?:무슨|어떤)?{_TIMER}(?:가|는)?(?:뭐|몇개|뭐가|켜져|돌아가고|돌고|맞춰져)?있(?:어요?|나요?|니|지요?|습니까)",
    ),
    *_rules(
        lambda found: AskLeft("alarm"),
        rf"(?:다음|내|지금|내일)*{_ALARM}(?:이|은|을|는)?(?:몇시|언제|뭐|몇개|어떤게|뭐가)"
        r"(?:에|로)?(?:맞춰져|설정돼|설정되어|울려|울리|맞춰|켜져|돼)?(?:있)?(?:어요?|나요?|니|지요?|습니까|죠|는지|요)*"
        rf"{ASKED}",
        rf"(?:맞춘|맞춰둔|맞춰놓은|설정한|설정된|내|모든)*{_ALARM}(?:을|목록|시간|들)*"
        rf"(?:(?:확인해|보여|알려|읽어|말해)(?:{PLEASE}|봐요?))",
        rf"(?:내일)?(?:맞춰둔|설정한|설정된)?{_ALARM}(?:이|은)?(?:켜져|맞춰져|설정돼)?있(?:어요?|나요?|니|지요?|습니까)",
    ),
    *_rules(
        _alarm,
        rf"{_AT}{_FOR}(?:나|날|저|우리|나를|저를|꼭)*(?:깨워|일으켜)(?:{PLEASE})",
        rf"(?:나|날|저)?(?:나를|저를)?{_AT}{_FOR}깨워(?:{PLEASE})",
        rf"(?:나|날|저|나를|저를)?깨워(?:{PLEASE})",
        rf"{_AT}{_FOR}(?:울리는)?{_ALARM}{_OBJECT}{_SET}?",
        rf"{_ALARM}{_OBJECT}{_AT}{_FOR}{_SET}?",
        rf"{_ALARM}{_OBJECT}{_SET}",
        rf"(?P<when>.+?시(?:{KO}분|반)?|정오|자정)(?:에|쯤|이되면|되면|쯤에){_ABOUT}{_RING}",
        rf"(?P<when>.+?시(?:{KO}분|반)?)(?:에|쯤|이되면|되면|쯤에)(?:알려|불러)(?:{PLEASE})",
    ),
    *_rules(
        _snooze,
        rf"(?:(?P<length>{LENGTH_KO})(?:만)?(?:더|있다가|이따가?|뒤에|후에)(?:잘게요?|자게해줘|자자|만|잘래요?)?)",
        rf"(?P<length>{LENGTH_KO})?(?:뒤에|후에)?다시(?:울려|깨워|알려)(?:{PLEASE})",
    ),
    *_rules(
        _only_length, rf"{_LENGTH}(?:으로|로|만|짜리|동안|이요|요|뒤|후|이야|정도)*(?:{_SET})?"
    ),
    *_rules(_clock, rf"(?P<when>.+?(?:시|분|반|정오|자정))(?:에|으로|로|요|이요|이야)*(?:{_SET})?"),
)
"""In the order they are tried."""
