"""The bars of "It understands people", from what ``make eval`` measured last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts.one_bar import Bar, at_least, at_most


def encoder(result: dict[str, Any]) -> Iterator[Bar]:
    """Against stock faster-whisper, on untrained models of true shape."""
    for size, found in result["sizes"].items():
        times = found["times_faster"]
        yield at_least("4.1", f"{size}-encoder-times-faster", times["encode short"], 6)
        yield at_least("4.1", f"{size}-end-to-end-times-faster", times["given short"], 2.5)


def window(result: dict[str, Any]) -> Iterator[Bar]:
    """How far the error rates with the short and with the full window are apart, in points."""
    for language, points in result["points_lost"]["full"].items():
        name = f"starter-short-and-full-window-apart-{language}"
        yield at_most("4.2", name, abs(points), 0.5, "points")


def endpointing(result: dict[str, Any]) -> Iterator[Bar]:
    policy = result["recordings"]["policy"]
    yield at_most("4.3", "commit-after-the-true-end-p50", policy["late_ms"]["p50"], 450, "ms")
    yield at_most("4.3", "cut-ins-of-pauses", policy["cut_in_percent_of_pauses"], 5, "%")


def detectors(result: dict[str, Any]) -> Iterator[Bar]:
    """No limit was set: the figures of the default detector in noise, for the record."""
    for noise in ("20 dB", "10 dB", "5 dB"):
        found = result["table"][noise]["silero .7/.5"]
        value = (
            f"{found['missed_percent']:g}%missed,{found['late_percent']:g}%late,"
            f"{found['false_starts_per_minute']:g}false/min"
        )
        yield Bar("4.4", f"silero-at-{noise.replace(' ', '')}", value, "table", True)


def languages(result: dict[str, Any]) -> Iterator[Bar]:
    session = result["session"]
    yield at_least("4.5", "language-right-in-session", session["right"], 0.98)
    words = f"{session['one_word_right']:g}-of-{session['one_word_clips']}"
    yield Bar("4.5", "of-these-one-word", words, "figure", True)


def stillness(result: dict[str, Any]) -> Iterator[Bar]:
    minutes = result["minutes"]
    yield Bar("4.6", "minutes-of-nobody", f"{minutes:g}", ">=60", minutes >= 60)
    yield at_most("4.6", "turns-committed", result["committed"], 0, "")


def interpreter(result: dict[str, Any]) -> Iterator[Bar]:
    """Of the starter's evaluation: sentences translated to the letter."""
    yield Bar("4.7", "starter-ko-to-en-exact", f"{result['translation']['exact']}", "figure", True)


MEASURED = {
    "encoder": ("4.1", encoder),
    "window": ("4.2", window),
    "endpointing": ("4.3", endpointing),
    "detectors": ("4.4", detectors),
    "languages": ("4.5", languages),
    "stillness": ("4.6", stillness),
}
