"""Numbers in words: English, and the two Korean counting systems (sino and native)."""

from __future__ import annotations

from collections.abc import Sequence

from .data import lists

_LISTS = lists("numerals.txt")
ONES, TENS = _LISTS["ones"], ["", "", *_LISTS["tens"]]
SINO: list[str] = ["", *"일이삼사오육칠팔구"]
NATIVE: list[str] = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"]
NATIVE_TENS = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"]
COUNTING = ["", "하나", "둘", "셋", "넷", *NATIVE[5:]]
SOME = [*range(1, 21), 25, 30, 40, 45, 50, 60]


def english(number: int) -> str:
    """0 to 999: "one hundred twenty"."""
    if number < 20:
        return ONES[number]
    if number < 100:
        rest = number % 10
        return TENS[number // 10] + (f" {ONES[rest]}" if rest else "")
    rest = number % 100
    return f"{ONES[number // 100]} hundred" + (f" {english(rest)}" if rest else "")


def sino(number: int) -> str:
    """0 to 999 as minutes, metres and prices are counted: "백이십"."""
    if number == 0:
        return "영"
    hundreds, tens = number // 100, number // 10 % 10
    text = f"{SINO[hundreds] if hundreds > 1 else ''}백" if hundreds else ""
    if tens:
        text += (SINO[tens] if tens > 1 else "") + "십"
    return text + SINO[number % 10]


def native(number: int) -> str:
    """1 to 99 before a noun, as hours and years of age are counted: "스물한"."""
    if number == 20:
        return "스무"
    return NATIVE_TENS[number // 10] + NATIVE[number % 10]


def counting(number: int) -> str:
    """1 to 99 alone: "하나"."""
    return NATIVE_TENS[number // 10] + COUNTING[number % 10]


def number_slots() -> dict[str, Sequence[tuple[str, str]]]:
    """The slots of numbers, English and Korean in parallel."""
    minutes = [(_plural(n, "minute"), f"{sino(n)} 분") for n in SOME]
    seconds = [(_plural(n, "second"), f"{sino(n)} 초") for n in SOME]
    hours = [(_plural(n, "hour"), f"{native(n)} 시간") for n in range(1, 13)]
    metres = [(_plural(n, "meter"), f"{sino(n)} 미터") for n in [*range(1, 13), 15, 20]]
    steps = [(_plural(n, "step"), f"{native(n)} 걸음") for n in range(1, 13)]
    return {
        "num": [(english(n), sino(n)) for n in [*range(101), 120, 150, 200, 300, 500]],
        "dig": [(ONES[n], "공" if n == 0 else sino(n)) for n in range(10)],
        "numc": [(english(n), counting(n)) for n in range(1, 11)],
        "nmin": minutes + seconds + hours,
        "dist": metres + steps,
        "steps": steps,
        "age": [(english(n), native(n)) for n in range(3, 80)],
        "hour": [(english(n), native(n)) for n in range(1, 13)],
        "pct": [(f"{english(n)} percent", f"{sino(n)} 퍼센트") for n in range(10, 101, 10)],
    }


def _plural(number: int, noun: str) -> str:
    return f"{english(number)} {noun}" + ("" if number == 1 else "s")
