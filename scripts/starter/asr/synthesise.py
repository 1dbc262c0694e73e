"""Make training clips: sentences of the grammar, spoken, placed in a room, as spectrograms.

    python -m scripts.starter.asr.synthesise FOLDER --shards 0 40 --clips 1000
    python -m scripts.starter.asr.synthesise FOLDER --test --clips 400

The shard's number is its seed: a shard that is there is not made again, and one that is lost comes
back the same. Several processes can make different shards. About 20 ms of one core a clip.
Half of the test set are sentences that training never sees, all of it voices it never hears.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, fftconvolve, lfilter

from . import grammar, shards, voices
from .console import command_line, say
from .features import RATE, Floats, log_mel

REPEATS = 4
"""Times one sentence may occur in a shard."""
LONGEST = 9.5
"""Seconds."""
REVERBERANT, CLIPPED, TELEPHONE = 0.35, 0.08, 0.08
"""Shares of the clips."""
LEVEL = 0.08
"""Root mean square of the speech; its level is varied again in training."""


def main() -> None:
    """Make the shards that the command line asks for."""
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, nargs=2, default=(0, 1), metavar=("FIRST", "END"))
    parser.add_argument("--step", type=int, default=1, help="leave shards to other processes")
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--test", action="store_true", help="unseen voices, with WAV files")
    options = parser.parse_args()
    first, end = options.shards
    for number in range(first, end, options.step):
        name = options.folder / f"{'test' if options.test else 'train'}_{number:04d}"
        if not name.with_suffix(".json").exists():
            make_shard(name, number, options.clips, test=options.test)
            say(name)


def make_shard(name: Path, number: int, count: int, *, test: bool) -> None:
    """Synthesise ``count`` clips, half English and half Korean, into the shard ``name``."""
    rng = random.Random(f"{'test' if test else 'train'}{number}")
    sentences, said = grammar.load(), Counter[str]()
    clips: list[shards.Clip] = []
    mels: list[Floats] = []
    while len(clips) < count:
        sentence = sentences.draw(rng, ("en", "ko")[len(clips) % 2])
        # Test sets alternate between two sentences never trained on and two that may have been.
        wanted = test and len(clips) % 4 < 2
        if sentence.held_out != wanted or said[sentence.text] >= REPEATS:
            continue
        said[sentence.text] += 1
        try:
            samples, voice = voices.speak(sentence.text, sentence.language, rng, test=test)
        except voices.SynthesiserError as error:
            say("left out:", error)
            continue
        samples, start, end = in_a_room(samples, rng)
        if len(samples) > LONGEST * RATE:
            continue
        mels.append(log_mel(samples))
        wav = f"{name.name}_{len(clips):04d}.wav" if test else ""
        clips.append(
            shards.Clip(
                sentence.language, sentence.text, sentence.english,
                _phonemes(sentence.text, sentence.language), voice, len(mels[-1]), start, end,
                sentence.held_out, wav,
            )
        )  # fmt: skip
        if wav:
            name.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(name.parent / wav, samples, RATE)
    shards.write(name, clips, mels)


def in_a_room(samples: Floats, rng: random.Random) -> tuple[Floats, float, float]:
    """Trim, pad, reverberate, distort and level: the clip, and where its speech starts and ends."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    speech = samples[loud[0] : loud[-1] + 1]
    before, after = rng.uniform(0.05, 0.5), rng.uniform(0.1, 0.6)
    clip = np.pad(speech, (int(before * RATE), int(after * RATE)))
    noise = np.random.default_rng(rng.randrange(1 << 30))
    if rng.random() < REVERBERANT:
        clip = fftconvolve(clip, _room(noise))[: len(clip)]
    clip = clip / (np.sqrt(np.mean(clip**2)) + 1e-9) * LEVEL
    if rng.random() < TELEPHONE:
        clip = lfilter(*_telephone(), clip)
    if rng.random() < CLIPPED:
        limit = rng.uniform(0.1, 0.5) * np.abs(clip).max()
        clip = np.clip(clip, -limit, limit)
    clip = clip + noise.standard_normal(len(clip)) * 10.0 ** rng.uniform(-4.5, -3.0)
    clip *= min(1.0, 0.98 / np.abs(clip).max())
    end = before + len(speech) / RATE
    return clip.astype(np.float32), round(before, 2), round(end, 2)


def _room(noise: np.random.Generator) -> Floats:
    """An impulse response: the direct sound and noise that decays by 60 dB in 0.1 to 0.6 s."""
    length = int(RATE * noise.uniform(0.1, 0.6))
    decay = np.exp(-6.9 * np.arange(length) / length)
    response = noise.standard_normal(length) * decay * noise.uniform(0.02, 0.14)
    response[0] = 1.0
    return response.astype(np.float32)


@cache
def _telephone() -> tuple[Floats, Floats]:
    """A band of 300 to 3400 Hz, as narrow-band telephony has it (ITU-T G.712)."""
    numerator, denominator = butter(3, (300, 3400), "bandpass", fs=RATE)
    return numerator, denominator


@cache
def _phonemes(text: str, language: str) -> str:
    return voices.phonemes(text, language)


if __name__ == "__main__":
    main()
