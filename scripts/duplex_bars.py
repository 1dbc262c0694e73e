"""The bars of "Full duplex on real hardware", from what ``make bench`` measured last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts.one_bar import Bar, at_least, at_most


def self_interruption(result: dict[str, Any]) -> Iterator[Bar]:
    """The robot's own speech through rooms of every kind."""
    yield at_least("6.1", "minutes-of-own-speech", result["minutes"], 20)
    for mode in ("aec", "half-duplex"):
        yield at_most("6.1", f"self-interruptions-{mode}", result[mode]["interruptions"], 0, "")
    untreated = result["off"]["interruptions"]
    yield Bar("6.1", "self-interruptions-off", str(untreated), "any", True)


def barge_in(result: dict[str, Any]) -> Iterator[Bar]:
    """People who speak, and things that sound, while the robot does."""
    for name in ("voices", "busy"):
        found = result[name]
        where = "" if name == "voices" else "-2-busy-cores"
        yield at_least("6.2", f"barge-ins{where}", found["voices"], 60)
        yield at_least("6.2", f"heard{where}", round(found["heard"] / found["voices"], 4), 0.95)
        yield at_most("6.2", f"voice-to-silence-p50{where}", found["ms"]["p50"], 200, "ms")
        yield at_most("6.2", f"voice-to-silence-p95{where}", found["ms"]["p95"], 320, "ms")
    noises = result["noises"]
    yield at_least("6.3", "noises", noises["sounds"], 30)
    whole = min(noises["resumed"], noises["sample for sample"])
    yield at_least("6.3", "sentence-resumed-whole", round(whole / noises["sounds"], 4), 1.0)


def truth(result: dict[str, Any]) -> Iterator[Bar]:
    """What the robot says was heard of it."""
    found = result["marks"]
    yield at_least("6.4", "cuts", found["n"], 100)
    yield at_least("6.4", "claimed-within-one-syllable", found["within one"], 0.95)
    yield at_most("6.4", "claimed-most-off", found["most off"], 2, "")
    yield at_most("6.4", "claimed-most-ahead", found["most ahead"], 1, "")


def device_faults(result: dict[str, Any]) -> Iterator[Bar]:
    """Cards that go and come in every state of a turn."""
    cycles = result["cycles"]
    yield at_least("6.5", "device-faults", cycles, 100)
    yield at_least("6.5", "next-turn-served", round(result["served"] / cycles, 4), 1.0)
    yield at_most("6.5", "ready-after-return-max", result["ready_seconds"]["max"], 3, "s")
    grown = dict[str, float]()
    for programs in result["resources"].values():
        for program, counts in programs.items():
            again = f"{program}-restarts".replace(" ", "-")
            grown[again] = grown.get(again, 0) + counts["restarts"]
            for count in counts.keys() - {"restarts", "rss_mb_by_tens"}:
                before, after = counts[count]
                name = f"{program}-{count}".replace(" ", "-")
                grown[name] = max(grown.get(name, -1e9), after - before)
    # The audio process may have to be restarted: PortAudio hangs when its server is frozen.
    restarts = grown.pop("audio-process-restarts")
    yield Bar("6.5", "audio-process-restarts", f"{restarts:g}", "any", True)
    for name, more in sorted(grown.items()):
        limit = 2.0 if name.endswith("_mb") else 0.0
        yield at_most("6.5", f"most-{name}-gained", round(more, 1), limit, "")


def underruns(result: dict[str, Any]) -> Iterator[Bar]:
    """A busy interpreter and two busy cores."""
    yield at_most("6.6", "underruns-with-SCHED_RR", result["SCHED_RR"]["underruns"], 0, "")
    yield Bar("6.6", "underruns-without", str(result["without"]["underruns"]), "any", True)


MEASURED = {
    "self_interruption": ("6.1", self_interruption),
    "barge_in": ("6.2", barge_in),
    "truth": ("6.4", truth),
    "device_faults": ("6.5", device_faults),
    "underruns": ("6.6", underruns),
}
