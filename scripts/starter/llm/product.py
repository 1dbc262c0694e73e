"""The exported model through the product's own engine: one conversation in, a reply out.

``python -m scripts.starter.llm.product MODEL.gguf TEXT ...`` prints its replies to the texts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm.prompt import compose
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message


def load(path: Path, threads: int = 1) -> LlamaLlm:
    return LlamaLlm(path, LlmConfig(), threads)


def messages(texts: Sequence[str]) -> list[Message]:
    """A conversation that the user began, both sides in turn."""
    return [Message("assistant" if n % 2 else "user", text) for n, text in enumerate(texts)]


def reply(llm: LlamaLlm, texts: Sequence[str], language: str, tone: ToneConfig, name: str) -> str:
    """What the model says after ``texts``, under the product's full instructions."""
    prompt = compose(messages(texts), language, PersonaConfig(name=name), tone)
    return "".join(llm.generate(prompt, lambda: False))


def main() -> None:
    llm = load(Path(sys.argv[1]))
    talk: list[str] = []
    for text in sys.argv[2:]:
        language = "ko" if any("가" <= letter <= "힣" for letter in text) else "en"
        talk.append(text)
        talk.append(reply(llm, talk, language, ToneConfig(), PersonaConfig().name))
        sys.stdout.write(f"{text} -> {talk[-1]}\n")
    llm.close()


if __name__ == "__main__":
    main()
