"""Dialogues as tokens, and batches of them with little padding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .tokenizer import Tokenizer, chat


class Dialogues:
    """All conversations of some files, tokenised: ids, and which of them the robot is to say."""

    def __init__(self, paths: list[Path], tokenizer: Tokenizer, longest: int) -> None:
        ids: list[NDArray[np.int32]] = []
        learn: list[NDArray[np.bool_]] = []
        self.characters = 0
        """Characters of all replies to be learnt."""
        for path in paths:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    tokens, flags, characters = _tokens(json.loads(line), tokenizer)
                    if len(tokens) <= longest and any(flags):
                        ids.append(np.array(tokens, np.int32))
                        learn.append(np.array(flags, np.bool_))
                        self.characters += characters
        self.lengths = np.array([len(one) for one in ids])
        self.ids, self.learn = ids, learn

    def __len__(self) -> int:
        return len(self.ids)

    def counts(self, vocabulary: int) -> Tensor:
        """How often each token is to be learnt: (V,)."""
        total = np.zeros(vocabulary, np.int64)
        for ids, learn in zip(self.ids, self.learn, strict=True):
            total += np.bincount(ids[learn], minlength=vocabulary)
        return torch.from_numpy(total)

    def batch(self, members: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Tokens (B, T), padded at the end, and whether each is to be learnt."""
        longest = int(self.lengths[members].max())
        tokens = np.zeros((len(members), longest), np.int64)
        learn = np.zeros((len(members), longest), np.bool_)
        for row, member in enumerate(members):
            tokens[row, : self.lengths[member]] = self.ids[member]
            learn[row, : self.lengths[member]] = self.learn[member]
        return torch.from_numpy(tokens), torch.from_numpy(learn)

    def epoch(self, seed: int, size: int) -> Iterator[NDArray[np.int64]]:
        """Batches of about ``size`` tokens, each dialogue once, like lengths together."""
        dice = np.random.default_rng(seed)
        order = dice.permutation(len(self))
        batches: list[NDArray[np.int64]] = []
        for start in range(0, len(order), 2048):
            part = order[start : start + 2048]
            part = part[np.argsort(self.lengths[part], kind="stable")]
            begin = 0
            for end in range(1, len(part) + 1):
                full = end == len(part) or (end - begin + 1) * self.lengths[part[end]] > size
                if full:
                    batches.append(part[begin:end])
                    begin = end
        for number in dice.permutation(len(batches)):
            yield batches[number]


def _tokens(dialogue: dict[str, object], tokenizer: Tokenizer) -> tuple[list[int], list[bool], int]:
    turns = dialogue["turns"]
    assert isinstance(turns, list)
    pairs = [(turn["user"], turn["reply"]) for turn in turns]
    wanted = [turn["learn"] for turn in turns for _ in range(2)]
    tokens: list[int] = []
    flags: list[bool] = []
    characters = 0
    for (text, said), learn in zip(chat(str(dialogue["system"]), pairs), wanted, strict=True):
        part = tokenizer.encode(text)
        tokens += part
        flags += [said and learn] * len(part)
        characters += len(text) - len(" </s>") if said and learn else 0
    return tokens, flags, characters
