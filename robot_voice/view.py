"""What a person sees in the terminal: the state, the words, the verdicts, the waterfall.

A listener of the pipeline's events; it draws and steers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .events import (
    Captioned,
    Committed,
    DeviceChanged,
    Dismissed,
    EchoChanged,
    Event,
    Muted,
    SpeakingStarted,
    StopRequested,
    TurnEnded,
    UserPaused,
    UserStarted,
    Withdrawn,
)
from .meter import Level
from .service.ledger import STEPS, Ledger, TurnRecord
from .types import AudioFrame

STATES = {
    "listening": ("○ listening", "cyan"),
    "hearing": ("● hearing you", "bold green"),
    "thinking": ("◐ thinking", "bold yellow"),
    "speaking": ("◉ speaking", "bold magenta"),
    "muted": ("⊘ mic off", "dim"),
}

_STATE_AFTER: dict[type[Event], str] = {
    UserStarted: "hearing",
    UserPaused: "thinking",
    Withdrawn: "hearing",
    Dismissed: "listening",
    Committed: "thinking",
    SpeakingStarted: "speaking",
    TurnEnded: "listening",
}

LABELS = {
    "soft_end": "soft end",
    "transcript": "transcript",
    "first_token": "first token",
    "first_sentence": "first screened sentence",
    "reply_ready": "reply ready",
    "commit": "commit",
    "first_sample": "first sample out",
}

VERDICTS = {"pass": "green", "soften": "yellow", "replace": "red", "crisis": "bold red"}

BAR_WIDTH = 32

REDRAWS = 12
"""A second: what looks like motion."""

METER_CELLS, METER_CELL_DB = 6, 10
"""A meter from -60 to 0 dBFS: a quiet room is below, speech at arm's length at -30 to -20."""


def waterfall(record: TurnRecord) -> Table:
    """When each step came, in milliseconds from the end of speech, and what it took."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    longest = max(record.steps.values(), default=0.0) or 1.0
    before = 0.0
    for step, seconds in sorted(record.steps.items(), key=lambda item: (item[1], _order(item[0]))):
        start, end = (round(BAR_WIDTH * max(0.0, at) / longest) for at in (before, seconds))
        start = min(start, BAR_WIDTH - 1)
        bar = Text(" " * start, no_wrap=True)
        bar.append("█" * (end - start) or "▏", "magenta" if step == "first_sample" else "blue")
        table.add_row(
            Text(LABELS[step], "dim"),
            Text(f"{1000 * seconds:.0f} ms", justify="right"),
            Text(f"+{1000 * (seconds - before):.0f}", "dim", justify="right"),
            bar,
        )
        before = seconds
    return table


def _order(step: str) -> int:
    return STEPS.index(step)


def turn_view(record: TurnRecord, robot: str) -> Group:
    """One turn: what was said, what was answered, and how fast."""
    lines: list[RenderableType] = []
    if record.transcript is not None:
        said = record.transcript
        line = Text.assemble(("You    ", "bold cyan"), said.text)
        line.append(f"   {said.language} {said.language_confidence:.0%}", "dim")
        line.append(f"  words {said.confidence:.0%}", "dim")
        if record.motion:
            line.append("  motors running", "yellow")
        if record.verdict != "accept":
            line.append(f"  not clear ({record.reason})", "yellow")
        lines.append(line)
    for action in record.actions:
        arguments = "".join(f" {key}={value}" for key, value in action.arguments.items())
        lines.append(Text.assemble(("Action ", "bold blue"), f"{action.name}{arguments}"))
    if record.ended and record.verdict == "ask":
        lines.append(Text.assemble((f"{robot[:6]:<7}", "bold magenta"), record.heard))
    for n, sentence in enumerate(record.screened):
        line = Text.assemble((f"{robot[:6]:<7}" if n == 0 else " " * 7, "bold magenta"))
        line.append(sentence.text)
        verdict = sentence.action + (f" ({sentence.category})" if sentence.category else "")
        line.append(f"   {verdict}", VERDICTS[sentence.action])
        lines.append(line)
    lines += [Text(f"Failed {reason}", "red") for reason in record.failures]
    if record.ended and not record.finished and not record.failures:
        lines.append(Text(f"       interrupted; heard: {record.heard or 'nothing'}", "yellow"))
    lines.append(Padding(waterfall(record), (0, 0, 1, 7)))
    return Group(*lines)


def caption(event: Captioned) -> Text:
    """What is certain of the words so far, and what may change."""
    line = Text.assemble(("You    ", "bold cyan"), event.stable)
    return line.append(f" {event.rest}" if event.stable else event.rest, "dim")


def meter(level: Level) -> Text:
    """How loud the microphone is, with its peak as a cell of its own, and what is wrong with it."""
    lit, top = (
        round(METER_CELLS + decibels / METER_CELL_DB) for decibels in (level.rms, level.peak)
    )
    cells = ("▮" if n <= lit or n == top else "▯" for n in range(1, METER_CELLS + 1))
    line = Text.assemble(("".join(cells), "green"), (f" {level.rms:.0f} dB", "dim"))
    if level.no_signal:
        return Text("no signal: is it muted?", "yellow")
    return line.append("  too loud", "bold red") if level.too_loud else line


def news(event: Event) -> Text | None:
    """The line about an event that is no part of a turn; None for all others."""
    match event:
        case DeviceChanged(device=device, present=present, detail=detail):
            return Text(f"The {device} {'is back' if present else f'is gone: {detail}'}", "yellow")
        case StopRequested(word=word):
            return Text.assemble(("stop!", "bold red"), (f"   {word}", "dim"))
        case EchoChanged(mode=mode, reason=reason):
            return Text(f"echo: {mode}{f', because {reason}' if reason else ''}", "dim")
        case _:
            return None


class CaptionLine:
    """Live captions and nothing else: a line that grows while the user speaks, then stays.

    Where nobody can watch it grow, only what was committed is printed. To be closed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=REDRAWS, transient=True)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Captioned) and self._console.is_terminal:
            self._live.start()
            self._live.update(caption(event), refresh=True)
        elif isinstance(event, Committed | Dismissed):
            self.close()
            if isinstance(event, Committed) and event.transcript.text:
                self._console.print(Text(event.transcript.text))

    def close(self) -> None:
        self._live.update(Text(""))
        self._live.stop()


class LiveView:
    """Draws a conversation as it happens; where nobody can watch, it prints finished turns."""

    def __init__(self, console: Console, robot: str, hint: str = "") -> None:
        self._console = console
        self._robot = robot
        self._hint = hint
        self._state = "listening"
        self._speaking = 0  # number of the turn that is being spoken
        self._caption: Text | None = None
        self._level: Level | None = None  # unknown: no microphone, or it is not let through
        self._undrawn = 0.0  # seconds of sound since the level was drawn
        self._muted = False
        self._ledger = Ledger(keep=2, on_end=self._ended)
        self._live = Live(console=console, refresh_per_second=REDRAWS, transient=True)

    def __enter__(self) -> LiveView:
        if self._console.is_terminal:
            self._live.start()
            self._draw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        self._ledger(event)
        self._state = self._state_after(event)
        if isinstance(event, Captioned):
            self._caption = caption(event)
        elif isinstance(event, UserStarted | Committed | Dismissed):
            self._caption = None
        elif isinstance(event, Muted):
            self._muted = event.muted
        if (line := news(event)) is not None:
            self._console.print(line)
        self._draw()

    def hear(self, frame: AudioFrame | None) -> None:
        """Show how loud this frame of the microphone is; None: from now on there are none."""
        if frame is None:
            self._level, self._undrawn = None, 0.0
            self._draw()
            return
        if self._level is None or self._state == "speaking":  # deaf to itself: that is no fault
            self._level = Level()
        self._level.push(frame)
        self._undrawn += frame.seconds
        if self._undrawn >= 1 / REDRAWS:
            self._undrawn = 0.0
            self._draw()

    def _state_after(self, event: Event) -> str:
        if isinstance(event, SpeakingStarted):
            self._speaking = event.turn
        if isinstance(event, TurnEnded):
            self._speaking = 0
            latest = self._ledger.latest
            if latest is not None and latest.number != event.turn:  # it was interrupted by this one
                return self._state
        if isinstance(event, Dismissed) and self._speaking:
            return "speaking"
        return _STATE_AFTER.get(type(event), self._state)

    def say(self, message: str) -> None:
        """A line that stays."""
        self._console.print(Text(message, "dim"))

    def _ended(self, record: TurnRecord) -> None:
        self._console.print(turn_view(record, self._robot))

    def _draw(self) -> None:
        if self._live.is_started:
            self._live.update(Group(*self._present()))

    def _present(self) -> Iterable[RenderableType]:
        record = self._ledger.latest
        if record is not None and not record.ended:
            yield turn_view(record, self._robot)
        unread = record is not None and record.transcript is None
        if self._caption is not None and (self._state == "hearing" or unread):
            yield self._caption
        waits = self._state == "listening"
        text, style = STATES["muted" if self._muted and waits else self._state]
        line = Text.assemble((text, style), no_wrap=True, overflow="ellipsis")
        if self._level is not None and (waits or self._state == "hearing"):
            line.append(" ").append_text(meter(self._level))
        yield line.append(f"   {self._hint}", "dim")
