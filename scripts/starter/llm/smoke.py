"""The whole recipe in a minute: ``python -m scripts.starter.llm.smoke --seconds 60``.

From nothing to a reply: dialogues, vocabulary, some training, a GGUF that llama.cpp loads. Fails
unless the loss has fallen and the model says something.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

DIALOGUES = 300


def smoke(folder: Path, product: str, seconds: float) -> str:
    """Everything once; returns what it answered. Raises ``SystemExit`` when it did not learn."""
    data, held, model = folder / "train.jsonl", folder / "held.jsonl", folder / "smoke.gguf"
    _run(product, "dialogues.make", data, "--number", DIALOGUES)
    _run(product, "dialogues.make", held, "--number", 20, "--held")
    _run(sys.executable, "tokenizer", data, folder / "vocabulary.json", "--size", 4000)
    short = ["--seconds", seconds, "--batch", 1024, "--report", 5, "--steps", 10_000]
    _run(sys.executable, "train", folder, "--data", data, "--held", held, *short)
    curve = json.loads((folder / "progress.json").read_text(encoding="utf-8"))["loss"]
    if len(curve) < 2 or curve[-1][1] > 0.9 * curve[0][1]:
        raise SystemExit(f"the loss did not fall in {seconds:.0f} seconds: {curve}")
    _run(sys.executable, "export", folder, model)
    _run(sys.executable, "revive", model, folder / "again")
    _run(sys.executable, "export", folder / "again", folder / "again.gguf")
    if model.read_bytes() != (folder / "again.gguf").read_bytes():
        raise SystemExit("a model that was revived and exported again is another one")
    said = _run(product, "product", model, "Hello!", "안녕하세요.")
    if said.count(" -> ") != 2:
        raise SystemExit(f"the model did not answer: {said!r}")
    return f"loss {curve[0][1]} -> {curve[-1][1]} in {curve[-1][0]} steps\n{said}"


def _run(python: str, module: str, *arguments: object) -> str:
    command = [python, "-m", f"scripts.starter.llm.{module}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of training")
    parser.add_argument("--product", default=".venv/bin/python", help="the product's Python")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(smoke(Path(folder), options.product, options.seconds))


if __name__ == "__main__":
    main()
