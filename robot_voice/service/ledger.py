"""The latency ledger: when each step of a turn happened, counted from the end of speech.

A listener. It keeps the latest turns only, and forgets those that were withdrawn.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from robot_voice.events import (
    ActionSubmitted,
    Committed,
    Dismissed,
    Event,
    Failed,
    FirstToken,
    ReplyReady,
    SentenceScreened,
    SpeakingStarted,
    Transcribed,
    TurnEnded,
    UserPaused,
    Withdrawn,
)
from robot_voice.types import Action, SafeText, Transcript, Verdict

STEPS = (
    "soft_end",
    "transcript",
    "first_token",
    "first_sentence",
    "reply_ready",
    "commit",
    "first_sample",
)
"""In the order of a turn whose reply is ready before the user is known to be done."""

_STEP_OF: dict[type[Event], str] = {
    UserPaused: "soft_end",
    Transcribed: "transcript",
    FirstToken: "first_token",
    SentenceScreened: "first_sentence",
    ReplyReady: "reply_ready",
    Committed: "commit",
    SpeakingStarted: "first_sample",
}


@dataclass(slots=True)
class TurnRecord:
    """One turn, as far as it has come."""

    number: int
    speech_end: float
    """Loop time of the user's last sound."""
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds from the end of speech to each of ``STEPS`` so far."""
    transcript: Transcript | None = None
    verdict: Verdict = "accept"
    """Whether the transcript was believed."""
    reason: str = ""
    """Why it was not."""
    motion: float = 0.0
    """How loud the robot's own motors were while it was said."""
    patience: float | None = None
    screened: list[SafeText] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    heard: str = ""
    finished: bool = False
    ended: bool = False

    @property
    def reply(self) -> str:
        return " ".join(sentence.text for sentence in self.screened)

    def to_json(self) -> dict[str, Any]:
        """The turn as ``--json`` prints it; latencies in milliseconds from the end of speech."""
        transcript = self.transcript or Transcript("", "", 0.0, 0.0)
        latency: dict[str, float] = {
            step: round(1000 * self.steps[step], 1) for step in STEPS if step in self.steps
        }
        if self.patience is not None:
            latency["patience"] = round(1000 * self.patience, 1)
        return {
            "transcript": {
                "text": transcript.text,
                "language": transcript.language,
                "confidence": round(transcript.confidence, 3),
                "language_confidence": round(transcript.language_confidence, 3),
                "verdict": self.verdict,
                "reason": self.reason,
                "motion": round(self.motion, 2),
            },
            "reply": self.reply,
            "heard": self.heard,
            "finished": self.finished,
            "screened": [
                {"text": s.text, "language": s.language, "action": s.action, "category": s.category}
                for s in self.screened
            ],
            "actions": [{"name": a.name, "arguments": dict(a.arguments)} for a in self.actions],
            "failures": self.failures,
            "latency": latency,
        }


class Rejections:
    """Counts what was not believed, by reason: how often nobody was answered, or asked again."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Dismissed) or (
            isinstance(event, Transcribed) and event.verdict == "ask"
        ):
            self.counts[event.reason] += 1


class Screenings:
    """Counts what the filter decided, by action and category. Listens."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, SentenceScreened):
            sentence = event.sentence
            self.counts[f"{sentence.action} {sentence.category}".strip()] += 1


class Ledger:
    """Collects turns. ``on_end`` is told of each that is over."""

    def __init__(
        self, keep: int = 100, on_end: Callable[[TurnRecord], None] = lambda _: None
    ) -> None:
        self._keep = keep
        self._on_end = on_end
        self._turns: OrderedDict[int, TurnRecord] = OrderedDict()

    @property
    def turns(self) -> list[TurnRecord]:
        """The latest turns, oldest first; the last may be under way."""
        return list(self._turns.values())

    @property
    def latest(self) -> TurnRecord | None:
        return next(reversed(self._turns.values()), None)

    def __call__(self, event: Event) -> None:
        number = getattr(event, "turn", None)
        if number is None:
            return
        if isinstance(event, UserPaused):
            self._turns[number] = TurnRecord(number, event.at - event.silence)
            while len(self._turns) > self._keep:
                self._turns.popitem(last=False)
        record = self._turns.get(number)
        if record is None:
            return
        step = _STEP_OF.get(type(event))
        if step is not None:
            record.steps.setdefault(step, event.at - record.speech_end)
        self._note(record, event)

    def _note(self, record: TurnRecord, event: Event) -> None:
        match event:
            case Withdrawn() | Dismissed():
                del self._turns[record.number]
            case Transcribed(transcript=transcript, verdict=verdict, reason=reason, motion=motion):
                record.transcript, record.verdict = transcript, verdict
                record.reason, record.motion = reason, motion
            case Committed(patience=patience):
                record.patience = patience
            case SentenceScreened(sentence=sentence):
                record.screened.append(sentence)
            case ActionSubmitted(action=action):
                record.actions.append(action)
            case Failed(reason=reason):
                record.failures.append(reason)
            case TurnEnded(heard=heard, finished=finished):
                record.heard, record.finished, record.ended = heard, finished, True
                self._on_end(record)
