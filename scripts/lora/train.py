"""Train an adapter for the starter's chat model, and show what it changes.

    python -m scripts.lora.train scripts/lora/museum_guide.jsonl guide.gguf

Only the adapter's two small matrices beside each of the model's learn, and only from the robot's
words. Between the dialogues come some of the starter's own, so that it unlearns little of what it
could (rehearsal: Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", 1995).

What is printed, and written with ``--results``: the perplexity per token of the replies before and
after, on the dialogues trained on, on those held out, and on held-out ones of the starter's own
(what other topics lose); and replies to what users say in the held-out dialogues, by the product's
engine with the exported adapter off and on.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from robot_voice import paths
from robot_voice.config import Config
from robot_voice.settings import load_config
from scripts.starter.llm.batches import Dialogues
from scripts.starter.llm.dialogues.make import Maker
from scripts.starter.llm.model import Llama, Shape
from scripts.starter.llm.tokenizer import Tokenizer

from .base import load
from .compare import compare
from .dialogues import Dialogue, chained, instructions, read, split
from .export import export
from .layers import adapt

WARM_UP = 10
"""Steps over which the learning rate rises; then it falls to nothing, in a straight line."""
CLIP = 1.0
GENERAL = 60
"""Held-out dialogues of the starter's own that tell what is lost elsewhere."""
SHUFFLES = 10
"""How many orders of the dialogues are made."""
EXCHANGES = 6
"""Exchanges that are joined to one conversation, at most."""
_SIDES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained."""

    steps: int = 450
    rank: int = 8
    alpha: float = 16.0
    """The adapter's part is multiplied by ``alpha / rank``."""
    rate: float = 3e-3
    batch: int = 1024
    """Tokens."""
    rehearsed: int = 240
    """Dialogues of the starter's own that are trained on as well."""
    seed: int = 1


def train(model: Llama, data: Dialogues, recipe: Recipe) -> Iterator[float]:
    """Train what in ``model`` may learn; gives each step's loss, nats a token."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=0.0)
    for step, (tokens, learn) in zip(range(recipe.steps), _batches(data, recipe), strict=False):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min((step + 1) / WARM_UP, 1 - step / recipe.steps)
        loss, count = _loss(model, tokens, learn)
        optimiser.zero_grad(set_to_none=True)
        (loss / count).backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        optimiser.step()
        yield float(loss.detach()) / count


def perplexity(model: Llama, data: Dialogues, batch: int = 2048) -> float:
    """Of the robot's words, per token."""
    nats, tokens = 0.0, 0
    with torch.no_grad():
        for members in data.epoch(0, batch):
            loss, count = _loss(model, *data.batch(members))
            nats, tokens = nats + float(loss), tokens + count
    return math.exp(nats / tokens)


def _loss(model: Llama, tokens: Tensor, learn: Tensor) -> tuple[Tensor, int]:
    """Nats of all learnt tokens together, and how many they are; arguments: (B, T)."""
    logits = model.logits(model(tokens[:, :-1])[learn[:, 1:]])
    wanted = tokens[:, 1:][learn[:, 1:]]
    return F.cross_entropy(logits, wanted, reduction="sum"), len(wanted)


def _batches(data: Dialogues, recipe: Recipe) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless: tokens (B, T), and whether each is to be learnt."""
    seed = recipe.seed
    while True:
        for members in data.epoch(seed, recipe.batch):
            yield data.batch(members)
        seed += 1


def _sets(file: Path, config: Config, tokenizer: Tokenizer, recipe: Recipe) -> dict[str, Dialogues]:
    """What is trained on, "all", and what perplexity is measured on."""
    train, held = split(read(file))
    dice = random.Random(recipe.seed)
    orders = (chained(train, dice, EXCHANGES) for _ in range(SHUFFLES))
    everything = [entry for order in orders for entry in _entries(order, config)]
    everything += _own(recipe.rehearsed, recipe.seed, held=False)
    return {
        "all": _tokenised(everything, tokenizer),
        "trained on": _tokenised(_entries(train, config), tokenizer),
        "held out": _tokenised(_entries(held, config), tokenizer),
        "other topics": _tokenised(_own(GENERAL, 2, held=True), tokenizer),
    }


def _own(number: int, seed: int, *, held: bool) -> list[dict[str, Any]]:
    """Dialogues of the starter's own."""
    maker = Maker(seed, held)
    return [maker.dialogue() for _ in range(number)]


def _entries(dialogues: Sequence[Dialogue], config: Config) -> Iterator[dict[str, Any]]:
    """As the starter's are written."""
    for one in dialogues:
        turns = [{"user": user, "reply": reply, "learn": True} for user, reply in one.turns]
        yield {"system": instructions(config, one.language), "turns": turns}


def _tokenised(entries: Iterable[dict[str, Any]], tokenizer: Tokenizer) -> Dialogues:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dialogues.jsonl"
        lines = (json.dumps(entry, ensure_ascii=False) for entry in entries)
        file.write_text("\n".join(lines) + "\n", "utf-8")
        return Dialogues([file], tokenizer, Shape.context)


def run(options: argparse.Namespace, config: Config, recipe: Recipe) -> dict[str, Any]:
    """Train, export, compare; returns the results."""
    model, tokenizer = load(options.base)
    sets = _sets(options.dialogues, config, tokenizer, recipe)
    everything = sets.pop("all")
    adapt(model, recipe.rank, recipe.alpha, recipe.seed)
    before = {name: perplexity(model, data) for name, data in sets.items()}
    began = time.monotonic()
    for step, loss in enumerate(train(model, everything, recipe), 1):
        if step % 50 == 0:
            _say(f"step {step}/{recipe.steps} loss {loss:.3f} {time.monotonic() - began:.0f} s")
    seconds = time.monotonic() - began
    after = {name: perplexity(model, data) for name, data in sets.items()}
    export(model, options.out, recipe.alpha, options.out.stem)
    replies = compare(options.base, options.out, config, split(read(options.dialogues))[1])
    return {
        "base": options.base.name,
        "dialogues": {name: len(data) for name, data in sets.items()},
        "recipe": {name: getattr(recipe, name) for name in Recipe.__slots__},
        "weights": sum(w.numel() for w in model.parameters() if w.requires_grad),
        "bytes": options.out.stat().st_size,
        "seconds": round(seconds, 1),
        "perplexity": {
            name: {"before": round(before[name], 3), "after": round(after[name], 3)}
            for name in sets
        },
        "right": {key: sum(one[key] == one["wanted"] for one in replies) for key in _SIDES},
        "replies": replies,
    }


def show(results: dict[str, Any]) -> None:
    """As tables, on standard output."""
    _say("\n| perplexity per token | before | after |\n|---|---|---|")
    for name, values in results["perplexity"].items():
        _say(f"| {name} | {values['before']} | {values['after']} |")
    right, count = results["right"], len(results["replies"])
    _say(f"| held-out replies as wanted, of {count} | {right['before']} | {right['after']} |")
    _say("\n| held out: the user says | before | after |\n|---|---|---|")
    for one in results["replies"]:
        _say(f"| {one['user']} | {one['before']} | {one['after']} |")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    usual = Recipe()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dialogues", type=Path, help="JSONL; see scripts/lora/dialogues.py")
    parser.add_argument("out", type=Path, help="the adapter, a GGUF file")
    parser.add_argument("--base", type=Path, default=_starter(), help="the model it is for")
    parser.add_argument("--config", help="the persona that will speak with it, as robot-voice -c")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    parser.add_argument("--results", type=Path, help="write the figures there, as JSON")
    parser.add_argument("--threads", type=int, default=1)
    for name in Recipe.__slots__:
        value = getattr(usual, name)
        parser.add_argument(f"--{name}", type=type(value), default=value)
    return parser.parse_args()


def _starter() -> Path:
    return next((paths.starter_models() / "llm").glob("*.gguf"))


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    config = load_config(options.config, options.changes, {}).config
    recipe = Recipe(**{name: getattr(options, name) for name in Recipe.__slots__})
    results = run(options, config, recipe)
    show(results)
    if options.results:
        text = json.dumps(results, ensure_ascii=False, indent=1)
        options.results.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
