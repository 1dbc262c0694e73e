"""Frames in, utterances out. Pure: no clock, no threads, no I/O.

An utterance has two ends. The *soft* end comes after a short silence: the robot may begin to
think, but the user may still go on. Whether that was all is not decided here but by the
endpoint policy, which knows the words; whoever decides calls ``close``. Until then every
further soft end hands over the whole utterance again, from its first sample.

    quiet --voice--> speaking --silence--> paused --voice--> speaking ...
      ^                                      |
      +----------------- close --------------+

An utterance that grows too long is handed over in parts that overlap a little, cut where a voice
is least likely; ``turn.joined`` drops the words that both parts have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from robot_voice.types import (
    AudioFrame,
    Heard,
    SoftEnd,
    SpeechCut,
    SpeechResumed,
    SpeechStarted,
    Utterance,
)

from .floor import NoiseFloor

_EPSILON = 1e-6
"""Frame lengths are no exact binary fractions; their sums are compared with this in mind."""

TAIL_SECONDS = 0.1
"""Audio right after the last voiced frame that still belongs to it (a fading vowel), and so is
not handed over again at the head of the next utterance."""

CUT_SECONDS = 2.0
"""How far back from the end of an over-long utterance the place to cut it is looked for: nobody
says much more than 2 s without a dip between two words."""

OVERLAP_SECONDS = (0.3, 0.5)
"""How far before a cut the next part begins, at least and at most, at the quietest place there: a
word at the cut is then whole in one of the two parts."""

MOTION_DOUBT = 0.5
"""How much of the way to certainty the thresholds go when the robot's own motors are loudest."""


def raised(threshold: float, motion: float) -> float:
    """``threshold`` while the robot's own body moves at level ``motion`` in [0, 1].

    ``t + (1 - t) * motion / 2``: unchanged at rest, and half-way to certainty at full motion, so
    0.7 becomes 0.85 and 0.5 becomes 0.75. Clear speech is beyond 0.9 for Silero; motors that are
    taken for speech seldom are. A detector that says yes or no (webrtc) is not affected.
    """
    return threshold + (1.0 - threshold) * MOTION_DOUBT * motion


@dataclass(frozen=True, slots=True)
class SegmenterConfig:
    start_threshold: float = 0.7
    """A frame at or above this counts as speech."""

    stop_threshold: float = 0.5
    """A frame below this counts as silence. Between the two, things stay as they are."""

    start_seconds: float = 0.09
    """Speech needed before the user is said to have started, or resumed."""

    soft_end_seconds: float = 0.2
    """Silence needed before the user is said to have paused."""

    pre_roll_seconds: float = 0.5
    """Audio kept from before the start, so that first consonants survive."""

    max_seconds: float = 25.0
    """A longer utterance is handed over in parts."""

    floor_margin_db: float = 0.0
    """A frame must be this much louder than the noise floor to help start an utterance; 0: it
    need not."""


@dataclass(slots=True)
class VoiceOnset:
    """Tells when a voice has been there for long enough to be no click.

    The audio process has one too, to silence the loudspeaker on the spot.
    """

    threshold: float
    seconds: float
    run: float = field(default=0.0, init=False)
    """Seconds of uninterrupted voice so far."""

    def push(self, speech: float, seconds: float) -> bool:
        """Take ``seconds`` of this speech probability; whether the voice has lasted by now."""
        self.run = self.run + seconds if speech >= self.threshold else 0.0
        return self.run >= self.seconds - _EPSILON


@dataclass(frozen=True, slots=True)
class _Kept:
    """A frame that is remembered, with what was thought of it."""

    frame: AudioFrame
    speech: float
    voiced: bool
    motion: float

    @property
    def end(self) -> float:
        return self.frame.start + self.frame.seconds


class Segmenter:
    """Finds where the user starts, pauses and goes on."""

    def __init__(self, config: SegmenterConfig) -> None:
        self._config = config
        self._onset = VoiceOnset(config.start_threshold, config.start_seconds)
        self._stop_threshold = config.stop_threshold
        self._floor = NoiseFloor(config.floor_margin_db) if config.floor_margin_db else None
        self._kept: deque[_Kept] = deque()  # bounded by pre-roll or max_seconds
        self._in_utterance = False
        self._paused = False
        self._speech_end = 0.0
        self._silence = 0.0
        self._motion = 0.0

    @property
    def silence(self) -> float:
        """Seconds of silence since the user's last sound in the present utterance."""
        return self._silence

    def motion(self, level: float) -> None:
        """From now on the robot's own body moves this much: 0 not at all, 1 as loud as it gets.

        Raises both thresholds (see ``raised``) and is noted in the utterances; a level outside
        [0, 1] is taken for the nearest in it.
        """
        self._motion = min(1.0, max(0.0, level))
        self._onset.threshold = raised(self._config.start_threshold, self._motion)
        self._stop_threshold = raised(self._config.stop_threshold, self._motion)

    def push(self, heard: Heard) -> Iterator[SpeechStarted | SpeechResumed | SoftEnd | SpeechCut]:
        """Take one frame; yield what it settles."""
        voiced = heard.speech >= self._stop_threshold
        self._kept.append(_Kept(heard.frame, heard.speech, voiced, self._motion))
        voice = self._onset.push(self._believed(heard), heard.frame.seconds)
        if not self._in_utterance:
            self._keep_last(self._config.pre_roll_seconds + self._onset.run)
            if voice:
                self._in_utterance = True
                self._begin_speech(heard)
                yield SpeechStarted(heard.frame.start)
            return
        if self._paused:
            # No cut here: a soft end has handed this audio over, and its answer is under way.
            if voice:
                self._begin_speech(heard)
                yield SpeechResumed(heard.frame.start)
            elif self._onset.run == 0.0:  # while it may be a voice, the silence does not grow
                self._silence += heard.frame.seconds
            return
        self._measure(heard, voiced)
        if self._silence >= self._config.soft_end_seconds - _EPSILON:
            self._paused = True
            yield SoftEnd(self._utterance(self._kept))
        elif self._seconds() >= self._config.max_seconds:
            yield self._cut()

    def so_far(self) -> Utterance | None:
        """A copy of what the user has said of the present utterance, while they say it; None when
        nobody speaks, and after a soft end, which has handed it over."""
        speaking = self._in_utterance and not self._paused
        return self._utterance(self._kept) if speaking else None

    def flush(self) -> Iterator[SoftEnd]:
        """No more frames will come: hand over what was being said."""
        if self._in_utterance and not self._paused:
            self._paused = True
            yield SoftEnd(self._utterance(self._kept))

    def close(self) -> None:
        """Forget the present utterance: it was answered, or was none."""
        after = self._speech_end + TAIL_SECONDS
        while self._kept and self._kept[0].frame.start < after - _EPSILON:
            self._kept.popleft()
        self._in_utterance = self._paused = False
        self._silence = 0.0

    def _believed(self, heard: Heard) -> float:
        """The frame's speech probability as far as starting an utterance is concerned."""
        if self._floor is None:
            return heard.speech
        clear = self._floor.push(heard.frame, self._in_utterance)
        return heard.speech if clear or self._in_utterance else 0.0

    def _begin_speech(self, heard: Heard) -> None:
        self._paused = False
        self._silence = 0.0
        self._speech_end = heard.frame.start + heard.frame.seconds

    def _measure(self, heard: Heard, voiced: bool) -> None:
        if not voiced:
            self._silence += heard.frame.seconds
        elif heard.speech >= self._onset.threshold or self._silence == 0.0:
            self._begin_speech(heard)

    def _seconds(self) -> float:
        return self._kept[-1].end - self._kept[0].frame.start

    def _keep_last(self, seconds: float) -> None:
        newest = self._kept[-1].frame.start
        while newest - self._kept[0].frame.start > seconds + _EPSILON:
            self._kept.popleft()

    def _cut(self) -> SpeechCut:
        """Hand over the utterance up to its quietest place of late, and keep the rest."""
        scale = min(1.0, self._config.max_seconds / (2 * CUT_SECONDS))  # for very short parts
        cut = self._quietest(0.0, scale * CUT_SECONDS)
        age = self._kept[-1].end - self._kept[cut].end
        least, most = (age + scale * seconds for seconds in OVERLAP_SECONDS)
        following = self._quietest(least, most)
        part = self._utterance(list(islice(self._kept, cut + 1)))
        for _ in range(following):
            self._kept.popleft()
        return SpeechCut(part)

    def _quietest(self, least: float, most: float) -> int:
        """Which frame is the least likely speech among those that ended ``least`` to ``most``
        seconds ago; of equals the last."""
        newest = self._kept[-1]
        most = max(most, least + newest.frame.seconds)  # there is one
        ages = [newest.end - kept.end for kept in self._kept]
        candidates = [n for n, age in enumerate(ages) if least <= age + _EPSILON <= most + _EPSILON]
        return min(reversed(candidates), key=lambda number: self._kept[number].speech)

    def _utterance(self, kept: Sequence[_Kept]) -> Utterance:
        first = kept[0].frame
        voiced = [each for each in kept if each.voiced]
        return Utterance(
            np.concatenate([each.frame.samples for each in kept]),
            first.start,
            min(self._speech_end, kept[-1].end),
            first.rate,
            voiced=sum(each.frame.seconds for each in voiced),
            speech=sum(each.speech for each in voiced) / len(voiced) if voiced else None,
            motion=max(each.motion for each in kept),
        )
