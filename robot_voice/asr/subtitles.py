"""Passages of a recording as plain text and as subtitles. Pure.

SubRip has no standard (hence no escapes); WebVTT is a W3C recommendation candidate of 2019.
"""

from __future__ import annotations

from collections.abc import Sequence

from robot_voice.types import Passage


def txt(passages: Sequence[Passage]) -> str:
    """One passage a line."""
    return "".join(f"{_line(passage)}\n" for passage in passages)


def srt(passages: Sequence[Passage]) -> str:
    """SubRip: numbered passages, times with a comma."""
    return "\n".join(
        f"{number}\n{_times(passage, ',')}\n{_line(passage).replace('-->', '→')}\n"
        for number, passage in enumerate(passages, 1)
    )


def vtt(passages: Sequence[Passage]) -> str:
    """WebVTT: times with a point; what would be markup is escaped."""
    cues = [f"{_times(passage, '.')}\n{_escaped(_line(passage))}\n" for passage in passages]
    return "\n".join(["WEBVTT\n", *cues])


def timestamp(seconds: float, point: str) -> str:
    """``hh:mm:ss`` and milliseconds, with this decimal point between."""
    milliseconds = round(1000 * max(0.0, seconds))
    minutes, rest = divmod(milliseconds, 60_000)
    whole, fraction = divmod(rest, 1000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{whole:02}{point}{fraction:03}"


def _times(passage: Passage, point: str) -> str:
    start = round(passage.start, 3)
    end = max(passage.end, start + 0.001)  # players drop what takes no time
    return f"{timestamp(start, point)} --> {timestamp(end, point)}"


def _line(passage: Passage) -> str:
    """A blank line would end a subtitle."""
    return " ".join(passage.text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
