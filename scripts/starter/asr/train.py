"""Train the starter Whisper from nothing.

    python -m scripts.starter.asr.train CLIPS RUN --minutes 90        # as often as there is time
    python -m scripts.starter.asr.train CLIPS RUN --minutes 15 --decay  # before each export

The first form never lets the learning rate fall, so it can be stopped (or killed) and called again
for years: it goes on from ``RUN/stable-*.pt``. The second starts from there, lets the rate fall
to zero, which is what makes a model good, and leaves its weights in ``RUN/decayed-0.pt`` (warm-up,
stable, decay: Hu et al. 2024, "MiniCPM"). New clips are taken in as they appear in CLIPS.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from .batches import IGNORED, Batch, Batches
from .console import command_line, say
from .corpus import PHONES, Corpus
from .model import Shape, Whisper
from .optimiser import Optimiser
from .shards import describe
from .tokenizer import build
from .workers import Centre, start_workers

CHECKPOINT = 180.0
"""Seconds between checkpoints."""
GUESSED = 50_000
"""Clips until the guessed phones of the frames are no longer taught."""
CTC, CTC_LATE, LATE = 0.7, 0.3, 200_000
"""Weight of the phones' loss, and from how many clips on it is the lower one."""
RATE, WARM_UP = 2e-3, 100
"""Learning rate of Muon, and steps until it is reached."""
SMOOTHING = 0.03
"""Label smoothing of the text."""
AVERAGED_EVERY, AVERAGED = 5, 0.02
"""Steps between updates of the moving average of the weights, and the share of the newest."""


@dataclass
class Options:
    """What the command line says."""

    clips: Path
    run: Path
    minutes: float
    decay: bool
    workers: int
    frames: int
    rate: float
    warm_up: int
    noises: Path | None
    report: int
    seed: int


class Trainer:
    """One process: its copy of the weights, its optimiser, its batches."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.rank = 0
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        tokenizer = _tokenizer(options)
        self.shape = Shape(tokenizer.get_vocab_size())
        torch.manual_seed(options.seed)
        self.model = Whisper(self.shape, len(PHONES) + 1).to(self.device)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.optimiser = Optimiser(self.model, options.rate, options.warm_up)
        self.corpus = Corpus(options.clips, tokenizer)
        self.tokenizer = tokenizer
        self.centre = Centre(self.model)
        self.parent = os.getpid()
        self.stopped = False
        self.step = 0
        self.seconds = 0.0
        if self._file("stable", 0).exists():
            saved = torch.load(self._file("stable", 0), map_location="cpu", weights_only=True)
            self.centre.restore(saved["centre"], saved["clips"])

    def restore(self, rank: int) -> None:
        """Become worker ``rank``, from its checkpoint if there is one."""
        self.rank = rank
        signal.signal(signal.SIGTERM, self._stop)
        random.seed(self.options.seed + rank)
        torch.manual_seed(self.options.seed + rank)
        own, first = (self._file("stable", number) for number in (rank, 0))
        path = own if own.exists() else first
        if not path.exists():
            return
        saved = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.average = saved["average"]
        self.optimiser.load(saved["optimiser"])
        self.step, self.seconds = saved["step"], saved["seconds"]
        # Batches are drawn anew, from a seed that says how far this is: none is heard twice.
        random.seed(self.options.seed + rank + self.step)
        torch.manual_seed(self.options.seed + rank + self.step)

    def train(self) -> None:
        """Until the time is over or SIGTERM. Worker 0 reports and every worker saves."""
        options, began = self.options, time.monotonic()
        saved, totals = began, [0.0, 0.0]
        for steps, batch in enumerate(self._batches(), 1):
            elapsed = time.monotonic() - began
            left = 1.0 - elapsed / (60.0 * options.minutes)
            orphan = self.rank > 0 and os.getppid() != self.parent
            if left <= 0.0 or self.stopped or orphan:
                break
            losses = self._learn(batch, left if options.decay else 1.0)
            totals = [total + loss for total, loss in zip(totals, losses, strict=True)]
            if self.rank == 0 and steps % options.report == 0:
                self._report(elapsed, [total / options.report for total in totals])
                totals = [0.0, 0.0]
            if time.monotonic() - saved > CHECKPOINT:
                saved = time.monotonic()
                self.save(elapsed)
        self.save(time.monotonic() - began)

    def save(self, elapsed: float) -> None:
        """Write a checkpoint beside the old one, then put it in its place."""
        path = self._file("decayed" if self.options.decay else "stable", self.rank)
        progress = {
            "average": self.average,
            "step": self.step,
            "seconds": self.seconds + elapsed,
        }
        weights = self.model.state_dict()
        write_checkpoint(path, self.shape, weights, self.optimiser, self.centre, **progress)

    def _batches(self) -> Iterator[Batch]:
        options = self.options
        seed = options.seed + 1000 * self.rank + self.step
        batches = Batches(self.corpus, self.tokenizer, options.frames, seed, options.noises)
        batches.heard = self.centre.clips
        for batch in batches:
            yield batch
            batches.heard = self.centre.count(self.rank, batch.clips)

    def _learn(self, batch: Batch, rate: float) -> tuple[float, float]:
        """One step; returns the losses of the text and of the phones."""
        self.model.train()
        clips = self.centre.clips
        with torch.autocast(self.device, torch.bfloat16):
            heard = self.model.encoder(batch.features.to(self.device))
            scores = self.model.decoder(batch.tokens.to(self.device), heard[batch.source])
            phones = self.model.phones(heard)
        text = F.cross_entropy(
            scores.float().flatten(0, 1), batch.targets.to(self.device).flatten(),
            ignore_index=IGNORED, label_smoothing=SMOOTHING,
        )  # fmt: skip
        spoken = _ctc(phones, batch)
        loss = text + (CTC if clips < LATE else CTC_LATE) * spoken
        guess = max(0.0, 1.0 - clips / GUESSED)
        if guess > 0.0:
            labels = batch.frame_phones.to(self.device).flatten()
            loss = loss + guess * F.cross_entropy(
                phones.float().flatten(0, 1), labels, ignore_index=IGNORED
            )
        self.optimiser.step(loss, rate, self.step)
        self.step += 1
        if self.options.workers > 1:
            self.centre.pull(self.rank, self.step)
        if self.rank == 0 and self.step % AVERAGED_EVERY == 0:
            self._average()
        return text.item(), spoken.item()

    def _average(self) -> None:
        newest = max(AVERAGED, 1.0 / (1.0 + self.step / AVERAGED_EVERY))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, newest)

    def _report(self, elapsed: float, losses: list[float]) -> None:
        line = {
            "clips": self.centre.clips,
            "seconds": round(self.seconds + elapsed),
            "step": self.step,
            "text": round(losses[0], 4),
            "phones": round(losses[1], 4),
            "clips_known": len(self.corpus.synthetic) + len(self.corpus.human),
            "decay": self.options.decay,
        }
        say(json.dumps(line))
        with (self.options.run / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def _stop(self, *_: object) -> None:
        self.stopped = True

    def _file(self, kind: str, rank: int) -> Path:
        return self.options.run / f"{kind}-{rank}.pt"


def write_checkpoint(
    path: Path,
    shape: Shape,
    weights: dict[str, Tensor],
    optimiser: Optimiser,
    centre: Centre,
    **progress: Any,
) -> None:
    """Write beside what is there, then put it in its place: a kill leaves one or the other."""
    state = {
        "shape": asdict(shape),
        "model": weights,
        "optimiser": optimiser.state(),
        "centre": centre.weights,
        "clips": centre.clips,
        **{"average": weights, "step": 0, "seconds": 0.0, **progress},
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def _ctc(phones: Tensor, batch: Batch) -> Tensor:
    """Connectionist temporal classification (Graves et al. 2006) of the phones, per phone."""
    counts = torch.tensor([len(spoken) for spoken in batch.phones])
    flat = torch.tensor([phone for spoken in batch.phones for phone in spoken]).to(phones.device)
    losses = F.ctc_loss(
        phones.float().log_softmax(-1).transpose(0, 1), flat, (batch.lengths + 1) // 2, counts,
        reduction="none", zero_infinity=True,
    )  # fmt: skip
    return (losses / (counts + 1).to(losses.device)).mean()


def _tokenizer(options: Options) -> Tokenizer:
    """The run's own; learnt once, from the grammar and the human transcripts."""
    path = options.run / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))
    options.run.mkdir(parents=True, exist_ok=True)
    files = sorted(options.clips.glob("human_*.json"))
    return build(path, [clip.text for file in files for clip in describe(file)])


def main() -> None:
    """Read the command line, start the workers, train."""
    parser = command_line(__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to 0")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each")
    parser.add_argument(
        "--frames", type=int, default=6000, help="in a batch (10 ms each), in the end"
    )
    parser.add_argument("--rate", type=float, default=RATE, help="learning rate")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="steps until that is reached")
    parser.add_argument("--noises", type=Path, help="recordings that may be trained on (noise.py)")
    parser.add_argument("--report", type=int, default=50, help="steps between lines of the log")
    parser.add_argument("--seed", type=int, default=0)
    options = Options(**vars(parser.parse_args()))
    torch.set_num_threads(1)
    trainer = Trainer(options)
    start_workers(trainer, 1 if trainer.device == "cuda" else options.workers)


if __name__ == "__main__":
    main()
