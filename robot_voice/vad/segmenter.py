"""Frames in, utterances out. Pure: no clock, no threads, no I/O.

An utterance has two ends. The *soft* end comes after a short silence: the robot may begin to
think, but the user may still go on. Whether that was all is not decided here but by the
endpoint policy, which knows the words; whoever decides calls ``close``. Until then every
further soft end hands over the whole utterance again, from its first sample.

    quiet --voice--> speaking --silence--> paused --voice--> speaking ...
      ^                                      |
      +----------------- close --------------+
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

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

_EPSILON = 1e-6
"""Frame lengths are no exact binary fractions; their sums are compared with this in mind."""

TAIL_SECONDS = 0.1
"""Audio right after the last voiced frame that still belongs to it (a fading vowel), and so is
not handed over again at the head of the next utterance."""


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


class Segmenter:
    """Finds where the user starts, pauses and goes on."""

    def __init__(self, config: SegmenterConfig) -> None:
        self._config = config
        self._onset = VoiceOnset(config.start_threshold, config.start_seconds)
        self._frames: deque[AudioFrame] = deque()  # bounded by pre-roll or max_seconds
        self._in_utterance = False
        self._paused = False
        self._speech_end = 0.0
        self._silence = 0.0

    @property
    def silence(self) -> float:
        """Seconds of silence since the user's last sound in the present utterance."""
        return self._silence

    def push(self, heard: Heard) -> Iterator[SpeechStarted | SpeechResumed | SoftEnd | SpeechCut]:
        """Take one frame; yield what it settles."""
        self._frames.append(heard.frame)
        voice = self._onset.push(heard.speech, heard.frame.seconds)
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
        self._measure(heard)
        if self._silence >= self._config.soft_end_seconds - _EPSILON:
            self._paused = True
            yield SoftEnd(self._utterance())
        elif self._seconds() >= self._config.max_seconds:
            yield SpeechCut(self._utterance())
            self._frames.clear()

    def flush(self) -> Iterator[SoftEnd]:
        """No more frames will come: hand over what was being said."""
        if self._in_utterance and not self._paused:
            self._paused = True
            yield SoftEnd(self._utterance())

    def close(self) -> None:
        """Forget the present utterance: it was answered, or was none."""
        after = self._speech_end + TAIL_SECONDS
        while self._frames and self._frames[0].start < after - _EPSILON:
            self._frames.popleft()
        self._in_utterance = self._paused = False
        self._silence = 0.0

    def _begin_speech(self, heard: Heard) -> None:
        self._paused = False
        self._silence = 0.0
        self._speech_end = heard.frame.start + heard.frame.seconds

    def _measure(self, heard: Heard) -> None:
        if heard.speech < self._config.stop_threshold:
            self._silence += heard.frame.seconds
        elif heard.speech >= self._config.start_threshold or self._silence == 0.0:
            self._begin_speech(heard)

    def _seconds(self) -> float:
        newest = self._frames[-1]
        return newest.start + newest.seconds - self._frames[0].start

    def _keep_last(self, seconds: float) -> None:
        newest = self._frames[-1].start
        while newest - self._frames[0].start > seconds + _EPSILON:
            self._frames.popleft()

    def _utterance(self) -> Utterance:
        if not self._frames:  # the audio ended right behind a cut
            return Utterance(np.zeros(0, np.float32), self._speech_end, self._speech_end)
        first = self._frames[0]
        samples = np.concatenate([frame.samples for frame in self._frames])
        return Utterance(samples, first.start, self._speech_end, first.rate)
