"""What a person sees: captions while the words come, and what stays of them."""

from __future__ import annotations

import io

from rich.console import Console

from robot_voice.events import Captioned, Committed, Dismissed, UserStarted
from robot_voice.types import Transcript
from robot_voice.view import CaptionLine, LiveView

SAID = Transcript("turn to the left", "en")


def terminal(*, watched: bool = True) -> Console:
    return Console(file=io.StringIO(), force_terminal=watched, width=60, color_system=None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_captions_grow_and_the_committed_words_stay() -> None:
    console = terminal()
    line = CaptionLine(console)
    line(UserStarted(0.5))
    line(Captioned(2.6, "turn to", "the lift", "en"))
    line(Committed(4.0, 1, SAID, 0.4, 0.4))
    line.close()
    text = written(console)
    assert "turn to the lift" in text
    assert text.rstrip().splitlines()[-1].endswith("turn to the left")


def test_where_nobody_watches_only_committed_words_are_printed() -> None:
    console = terminal(watched=False)
    line = CaptionLine(console)
    line(Captioned(2.6, "turn to", "the lift", "en"))
    line(Dismissed(3.0, 1, "no words"))
    line(Committed(4.0, 2, SAID, 0.4, 0.4))
    line(Committed(9.0, 3, Transcript("", "en"), 0.4, 0.4))  # asked for again
    line.close()
    assert written(console).strip() == "turn to the left"


def test_the_view_shows_a_caption_while_the_user_speaks() -> None:
    console = terminal()
    with LiveView(console, "Nuri") as view:
        view(UserStarted(0.5))
        view(Captioned(2.6, "turn to", "the lift", "en"))
        view._live.refresh()
        during = written(console)
    assert "turn to the lift" in during
