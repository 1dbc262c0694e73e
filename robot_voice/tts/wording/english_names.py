"""English abbreviations, acronyms, names with numbers, and addresses in words. Pure."""

from __future__ import annotations

import re

from .english_numbers import cardinal, ordinal, year
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
    "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "vs": "versus",
    "approx.": "approximately",
    "a.k.a.": "also known as", "dept.": "department", "Dept.": "Department", "est.": "established",
    "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Jr.": "Junior",
    "Sr.": "Senior", "w/o": "without", "w/": "with", "b/c": "because", "ca.": "around",
    "et al.": "and others", "incl.": "including", "Ph.D.": "P.H.D", "PhD": "P.H.D",
    "Mon.": "Monday", "Tue.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday",
    "Fri.": "Friday",
}  # fmt: skip
_NUMBERED = {
    "No": "number", "Nos": "numbers",
    "Fig": "figure", "fig": "figure",
    "p": "page", "pp": "pages", "vol": "volume", "Vol": "volume", "ch": "chapter", "Ch": "chapter",
    "sec": "section", "Sec": "section", "ver": "version", "Ver": "version", "ext": "extension",
}  # fmt: skip
"""Read so before a number."""

_SPELLED = (
    "AED|AI|AM|AR|ASAP|ASL|CV|DOF|DQ|EMT|ER|ESP|ETA|FAQ|IMU|IO|IOT|IQ|LED|OLED|PID|RIP|SOS|UAE"
    "|UX|VIP|ACL|IRS|ISO|ATV|ECU|EV|EEG|EKG|AOL|IDE|OCR|ODM|OEM|UPS|UAV|APR|TBA"
)
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
_ROMAN = r"(?=[IVXL])(?:X[LC]|L?X{0,3})(?:IX|IV|V?I{0,3})"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_MARKS = {
    "@": " at ",
    ".": " dot ",
    "_": " underscore ",
    "-": " dash ",
    "+": " plus ",
    "/": " slash ",
}


def roman(text: str) -> int:
    """ "XIV" is 14."""
    values = [_VALUES[letter] for letter in text]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _address(match: re.Match[str]) -> str:
    """An e-mail address, or the name of a site: its marks by name, its digits one by one."""
    return (
        re.sub(
            r"[@._+/-]|\d",
            lambda mark: _MARKS.get(mark.group()) or f" {cardinal(mark.group())} ",
            match.group(),
        )
        .replace("  ", " ")
        .strip()
    )


def _spelled(letters: str) -> str:
    """Letter by letter: espeak-ng takes a lone A for the article, but not one in "L.A"."""
    return ".".join(letters)


def _monarch(match: re.Match[str]) -> str:
    """ "Henry VIII" is "Henry the Eighth"."""
    place = ordinal(str(roman(match["place"])))
    return f"{match['name']} the {place.capitalize()}"


def _is_short(part: str) -> bool:
    """Whether it stands for words: "MP" and "mp" do, "Pi" and "COVID" do not."""
    return len(part) < 4 and (part.isupper() or not re.search("[aeiou]", part, re.I))


def _called(match: re.Match[str]) -> str:
    """Three digits of a name go like those of a year: "Room 101" is "Room one oh one"."""
    return match["name"] + year(match["number"])


def _mixed(match: re.Match[str]) -> str:
    """ "H2O" is "H two O", "GPT-4" "G.P.T four"."""
    words = " ".join(
        cardinal(part) if part.isdecimal() else _spelled(part.upper()) if _is_short(part) else part
        for part in re.findall(r"\d+|[^\W\d_]+", match.group())
    )
    return words.replace("A ", "A-")


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?<!-)"), _address),
    (
        re.compile(
            r"(?<![\w@.])(?:[a-z][a-z0-9-]*\.)+(?:com|org|net|edu|gov|io|ai|co|kr|jp|cn|uk|de|app|dev)(?:/[\w/-]*\w)?\b(?!\.\w)"
        ),
        _address,
    ),
    (re.compile(r"\b[Cc]\+\+"), "C plus plus"),
    (re.compile(r"\b([CF])#"), lambda match: f"{match[1]} sharp"),
    (re.compile(r"(?<!\w)\.NET\b"), "dot net"),
    (
        re.compile(
            rf"\b([A-Z][a-z]+ )({'|'.join(_STREETS)})\b(?:\.(?!\s?[A-Z])|(?![\w.]|\s[A-Z]))"
        ),
        lambda match: match[1] + _STREETS[match[2]],
    ),
    (re.compile(r"\b(Ave|Rd|Blvd)\."), lambda match: _STREETS[match[1]]),
    (re.compile(rf"\b({'|'.join(_TITLES)})\.(?=\s?[A-Z])"), lambda match: _TITLES[match[1]]),
    (re.compile(r"\b(Mr|Mrs|Dr)(?=\s[A-Z][a-z])"), lambda match: _TITLES[match[1]]),
    (re.compile(rf"\b({'|'.join(_NUMBERED)})\.\s?(?=\d)"), lambda match: f"{_NUMBERED[match[1]]} "),
    (re.compile(r"\betc(?:\.(?=\s+[a-z]|[,)])|\b)"), "et cetera"),
    (
        re.compile(
            rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(_SHORT, key=len, reverse=True)))})"
            r"(?![\w/])"
        ),
        lambda match: _SHORT[match.group()],
    ),
    (
        re.compile(
            rf"\b(?P<name>{_MONARCHS})\s(?P<place>(?!I\b){_ROMAN}|I(?=\s(?:of|was|ruled)\b|[,.]))\b"
        ),
        _monarch,
    ),
    (
        re.compile(rf"\b((?:{_NUMBERED_THINGS})\s)({_ROMAN})\b"),
        lambda match: f"{match[1]}{cardinal(str(roman(match[2])))}",
    ),
    (re.compile(rf"\b({_SPELLED})\b"), lambda match: _spelled(match[1])),
    (re.compile(rf"\b({_SPELLED})s\b"), lambda match: f"{_spelled(match[1])}'s"),
    (re.compile(r"\bIoT\b"), "I.O.T"),
    (
        re.compile(
            r"(?P<name>(?i:\b(?:room|suite|apt\.|apartment|flight|route|highway|bus|boeing|airbus"
            r"|error|gate|channel)\s))(?P<number>[1-9]\d{2,3})(?![\w%°]|[.,:]\d)"
        ),
        _called,
    ),
)

MIXED: tuple[Rule, ...] = (
    (
        re.compile(
            r"(?<![\w.])(?:[A-Z]{1,2}\d+[A-Z]\w*|(?:[A-Z][a-z]?\d*){1,4}\d|[A-Za-z]{1,4}\d+|\d{1,3}[A-Z]{1,3}|[A-Z]{1,5}-\d+)(?![\w]|\.\d)"
        ),
        _mixed,
    ),
)
"""Letters and digits in one: formulas, models, sizes."""
