"""A model of which the logits are wanted, not what it says; and beginnings of prompts kept."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import llama_cpp.llama_cpp as c
import numpy as np
from numpy.typing import NDArray

from robot_voice.errors import LlmError
from robot_voice.llm_config import LlmConfig

from .gguf import file_type
from .native import LlamaContext, shared

_NAME_BYTES = 256


@dataclass(frozen=True, slots=True)
class Head:
    """A beginning that many prompts share, and llama.cpp's memory of it."""

    tokens: Sequence[int]
    state: ctypes.Array[ctypes.c_uint8]


class Scorer(LlamaContext):
    """A loaded model with a small context of its own. Owned by one thread.

    The weights are mapped from the file, not repacked: other contexts that do the same share them.
    """

    def __init__(self, path: Path, threads: int, context_tokens: int) -> None:
        """Load the GGUF file at ``path``. Raises ``ModelError``."""
        file_type(path)  # says better than llama.cpp what is wrong with a file
        super().__init__(path, LlmConfig(context_tokens=context_tokens), threads, repack=False)
        self._words: int = c.llama_vocab_n_tokens(self._vocabulary)

    def name(self) -> str:
        """``general.name`` of the file's metadata; "" for none."""
        buffer = ctypes.create_string_buffer(_NAME_BYTES)
        c.llama_model_meta_val_str(self._model, b"general.name", buffer, _NAME_BYTES)
        return buffer.value.decode("utf-8", "replace")

    def spellings(self, words: Set[str]) -> list[int]:
        """All tokens that are one of ``words``, whatever their case and the space around them."""
        texts = (self.piece(token).decode("utf-8", "ignore") for token in range(self._words))
        return [token for token, text in enumerate(texts) if text.strip().lower() in words]

    def logits(self) -> NDArray[np.float32]:
        """Of the next token, one for each of the vocabulary. Raises ``LlmError``."""
        found = c.llama_get_logits_ith(self._context, -1)
        if not found:
            raise LlmError("llama.cpp computed no logits")
        return np.ctypeslib.as_array(found, (self._words,)).copy()

    def likelihoods(self, prompt: str, continuations: Sequence[str]) -> list[float]:
        """Of each continuation the natural logarithm of its probability after ``prompt``. What they
        share with the prompt, and with one another, is read once. Raises ``LlmError``."""
        start = self.tokenize(prompt)
        found = []
        for continuation in continuations:
            tokens = self.tokenize(prompt + continuation)
            at = max(1, shared(start, tokens))
            total = 0.0
            for index in range(at, len(tokens)):
                self.prefill(tokens[:index])
                logits = self.logits().astype(np.float64)
                logits -= logits.max()
                total += float(logits[tokens[index]] - np.log(np.exp(logits).sum()))
            found.append(total)
        return found

    def is_blank(self, token: int) -> bool:
        """White space, as may come before an answer. A mark that ends the reply is none."""
        return not c.llama_vocab_is_eog(self._vocabulary, token) and not self.piece(token).strip()

    def remember(self) -> Head:
        """What the cache holds now."""
        room = c.llama_state_seq_get_size(self._context, 0)
        state = (ctypes.c_uint8 * room)()
        c.llama_state_seq_get_data(self._context, state, room, 0)
        return Head(tuple(self._cached), state)

    def recall(self, heads: Sequence[Head], tokens: Sequence[int]) -> None:
        """Bring back the one of ``heads`` that ``tokens`` begin with, unless the cache has it."""
        best = max(heads, key=lambda head: shared(head.tokens, tokens))
        if shared(self._cached, tokens) >= shared(best.tokens, tokens):
            return
        self._keep(0)
        if c.llama_state_seq_set_data(self._context, best.state, len(best.state), 0):
            self._cached = list(best.tokens)
