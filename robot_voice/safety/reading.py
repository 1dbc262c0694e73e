"""What a user's words tell about the user: feeling, danger, and whether the robot has hurt them.

A reading is a hint for tone and policy, never announced as fact. Two kinds of evidence are joined:
phrases of ``data/context.toml``, which are sure but see only what is said outright, and linear
heads (``heads``), which also see what is meant, with a confidence. Other languages than those of
the heads have phrases alone. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from . import heads
from .emotion import SOBER, denies_feeling, read_emotion
from .normalise import normalise
from .patterns import found, meant

EMOTIONS = ("joy", "affection", "sadness", "anger", "fear", "surprise", "neutral")

Danger: TypeAlias = Literal["", "crisis", "crisis_third", "emergency"]
"""The user's own life, somebody else's, or violence and emergencies."""

MAX_CHARS = 800
"""The end of what the user said, which is what the robot answers."""

SURE = 0.45
"""Confidence below which no feeling is named: at least half of those named so are right, on our own
sentences, of which many show a feeling by an event alone."""

URGENT = 0.52
"""Probability of the head ``urgent`` from which the words are taken for a cry for help. A false one
costs a caring question, a missed one may cost a life; so it is low."""

_DANGERS: dict[str, Danger] = {"crisis": "crisis", "third": "crisis_third", "danger": "emergency"}

AT_ROBOT = {"abuse": 0.75, "feedback": 0.6}
"""Probability from which the head of this name is believed without a phrase."""

HALF_SURE = 0.5
"""Probability from which it is believed with a phrase that does not say whose words hurt."""

NAMED_LEAST = 0.3
"""Probability below which the head overrules a phrase that names a feeling: "I'm sad to say we are
closed" is not sad."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one utterance."""

    emotion: str = "neutral"
    """The likeliest of ``EMOTIONS``, or "pain"."""
    confidence: float = 0.0
    """In [0, 1]; below ``SURE`` the reading abstains."""
    danger: Danger = ""
    abuse: bool = False
    """Insults, threats or sexual talk aimed at the robot."""
    feedback: bool = False
    """The robot is told that its words hurt."""
    scores: dict[str, float] = field(default_factory=dict)
    """Probability of every head."""

    @property
    def feeling(self) -> str:
        """The emotion if it is sure enough, else empty."""
        sure = self.confidence >= SURE and self.emotion != "neutral"
        return self.emotion if sure else ""

    @property
    def sober(self) -> bool:
        """Whether laughter would be out of place."""
        return bool(self.danger) or self.feeling in SOBER


@lru_cache(maxsize=8)
def read(text: str, language: str) -> Reading:
    """What the words tell. ``language``: ISO 639-1 code of the words. The latest are remembered,
    since every sentence of a reply is judged by them."""
    text = text[-MAX_CHARS:]
    views = normalise(text)
    trained = heads.load(language)
    logits = trained.logits(views.loose, "user") if trained and views.loose else {}
    scores = {name: heads.probability(logit) for name, logit in logits.items()}
    if scores and denies_feeling(text, language):
        scores["tender"] = 0.0
    emotion, confidence = _emotion(text, language, scores)
    return Reading(
        emotion=emotion,
        confidence=confidence,
        danger=_danger(views.strict, scores),
        abuse=_at_robot("abuse", views.strict, scores),
        feedback=_at_robot("feedback", views.strict, scores),
        scores=scores,
    )


def _emotion(text: str, language: str, scores: dict[str, float]) -> tuple[str, float]:
    """A phrase that names the feeling counts for more than what the heads guess."""
    named = read_emotion(text, language)
    if not scores:
        return (named, 1.0) if named else ("neutral", 0.0)
    if denies_feeling(text, language):
        return "neutral", 1.0
    total = sum(scores[name] for name in EMOTIONS)
    likeliest = max(EMOTIONS, key=scores.__getitem__)
    if named and (named not in scores or scores[named] > NAMED_LEAST):
        return named, 1.0
    return likeliest, scores[likeliest] / total


def _danger(strict: str, scores: dict[str, float]) -> Danger:
    """Phrases first: no figure of speech elsewhere in the words outweighs what is said outright."""
    if meant("crisis", strict):
        return "crisis"
    if meant("emergency", strict):
        return "emergency"
    if scores.get("urgent", 0.0) < URGENT or found("idiom", strict):
        return ""
    return _DANGERS[max(_DANGERS, key=scores.__getitem__)]


def _at_robot(name: str, strict: str, scores: dict[str, float]) -> bool:
    score = scores.get(name, 0.0)
    if found(name, strict):
        return True
    if name == "feedback" and found("feedback_maybe", strict):
        score += AT_ROBOT[name] - HALF_SURE
    return score >= AT_ROBOT[name] and not found(f"not_{name}", strict)
