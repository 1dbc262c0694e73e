"""Train: ``python -m scripts.starter.llm.train FOLDER --data A.jsonl --held B.jsonl --steps 4000``.

Only the robot's words are learnt. Matrices are trained with Muon (Jordan et al., 2024; here
PyTorch's), the embedding and the norms with AdamW; the learning rate warms up, stays, and falls to
nothing over the last part of the steps, so a run can be prolonged from any checkpoint before the
fall. Running the same command again goes on from the last checkpoint; a kill at any moment costs at
most ``--save`` steps.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from . import guidance
from .batches import Dialogues
from .model import Llama, Shape
from .tokenizer import Tokenizer

WARM_UP = 40
MATRIX_RATE, OTHER_RATE = 0.02, 3e-3
CLIP = 1.0


class Trainer:
    """A model, its optimisers, and how far it has come."""

    def __init__(self, folder: Path, shape: Shape, device: str, seed: int) -> None:
        torch.manual_seed(seed)
        self.path = folder / "checkpoint.pt"
        self.device = device
        self.shape = shape
        self.model = Llama(shape).to(device)
        matrices = [p for n, p in self.model.named_parameters() if p.dim() == 2 and "blocks" in n]
        known = {id(p) for p in matrices}
        others = [p for p in self.model.parameters() if id(p) not in known]
        self.optimisers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.01, momentum=0.95),
            torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.97), weight_decay=0.0),
        ]
        self.rare = torch.zeros(shape.vocabulary, dtype=torch.bool, device=device)
        self.step = 0
        self.curve: list[tuple[int, float]] = []
        """Steps, and the smoothed loss at each."""

    def learn(self, tokens: Tensor, learn: Tensor, pace: float) -> float:
        """One step; ``pace``: the share of the full learning rate. Returns nats a learnt token."""
        loss, count = self.loss(tokens, learn)
        mean = loss / count
        guided = mean + guidance.loss(self.model, tokens, learn, self.rare)
        for optimiser, rate in zip(self.optimisers, (MATRIX_RATE, OTHER_RATE), strict=True):
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = rate * pace
        guided.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        return float(mean.detach())

    def loss(self, tokens: Tensor, learn: Tensor) -> tuple[Tensor, int]:
        """Nats of all learnt tokens together, and how many they are."""
        with torch.autocast(self.device, torch.bfloat16):
            hidden = self.model(tokens[:, :-1])[learn[:, 1:]]
            logits = self.model.logits(hidden)
        wanted = tokens[:, 1:][learn[:, 1:]]
        return F.cross_entropy(logits.float(), wanted, reduction="sum"), len(wanted)

    def save(self) -> None:
        """Write the checkpoint, so that there is always a whole one."""
        state = {
            "shape": asdict(self.shape),
            "step": self.step,
            "curve": self.curve,
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.path)

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        if not self.path.exists():
            return
        state: dict[str, Any] = torch.load(self.path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.curve = state["step"], list(state.get("curve", ()))


def perplexity(trainer: Trainer, held: Dialogues, size: int) -> float:
    """Of the held-out replies, per character."""
    nats = 0.0
    with torch.no_grad():
        for members in held.epoch(0, size):
            tokens, learn = (part.to(trainer.device) for part in held.batch(members))
            nats += float(trainer.loss(tokens, learn)[0])
    return math.exp(nats / held.characters)


def pace(step: int, steps: int, fall: float) -> float:
    """The learning rate's share at ``step``; it falls over the last ``fall`` of ``steps``."""
    left = (steps - step) / max(1, round(steps * fall))
    return min(1.0, (step + 1) / WARM_UP, left)


def batches(data: Dialogues, done: int, size: int) -> Iterator[NDArray[np.int64]]:
    """Endless batches; the first ``done`` are skipped: a resumed run sees what comes next."""
    seed = 0
    while True:
        seed += 1
        for members in data.epoch(seed, size):
            if done:
                done -= 1
            else:
                yield members


def run(trainer: Trainer, data: Dialogues, held: Dialogues, options: argparse.Namespace) -> None:
    """Train up to the last step or second, with a line of progress every ``--report`` steps."""
    began, seen, smooth = time.monotonic(), 0, 0.0
    for members in batches(data, trainer.step, options.batch):
        late = options.seconds and time.monotonic() - began > options.seconds
        if late or trainer.step >= options.steps:
            break
        tokens, learn = (part.to(trainer.device) for part in data.batch(members))
        loss = trainer.learn(tokens, learn, pace(trainer.step, options.steps, options.fall))
        smooth = 0.95 * smooth + 0.05 * loss if smooth else loss
        seen += tokens.numel()
        if trainer.step % options.report == 0:
            speed = seen / (time.monotonic() - began)
            trainer.curve.append((trainer.step, round(smooth, 3)))
            _say(f"step {trainer.step}/{options.steps} loss {smooth:.3f} tokens/s {speed:.0f}")
        if trainer.step % options.save == 0:
            finish(trainer, held, options)
    finish(trainer, held, options)


def finish(trainer: Trainer, held: Dialogues, options: argparse.Namespace) -> None:
    """Save, and write how good the model is by now to ``progress.json``."""
    trainer.save()
    figure = perplexity(trainer, held, options.batch)
    _say(f"step {trainer.step} held-out perplexity per character {figure:.4f}")
    record = {
        "step": trainer.step,
        "perplexity_per_character": round(figure, 4),
        "loss": trainer.curve,
    }
    (options.folder / "progress.json").write_text(json.dumps(record), encoding="utf-8")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds vocabulary.json; gets checkpoint.pt")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--held", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seconds", type=float, help="stop then, though steps are left")
    parser.add_argument("--report", type=int, default=50)
    parser.add_argument("--fall", type=float, default=0.3)
    parser.add_argument("--batch", type=int, default=4096, help="tokens")
    parser.add_argument("--layers", type=int, default=Shape.layers)
    parser.add_argument("--save", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = Tokenizer.load(options.folder / "vocabulary.json")
    shape = Shape(vocabulary=len(tokenizer), layers=options.layers)
    data = Dialogues(options.data, tokenizer, shape.context)
    held = Dialogues([options.held], tokenizer, shape.context)
    trainer = Trainer(options.folder, shape, device, options.seed)
    trainer.rare = guidance.rare_tokens(data.counts(len(tokenizer))).to(device)
    trainer.resume()
    parameters = sum(p.numel() for p in trainer.model.parameters())
    _say(
        f"{parameters / 1e6:.2f} M parameters, {len(data)} dialogues of {data.lengths.sum()}"
        f" tokens, {len(tokenizer)} pieces, on {device}, from step {trainer.step}"
    )
    run(trainer, data, held, options)


if __name__ == "__main__":
    main()
