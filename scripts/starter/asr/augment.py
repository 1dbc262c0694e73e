"""Make every hearing of a clip a new one: other tempo, throat, microphone, room and noise.

All of it works on log-mel spectrograms, which costs under a millisecond a clip; on waveforms it
would cost more than the training step. A batch has shape (batch, frames, 80), log10 powers.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .features import BANDS, RANGE, SILENCE

Noise = Callable[[int], Tensor]
"""Makes a piece of noise of so many frames, shape (frames, 80)."""

WARPS = np.linspace(0.82, 1.2, 39)
"""Factors of vocal tract length, about those between a child and a large man."""
NOISY, REVERBERANT, BAND_LIMITED = 0.55, 0.2, 0.06
"""Shares of the clips, at full strength."""
SNR = (2.0, 35.0)
"""Decibels, at full strength; most noise is mild."""
GAIN = (-2.5, 1.0)
"""Decades of power: -25 dB to +10 dB."""


def augment(mels: Tensor, lengths: Tensor, noise: Noise, strength: float) -> tuple[Tensor, Tensor]:
    """Distort a batch; returns it with its new lengths. ``strength`` 0 (a little) to 1."""
    mels, lengths = change_tempo(mels, lengths, 0.05 + 0.09 * strength)
    batch, frames, _ = mels.shape
    mels = torch.bmm(mels, _WARP[torch.randint(len(WARPS), (batch,))])
    tilt = torch.linspace(-1, 1, BANDS) * torch.randn(batch, 1, 1) * 0.2 * strength
    mels = mels + tilt + _smooth(batch, BANDS, 5, 0.3 * strength)[:, None]
    low, high = GAIN
    mels = mels + low + (high - low) * torch.rand(batch, 1, 1)
    mels = mels + _smooth(batch, frames, frames // 50 + 2, 0.15 * strength)[..., None]
    for row in range(batch):
        if random.random() < REVERBERANT * strength:
            mels[row] = _reverberate(mels[row])
        if random.random() < BAND_LIMITED * strength:
            mels[row, :, random.randint(52, 76) :] -= random.uniform(2.0, 5.0)
        if random.random() < NOISY * (0.3 + 0.7 * strength):
            mels[row] = _add(mels[row], int(lengths[row]), noise(frames), strength)
    return mels.clamp(min=SILENCE), lengths


def change_tempo(mels: Tensor, lengths: Tensor, amount: float) -> tuple[Tensor, Tensor]:
    """Stretch and squeeze time, overall and locally; ``amount``: the deviation of log tempo."""
    batch, frames, _ = mels.shape
    tempo = _smooth(batch, frames, frames // 40 + 2, amount) + amount * torch.randn(batch, 1)
    position = torch.cumsum(tempo.exp().clamp(0.7, 1.45), 1)
    position = position - position[:, :1]
    new_lengths = (position < lengths[:, None] - 1).sum(1)
    position = position[:, : int(new_lengths.max())].clamp(max=frames - 1.001)
    before = position.long()
    weight = (position - before)[..., None]
    taken = [
        torch.gather(mels, 1, index[..., None].expand(-1, -1, BANDS))
        for index in (before, before + 1)
    ]
    return torch.lerp(taken[0], taken[1], weight), new_lengths


def features(mels: Tensor, lengths: Tensor, frames: int, masks: int) -> Tensor:
    """What the encoder is given: clamped as Whisper does, 0.0 after each clip's end.

    (batch, n, 80) -> (batch, 80, ``frames``). ``masks`` bands and stretches of each clip are
    hidden (SpecAugment, Park et al. 2019).
    """
    given = torch.zeros(len(mels), frames, BANDS)
    for row, length in enumerate(lengths.tolist()):
        mel = mels[row, :length]
        mel = (torch.maximum(mel, mel.max() - RANGE) + 4.0) / 4.0
        floor = mel.min()
        for _ in range(masks):
            width, first = random.randint(0, 8), random.randrange(BANDS - 8)
            mel[:, first : first + width] = floor
            width = random.randint(0, min(9, length // 8))
            first = random.randrange(length - width)
            mel[first : first + width] = floor
        given[row, :length] = mel
    return given.transpose(1, 2).contiguous()


def _reverberate(mel: Tensor) -> Tensor:
    """A tail of energy that decays with a time constant of 30 to 150 ms."""
    taps = 40
    tail = torch.exp(-torch.arange(taps) / random.uniform(3.0, 15.0)) * random.uniform(0.05, 0.5)
    tail[0] = 1.0
    power = F.pad((10.0**mel).T[:, None], (taps - 1, 0))
    return torch.log10(F.conv1d(power, tail.flip(0)[None, None])[:, 0].T.clamp(min=1e-10))


def _add(mel: Tensor, length: int, noise: Tensor, strength: float) -> Tensor:
    """Add noise at a random distance below the clip's mean power."""
    low, high = SNR
    decibels = high - (high - low) * random.random() ** 0.7 * (0.4 + 0.6 * strength)
    level = torch.log10((10.0 ** mel[:length]).mean()) - torch.log10((10.0**noise).mean())
    return torch.log10(10.0**mel + 10.0 ** (noise + level - decibels / 10.0))


def _smooth(batch: int, length: int, knots: int, scale: float) -> Tensor:
    """Random curves, shape (batch, length), linear between ``knots`` normal values."""
    values = torch.randn(batch, 1, max(2, knots))
    return F.interpolate(values, size=length, mode="linear", align_corners=True)[:, 0] * scale


def _warps() -> Tensor:
    """For each factor a matrix (80, 80) that moves the bands as that vocal tract would."""
    # Slaney's mel scale, as in Whisper's filters: linear to 1 kHz, logarithmic above.
    step, knee = np.log(6.4) / 27, 15.0
    centres = np.linspace(0, knee + np.log(8.0) / step, BANDS + 2)[1:-1]
    hertz = np.where(centres < knee, centres * 200 / 3, 1000 * np.exp((centres - knee) * step))
    matrices = np.zeros((len(WARPS), BANDS, BANDS), np.float32)
    for matrix, factor in zip(matrices, WARPS, strict=True):
        moved = hertz * factor
        above = knee + np.log(np.maximum(moved, 1) / 1000) / step
        mel = np.where(moved < 1000, moved * 3 / 200, above)
        position = np.clip((mel - centres[0]) / (centres[1] - centres[0]), 0, BANDS - 1)
        lower = np.minimum(position.astype(int), BANDS - 2)
        matrix[lower, np.arange(BANDS)] += 1 - (position - lower)
        matrix[lower + 1, np.arange(BANDS)] += position - lower
    return torch.from_numpy(matrices)


_WARP = _warps()
