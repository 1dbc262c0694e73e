"""English numbers in words, as Americans say them. Pure."""

from __future__ import annotations

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ("", "", *["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
_SCALES = ("", " thousand", " million", " billion", " trillion")
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MOST_DIGITS = 15
"""A longer number is said digit by digit: it has no name here, and nobody would follow."""


def digits(text: str) -> str:
    """The digits in ``text`` one by one; everything else is left out."""
    return " ".join(_ONES[int(char)] for char in text if char.isdecimal())


def cardinal(text: str) -> str:
    """ "1,205" is "one thousand two hundred five". A number that begins with 0, as codes do, is
    said digit by digit."""
    plain = text.replace(",", "")
    if len(plain) > MOST_DIGITS or (len(plain) > 1 and plain[0] == "0"):
        return digits(plain)
    if plain == "0":
        return _ONES[0]
    groups: list[str] = []
    rest = int(plain)
    for scale in _SCALES:
        rest, group = divmod(rest, 1000)
        if group:
            groups.insert(0, _below_thousand(group) + scale)
    return " ".join(groups)


def number(text: str) -> str:
    """``text`` with digits, a sign before and a fraction after them: "-2.50"."""
    sign = "minus " if text[0] in "-−" else "plus " if text[0] == "+" else ""
    whole, _, fraction = text.lstrip("-−+").partition(".")
    words = cardinal(whole) if whole else ""
    if fraction:
        words = f"{words} point {digits(fraction)}".strip()
    return sign + words


def ordinal(text: str) -> str:
    """ "22" is "twenty-second"."""
    return nth(cardinal(text.replace(",", "").lstrip("0") or "0"))


def nth(words: str) -> str:
    """The ordinal of a number in words."""
    at = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[at:]
    if last.endswith("y"):
        return words[:at] + last[:-1] + "ieth"
    return words[:at] + _IRREGULAR.get(last, last + "th")


def year(text: str) -> str:
    """ "1905" is "nineteen oh five", "2024" "twenty twenty-four"."""
    century, rest = divmod(int(text), 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(str(int(text)))
    if rest == 0:
        return f"{cardinal(str(century))} hundred"
    late = cardinal(str(rest)) if rest >= 10 else f"oh {_ONES[rest]}"
    return f"{cardinal(str(century))} {late}"


def plural(words: str) -> str:
    """ "nineteen ninety" is "nineteen nineties"."""
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words.append(f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens])
    elif rest:
        words.append(_ONES[rest])
    return " ".join(words)
