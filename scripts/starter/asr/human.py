"""Turn licensed human recordings into the same shards as the synthesised ones.

    python -m scripts.starter.asr.human RECORDINGS FOLDER [--no-share-alike]

``RECORDINGS`` holds one tar of Opus files a set and ``manifest.jsonl`` (file, text, speaker,
licence). Speakers are split, not clips: one in ``HELD_OUT`` is heard only in the development set,
which also calibrates the confidence gate. About 5 ms of one core a clip.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import av
import numpy as np
import soundfile

from . import shards, voices
from .console import command_line, say
from .features import RATE, Floats, log_mel
from .grammar import written
from .numerals import english

LEFT_OUT = {
    "en_fsdd": "its speakers are those of the digits that are evaluated on",
    "en_librispeech237": "it is part of LibriSpeech's test set",
    "de_kerstin": "German is not trained yet",
}
HELD_OUT = 10
MANY = 20
"""Speakers a set must have to lend some to the development set."""
LONGEST = 9.5
"""Seconds."""
QUESTION = re.compile(
    r"(what|who|where|when|why|how|which|is|are|am|do|does|did|can|could|will|would|may|shall) .* "
)
SHARD = 1000

Entry = Mapping[str, str]


def main() -> None:
    """Make the shards that the command line asks for."""
    parser = command_line(__doc__)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-share-alike", action="store_true", help="leave CC BY-SA sets out")
    options = parser.parse_args()
    share_alike = not options.no_share_alike
    development: list[tuple[shards.Clip, Floats]] = []
    for name, entries in wanted(options.recordings, share_alike=share_alike).items():
        clips = list(read_set(options.recordings / f"{name}.tar", entries))
        held_out = [clip for clip in clips if clip[0].held_out]
        training = [clip for clip in clips if not clip[0].held_out]
        say(f"{name}: {len(training)} clips, and {len(held_out)} for development")
        development += held_out
        for first in range(0, len(training), SHARD):
            write(options.folder / f"human_{name}_{first // SHARD:02d}", training[first:][:SHARD])
    write(options.folder / "development_0000", development, wav=True)


def wanted(recordings: Path, *, share_alike: bool) -> dict[str, list[Entry]]:
    """The manifest's entries by set, without those that must not or cannot be trained on."""
    sets: dict[str, list[Entry]] = defaultdict(list)
    reasons = Counter[str]()
    for line in (recordings / "manifest.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        name = entry["file"].split("/")[0]
        if name in LEFT_OUT:
            reasons[f"{name}: {LEFT_OUT[name]}"] += 1
        elif "BY-SA" in entry["licence"] and not share_alike:
            reasons[f"{name}: share-alike"] += 1
        elif entry["seconds"] > LONGEST or not entry["text"].strip():
            reasons["longer than a window, or without text"] += 1
        else:
            sets[name].append(entry)
    for reason, count in reasons.items():
        say(f"left out: {count} clips ({reason})")
    return sets


def read_set(tar: Path, entries: Sequence[Entry]) -> Iterable[tuple[shards.Clip, Floats]]:
    """Every clip of a set with its samples; ``held_out`` says that its speaker is."""
    many = len({entry["speaker"] for entry in entries}) >= MANY
    by_file = {entry["file"]: entry for entry in entries}
    phonemes: dict[str, str] = {}
    with tarfile.open(tar) as archive:
        for member in archive:
            entry = by_file.get(member.name)
            file = archive.extractfile(member) if entry else None
            if entry is None or file is None:
                continue
            samples = decode(file.read())
            text = transcript(entry["text"])
            if text not in phonemes:
                phonemes[text] = voices.phonemes(text, "en")
            speaker = tar.stem + entry["speaker"]
            held_out = many and zlib.crc32(speaker.encode()) % HELD_OUT == 0
            seconds = round(len(samples) / RATE, 2)
            clip = shards.Clip("en", text, "", phonemes[text], speaker, 0, 0.0, seconds, held_out)
            yield clip, samples


def decode(data: bytes) -> Floats:
    """Opus (or whatever FFmpeg reads) to mono at 16 kHz, shape (n,)."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(io.BytesIO(data), "r") as container:
        frames = [*container.decode(audio=0), None]
        parts = [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32)


def transcript(text: str) -> str:
    """In the spelling of the grammar: numbers in words, a capital letter, a closing mark."""
    text = re.sub(r"\([^)]*\)", " ", text)  # "(breath)": heard, not said
    text = re.sub(r"\d{1,3}", lambda match: english(int(match[0])), text)
    text = re.sub(r"[^\w' ,.?!-]", " ", text)
    text = " ".join(text.split())
    question = QUESTION.match(text.lower() + " ") and text[-1] not in ".?!"
    return written(text + "?" if question else text)


def write(path: Path, clips: Sequence[tuple[shards.Clip, Floats]], *, wav: bool = False) -> None:
    """Write a shard, and the audio beside it where the evaluation wants it."""
    mels, described = [], []
    for index, (clip, samples) in enumerate(clips):
        mel = log_mel(samples)
        file = f"{path.name}_{index:04d}.wav" if wav else ""
        described.append(
            shards.Clip(
                clip.language, clip.text, "", clip.phonemes, clip.voice, len(mel), 0.0, clip.end,
                clip.held_out, file,
            )
        )  # fmt: skip
        mels.append(mel)
        if file:
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path.parent / file, samples, RATE)
    if mels:
        shards.write(path, described, mels)


if __name__ == "__main__":
    main()
