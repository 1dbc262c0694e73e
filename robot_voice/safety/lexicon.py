"""What a robot must not say, as data.

``data/lexicon.*.toml`` hold ``[[rule]]`` tables: a ``category``, a ``severity`` (3 always blocks,
2 blocks from "standard" on, 1 only when sensitivity is "high" or "child"), and one of

* ``words``: whole words bad in themselves, sought in both views; Latin letters match their
  look-alikes (a @ 4, i 1 !, ...) and repeats;
* ``patterns``: regular expressions for the strict view, where ``<name>`` stands for an
  alternation from ``[sets]``. ``unless`` names what lets a match pass: "denied" ("I don't think
  you are stupid", "바보가 아니에요") or "reported" ("when people say you are stupid").

``innocent`` lists what is taken out of the text first: Scunthorpe, 시발점.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from .normalise import Views

LEXICONS = ("en", "ko")
"""All apply to every text: people and models mix languages."""

_SCRIPTS = {"latin": re.compile(r"[a-z*$@]"), "hangul": re.compile(r"[ㄱ-ㅣ가-힣]")}
"""Rules are tried only on text in their script: most of the time, half of them."""

_LETTER = {"a": "[a@4]", "e": "[e3]", "i": "[i1!|]", "l": "[l1|]", "o": "[o0]", "s": "[s5$]"}
_LETTER |= {"t": "[t7]", "b": "[b8]", "g": "[g9]", "u": "[uv]"}
_DENIED_BEFORE = re.compile(
    r"(?:(?:\bnot|n't|\bnever|\bnobody|\bno one) (?:\w+ )?(?:thinks?|believes?|mean|means|says?"
    r"|said|saying|call|calling|called|make|makes|true|because|agree)|\bno such thing|\bwho says"
    r"|\bwho said|\banyone who|\bwhoever|\beven if)\b[^.,!?;]{0,30}$"
)
_REPORTED_BEFORE = re.compile(
    r"\b(?:feel(?:s|ing)? (?:like|that|as if)|(?:when|if) (?:people|someone|others|they|everyone)"
    r"|(?:they|he|she|someone|people|somebody) (?:said|says|say|told|tells?|called|calls?|thinks?)"
    r"|(?:make|makes|made) you (?:feel|think))\b[^.,!?;]{0,30}$"
)
_DENIED_AFTER = re.compile(r"^[^,.!?]{0,14}?(?:아니|아닙|않|없|라니요|다니요|말아|마세요|생각하지)")
_REPORTED_AFTER = re.compile(
    r"^[^.!?]{0,6}['\"]?\s?(?:라고|이라고|라는|이라는|다고|고)\s?(?:말|했|하|놀|부르|느|외)"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched, and where in its view the match ended."""

    category: str
    severity: int
    end: int


@dataclass(frozen=True, slots=True)
class _Rule:
    category: str
    severity: int
    pattern: re.Pattern[str]
    script: str
    words: bool
    unless: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled rules of all languages."""

    rules: tuple[_Rule, ...]
    innocent: re.Pattern[str]

    def hits(self, views: Views) -> Iterator[Hit]:
        """What matches in either view, in no particular order."""
        yield from self._search(views.strict, words_only=False)
        if views.loose != views.strict:
            for hit in self._search(views.loose, words_only=True):
                yield replace(hit, end=len(views.strict))

    def phrases(self, strict: str) -> Iterator[Hit]:
        """What matches in a strict view. ``Hit.end`` tells where."""
        yield from self._search(strict, words_only=False)

    def _search(self, view: str, words_only: bool) -> Iterator[Hit]:
        view = self.innocent.sub(_blank, view)
        written = {script for script, letter in _SCRIPTS.items() if letter.search(view)}
        for rule in self.rules:
            if rule.script not in written or (words_only and not rule.words):
                continue
            for match in rule.pattern.finditer(view):
                if _counts(match, rule):
                    yield Hit(rule.category, rule.severity, match.end())


@cache
def load() -> Lexicon:
    """The lexicon that comes with the program, compiled once."""
    rules: list[_Rule] = []
    innocent: list[str] = []
    for language in LEXICONS:
        data = read_data(f"lexicon.{language}.toml")
        innocent += data["innocent"]
        for table in data["rule"]:
            rules.append(_compile(table, data["sets"], language))
    harmless = re.compile("|".join(sorted(map(str, innocent), key=len, reverse=True)))
    return Lexicon(tuple(rules), harmless)


def read_data(name: str) -> dict[str, Any]:
    """A file of ``safety/data``."""
    file = resources.files("robot_voice.safety") / "data" / name
    return tomllib.loads(file.read_text(encoding="utf-8"))


def expand(pattern: str, sets: dict[str, list[str]]) -> str:
    """``pattern`` with every ``<name>`` replaced by the alternation of that set."""
    return re.sub(r"<(\w+)>", lambda m: f"(?:{'|'.join(sets[m.group(1)])})", pattern)


def _compile(table: dict[str, Any], sets: dict[str, list[str]], language: str) -> _Rule:
    words = table.get("words", [])
    parts = [_word(word) for word in words] or [expand(p, sets) for p in table["patterns"]]
    return _Rule(
        category=table["category"],
        severity=table["severity"],
        pattern=re.compile("|".join(f"(?:{part})" for part in parts)),
        script="hangul" if language == "ko" else "latin",
        words=bool(words),
        unless=frozenset(table.get("unless", ())),
    )


def _word(word: str) -> str:
    if not word.isascii():
        return word
    letters = "".join(_LETTER.get(c, re.escape(c)) + "+" for c in word)
    return rf"(?<![a-z0-9@$]){letters}(?![a-z0-9@$])"


def _counts(match: re.Match[str], rule: _Rule) -> bool:
    text, found = match.string, match.group()
    if rule.words and found.isascii() and 2 * sum(map(str.isdigit, found)) > len(found):
        return False  # "gate 455" is no word
    before, after = text[: match.start()], text[match.end() :]
    if "denied" in rule.unless and (_DENIED_BEFORE.search(before) or _DENIED_AFTER.search(after)):
        return False
    reported = _REPORTED_BEFORE.search(before) or _REPORTED_AFTER.search(after)
    return not ("reported" in rule.unless and reported)


def _blank(match: re.Match[str]) -> str:
    return "\x00" * len(match.group())
