"""Make a checkpoint out of an exported model, to train it further when its own is lost.

    python -m scripts.starter.llm.revive models/starter/llm/nuri-chat-starter-q8_0.gguf FOLDER

FOLDER gets ``vocabulary.json`` and ``checkpoint.pt``; ``train FOLDER`` goes on from there. The
weights come back from Q8_0, the optimisers start anew, and steps are counted from 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch

from .export import gguf_name
from .model import Shape
from .tokenizer import CONTROL, Tokenizer
from .train import Trainer

BYTES = 256
"""Tokens for single bytes, between the control tokens and the pieces."""


def revive(model: Path, folder: Path) -> None:
    """Write the vocabulary and the weights of ``model`` into ``folder``."""
    reader = gguf.GGUFReader(str(model))
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    folder.mkdir(parents=True, exist_ok=True)
    Tokenizer(tokens[len(CONTROL) + BYTES :]).save(folder / "vocabulary.json")
    weights = {
        tensor.name: torch.from_numpy(
            np.array(gguf.quants.dequantize(tensor.data, tensor.tensor_type))
        )
        for tensor in reader.tensors
    }
    trainer = Trainer(folder, Shape(len(tokens)), "cpu", 0)
    state = {name: weights[gguf_name(name)].clone() for name in trainer.model.state_dict()}
    trainer.model.load_state_dict(state)
    trainer.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    revive(options.model, options.folder)


if __name__ == "__main__":
    main()
