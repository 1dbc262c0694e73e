"""What a robot must not say, as data.

``data/lexicon.*.toml`` hold ``[[rule]]`` tables: a ``category``, a ``severity`` (3 must never be
spoken, 2 blocks from "standard" on, 1 only when sensitivity is "high" or "child"), and one of

* ``words``: bad in themselves, sought in both views and in disguised spellings (``variants.py``).
  ``[씨시]발`` stands for several, ``<name>`` for each of ``[sets]``.
* ``patterns``: regular expressions for the strict view, where ``<name>`` stands for an alternation.

``unless`` names what lets a match pass: "denied" ("I don't think you are stupid", "바보가
아니에요"), "reported" ("when people say you are stupid"), "medical" and "animal" (what the sentence
is about). More about words, all optional:

* ``head``: "start" (no letter before; the default) or "any".
* ``tail``: "any"; "word" (Korean: a particle, an ending or more abuse may come; the default) or
  "end". Latin words take one of ``endings``, if any, and then end; the default is "s".
* ``disguised = true``: harmless or mild when written plainly ("stupid", "쓰레기"), but nobody hides
  a harmless meaning.
* ``exact = true``: no other spellings.

``innocent`` words (templates, too) excuse what lies within them: Scunthorpe, 시발점.
``not_variants`` are spellings that are words of their own. All words, innocents and the patterns'
anchors are found in one pass of an Aho-Corasick automaton.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import ahocorasick

from .anchors import anchors
from .matching import Entry, Word, excused, is_changed, script_of, stands
from .normalise import View, Views
from .variants import STAR, Variant, expand, variants

LEXICONS = ("en", "ko", "ja", "zh")
"""All apply to every text: people and models mix languages."""

_MASK = re.compile("[#%@$_•●○■□◆♥♡×✱✳☆★\u2600-\u27bf\U0001f000-\U0001faff]")
"""Signs that are put in a letter's place."""

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched, from ``start`` to ``end`` of ``view``; ``rule`` says which, for people.

    ``Views.span(hit.view, hit.start, hit.end)`` is where in the original text.
    """

    category: str
    severity: int
    start: int
    end: int
    rule: str
    view: View = "strict"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule about phrases; ``name`` is for people."""

    category: str
    severity: int
    regex: re.Pattern[str]
    unless: frozenset[str]
    name: str


@dataclass(slots=True)
class _Key:
    """What finding one string means."""

    length: int
    entries: list[Entry] = field(default_factory=list)
    innocent: bool = False
    patterns: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    """What one pass over a text found."""

    entries: list[tuple[int, int, Entry]] = field(default_factory=list)
    innocent: list[Span] = field(default_factory=list)
    patterns: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled rules of all languages."""

    automaton: ahocorasick.Automaton
    patterns: tuple[Pattern, ...]
    always: frozenset[int]
    """The numbers of patterns without an anchor."""

    def hits(self, views: Views) -> Iterator[Hit]:
        """What matches in either view, in no particular order."""
        strict = self._scan(views.strict)
        yield from self._phrases(views.strict, strict)
        masked = _MASK.sub(STAR, views.strict)
        if masked != views.strict:
            starred = self._scan(masked).entries
            strict.entries += [found for found in starred if STAR in found[2].key]
        loose = self._scan(views.loose) if views.loose != views.strict else _Found()
        other = views.trace("bare") is not views.trace("loose")
        bare = self._scan(views.trace("bare").text) if other else _Found()
        if not (strict.entries or loose.entries or bare.entries):
            return
        innocent = [views.span("strict", *span) for span in strict.innocent]
        innocent += [views.span("loose", *span) for span in loose.innocent]
        seen: set[tuple[Span, str]] = set()
        hits = (*_words(views, "strict", strict), *_words(views, "loose", loose))
        for hit in (*hits, *_words(views, "bare", bare)):
            span = views.span(hit.view, hit.start, hit.end)
            if (span, hit.rule) not in seen and not _within(span, innocent):
                seen.add((span, hit.rule))
                yield hit

    def excuses(self, views: Views) -> bool:
        """Whether a bad word is in it that counts for none here: denied, reported, medical, or of
        an animal."""
        found, text = self._scan(views.strict), views.strict
        return any(
            stands(entry, views, "strict", start, end)
            and excused(entry.rule.unless, text, start, end)
            for start, end, entry in found.entries
        ) or any(
            excused(rule.unless, text, *match.span())
            for rule in map(self.patterns.__getitem__, found.patterns)
            for match in rule.regex.finditer(text)
        )

    def phrases(self, strict: str) -> Iterator[Hit]:
        """The patterns that match in a strict view."""
        yield from self._phrases(strict, self._scan(strict))

    def _scan(self, text: str) -> _Found:
        found = _Found()
        for last, key in self.automaton.iter(text):
            start, end = last + 1 - key.length, last + 1
            found.patterns.update(key.patterns)
            if key.innocent:
                found.innocent.append((start, end))
            found.entries += [(start, end, entry) for entry in key.entries]
        return found

    def _phrases(self, view: str, found: _Found) -> Iterator[Hit]:
        for start, end in found.innocent:
            view = view[:start] + "\x00" * (end - start) + view[end:]
        for number in sorted(found.patterns | self.always):
            rule = self.patterns[number]
            for match in rule.regex.finditer(view):
                if not excused(rule.unless, view, *match.span()):
                    yield Hit(rule.category, rule.severity, *match.span(), rule.name)


def _words(views: Views, view: View, found: _Found) -> Iterator[Hit]:
    trace = views.trace(view)
    for start, end, entry in found.entries:
        if not stands(entry, views, view, start, end):
            continue
        if entry.changed and not is_changed(entry, views, view, start, end):
            continue
        rule = entry.rule
        if not excused(rule.unless, trace.text, start, end):
            name = f"{rule.language}: {entry.word}"
            yield Hit(rule.category, rule.severity, start, end, name, view)


def _within(span: Span, others: Iterable[Span]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in others)


@cache
def load() -> Lexicon:
    """The lexicon that comes with the program, compiled once."""
    keys: dict[str, _Key] = {}
    patterns: list[Pattern] = []
    for language in LEXICONS:
        data = read_data(f"lexicon.{language}.toml")
        sets = data.get("sets", {})
        banned = frozenset(data.get("not_variants", ()))
        for template in data["innocent"]:
            for word in expand(template, sets):
                _key(keys, word).innocent = True
        for number, table in enumerate(data["rule"], 1):
            if "words" in table:
                _add_words(keys, table, sets, language, banned)
            else:
                patterns += _patterns(table, sets, f"{language}: {table['category']} {number}")
    always = _add_anchors(keys, patterns)
    return Lexicon(_automaton(keys), tuple(patterns), always)


def read_data(name: str) -> dict[str, Any]:
    """A file of ``safety/data``."""
    file = resources.files("robot_voice.safety") / "data" / name
    return tomllib.loads(file.read_text(encoding="utf-8"))


def expand_pattern(pattern: str, sets: dict[str, list[str]]) -> str:
    """``pattern`` with every ``<name>`` replaced by the alternation of that set."""
    return re.sub(r"<(\w+)>", lambda m: f"(?:{'|'.join(sets[m.group(1)])})", pattern)


def _key(keys: dict[str, _Key], text: str) -> _Key:
    return keys.setdefault(text, _Key(len(text)))


def _add_anchors(keys: dict[str, _Key], patterns: list[Pattern]) -> frozenset[int]:
    """The numbers of the patterns that have none."""
    always: set[int] = set()
    for number, pattern in enumerate(patterns):
        literals = anchors(pattern.regex.pattern)
        for literal in literals:
            _key(keys, literal).patterns.append(number)
        if not literals:
            always.add(number)
    return frozenset(always)


def _automaton(keys: dict[str, _Key]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for text, key in keys.items():
        automaton.add_word(text, key)
    automaton.make_automaton()
    return automaton


def _patterns(table: dict[str, Any], sets: dict[str, list[str]], name: str) -> Iterator[Pattern]:
    unless = frozenset(table.get("unless", ()))
    for number, pattern in enumerate(table["patterns"], 1):
        regex = re.compile(expand_pattern(pattern, sets))
        yield Pattern(table["category"], table["severity"], regex, unless, f"{name}.{number}")


def _add_words(
    keys: dict[str, _Key],
    table: dict[str, Any],
    sets: dict[str, list[str]],
    language: str,
    banned: frozenset[str],
) -> None:
    rule = _word_rule(table, language)
    words = {word for template in table["words"] for word in expand(template, sets)}
    for word in sorted(words):
        spellings = [Variant(word, changed=rule.disguised)]
        if not table.get("exact"):
            spellings += (v for v in variants(word) if v.key not in words | banned | {word})
        for spelling in dict.fromkeys(spellings):
            key, script = spelling.key, script_of(spelling.key)
            entry = Entry(key, word, rule, script, spelling.changed, spelling.whole)
            _key(keys, key).entries.append(entry)


def _word_rule(table: dict[str, Any], language: str) -> Word:
    endings = "|".join(sorted(table.get("endings", ["s"]), key=len, reverse=True))
    return Word(
        category=table["category"],
        severity=table["severity"],
        unless=frozenset(table.get("unless", ())),
        head=table.get("head", "start"),
        tail=table.get("tail", "word"),
        endings=re.compile(f"(?:(?:{endings})(?![a-z]))?"),
        disguised=table.get("disguised", False),
        language=language,
    )
