"""What the network hears: Whisper's log-mel spectrogram, numbers equal to faster-whisper's.

Whisper clamps a spectrogram to 8 decades below its loudest point. That is the last step here, so
that everything before (noise, reverberation, level) can be done on the unclamped powers, which is
far cheaper than on the waveform. A Mel spectrogram in this package has shape (frames, 80) and
holds log10 of the power, -10 being silence; ``normalised`` turns it into what the encoder is given.
"""

from __future__ import annotations

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

RATE = 16_000
BANDS = 80
HOP = 160
"""Samples between frames: 10 ms."""
SILENCE = -10.0
RANGE = 8.0
"""Decades below the loudest point that are kept (OpenAI's ``log_mel_spectrogram``)."""
_WINDOW = 400
_TAIL = 160
"""Zeros faster-whisper appends before it transforms; the last frame is dropped again."""

Floats = NDArray[np.float32]

_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
_FILTERS: Floats = FeatureExtractor(feature_size=BANDS).mel_filters


def log_mel(samples: Floats) -> Floats:
    """Log10 mel powers of mono audio at 16 kHz, shape (n,) -> (about n / 160, 80), not clamped."""
    mode = "constant" if len(samples) < _WINDOW else "reflect"
    padded = np.pad(np.asarray(samples, np.float32), (0, _TAIL))
    padded = np.pad(padded, _WINDOW // 2, mode=mode)  # type: ignore[call-overload]
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * _HANN, axis=1)[:-1]).astype(np.float32) ** 2
    mel: Floats = np.log10(np.maximum(power @ _FILTERS.T, 10.0**SILENCE))
    return mel


def normalised(mel: Floats) -> Floats:
    """As the encoder is given it: clamped to the loudest point less 8 decades, around 0."""
    result: Floats = (np.maximum(mel, mel.max() - RANGE) + 4.0) / 4.0
    return result
