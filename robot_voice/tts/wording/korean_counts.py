"""What Koreans count with native numbers, and what with Chinese ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .korean_numbers import hour, month, native, sino
from .rules import NUMBER, Rule

_NATIVE = """
개 명 사람 살 마리 권 잔 병 대 장 번 달 시간 가지 군데 곳 그루 켤레 짝 벌 쌍 채 척 송이 포기 자루
봉지 상자 박스 그릇 접시 숟가락 스푼 큰술 작은술 컵 모금 방울 조각 토막 덩어리 묶음 다발 바퀴 걸음
발자국 발짝 마디 글자 낱말 단어 문장 문제 과목 종류 방향 형제 자매 남매 식구 가족 친구 차례 캔 팩
통 판 줄 줄기 칸 자리 배 뼘 갑 세트 개비 곡 편 끼 팀 골 건 알 송
"""
_CHINESE = """
분 초 층 호 호선 도 점 위 등 회 차 차례전 인분 인용 인승 인실 인 주 주일 주년 주째 주차 개월 개년
개국 개국어 개소 개사 개교 학년 학기 교시 반 세 세기 세대 단계 단 페이지 쪽 면 절 항 조 번지 번가
번길 번호 분기 원 달러 유로 엔 위안 파운드 센트 퍼센트 프로 미터 킬로 킬로미터 센티 센티미터 밀리
밀리미터 그램 킬로그램 톤 리터 밀리리터 칼로리 킬로칼로리 볼트 와트 헤르츠 데시벨 바이트
킬로바이트 메가바이트 기가바이트 테라바이트 기가 메가 인치 피트 마일 평 급 기압 승 패 무 연승 연패
포인트 배속 장조 시즌 시리즈 대회 채널 통신 병동 병상 판매 할 푼 리 동 편성 가구 세트장 촌 종
"""
_JOINED = "년 일 박"
"""What is written together with its number: 이천이십사년 오월 삼일."""


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


COUNTER = _any([*_NATIVE.split(), *_CHINESE.split(), *_JOINED.split(), "시", "월", "번째"])
_ROUND = frozenset(range(10, 100, 10))
_HALF_DAY_PLUS = 24
_RARELY_NATIVE = 20

_NUMBERED = (
    "(?= ?(?:출구|버스|문제|선수|방\\b|홈|게이트|채널|버튼|타자|트랙|국도|자리|창구|좌석|칸|메뉴|답"
    "|보기|질문|항목|방법|차\\b)|[을를은는이과에]\\b|입니다|이에요|이요|이고)"
)
"""What comes after 번 where it numbers things instead of counting times."""

_PERSONS = r"(?<=손님 )|(?<=고객 )|(?<=어른 )|(?<=선생님 )|(?<=할머니 )|(?<=할아버지 )"
_RANGE = r" ?[~∼〜～–-] ?"


def counted(number: str, counter: str) -> str:
    """``number``, as written, with ``counter``, the way people say it: 세 개, 삼 층, 유월."""
    if counter in _JOINED.split():
        return sino(_plain(number)) + counter
    if "." in number:
        return f"{sino(number)} {counter}"
    value = int(number.replace(",", ""))
    if counter == "월" and 1 <= value <= 12:
        return month(value)
    if counter == "시":
        return hour(value)
    if counter == "번째":
        return "첫 번째" if value == 1 else f"{native(value)} 번째"
    spoken = native(value) if _is_native(value, counter) else sino(_plain(number))
    return f"{spoken} {counter}"


def _plain(number: str) -> str:
    """Without the zeros of a form: 05월."""
    return number.lstrip("0") or "0" if "." not in number else number


def _is_native(value: int, counter: str) -> bool:
    if value == 0 or counter not in _NATIVE.split():
        return False
    if counter == "대":  # 20대 is an age, and 3대 a number of cars
        return value not in _ROUND
    if counter in ("번", "배", "건"):
        return value < _RARELY_NATIVE
    return counter != "시간" or value < _HALF_DAY_PLUS


def _both(match: re.Match[str]) -> str:
    first, last, counter = match.groups()
    pair = {("1", "2"): "한두", ("2", "3"): "두세", ("3", "4"): "서너"}.get((first, last))
    if pair and counter in _NATIVE.split():
        return f"{pair} {counter}"
    return f"{counted(first, counter)}에서 {counted(last, counter)}"


_PAIRED = _any([*_NATIVE.split(), "시", "월", "년", "번째"])
_OTHER = _any(_CHINESE.split())

RULES: tuple[Rule, ...] = (
    (
        re.compile(r"(?<![가-힣])제(?: ?(\d+) ?(?=[회장조항호권차편부과절기대])|(\d+))"),
        lambda match: f"제{sino(match[1] or match[2])}",
    ),
    (
        re.compile(r"(?<=\b[초중고])([1-6])(?=병|때|\b|[은는이가을를])"),
        lambda match: sino(match[1]),
    ),
    (re.compile(rf"(\d+) ?대 ?(\d+)(?!\d|{COUNTER})"), lambda m: f"{sino(m[1])} 대 {sino(m[2])}"),
    (re.compile(rf"({NUMBER}){_RANGE}({NUMBER}) ?(?!{_OTHER})({_PAIRED})"), _both),
    (
        re.compile(
            rf"(?<=\d)-(?={NUMBER} ?(?:{COUNTER}|[%℃]|[kcm]?[mgl]\b))|(?<=\d) ?[~∼〜～–] ?(?=\d)"
        ),
        "에서 ",
    ),
    (
        re.compile(rf"(?:(?<=번호는 )|(?<=번호 )|(?<=대기 ))\d+ ?(?=번)|\d+ ?(?=번{_NUMBERED})"),
        lambda match: f"{sino(match.group().strip())} ",
    ),
    (re.compile(rf"(?:{_PERSONS})(\d+) ?분"), lambda match: f"{native(int(match[1]))} 분"),
    (re.compile(rf"({NUMBER}) ?({COUNTER})"), lambda match: counted(match[1], match[2])),
)
"""Numbers with what they count."""
