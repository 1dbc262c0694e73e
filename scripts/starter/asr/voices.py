"""Who speaks: free synthesisers of Debian (espeak-ng, flite, festival), in many timbres.

Ten espeak-ng variants and festival's "ked" speaker never speak in training: the test set is theirs.
Without flite or festival there are fewer voices; without espeak-ng there are none.
"""

from __future__ import annotations

import io
import math
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile
import soxr

from . import korean
from .data import lists
from .features import RATE, Floats

_LISTS = lists("voices.txt")
UNSEEN, SEEN, ACCENTS, FLITE = (_LISTS[name] for name in ("unseen", "seen", "accents", "flite"))
FLITE_SHARE = 0.45
KED_SHARE = 0.4
"""Of the English test clips: a synthesiser and a speaker that training has never heard."""
TIMEOUT = 20.0

Spoken = tuple[Floats, str]


class SynthesiserError(Exception):
    """A synthesiser is missing, failed, or made no sound."""


def speak(text: str, language: str, rng: random.Random, *, test: bool = False) -> Spoken:
    """The text as audio at 16 kHz, shape (n,), and the name of the voice.

    Raises ``SynthesiserError``.
    """
    voice = _test_voice(language, rng) if test else _training_voice(rng)
    samples, rate, name, factor = voice(text, language, rng)
    if len(samples) < rate // 20:
        raise SynthesiserError(f"{name} said nothing for {text!r}")
    # Resampling at a wrong rate moves pitch, formants and speed together: another throat.
    factor = min(max(factor, 0.8), 1.3)
    return soxr.resample(samples, rate * factor, RATE, quality="MQ"), name


def phonemes(text: str, language: str) -> str:
    """espeak-ng's phoneme mnemonics of a text, without stress marks."""
    voice = "en-us" if language == "en" else language
    spoken = _run(["espeak-ng", "-q", "-x", "-v", voice, text]).decode()
    return "".join(letter for letter in spoken if letter not in "',\n").strip()


Voice = Callable[[str, str, random.Random], tuple[Floats, float, str, float]]


def _training_voice(rng: random.Random) -> Voice:
    return _flite if shutil.which("flite") and rng.random() < FLITE_SHARE else _espeak(SEEN)


def _test_voice(language: str, rng: random.Random) -> Voice:
    if language == "en" and shutil.which("festival") and rng.random() < KED_SHARE:
        return _ked
    return _espeak(UNSEEN)


def _espeak(variants: Sequence[str]) -> Voice:
    def voice(text: str, language: str, rng: random.Random) -> tuple[Floats, float, str, float]:
        accent = rng.choice(ACCENTS) if language == "en" else language
        name = f"{accent}+{rng.choice(variants)}"
        pitch, speed = str(rng.randint(15, 85)), str(rng.randint(110, 210))
        wav = _run(["espeak-ng", "-v", name, "-p", pitch, "-s", speed, "--stdout", text])
        samples, rate = soundfile.read(io.BytesIO(_sized(wav)), dtype="float32")
        return samples, rate, f"espeak-{name}", math.exp(rng.gauss(0.0, 0.05))

    return voice


def _flite(text: str, language: str, rng: random.Random) -> tuple[Floats, float, str, float]:
    speaker = rng.choice(FLITE)
    command = ["flite", "-voice", speaker, "--setf", f"duration_stretch={rng.uniform(0.78, 1.3)}"]
    if speaker == "kal16":  # the only one whose melody can be set
        command += ["--setf", f"int_f0_target_mean={rng.randint(80, 190)}"]
        command += ["--setf", f"int_f0_target_stddev={rng.randint(8, 30)}"]
    command += ["-p", korean.phones(text)] if language == "ko" else ["-t", text]
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        _run([*command, "-o", file.name])
        samples, rate = soundfile.read(file.name, dtype="float32")
    factor = math.exp(rng.gauss(0.0, 0.07)) * rng.choice([1.0, 1.0, 1.0, 1.15, 0.9])
    return samples, rate, f"flite-{speaker}", factor


def _ked(text: str, _: str, __: random.Random) -> tuple[Floats, float, str, float]:
    with tempfile.TemporaryDirectory() as folder:
        wav, script = Path(folder) / "said.wav", Path(folder) / "say.scm"
        script.write_text(
            f'(voice_ked_diphone)\n(utt.save.wave (utt.synth (Utterance Text "{text}")) "{wav}")'
        )
        _run(["festival", "-b", str(script)])
        if not wav.is_file():
            raise SynthesiserError("festival has no voice ked: install festvox-kdlpc16k")
        samples, rate = soundfile.read(wav, dtype="float32")
    return samples, rate, "festival-ked", 1.0


def _run(command: Sequence[str]) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT).stdout
    except FileNotFoundError as error:
        raise SynthesiserError(f"{command[0]} is not installed") from error
    except subprocess.SubprocessError as error:
        raise SynthesiserError(f"{command[0]} failed: {error}") from error


def _sized(wav: bytes) -> bytes:
    """espeak-ng streams: its header says a length it could not know."""
    riff, data = len(wav) - 8, len(wav) - 44
    return wav[:4] + riff.to_bytes(4, "little") + wav[8:40] + data.to_bytes(4, "little") + wav[44:]
