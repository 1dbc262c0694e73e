"""How one way of writing after another is put into words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from robot_voice.traced import Edit, Piece, Traced

Rule = tuple[re.Pattern[str], Edit]
"""What to look for, and what to say for it."""

Span = tuple[int, int]

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
"""Digits, perhaps in groups of three, perhaps with a decimal fraction."""

_PHONE = re.compile(
    r"(?<![A-Za-z\d.+/-])(?:"
    r"\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}"
    r"|\(\d{2,4}\)[ -]?\d{3,4}[ -]\d{4}"
    r"|\d{1,4}(?:-\d{1,4}){2,}"
    r"|\d{3,4} \d{3,4} \d{4}"
    r")(?![A-Za-z\d/-]|\.\d)"
)
"""Telephone numbers as they are written in most countries: several groups of digits."""

_PAIR = re.compile(r"(?<![A-Za-z\d.,$£€₩¥+/-])(\d{3,4})-(\d{4})(?![A-Za-z\d%/年-]|[.,]\d)")
_DIALLED = re.compile(r"\d|\+|[^\d+]+")
_LAST_YEAR = 2099


def table(entries: str) -> dict[str, str]:
    """ "km:公里 m:米" as a dictionary."""
    return dict(entry.split(":") for entry in entries.split())


def apply(text: Traced, rules: Iterable[Rule]) -> Traced:
    """``text`` after each rule in turn."""
    for pattern, edit in rules:
        text = text.sub(pattern, edit)
    return text


def only(text: Traced, pattern: re.Pattern[str], new: str) -> Traced:
    """``new`` for the one group that took part in each match; the rest is only looked at."""
    return text.replace(
        (*match.span(match.lastindex or 0), new) for match in pattern.finditer(text.text)
    )


def phones(text: str) -> list[Span]:
    """Where telephone numbers stand. Two groups may be a range: of years (1999-2003), or of round
    numbers (500-1000)."""
    found = [*_PHONE.finditer(text), *filter(_is_phone, _PAIR.finditer(text))]
    return [match.span() for match in found]


def dictated(text: Traced, spans: Iterable[Span], names: Sequence[str], gap: str) -> Traced:
    """Each digit within ``spans`` by its name: ``names`` of 0 to 9 and of "+". ``gap`` is the
    breath between groups. Every digit stays in its place, so that half a number can be heard."""
    pieces: list[Piece] = []
    done = 0
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        if first < done:
            continue
        done, started = last, False
        for token in _DIALLED.finditer(text.text, first, last):
            sign = token.group()
            if sign == "+" or sign.isdecimal():
                name = names[10 if sign == "+" else int(sign)]
                pieces.append((*token.span(), name if started else name.lstrip()))
                started = True
            else:
                pieces.append((*token.span(), gap if started and token.end() < last else ""))
    return text.replace(pieces)


def _is_phone(pair: re.Match[str]) -> bool:
    first, second = pair.groups()
    if len(first) == len(second) and int(first) < int(second) <= _LAST_YEAR and second[0] != "0":
        return False
    return not (first.endswith("0") and second.endswith("0")) or first[0] == "0"
