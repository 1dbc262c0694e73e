"""Draw clips and turn them into the tensors of a training step.

A batch has speech of about one length, two phrases with a pause between now and then, and sounds
that are no speech, whose text is empty. The window is the product's: the clip and half a second,
at least two seconds, in steps of half a second (``robot_voice.asr.windowed.window``).
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from . import noise
from .augment import augment, features
from .corpus import VOWELS, Corpus, Item
from .features import BANDS, SILENCE, Floats
from .tokenizer import LANGUAGES, number_of

POOL = 600
"""Clips drawn at once, sorted by length and cut into batches."""
NO_SPEECH, JOINED, LONG_WINDOW = 0.1, 0.05, 0.03
"""Shares: of sounds that are no speech, of pairs of phrases, of batches in 10 to 30 s windows."""
TRANSLATED = 0.5
"""Of the Korean clips; they are transcribed in the same batch as well."""
EXACT = 0.3
"""Share of batches in the product's window; the others have hardly any padding and cost less."""
LONGEST = 980
"""Frames: windows of 2 to 10 s are the model's home."""
FIRST_BATCH = 0.5
"""Of the final size; small batches find out sooner how speech and text go together."""
SHORTEST_CAP, RAMP = 170, 160_000
"""The longest clips at the start, in frames, and clips heard until all lengths occur."""
MARGIN, STEP, LEAST = 50, 50, 200
"""Of the window, in frames: after the clip at least, rounded up to, and at least in all."""
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Batch:
    """A training step's tensors. ``clips`` counts what was heard."""

    features: Tensor
    """(batch, 80, frames)"""
    lengths: Tensor
    """Frames of each before the padding."""
    tokens: Tensor
    """(sequences, n): what the decoder has written so far."""
    targets: Tensor
    """(sequences, n): what it should write next; ``IGNORED`` where that is given."""
    source: Tensor
    """(sequences,): which row of ``features`` each sequence writes down."""
    phones: list[list[int]]
    """Of each row, without times (for the CTC loss)."""
    frame_phones: Tensor
    """(batch, frames / 2): the phones spread evenly over the speech, 0 elsewhere."""
    clips: int


class Batches:
    """An endless supply. ``heard`` clips so far decide length and strength of distortion."""

    def __init__(
        self, corpus: Corpus, tokenizer: Tokenizer, frames: int, seed: int, recordings: Path | None
    ) -> None:
        self.heard = 0
        self._corpus, self._frames = corpus, frames
        self._rng = random.Random(seed)
        sounds = noise.bank(np.random.default_rng(0), recordings)
        self._noises = sounds
        names = ("startoftranscript", "endoftext", "nospeech", "notimestamps")
        numbers = [number_of(tokenizer, f"<|{name}|>") for name in names]
        self._start, self._end, self._no_speech, self._plain = numbers
        self._transcribe = number_of(tokenizer, "<|transcribe|>")
        self._translate = number_of(tokenizer, "<|translate|>")
        self._language = {name: number_of(tokenizer, f"<|{name}|>") for name in LANGUAGES}

    def __iter__(self) -> Iterator[Batch]:
        while True:
            self._corpus.refresh()
            grown = min(1.0, self.heard / RAMP)
            cap = SHORTEST_CAP + int((LONGEST - SHORTEST_CAP) * grown)
            pool = [self._item(cap) for _ in range(POOL)]
            pool.sort(key=lambda item: len(item.mel))
            frames = int(self._frames * (FIRST_BATCH + (1.0 - FIRST_BATCH) * grown))
            groups = list(self._groups(pool, frames))
            self._rng.shuffle(groups)
            for group in groups:
                yield self.make(group)

    def make(self, items: Sequence[Item]) -> Batch:
        """Tensors of these clips and some that are no speech."""
        long = self._rng.random() < LONG_WINDOW
        items = list(items[:4] if long else items)
        quiet = sum(self._rng.random() < NO_SPEECH for _ in items)
        longest = max(len(item.mel) for item in items)
        rows = [item.mel for item in items]
        rows += [self._sound(self._rng.randint(longest // 2, longest)) for _ in range(quiet)]
        before = torch.tensor([len(row) for row in rows])
        mels = torch.full((len(rows), longest, BANDS), SILENCE)
        for row, mel in enumerate(rows):
            mels[row, : len(mel)] = torch.from_numpy(np.asarray(mel, np.float32))
        strength = min(1.0, self.heard / RAMP)
        mels, lengths = augment(mels, before, self._noise, strength)
        frames = self._window(int(lengths.max()), long=long)
        masks = int(self._rng.random() < 0.3 + 0.5 * strength) * 2
        stretch = (lengths / before).tolist()
        tokens, targets, source = self._sequences(items, quiet)
        labels = torch.full((len(rows), frames // 2), IGNORED)
        for row, item in enumerate([*items, *[None] * quiet]):
            _spread(labels[row], item, stretch[row], int(lengths[row]))
        phones = [item.phones for item in items] + [[] for _ in range(quiet)]
        heard = features(mels, lengths, frames, masks)
        return Batch(heard, lengths, tokens, targets, source, phones, labels, len(rows))

    def _item(self, cap: int) -> Item:
        if self._rng.random() < JOINED and cap > 400:
            return self._joined(cap)
        return self._trimmed(self._corpus.draw(self._rng, cap))

    def _trimmed(self, item: Item) -> Item:
        """With as much silence around the speech as a voice activity detector leaves."""
        if item.untimed:
            return item
        first = max(0, int(item.start - self._rng.uniform(3, 35)))
        last = min(len(item.mel), int(item.end + self._rng.uniform(8, 50)))
        return Item(
            item.mel[first:last], item.language, item.text, item.english, item.phones,
            item.start - first, item.end - first, untimed=False,
        )  # fmt: skip

    def _joined(self, cap: int) -> Item:
        """Two phrases of one language in one utterance, 0.2 to 1.2 s apart."""
        one = self._trimmed(self._corpus.draw(self._rng, cap // 2))
        two = self._trimmed(self._corpus.draw_synthetic(self._rng, one.language))
        pause = np.full((self._rng.randint(20, 120), BANDS), SILENCE, np.float32)
        pause = np.maximum(pause, np.asarray(one.mel[-1], np.float32))
        mel = np.concatenate([one.mel, pause, two.mel])
        if len(mel) > LONGEST:
            return one
        return Item(
            mel, one.language, one.text + two.text, one.english + two.english,
            one.phones + two.phones, 0.0, 0.0, untimed=True,
        )  # fmt: skip

    def _groups(self, pool: Sequence[Item], frames: int) -> Iterator[list[Item]]:
        group: list[Item] = []
        for item in pool:
            if group and (len(item.mel) + MARGIN) * (len(group) + 1) > frames:
                yield group
                group = []
            group.append(item)
        if group:
            yield group

    def _window(self, frames: int, *, long: bool = False) -> int:
        if long:
            return self._rng.choice([1000, 1500, 3000])
        if self._rng.random() > EXACT:
            return frames + 10 + frames % 2
        return max(LEAST, math.ceil((frames + MARGIN) / STEP) * STEP)

    def _noise(self, frames: int) -> Tensor:
        if self._rng.random() < 0.15:
            return torch.from_numpy(self._babble(self._rng.randint(3, 6), frames))
        return torch.from_numpy(noise.cut(self._noises, frames, self._rng))

    def _babble(self, people: int, frames: int) -> Floats:
        speech = [self._corpus.draw(self._rng, LONGEST).mel for _ in range(people)]
        return noise.babble(speech, frames, self._rng)

    def _sound(self, frames: int) -> Floats:
        """Something that is no speech, or nobody's in particular."""
        kind = self._rng.random()
        level = self._rng.uniform(-4.0, 0.5)
        if kind < 0.08:
            return np.full((frames, BANDS), SILENCE, np.float32)
        if kind < 0.25:
            return self._babble(self._rng.randint(4, 8), frames) + level
        if kind < 0.4:  # speech played backwards has everything but words
            mel = self._corpus.draw(self._rng, LONGEST).mel[::-1]
            return noise.cut([np.asarray(mel, np.float32)], frames, self._rng)
        sound = noise.cut(self._noises, frames, self._rng) + level
        if kind < 0.65:  # and something over it
            other = noise.cut(self._noises, frames, self._rng)
            sound = np.log10(10.0**sound + 10.0 ** (other + self._rng.uniform(-4.0, 0.5)))
        return sound

    def _sequences(self, items: Sequence[Item], quiet: int) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens, targets and rows. The prompt is given; only the language is asked for too."""
        written: list[tuple[int, list[int], bool]] = []
        for row, item in enumerate(items):
            language = self._language[item.language]
            prompt = [self._start, language, self._transcribe, self._plain]
            written.append((row, [*prompt, *item.text, self._end], True))
            if item.english and self._rng.random() < TRANSLATED:
                prompt = [self._start, language, self._translate, self._plain]
                written.append((row, [*prompt, *item.english, self._end], False))
        for row in range(len(items), len(items) + quiet):
            language = self._rng.choice(list(self._language.values()))
            task = self._rng.choice([self._transcribe, self._transcribe, self._translate])
            prompt = [self._start, language, task, self._plain]
            written.append((row, [*prompt, self._end], False))
            written.append((row, [self._start, self._no_speech], True))
        length = max(len(sequence) for _, sequence, _ in written) - 1
        tokens = torch.full((len(written), length), self._end)
        targets = torch.full((len(written), length), IGNORED)
        for place, (_, sequence, first) in enumerate(written):
            line = torch.tensor(sequence)
            tokens[place, : len(line) - 1] = line[:-1]
            targets[place, : len(line) - 1] = line[1:]
            targets[place, 0 if not first else 1 : 3] = IGNORED
        return tokens, targets, torch.tensor([row for row, _, _ in written])


def _spread(labels: Tensor, item: Item | None, stretch: float, length: int) -> None:
    """Label the frames of one row: when speech starts and ends is known, so guess the rest.

    Vowels are given half as much time again. For human clips and pairs the times are not known.
    """
    labels[: length // 2] = 0 if item is None or not item.untimed else IGNORED
    if item is None or item.untimed or not item.phones:
        return
    weights = [1.5 if phone in VOWELS else 1.0 for phone in item.phones]
    share = (item.end - item.start) / sum(weights)
    edges = [item.start + share * total for total in itertools.accumulate(weights, initial=0.0)]
    for phone, first, last in zip(item.phones, edges[:-1], edges[1:], strict=True):
        begin, end = int(first * stretch / 2), int(last * stretch / 2)
        labels[begin : max(end, begin + 1)] = phone
