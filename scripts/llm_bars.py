"""The bars of "It thinks well on a CPU", from what ``make bench`` measured last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts.one_bar import Bar, at_least, at_most


def speed(result: dict[str, Any]) -> Iterator[Bar]:
    """Beside llama.cpp's own loop, and beside what the memory could do."""
    for name, found in result["models"].items():
        yield at_least("7.1", f"share-of-bare-loop-{name}", found["share"], 0.97)
        yield _told("7.1", f"share-of-memory-bandwidth-{name}", found["roofline_share"])


def reuse(result: dict[str, Any]) -> Iterator[Bar]:
    """What is not read again in a fifth turn and after a restart."""
    yield at_least("7.2", "tokens-of-system-prompt", result["system_tokens"], 500)
    for part, name, limit in (("turn_5", "turn-5", 1 / 8), ("restart", "restart", 1 / 5)):
        share = result[part]["share"]
        yield at_most("7.2", f"first-token-of-without-reuse-{name}", share, limit, "")


def abort(result: dict[str, Any]) -> Iterator[Bar]:
    """Nobody listens any more, at a random moment."""
    every = result["all"]
    yield at_least("7.3", "tokens-of-prompt-being-read", result["prompt_tokens"], 1000)
    yield at_least("7.3", "moments", every["n"], 200)
    yield at_most("7.3", "engine-free-after-abort-p99", every["p99_ms"], 50, "ms")
    yield _told("7.3", "engine-free-after-abort-max", every["max_ms"], "ms")
    yield at_most("7.3", "next-replies-changed-by-abort", every["next_reply_differs"], 0, "")


def actions(result: dict[str, Any]) -> Iterator[Bar]:
    """The fast path. What the recogniser made a command of, to the letter, is told apart: nobody
    who reads "sit down" can know that something else was said."""
    written, heard = result["written"], result["heard by the starter"]["believed"]
    talk = result["ordinary talk"]
    yield at_least("7.4", "utterances", written["n"], 300)
    for name, found in (("written", written), ("heard", heard)):
        yield at_least("7.4", f"right-where-it-fires-{name}", found["right where it fires"], 0.97)
        yield at_most("7.4", f"false-actions-on-no-commands-{name}", found["false"], 0, "")
    yield at_most("7.4", "false-actions-on-ordinary-talk", talk["false"], 0, "")
    yield _told("7.4", "ordinary-talk-that-is-a-command", talk["to the letter a command"])
    yield _told("7.4", "no-commands-the-starter-made-one", heard["no commands heard as one"])
    yield _told("7.4", "commands-the-starter-made-another", heard["heard as another command"])
    yield below("7.4", "fast-path-p95", result["processor milliseconds"]["p95"], 5, "ms")


def memory(result: dict[str, Any]) -> Iterator[Bar]:
    """Recall among many, and what is left after "forget everything about me"."""
    times, words = result["times"], result["forgotten"]
    yield at_least("7.5", "memories", times["memories"], 10_000)
    for way in ("numpy", "sqlite_vec"):
        if way in times:
            yield below("7.5", f"recall-p95-{way}", times[way]["p95"], 20, "ms")
            yield _told("7.5", f"first-recall-{way}", times[way]["first"], "ms")
    for language, found in result["quality"]["held_out"].items():
        yield _told("7.5", f"precision-at-3-{language}", found["precision_at_3"])
    yield at_least("7.5", "words-on-disk-before-forgetting", words["before"], 1)
    yield at_most("7.5", "words-on-disk-after-forgetting", words["after"], 0, "")


def long_talk(result: dict[str, Any]) -> Iterator[Bar]:
    """A conversation that does not end."""
    growth = round(result["rss_end_mb"] - result["rss_start_mb"], 1)
    yield at_least("7.6", "turns-in-one-process", result["turns"], 1000)
    yield at_most("7.6", "memory-growth", growth, 2, "MiB")
    yield at_most("7.6", "context-overflows", result["overflowed"], 0, "")
    yield at_least("7.6", "summaries-made", result["summaries_made"], 1)
    budget = result["summary_budget"]
    yield at_most("7.6", "tokens-of-longest-summary", result["summary_tokens_max"], budget, "")
    yield _told("7.6", "turns-that-failed", result["failed"])


def remote(result: dict[str, Any]) -> Iterator[Bar]:
    """The link to a model on another machine dies at a random byte."""
    yield at_least("7.7", "link-faults", result["faults"], 100)
    for key in ("unanswered", "said_twice", "wrong"):
        yield at_most("7.7", f"turns-{key.replace('_', '-')}", result[key], 0, "")
    yield at_most("7.7", "cancelled-reply-ends-max", result["cancel_ms"]["max"], 50, "ms")


def below(number: str, name: str, value: float, limit: float, unit: str) -> Bar:
    """A bar that equality does not pass."""
    return Bar(number, name, f"{value:g}{unit}", f"<{limit:g}{unit}", value < limit)


def _told(number: str, name: str, value: float, unit: str = "") -> Bar:
    """A figure that the issue wants printed, whatever it is."""
    return Bar(number, name, f"{value:g}{unit}", "any", True)


MEASURED = {
    "llm_speed": ("7.1", speed),
    "llm_reuse": ("7.2", reuse),
    "llm_abort": ("7.3", abort),
    "actions": ("7.4", actions),
    "memory": ("7.5", memory),
    "long_talk": ("7.6", long_talk),
    "remote_faults": ("7.7", remote),
}
