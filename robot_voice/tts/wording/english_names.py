"""English abbreviations, acronyms, names with numbers, and addresses in words. Pure."""

from __future__ import annotations

import re

from .english_numbers import cardinal, ordinal
from .rules import Rule

_TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor",
    "St": "Saint", "Mt": "Mount", "Ft": "Fort", "Gen": "General", "Col": "Colonel",
    "Sgt": "Sergeant", "Capt": "Captain", "Lt": "Lieutenant", "Sen": "Senator",
    "Rep": "Representative", "Gov": "Governor", "Rev": "Reverend", "Pres": "President",
}  # fmt: skip
"""Read so before a name."""

_STREETS = {"St": "Street", "Dr": "Drive", "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard"}
"""Read so after one."""

_SHORT = {
    "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "vs": "versus", "approx.": "approximately",
    "a.k.a.": "also known as", "dept.": "department", "Dept.": "Department", "est.": "established",
    "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Jr.": "Junior",
    "Sr.": "Senior", "w/o": "without", "w/": "with", "b/c": "because", "ca.": "around",
    "et al.": "and others", "incl.": "including", "Ph.D.": "P.H.D", "PhD": "P.H.D",
    "Mon.": "Monday", "Tue.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday",
    "Fri.": "Friday",
}  # fmt: skip
_NUMBERED = {
    "No": "number", "Nos": "numbers", "no": "number", "nos": "numbers", "Fig": "figure", "fig": "figure",
    "p": "page", "pp": "pages", "vol": "volume", "Vol": "volume", "ch": "chapter", "Ch": "chapter",
    "sec": "section", "Sec": "section", "ver": "version", "Ver": "version", "ext": "extension",
}  # fmt: skip
"""Read so before a number."""

_SPELLED = (
    "AED AI AM AR ASAP ASL CV DOF DQ EMT ER ESP ETA FAQ IMU IO IOT IQ LED OLED PID RIP SOS UAE"
    " UX VIP ACL IRS ISO ATV ECU EV EEG EKG AOL IDE OCR ODM OEM UPS USP UAV APR APP TBA"
).split()
"""Spoken letter by letter, but read by espeak-ng 1.51 as if they were words."""

_MONARCHS = (
    "Henry|Louis|George|Elizabeth|Charles|Edward|Richard|William|James|John Paul|Pius|Benedict"
    "|Gregory|Leo|Francis|Philip|Napoleon|Nicholas|Alexander|Catherine|Frederick|Peter|Mary"
    "|Ramesses|Urban|Clement|Innocent|Boniface|Otto|Ivan|Felipe|Carlos|Juan Carlos"
)
_NUMBERED_THINGS = (
    "World War|Chapter|Part|Act|Volume|Phase|Type|Class|Episode|Super Bowl|Final Fantasy|Section"
    "|Book|Level|Stage|Title|Article|Mark|Rocky|Star Wars|Apollo|Figure|Table|Scene|Round|Group"
)
_ROMAN = r"(?=[IVXLC])(?:X[LC]|L?X{0,3})(?:IX|IV|V?I{0,3})"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_MARKS = {"@": " at ", ".": " dot ", "_": " underscore ", "-": " dash ", "+": " plus ", "/": " slash "}


def roman(text: str) -> int:
    """ "XIV" is 14."""
    values = [_VALUES[letter] for letter in text]
    return sum(
        -value if value < max(values[at:]) else value for at, value in enumerate(values)
    )


def _address(match: re.Match[str]) -> str:
    """An e-mail address, or the name of a site: its marks by name, its digits one by one."""
    return re.sub(
        r"[@._+/-]|\d", lambda mark: _MARKS.get(mark.group()) or f" {cardinal(mark.group())} ", match.group()
    ).replace("  ", " ").strip()


def _spelled(letters: str) -> str:
    """Letter by letter: espeak-ng takes a lone A for the article, but not one in "L.A"."""
    return ".".join(letters)


def _mixed(match: re.Match[str]) -> str:
    """ "H2O" is "H two O", "GPT-4" "G.P.T four"."""
    words = " ".join(
        cardinal(part) if part.isdecimal() else _spelled(part.upper()) if len(part) < 4 else part
        for part in re.findall(r"\d+|[^\W\d_]+", match.group())
    )
    return words.replace("A ", "A-")


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?<!-)"), _address),
    (
        re.compile(r"(?<![\w@.])(?:[a-z][a-z0-9-]*\.)+(?:com|org|net|edu|gov|io|ai|co|kr|jp|cn|uk|de|app|dev)(?:/[\w/-]*\w)?\b(?!\.\w)"),
        _address,
    ),
    (re.compile(r"\b[Cc]\+\+"), "C plus plus"),
    (re.compile(r"\b([CF])#"), lambda match: f"{match[1]} sharp"),
    (re.compile(r"(?<!\w)\.NET\b"), "dot net"),
    (
        re.compile(rf"(?<=[a-z] )({'|'.join(_STREETS)})\b\.?(?=\s*(?:[,.!?]|$|[a-z]))"),
        lambda match: _STREETS[match[1]],
    ),
    (re.compile(r"\b(Ave|Rd|Blvd)\."), lambda match: _STREETS[match[1]]),
    (re.compile(rf"\b({'|'.join(_TITLES)})\.(?=\s?[A-Z])"), lambda match: _TITLES[match[1]]),
    (re.compile(r"\b(Mr|Mrs|Dr)(?=\s[A-Z][a-z])"), lambda match: _TITLES[match[1]]),
    (re.compile(rf"\b({'|'.join(_NUMBERED)})\.\s?(?=\d)"), lambda match: f"{_NUMBERED[match[1]]} "),
    (re.compile(r"\betc(?:\.(?=\s+[a-z]|[,)])|\b)"), "et cetera"),
    (
        re.compile(rf"(?<![\w.])(?:{'|'.join(re.escape(s) for s in sorted(_SHORT, key=len, reverse=True))})(?![\w/])"),
        lambda match: _SHORT[match.group()],
    ),
    (
        re.compile(rf"\b(?:{_MONARCHS})\s(?:(?P<n>(?!I\b){_ROMAN})\b|(?P<one>I)\b(?=\s(?:of|was|ruled)\b|[,.]))"),
        lambda match: f"{match.group().rsplit(' ', 1)[0]} the {ordinal(str(roman(match['n'] or 'I'))).capitalize()}",
    ),
    (
        re.compile(rf"\b((?:{_NUMBERED_THINGS})\s)({_ROMAN})\b"),
        lambda match: f"{match[1]}{cardinal(str(roman(match[2])))}",
    ),
    (re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b"), lambda match: _spelled(match.group())),
    (re.compile(r"\bIoT\b"), "I.O.T"),
)

MIXED: tuple[Rule, ...] = (
    (
        re.compile(r"(?<![\w.])(?:[A-Z]{1,2}\d+[A-Z]\w*|(?:[A-Z][a-z]?\d*){1,4}\d|[A-Za-z]{1,4}\d+|\d{1,3}[A-Z]{1,3}|[A-Z]{1,5}-\d+)(?![\w]|\.\d)"),
        _mixed,
    ),
)
"""Letters and digits in one: formulas, models, sizes."""
