"""Which literal strings a regular expression cannot match without. Pure.

A pattern is tried only on text that holds one of its anchors, which one pass of an automaton finds
for all patterns at once; the idea is that of RE2's ``FilteredRE2``. Understood is what our own
patterns use; anything else counts as "could be anything", which costs time and misses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

_MOST = 160
"""Strings a set may hold; a larger one is cut where it would grow."""

_TOKEN = re.compile(
    r"\(\?<?[=!]|\(\?:|[()|^$.]|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?:[?*+]|\{\d*,?\d*\})\??|.", re.S
)
_QUANTIFIER = re.compile(r"(?:([?*+])|\{(\d*),?\d*\})\??")
_ZERO_WIDTH = frozenset({"^", "$", "\\b", "\\B"})
_CLASS_ESCAPES = frozenset("wWdDsS")


@dataclass(frozen=True, slots=True)
class _Need:
    """``exact``: all that can be matched, if known; ``best``: one of these occurs, if known."""

    exact: frozenset[str] | None
    best: frozenset[str] | None


_ANYTHING = _Need(None, None)
_NOTHING = _Need(frozenset({""}), None)


def anchors(pattern: str) -> frozenset[str]:
    """Strings of which at least one is in every text that ``pattern`` matches; none if unknown."""
    tokens = _TOKEN.findall(pattern)
    need, _ = _alternatives(tokens, 0)
    return _best([need.exact, need.best]) or frozenset()


def _alternatives(tokens: list[str], at: int) -> tuple[_Need, int]:
    """What ``tokens`` from ``at`` to the closing bracket, or the end, need; and where that is."""
    branches: list[_Need] = []
    while True:
        branch, at = _sequence(tokens, at)
        branches.append(branch)
        if at >= len(tokens) or tokens[at] != "|":
            return _either(branches), at
        at += 1


def _sequence(tokens: list[str], at: int) -> tuple[_Need, int]:
    running: frozenset[str] | None = frozenset({""})
    whole = True
    candidates: list[frozenset[str] | None] = []
    while at < len(tokens) and tokens[at] not in ("|", ")"):
        need, at = _repeated(tokens, at)
        candidates.append(need.best)
        grown = _joined(running, need.exact)
        if grown is None:
            candidates += [running, need.exact]
            whole = False
            # What follows begins anew; only the exact rest of a cut set may be carried on.
            grown = need.exact if need.exact is not None else frozenset({""})
        running = grown
    candidates.append(running)
    return _Need(running if whole else None, _best(candidates)), at


def _repeated(tokens: list[str], at: int) -> tuple[_Need, int]:
    """One item with the quantifier behind it."""
    need, at = _item(tokens, at)
    if at == len(tokens) or not (match := _QUANTIFIER.fullmatch(tokens[at])):
        return need, at
    sign, least = match.groups()
    if sign == "?" or tokens[at] == "{0,1}":
        exact = None if need.exact is None else need.exact | {""}
        return _Need(exact, None), at + 1
    if sign == "*" or (sign is None and int(least or 0) == 0):
        return _ANYTHING, at + 1
    return _Need(None, _best([need.exact, need.best])), at + 1


def _item(tokens: list[str], at: int) -> tuple[_Need, int]:
    token = tokens[at]
    if token.startswith("("):
        inner, end = _alternatives(tokens, at + 1)
        looks = token.startswith("(?") and token != "(?:"
        return (_NOTHING if looks else inner), end + 1
    if token in _ZERO_WIDTH:
        return _NOTHING, at + 1
    return _Need(_characters(token), None), at + 1


def _characters(token: str) -> frozenset[str] | None:
    """The characters that a literal, an escape or a class stands for, if they are few."""
    if token == "." or (token.startswith("\\") and token[1] in _CLASS_ESCAPES):
        return None
    if token.startswith("[") and len(token) > 1:
        plain = token[1:-1]
        return None if re.search(r"^\^|.-.|\\", plain) else frozenset(plain)
    return frozenset({token[-1]})


def _joined(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None or len(first) * len(second) > _MOST:
        return None
    return frozenset(a + b for a, b in product(first, second))


def _either(branches: list[_Need]) -> _Need:
    if len(branches) == 1:
        return branches[0]
    exact = frozenset[str]().union(*(b.exact or () for b in branches))
    if any(branch.exact is None for branch in branches):
        bests = [_best([branch.exact, branch.best]) for branch in branches]
        known = [best for best in bests if best is not None]
        return _Need(None, frozenset[str]().union(*known) if len(known) == len(bests) else None)
    return _Need(exact, None)


def _best(candidates: list[frozenset[str] | None]) -> frozenset[str] | None:
    """The set whose shortest string is longest; of such, the smallest. Not one with ''."""
    useful = [candidate for candidate in candidates if candidate and "" not in candidate]
    return max(useful, key=lambda c: (min(3, *map(len, c), 3), -len(c)), default=None)
