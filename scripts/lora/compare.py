"""Replies of the product's engine with an adapter off and on. Needs no PyTorch.

python -m scripts.lora.compare scripts/lora/museum_guide.jsonl guide.gguf
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from robot_voice import paths
from robot_voice.config import Config
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm_config import AdapterConfig, LlmConfig
from robot_voice.settings import load_config
from robot_voice.types import Message

from .dialogues import Dialogue, instructions, read, split

NAME = "new"


def compare(
    base: Path, adapter: Path, config: Config, dialogues: Sequence[Dialogue]
) -> list[dict[str, str]]:
    """The reply to the first words of each dialogue: ``before``, ``after`` and as ``wanted``."""
    own = LlmConfig(adapters={NAME: AdapterConfig(path=str(adapter))})
    with closing(LlamaLlm(base, own, 1)) as llm:
        before = [_reply(llm, config, one) for one in dialogues]
        llm.adapt(NAME)
        after = [_reply(llm, config, one) for one in dialogues]
    return [
        {"user": one.turns[0][0], "before": old, "after": new, "wanted": one.turns[0][1]}
        for one, old, new in zip(dialogues, before, after, strict=True)
    ]


def _reply(llm: LlamaLlm, config: Config, dialogue: Dialogue) -> str:
    talk = [Message("user", dialogue.turns[0][0])]
    prompt = [Message("system", instructions(config, dialogue.language)), *talk]
    return "".join(llm.generate(prompt, lambda: False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--config", help="the persona that speaks, as robot-voice -c")
    options = parser.parse_args()
    base = next((paths.starter_models() / "llm").glob("*.gguf"))
    config = load_config(options.config, (), {}).config
    for one in compare(base, options.adapter, config, split(read(options.dialogues))[1]):
        sys.stdout.write(f"{one['user']}\n  - {one['before']}\n  + {one['after']}\n")


if __name__ == "__main__":
    main()
