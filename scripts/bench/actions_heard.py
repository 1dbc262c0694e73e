"""Have the sayings of ``scripts/bench/sayings`` spoken, and write down what the starter hears.

    python -m scripts.bench.actions_heard [--each 2]

The speakers are those that the starter never heard in training; every clip is put into a room, and
noise is added, so that there are errors to be robust against. Needs espeak-ng (better: festival
too) and the extra [train]; two minutes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator

import numpy as np

from robot_voice.asr.gate import Gate
from robot_voice.build import find_models, load_asr, load_judge
from robot_voice.engines import Asr
from robot_voice.types import Samples, Utterance
from scripts.starter.asr import synthesise, voices

from .common import defaults
from .sayings import FOLDER, SETS, Saying, shown, written

NOISE_DB = (0.0, 24.0)
"""Signal to noise ratio, drawn evenly."""


def main() -> None:
    """Write ``tuning.heard.tsv`` and ``held_out.heard.tsv``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--each", type=int, default=2, help="clips of every saying")
    options = parser.parse_args()
    loaded = defaults()
    model = find_models(loaded).asr
    asr, gate = load_asr(loaded.config, model), load_judge(loaded.config, model)
    for name in options.sets:
        sayings = [saying for saying in written(name) for _ in range(options.each)]
        lines = sorted(set(_rows(sayings, asr, gate, random.Random(name))))
        (FOLDER / f"{name}.heard.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def _rows(sayings: list[Saying], asr: Asr, gate: Gate, rng: random.Random) -> Iterator[str]:
    for saying in sayings:
        samples, _ = voices.speak(saying.text, saying.language, rng, test=True)
        clip, start, end = synthesise.in_a_room(samples, rng)
        clip = _noisy(clip, rng)
        utterance = Utterance(clip, 0.0, end, voiced=end - start)
        transcript = asr.transcribe(utterance)
        verdict = gate.judge(transcript, utterance).verdict
        said = transcript.text.replace("\t", " ")
        wanted = shown(saying.wanted)
        yield "\t".join((saying.language, saying.kind, wanted, saying.text, said, verdict))


def _noisy(clip: Samples, rng: random.Random) -> Samples:
    """With noise whose power falls by 3 dB an octave, as in rooms."""
    white = np.fft.rfft(np.random.default_rng(rng.randrange(1 << 30)).standard_normal(len(clip)))
    pink = np.fft.irfft(white / np.sqrt(np.maximum(1, np.arange(len(white)))), len(clip))
    level = np.std(clip) / np.std(pink) * 10 ** (-rng.uniform(*NOISE_DB) / 20)
    return np.clip(clip + pink * level, -1, 1).astype(np.float32)


if __name__ == "__main__":
    main()
