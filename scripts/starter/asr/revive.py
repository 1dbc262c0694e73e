"""Make a checkpoint out of kept weights, to train them further when their own is lost.

    python -m scripts.starter.asr.revive stable.safetensors RUN --tokenizer tokenizer.json
    python -m scripts.starter.asr.revive models/starter/asr RUN [--tokenizer OTHER.json]

The first is what ``export --archive`` wrote; the second an exported model, whose weights come back
from int8, without the head that names phones. The optimisers start anew.

The format of ``model.bin`` is that of CTranslate2's ``ModelSpec.save`` (binary version 6): a name
and a revision, then variables, each with its name, shape and type; int8 matrices have a scale a
row.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from .console import command_line, say
from .corpus import PHONES
from .features import Floats
from .model import Shape, Whisper
from .optimiser import Optimiser
from .train import RATE, WARM_UP, write_checkpoint
from .workers import Centre

TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
"""CTranslate2's ``DataType``, by number."""
MEDIUM = 60_000
"""Clips the new run counts as heard: phones are not guessed, distortion is medium."""

Variables = Mapping[str, Floats]


def read_variables(path: Path) -> Variables:
    """Everything in ``model.bin``, as float32."""
    with path.open("rb") as file:

        def number(kind: str) -> int:
            value: int = struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))[0]
            return value

        def text() -> str:
            return file.read(number("H"))[:-1].decode()

        number("I"), text(), number("I")
        raw: dict[str, np.ndarray] = {}
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            kind = TYPES[number("B")]
            data = file.read(number("I"))
            raw[name] = np.frombuffer(data, kind).reshape(shape)
    values = {}
    for name, value in raw.items():
        scale = raw.get(f"{name}_scale")
        floats = value.astype(np.float32)
        if scale is not None:
            floats /= scale.reshape(-1, *[1] * (value.ndim - 1))
        values[name] = floats
    return values


def weights(variables: Variables, shape: Shape) -> dict[str, Tensor]:
    """The variables under the names of ``model.Whisper``, the embedding apart."""
    found: dict[str, Floats] = {}
    for side, blocks in (("encoder", shape.encoder_blocks), ("decoder", shape.decoder_blocks)):
        norm = "encoder.ln_post" if side == "encoder" else "decoder.ln"
        _norm(found, norm, variables, f"{side}/layer_norm")
        found[f"{side}.positional_embedding"] = variables[f"{side}/position_encodings/encodings"]
        for index in range(blocks):
            here, there = f"{side}.blocks.{index}", f"{side}/layer_{index}"
            _attention(found, f"{here}.attn", variables, f"{there}/self_attention")
            if side == "decoder":
                _attention(found, f"{here}.cross_attn", variables, f"{there}/attention")
            _norm(found, f"{here}.mlp_ln", variables, f"{there}/ffn/layer_norm")
            _linear(found, f"{here}.mlp.0", variables, f"{there}/ffn/linear_0")
            _linear(found, f"{here}.mlp.2", variables, f"{there}/ffn/linear_1")
    for name in ("conv1", "conv2"):
        _linear(found, f"encoder.{name}", variables, f"encoder/{name}")
    return {name: torch.from_numpy(value.copy()) for name, value in found.items()}


def main() -> None:
    """Read the command line and write the checkpoint."""
    parser = command_line(__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    tokenizer = options.tokenizer or options.model / "tokenizer.json"
    shutil.copy(tokenizer, options.run / "tokenizer.json")
    new = Tokenizer.from_file(str(tokenizer))
    shape, clips = Shape(new.get_vocab_size()), MEDIUM
    model = Whisper(shape, len(PHONES) + 1)
    if options.model.is_file():
        with safe_open(str(options.model), "pt") as file:
            clips = int(file.metadata()["clips"])
        model.load_state_dict(load_file(str(options.model)))
    else:
        old = Tokenizer.from_file(str(options.model / "tokenizer.json"))
        _exported(model, read_variables(options.model / "model.bin"), old, new)
    centre = Centre(model)
    centre.count(0, clips)
    optimiser = Optimiser(model, RATE, WARM_UP)
    write_checkpoint(options.run / "stable-0.pt", shape, model.state_dict(), optimiser, centre)
    say(f"{options.run}: revived, {clips} clips heard")


def _exported(model: Whisper, variables: Variables, old: Tokenizer, new: Tokenizer) -> None:
    """Fill the model; every piece that both tokenizers know keeps its vector."""
    state = model.state_dict()
    state.update(weights(variables, model.shape))
    rows = torch.from_numpy(variables["decoder/embeddings/weight"].copy())
    for token, number in new.get_vocab().items():
        before = old.token_to_id(token)
        if before is not None:
            state["decoder.token_embedding.weight"][number] = rows[before]
    model.load_state_dict(state)


def _attention(found: dict[str, Floats], here: str, variables: Variables, there: str) -> None:
    """Undo ``export``: queries, keys and values lie in one matrix, or keys and values do."""
    _norm(found, f"{here}_ln", variables, f"{there}/layer_norm")
    cross = f"{there}/linear_2/weight" in variables
    parts = ["linear_0", "linear_1"] if cross else ["linear_0"]
    matrix = np.concatenate([variables[f"{there}/{part}/weight"] for part in parts])
    bias = np.concatenate([variables[f"{there}/{part}/bias"] for part in parts])
    width = len(matrix) // 3
    for index, part in enumerate(("query", "key", "value")):
        rows = slice(index * width, (index + 1) * width)
        found[f"{here}.{part}.weight"] = matrix[rows]
        if part != "key":
            found[f"{here}.{part}.bias"] = bias[rows]
    _linear(found, f"{here}.out", variables, f"{there}/linear_{2 if cross else 1}")


def _norm(found: dict[str, Floats], here: str, variables: Variables, there: str) -> None:
    found[f"{here}.weight"], found[f"{here}.bias"] = (
        variables[f"{there}/gamma"],
        variables[f"{there}/beta"],
    )


def _linear(found: dict[str, Floats], here: str, variables: Variables, there: str) -> None:
    found[f"{here}.weight"], found[f"{here}.bias"] = (
        variables[f"{there}/weight"],
        variables[f"{there}/bias"],
    )


if __name__ == "__main__":
    main()
