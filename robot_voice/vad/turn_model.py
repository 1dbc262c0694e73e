"""Does it sound as if the turn were over? A small network that hears melody and pace.

For models in the format of smart-turn v3 (Pipecat, BSD-2: Whisper's tiny encoder with a classifier
on top), which the owner names by path; none is shipped. What goes in is the last 8 s of the
utterance, silence *before* it where it is shorter, normalised to zero mean and unit variance, as
Whisper's log-mel spectrogram of 80 x 800. What comes out is the probability that the turn is over;
the published files call their output "logits" although the sigmoid is part of the graph.

It is a hint (see ``endpoint.SWAY``). About 25 ms of one core a decision, features included.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from robot_voice.errors import ModelError
from robot_voice.types import RATE, Samples

from .session import Session

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster_whisper imports huggingface_hub

from faster_whisper.feature_extractor import FeatureExtractor

SECONDS = 8
MELS = 80
FRAMES = 100 * SECONDS

_VARIANCE_FLOOR = 1e-7
"""Added to the variance, as where these models were trained: silence is no division by 0."""


class TurnModel:
    """Owned by one thread at a time, like an engine."""

    def __init__(self, path: Path) -> None:
        """Load the model and try it on silence. Raises ``ModelError`` when it is not of the kind
        described above."""
        self._path = path
        self._session = Session(path, "the turn model", "leave endpoint.turn_model unset")
        shapes = list(self._session.inputs.values())
        fits = len(shapes) == 1 and len(shapes[0]) == 3
        wanted = zip(shapes[0][1:], (MELS, FRAMES), strict=True) if fits else ()
        if not fits or any(isinstance(size, int) and size != want for size, want in wanted):
            raise ModelError(
                f"{path} is no turn model: its inputs are {self._session.inputs}, not one of shape"
                f" (1, {MELS}, {FRAMES}); name another file or leave endpoint.turn_model unset"
            )
        (self._input,) = self._session.inputs
        self._extract = FeatureExtractor(feature_size=MELS, chunk_length=SECONDS)
        self.finished(np.zeros(RATE, np.float32))

    def finished(self, samples: Samples) -> float:
        """The probability in [0, 1] that who said this is done; 0.5 if the model cannot tell.

        ``samples``: shape (n,), at ``RATE``; only the last 8 s are heard.
        """
        outputs = self._session.run({self._input: self._features(samples)[np.newaxis]})
        values = np.ravel(outputs[0])
        if len(values) != 1:
            raise ModelError(
                f"{self._path} is no turn model: it gives {len(values)} numbers, not one"
            )
        value = float(values[0])
        if not math.isfinite(value):
            return 0.5
        if 0.0 <= value <= 1.0:
            return value
        return 0.5 * (1.0 + math.tanh(value / 2.0))  # the sigmoid: these are logits indeed

    def _features(self, samples: Samples) -> Samples:
        """The log-mel spectrogram, shape (MELS, FRAMES)."""
        heard = samples[-SECONDS * RATE :]
        heard = np.pad(heard, (SECONDS * RATE - len(heard), 0)).astype(np.float32)
        heard = (heard - heard.mean()) / np.sqrt(heard.var() + _VARIANCE_FLOOR)
        features: Samples = self._extract(heard, padding=0)
        return features[:, :FRAMES].astype(np.float32)
