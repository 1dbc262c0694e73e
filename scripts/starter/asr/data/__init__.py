"""The word lists beside this file: lines of text, "#" begins a comment."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def lines(name: str) -> list[str]:
    """The lines of a list that say something."""
    text = (_HERE / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def lists(name: str) -> dict[str, list[str]]:
    """Of lines like "name: word word": the words by name."""
    pairs = (line.split(": ", 1) for line in lines(name))
    return {key: words.split() for key, words in pairs}
