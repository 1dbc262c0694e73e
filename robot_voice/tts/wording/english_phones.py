"""English: which numbers are said digit by digit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .english_numbers import digits
from .rules import Span, phones

NAMES = [f" {digits(str(digit))}" for digit in range(10)] + [" plus"]
GAP = ","

_CALLED = re.compile(
    r"\b(?:code|pin|password|passcode|calls?|called|calling|dial|dialing|text|texting|phone|phoning"
    r"|ring|numbers?|hotline|helpline|lifeline|line|extension|contact|reach)\b"
    r"(?:[\s:,]+(?:or|and|text|call|us|them|me|the|police|ambulance|at|on|is|to|number|now|for|help"
    r"|an?|fire|department|crisis|emergency|services|center|home|\d{3,}(?![\w%°:/-]|[.,]\d)))+",
    re.I,
)
"""Where somebody is told to call a number: "call or text 112 or 119"."""

_HELP = re.compile(
    r"\b(?:911|988|call\w*|dial\w*|text|hotline|helpline|lifeline|line|crisis|emergency|emergencies"
    r"|police|ambulance|firefighters|fire (?:department|brigade)|suicide|Samaritans)\b",
    re.I,
)
_SERVICES = re.compile(
    r"(?<![\w.,$£€₩¥:-])"
    r"(?:10[59]|11[0-38-9]|12[02]|911|988|999|13(?:66|88|93)|116 ?1\d\d|741741|13 11 14"
    r"|(?:(?<=call )|(?<=dial )|(?<=: ))1\d(?=[.,!?;]|$))"
    r"(?![\w%°:/-]|[.,]\d)"
)
"""Numbers of emergency services and crisis lines in America, Europe, East Asia and Australia."""

_ALWAYS = re.compile(r"911|988")
"""The emergency and the crisis line of the USA are hardly ever said in another way."""

_COUNTED = re.compile(
    r"\s(?!for|if|or|and|now|to|right|at|in|on|when|immediately|as|is|was|has|because|always|from"
    r"|any|anytime|about|with|but|so|then|they|you|we|I)[a-z]+"
)
"""What follows an amount: "119 people"."""

_SHORT = re.compile(r"(?<!\w)\d{3,}(?!\w)")


def spans(text: str) -> Iterator[Span]:
    """Where telephone numbers, codes and the numbers of emergency services stand."""
    yield from phones(text)
    help_asked = _HELP.search(text)
    found = [
        match
        for match in _SERVICES.finditer(text)
        if help_asked or _ALWAYS.fullmatch(match.group())
    ]
    for match in _CALLED.finditer(text):
        found += _SHORT.finditer(text, *match.span())
    yield from (match.span() for match in found if not _COUNTED.match(text, match.end()))
