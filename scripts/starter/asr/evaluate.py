"""Measure a starter model through the product's own recogniser. Runs in the product's environment.

    python -m scripts.starter.asr.evaluate MODEL CLIPS RESULT.json [--shared SHARED] [--every 4]

``CLIPS`` is the folder that ``synthesise --test`` and ``human`` filled; ``SHARED`` the project's
shared material (human commands, recorded noise), which is left out when it is not there.
``RESULT.json`` gets the figures, ``RESULT.jsonl`` one line a clip for the confidence gate.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.asr.whisper import WhisperAsr
from robot_voice.audio.clips import read_audio
from robot_voice.build import STARTER_HEARING
from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.types import RATE, Samples, Utterance

from .console import command_line
from .disturbance import engine, pieces, rain
from .scoring import error_rate, plain

SNR = 10.0
"""Decibels of the noisy test."""
HUMAN = ("en_commands", "en_short", "en_digits")
RATE_SECONDS, RATE_RUNS = 3.0, 30


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip to be heard. ``text`` "" where nothing is said."""

    group: str
    samples: Samples
    text: str
    language: str
    english: str = ""
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of it."""

    group: str
    reference: str
    language: str
    text: str
    detected: str
    certainty: float
    confidence: float
    seconds: float
    right: bool
    voice: str


class Recogniser(WhisperAsr):
    """The product's, as it hears with the starter model."""

    def __init__(self, model: Path, language: LanguageConfig | None = None) -> None:
        hearing = AsrConfig().model_copy(update=STARTER_HEARING)
        super().__init__(model, language or LanguageConfig(), hearing, 1)

    def hear(self, sample: Sample) -> Heard:
        """As the robot would: the language is found, too."""
        got = self.transcribe(_utterance(sample.samples))
        seconds = len(sample.samples) / RATE
        right = plain(got.text) == plain(sample.text)
        return Heard(
            sample.group, sample.text, sample.language, got.text, got.language,
            round(got.language_confidence, 4), round(got.confidence, 5), round(seconds, 2), right,
            sample.voice,
        )  # fmt: skip


def main() -> None:
    """Evaluate, and write what was found."""
    parser = command_line(__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--shared", type=Path, default=_shared())
    parser.add_argument("--every", type=int, default=1, help="only each n-th clip, to be quick")
    options = parser.parse_args()
    recogniser = Recogniser(options.model)
    # Languages and held-out sentences take turns in a shard: taken in fours, all are kept.
    test = _each(list(of_shard(options.clips / "test_0000.json", "synthetic")), options.every, 4)
    human = list(of_shard(options.clips / "development_0000.json", "human_dev"))
    human = [*_each(human, options.every, 1), *of_shared(options.shared / "audio")]
    minutes = 30.0 / options.every
    voices = [sample.samples for sample in test + human]
    quiet = [
        Sample(f"nobody_{kind}", samples, "", "en")
        for kind, samples in pieces(voices, options.shared / "audio", minutes)
    ]
    heard = [recogniser.hear(sample) for sample in [*test, *noisy(test), *human, *quiet]]
    figures: dict[str, Any] = summary(heard)
    korean = [sample for sample in test if sample.language == "ko"]
    translator = Recogniser(options.model, LanguageConfig(allowed=("ko",), default="ko"))
    figures["translation"] = translation(translator, korean)
    figures["real_time_factor_3s"] = round(real_time_factor(recogniser, test), 4)
    figures["bytes"] = sum(path.stat().st_size for path in options.model.iterdir())
    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    lines = [json.dumps(asdict(clip), ensure_ascii=False) for clip in heard]
    options.result.with_suffix(".jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def of_shard(path: Path, group: str) -> Iterator[Sample]:
    """The clips of a shard that has WAV files, in groups by language and by what is held out."""
    if not path.is_file():
        return
    for clip in json.loads(path.read_text("utf-8")):
        name = group
        if group == "synthetic":
            name = f"{group}_{clip['language']}_{'unseen' if clip['held_out'] else 'seen'}"
        samples = read_audio(path.parent / clip["wav"])
        voice = clip["voice"]
        yield Sample(name, samples, clip["text"], clip["language"], clip["english"], voice)


def of_shared(audio: Path) -> Iterator[Sample]:
    """The human clips of the project's shared material that have a text in the domain."""
    manifest = audio / "manifest.jsonl"
    lines = manifest.read_text("utf-8").splitlines() if manifest.is_file() else []
    for entry in map(json.loads, lines):
        group = entry["file"].split("/")[0]
        if group in HUMAN and entry.get("text"):
            samples = read_audio(audio / entry["file"])
            yield Sample(f"human_{group}", samples, entry["text"], "en")


def noisy(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The same at a signal-to-noise ratio of 10 dB, in rain, beside an engine, in white noise."""
    rng = np.random.default_rng(10)
    for index, sample in enumerate(samples):
        length = len(sample.samples)
        sounds = (rain, engine, lambda rng, length: rng.standard_normal(length))
        noise = sounds[index % 3](rng, length)
        power = np.mean(sample.samples**2) / 10 ** (SNR / 10)
        noise *= np.sqrt(power / (np.mean(noise**2) + 1e-12))
        mixed = (sample.samples + noise).astype(np.float32)
        yield replace(sample, group=f"noisy_{sample.group}", samples=mixed)


def summary(heard: Sequence[Heard]) -> dict[str, Any]:
    """Figures by group, and those of the bars."""
    groups: dict[str, list[Heard]] = {}
    for clip in heard:
        groups.setdefault(clip.group, []).append(clip)
    spoken = [clip for clip in heard if clip.reference]
    synthetic = [clip for clip in spoken if clip.group.startswith("synthetic")]
    ked = [clip for clip in synthetic if clip.voice == "festival-ked"]
    words = [clip for clip in synthetic if len(clip.reference.split()) == 1]
    sentences = [clip for clip in synthetic if len(clip.reference.split()) > 1]
    nobody = [clip for clip in heard if not clip.reference]
    return {
        "groups": {name: group(clips) for name, clips in sorted(groups.items())},
        "unseen_synthesiser": group(ked) if ked else {"clips": 0},
        "language_right_sentences": language_right(sentences),
        "language_right_words": language_right(words),
        "text_on_nothing": {
            "pieces": len(nobody),
            "minutes": round(sum(clip.seconds for clip in nobody) / 60, 1),
            "with_text": sum(bool(clip.text) for clip in nobody),
            "share": round(sum(bool(clip.text) for clip in nobody) / max(1, len(nobody)), 4),
        },
    }


def group(clips: Sequence[Heard]) -> dict[str, Any]:
    """Figures of one group."""
    texts, references = [clip.text for clip in clips], [clip.reference for clip in clips]
    figures: dict[str, Any] = {
        "clips": len(clips),
        "empty": sum(not text for text in texts),
        "exact": round(sum(clip.right for clip in clips) / len(clips), 4),
    }
    if any(references):
        figures["error_rate"] = round(error_rate(references, texts, clips[0].language), 4)
        figures["language_right"] = language_right(clips)["share"]
    return figures


def language_right(clips: Sequence[Heard]) -> dict[str, Any]:
    """How often the language was found."""
    right = sum(clip.detected == clip.language for clip in clips)
    return {"clips": len(clips), "share": round(right / max(1, len(clips)), 4)}


def translation(recogniser: Recogniser, korean: Sequence[Sample]) -> dict[str, Any]:
    """Korean to English, the text exactly right."""
    if not korean:
        return {"clips": 0}
    texts = [recogniser.translate(_utterance(sample.samples)).text for sample in korean]
    references = [sample.english for sample in korean]
    exact = [plain(a) == plain(b) for a, b in zip(texts, references, strict=True)]
    unseen = [
        right for right, sample in zip(exact, korean, strict=True) if "unseen" in sample.group
    ]
    return {
        "clips": len(korean),
        "exact": round(float(np.mean(exact)), 4),
        "exact_unseen": round(float(np.mean(unseen)), 4),
        "error_rate": round(error_rate(references, texts, "en"), 4),
    }


def real_time_factor(recogniser: Recogniser, samples: Sequence[Sample]) -> float:
    """CPU seconds for each second of an utterance of 3 s, language detection included."""
    joined = np.concatenate([sample.samples for sample in samples])
    length = int(RATE_SECONDS * RATE)
    spent = []
    for index in range(RATE_RUNS):
        utterance = _utterance(joined[index * length : (index + 1) * length])
        began = time.process_time()
        recogniser.transcribe(utterance)
        spent.append(time.process_time() - began)
    return float(np.median(spent)) / RATE_SECONDS


def _each(samples: list[Sample], every: int, together: int) -> list[Sample]:
    return [sample for i, sample in enumerate(samples) if i // together % every == 0]


def _utterance(samples: Samples) -> Utterance:
    return Utterance(samples, 0.0, len(samples) / RATE)


def _shared() -> Path:
    checkout = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("ROBOT_VOICE_SHARED", checkout.parent / "shared"))


if __name__ == "__main__":
    main()
