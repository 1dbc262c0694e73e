"""The training clips in memory: spectrograms mapped from their shards, texts as token numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from . import shards
from .features import Floats

HUMAN_SHARE = 0.25
"""Of the clips drawn, where there are human recordings."""
WAKE_WORDS = ("en_wakewords", "en_precise")
"""Few words, said thousands of times: drawn at ``WAKE_SHARE`` of their number."""
WAKE_SHARE = 0.4

# The phonetic alphabet of the auxiliary loss: the letters of espeak-ng's mnemonics. 0 is "blank".
_LETTERS = '!*&@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ013456789^[]{}`<>=+/\\$"'
PHONES = {letter: index + 1 for index, letter in enumerate(_LETTERS)}
VOWELS = {PHONES[letter] for letter in "aeiouAEIOUV03@y"}


@dataclass(frozen=True, slots=True)
class Item:
    """One clip ready for a batch. ``start`` and ``end`` of the speech are in frames."""

    mel: Floats
    language: str
    text: list[int]
    english: list[int]
    """Its translation; empty for English clips."""
    phones: list[int]
    start: float
    end: float
    untimed: bool
    """Whether ``start`` and ``end`` are not known: recordings of people are taken whole."""


class Corpus:
    """All clips of a folder; ``refresh`` takes in shards that have appeared since."""

    def __init__(self, folder: Path, tokenizer: Tokenizer) -> None:
        self.synthetic: list[Item] = []
        self.human: list[Item] = []
        self._folder, self._tokenizer = folder, tokenizer
        self._wake_words: list[Item] = []
        self._read: set[Path] = set()
        self.refresh()

    def refresh(self) -> None:
        """Read the shards that were not there the last time."""
        for path in sorted(self._folder.glob("train_*.json")):
            if path not in self._read:
                self.synthetic += self._items(path)
        for path in sorted(self._folder.glob("human_*.json")):
            if path not in self._read:
                wake = path.stem.removeprefix("human_").startswith(WAKE_WORDS)
                (self._wake_words if wake else self.human).extend(self._items(path))

    def draw(self, rng: random.Random, longest: int) -> Item:
        """A clip of at most ``longest`` frames, or after some tries whatever came."""
        item = self._any(rng)
        for _ in range(50):
            if len(item.mel) <= longest:
                break
            item = self._any(rng)
        return item

    def draw_synthetic(self, rng: random.Random, language: str) -> Item:
        """A synthetic clip in a language."""
        item = rng.choice(self.synthetic)
        while item.language != language:
            item = rng.choice(self.synthetic)
        return item

    def _any(self, rng: random.Random) -> Item:
        if not self.human or rng.random() >= HUMAN_SHARE:
            return rng.choice(self.synthetic)
        wake = WAKE_SHARE * len(self._wake_words)
        rare = rng.random() * (wake + len(self.human)) < wake
        return rng.choice(self._wake_words if rare else self.human)

    def _items(self, path: Path) -> list[Item]:
        self._read.add(path)
        clips = shards.read(path)
        texts = self._tokens([clip.text for clip, _ in clips])
        english = self._tokens([clip.english for clip, _ in clips])
        return [
            Item(
                mel, clip.language, text, translation if clip.language != "en" else [],
                [PHONES[letter] for letter in clip.phonemes if letter in PHONES],
                100 * clip.start, 100 * clip.end, clip.start == 0.0,
            )
            for (clip, mel), text, translation in zip(clips, texts, english, strict=True)
        ]  # fmt: skip

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        lines = [f" {text}" if text else "" for text in texts]
        encoded = self._tokenizer.encode_batch(lines, add_special_tokens=False)
        return [line.ids for line in encoded]
