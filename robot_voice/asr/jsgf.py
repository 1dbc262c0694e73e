"""A grammar of the robot's commands, in the JSpeech Grammar Format (W3C note of 5 June 2000). Pure.

#JSGF V1.0;
grammar commands;
public <command> = come here | turn left ;
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_ENGLISH = re.compile(r"[a-z']+(?: [a-z']+)*")


def speakable(phrases: Iterable[str], known: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """The English phrases whose words are all ``known``, and those that are not, both sorted.

    ``phrases`` are as ``actions.commands.normalise`` writes them, in any language: what is not
    written in a to z is of another one, and in neither list.
    """
    english = sorted({phrase for phrase in phrases if _ENGLISH.fullmatch(phrase)})
    heard = [phrase for phrase in english if all(map(known, phrase.split()))]
    return heard, sorted(set(english) - set(heard))


def grammar(phrases: Iterable[str]) -> str:
    """The grammar that accepts exactly these phrases. At least one is needed."""
    return f"#JSGF V1.0;\ngrammar commands;\npublic <command> = {' | '.join(phrases)} ;\n"
