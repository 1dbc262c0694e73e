"""The safety filter beside others that can be installed: the same inputs, one run.

    python -m scripts.bench.safety_peers

The peers are word lists (``<shared>/safety/lexicons``) and the packages of the extra [peers]; one
that is not installed is left out, with a line. Each is asked only about the languages it is for.
Inputs are as in ``safety``: nothing that our heads were trained on, except that of ``obf_*`` most
sentences were, in their plain form. A filter is ahead in a row when its F1 is higher, or, where
nothing is hurtful, when it blocks no more.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import ahocorasick

from robot_voice.safety.examination import examine_reply
from robot_voice.safety.screen import SafetyScreen
from robot_voice.safety_config import SafetyConfig
from scripts.safety import corpora

from . import safety_inputs as inputs
from .common import defaults, machine, percentile, save
from .safety import score
from .safety_figures import f1, recall_at, share
from .safety_inputs import LANGUAGES, SEVERE, Case

OURS = "robot-voice"

Flags = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    languages: tuple[str, ...]
    flags: Flags


def ours(screen: SafetyScreen) -> Filter:
    def flags(case: Case) -> bool:
        found = examine_reply(screen, case.text, case.language)
        return found.action in ("block", "soften")

    return Filter(OURS, LANGUAGES, flags)


def word_lists() -> Iterator[Filter]:
    """Public lists: all of them together, and one that was rid of words that mostly mean no harm.
    Korean joins words, so a word counts anywhere; in English it counts as a whole word."""
    for name, words in (
        ("word list", inputs.bad_words),
        ("word list, pruned", inputs.pruned_words),
    ):
        automata = {language: listed(words(language)) for language in LANGUAGES}
        yield Filter(name, LANGUAGES, lambda case, automata=automata: has_word(automata, case))  # type: ignore[misc]


def listed(words: Iterable[str]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for word in words:
        automaton.add_word(word, len(word))
    automaton.make_automaton()
    return automaton


def has_word(automata: dict[str, ahocorasick.Automaton], case: Case) -> bool:
    text = f" {case.text.lower()} "
    whole = case.language == "en"
    return any(
        not whole or not (text[end - length].isalnum() or text[end + 1].isalnum())
        for end, length in automata[case.language].iter(text)
    )


def _alt_profanity_check(module: Any) -> Callable[[str], object]:
    return lambda text: module.predict([text])[0]


PACKAGES: dict[str, tuple[str, str, Callable[[Any], Callable[[str], object]]]] = {
    "alt-profanity-check": ("en", "profanity_check", _alt_profanity_check),
    "better-profanity": ("en", "better_profanity", lambda m: m.profanity.contains_profanity),
    "korcen": ("ko", "korcen.korcen", lambda m: m.check),
}
"""Language, module, and what of the module says whether a text is bad."""


def packages() -> Iterator[Filter]:
    """Those that are installed."""
    for name, (language, module, make) in PACKAGES.items():
        try:
            check = make(import_module(module))
        except ImportError:
            sys.stdout.write(f"{name} is not installed (the extra [peers]): left out\n")
            continue
        yield Filter(name, (language,), lambda case, check=check: bool(check(case.text)))  # type: ignore[misc]


def rows(language: str) -> dict[str, list[Case]]:
    """What is asked, by the name of the row."""
    replies = inputs.sample(f"hurtcheck_{language}")
    benign = [case for case in replies if not case.positive]
    asked = {
        f"hurtcheck_{language}": replies,
        f"hurtcheck_{language}, severe": [case for case in replies if case.group in SEVERE]
        + benign,
        f"hurtcheck_{language}, hard benign": benign,
        f"obf_{language}": inputs.obfuscated(language),
    }
    asked[f"obf_{language}, benign"] = [c for c in asked[f"obf_{language}"] if not c.positive]
    for name in (*inputs.COMMENTS, *inputs.CALM):
        if (inputs.COMMENTS | inputs.CALM)[name] == language:
            asked[name] = inputs.held_out(name, language)
    return asked


def compare(filters: Sequence[Filter]) -> dict[str, Any]:
    """Every row of every filter, and in which ours, the first, is ahead of each other."""
    found: dict[str, dict[str, Any]] = {each.name: {} for each in filters}
    taken: dict[str, list[float]] = {each.name: [] for each in filters}
    for language in LANGUAGES:
        asked = rows(language)
        for each in filters:
            if language not in each.languages:
                continue
            verdicts = {
                case: _timed(each, case)
                for cases in asked.values()
                for case in dict.fromkeys(cases)
            }
            taken[each.name] += [ms for _, ms in verdicts.values()]
            for name, cases in asked.items():
                found[each.name][name] = judged(cases, [verdicts[case][0] for case in cases])
    mine, *theirs = (each.name for each in filters)
    return {
        "rows": found,
        "ms": {
            name: {"p50": round(percentile(ms, 0.5), 3), "p95": round(percentile(ms, 0.95), 3)}
            for name, ms in taken.items()
        },
        "ahead": {
            name: {row: is_ahead(found[mine][row], result) for row, result in found[name].items()}
            for name in theirs
        },
    }


def _timed(each: Filter, case: Case) -> tuple[bool, float]:
    """Its verdict, and milliseconds of processor time."""
    begun = time.thread_time()
    flagged = each.flags(case)
    return flagged, 1e3 * (time.thread_time() - begun)


def judged(cases: Sequence[Case], flagged: Sequence[bool]) -> dict[str, Any]:
    """F1 where something is hurtful, and the share of harmless ones that are blocked."""
    truths = [case.positive for case in cases]
    blocked = share([hit for hit, truth in zip(flagged, truths, strict=True) if not truth])
    both = f1(truths, flagged) if any(truths) else {"n": len(cases)}
    return {**both, "false_blocks": blocked["share"], "blocked": blocked["hits"]}


def at_their_rate(screen: SafetyScreen, results: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Our recall if our limit were moved until we block as many harmless sentences by mistake as
    each peer does, by peer and row."""
    recalls: dict[str, dict[str, float]] = {}
    for language in LANGUAGES:
        for row, cases in rows(language).items():
            if not any(case.positive for case in cases):
                continue
            scores = [score(case, examine_reply(screen, case.text, language)) for case in cases]
            truths = [case.positive for case in cases]
            hurtful = [value for value, truth in zip(scores, truths, strict=True) if truth]
            harmless = [value for value, truth in zip(scores, truths, strict=True) if not truth]
            for peer, of in results.items():
                if row in of:
                    rate = (of[row]["blocked"] + 0.5) / len(harmless)
                    recalls.setdefault(peer, {})[row] = recall_at(hurtful, harmless, rate)["share"]
    return recalls


def is_ahead(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether the first of two results of one row is the better one."""
    if "f1" in mine:
        return bool(mine["f1"] > theirs["f1"])
    return bool(mine["false_blocks"] <= theirs["false_blocks"])


def main() -> None:
    if not corpora.present():
        raise SystemExit(f"no open data in {corpora.SHARED}: see scripts/safety/corpora.py")
    screen = SafetyScreen(SafetyConfig())
    filters = [ours(screen), *word_lists(), *packages()]
    about = {"command": "python -m scripts.bench.safety_peers", "machine": machine(defaults())}
    versions = {each.name: version(each.name) for each in filters if each.name in PACKAGES}
    found = compare(filters)
    found["recall_at_their_rate"] = at_their_rate(screen, found["rows"])
    save("safety_peers", {**about, "peers": versions, **found})


if __name__ == "__main__":
    main()
