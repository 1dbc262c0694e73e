"""Korean numbers in words: the Chinese ones and the native ones. Pure."""

from __future__ import annotations

_DIGITS = "영일이삼사오육칠팔구"
_SMALL = ("", "십", "백", "천")
_LARGE = ("", "만", "억", "조", "경")
_MOST_DIGITS = 4 * len(_LARGE)
"""A longer number is said digit by digit: hardly anybody knows its name."""

_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def digits(text: str, zero: str = "공") -> str:
    """The digits in ``text`` one by one, everything else left out: "112" is 일일이."""
    names = zero + _DIGITS[1:]
    return "".join(names[int(char)] for char in text if char.isdecimal())


def sino(text: str) -> str:
    """ "12,345" is 만 이천삼백사십오, "3.14" is 삼 점 일사, "007" is 공공칠."""
    whole, _, fraction = text.replace(",", "").partition(".")
    words = _whole(whole)
    return f"{words} 점 {digits(fraction, '영')}" if fraction else words


def native(number: int) -> str:
    """Before a counter: 3 is 세, 20 is 스무. From 100 on only the last digit is native, if it
    stands alone: 101 is 백한, 150 is 백오십."""
    if number == 20:
        return "스무"
    hundreds, rest = divmod(number, 100)
    if hundreds == 0 and rest:
        return _TENS[rest // 10] + _ONES[rest % 10]
    if 0 < rest < 10:
        return sino(str(hundreds * 100)) + _ONES[rest]
    return sino(str(number))


def month(number: int) -> str:
    """6 is 유월 and 10 is 시월, irregularly."""
    return {6: "유월", 10: "시월"}.get(number) or sino(str(number)) + "월"


def hour(number: int) -> str:
    """Native up to twelve: 세 시, but 십오 시."""
    return f"{native(number) if 1 <= number <= 12 else sino(str(number))} 시"


def date(year: str, month_: str, day: str) -> str:
    """As 이천이십사년 오월 삼일."""
    return f"{sino(year)}년 {month(int(month_))} {sino(str(int(day)))}일"


def clock(hours: str, minutes: str, seconds: str | None) -> str:
    """15:30 is 십오 시 삼십 분; what is zero is left out, save the hour."""
    words = [hour(int(hours))]
    if int(minutes):
        words.append(f"{sino(str(int(minutes)))} 분")
    if seconds and int(seconds):
        words.append(f"{sino(str(int(seconds)))} 초")
    return " ".join(words)


def _whole(plain: str) -> str:
    if len(plain) > _MOST_DIGITS or (len(plain) > 1 and plain[0] == "0"):
        return digits(plain)
    if plain == "0":
        return _DIGITS[0]
    groups = []
    rest = int(plain)
    for large in _LARGE:
        rest, group = divmod(rest, 10_000)
        if group:
            first = rest == 0 and group == 1 and large == "만"
            groups.append(large if first else _below_ten_thousand(group) + large)
    return " ".join(reversed(groups))


def _below_ten_thousand(number: int) -> str:
    words = ""
    for small in _SMALL:
        number, digit = divmod(number, 10)
        if digit:
            words = (_DIGITS[digit] if digit > 1 or not small else "") + small + words
    return words
