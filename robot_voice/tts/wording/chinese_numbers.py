"""Mandarin numbers in characters. Pure."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
_MOST_DIGITS = 16
"""A longer number has no name here."""


def digits(text: str, one: str = "一") -> str:
    """The digits in ``text`` one by one; telephone numbers have 幺 for 1, which
    sounds less like 七."""
    return "".join(_DIGITS[int(char)] for char in text if char.isdecimal()).replace("一", one)


def cardinal(text: str) -> str:
    """ "12005" is 一万二千零五. A number that begins with 0, as codes do, is said digit by
    digit."""
    plain = text.replace(",", "")
    if len(plain) > _MOST_DIGITS or (len(plain) > 1 and int(plain[0]) == 0):
        return digits(plain)
    value = int(plain)
    if value == 0:
        return "零"
    words, gap = "", False
    for place in range(len(_MYRIADS) - 1, -1, -1):
        group = value // 10000**place % 10000
        if not group:
            gap = bool(words)
            continue
        zero = "零" if words and (gap or group < 1000) else ""
        words += zero + _group(group) + _MYRIADS[place]
        gap = False
    words = words[1:] if words.startswith("一十") else words
    return f"两{words[1:]}" if words[:2] in ("二百", "二千", "二万", "二亿") else words


def number(text: str) -> str:
    """``text`` with digits, a sign before and a fraction after them."""
    sign = "负" if text[0] in "-−" else ""
    whole, _, fraction = text.lstrip("-−+").partition(".")
    return sign + cardinal(whole or "0") + (f"点{digits(fraction)}" if fraction else "")


def counted(text: str) -> str:
    """The number before what is counted: 2 is 两."""
    return "两" if text == "2" else number(text)


def _group(value: int) -> str:
    """One to four digits."""
    words, gap = "", False
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if digit:
            words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = bool(words) and not digit
    return words
