"""Texts as vectors by an embedding model: a GGUF file, through llama.cpp on one thread.

Any model that llama.cpp can embed with will do (BERT and its kin, XLM-R such as bge-m3, and chat
models after a fashion). Models of many languages find facts across languages, and by meaning.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c
import numpy as np

from robot_voice.errors import LlmError, ModelError

from .hashing import Vector

_log = logging.getLogger(__name__)

MAX_TOKENS = 256
"""Of a text; facts are far shorter, and the rest of a summary is not looked at."""
THRESHOLD = 0.5
"""Cosine below which texts are taken for unrelated, where the owner sets none: models differ."""


@c.llama_log_callback  # type: ignore[untyped-decorator]
def _listen(level: int, text: bytes, _: object) -> None:
    if level in (3, 4):  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
        _log.debug("llama.cpp: %s", text.decode("utf-8", "replace").strip())


class GgufEmbedder:
    """An embedder (``hashing.Embedder``) by the model ``path``. Owned by one thread; ``close``
    it."""

    def __init__(self, path: Path, threshold: float | None = None) -> None:
        """Load it. Raises ``ModelError``."""
        self.threshold = THRESHOLD if threshold is None else threshold
        c.llama_log_set(_listen, None)
        c.llama_backend_init()
        params = c.llama_model_default_params()
        params.n_gpu_layers = 0
        self._model: Any = path.is_file() and c.llama_model_load_from_file(
            str(path).encode(), params
        )
        if not self._model:
            raise ModelError(
                f"llama.cpp cannot load the embedding model {path}. Name a GGUF file in"
                ' memory.embedder, or set it to "builtin"'
            )
        # The file may be replaced under its name; then its vectors are others.
        self.name = f"{path.name}-{path.stat().st_size}"
        self._room = min(MAX_TOKENS, c.llama_model_n_ctx_train(self._model))
        self._context: Any = _context(self._model, self._room)
        if not self._context:
            c.llama_model_free(self._model)
            raise ModelError(f"{path} cannot make embeddings: name another memory.embedder")
        self._vocabulary = c.llama_model_get_vocab(self._model)

    def embed(self, text: str) -> Vector:
        """The mean or whatever the model pools of its tokens, scaled to unit length. Raises
        ``LlmError``."""
        if not self._context:
            raise LlmError("the embedding model is closed")
        tokens = self._tokens(text)
        if not tokens:
            return np.zeros(c.llama_model_n_embd_out(self._model), np.float32)
        memory = c.llama_get_memory(self._context)
        if memory:
            c.llama_memory_clear(memory, True)
        read = c.llama_decode if memory else c.llama_encode  # encoders have no KV cache
        batch = (c.llama_token * len(tokens))(*tokens)
        status = read(self._context, c.llama_batch_get_one(batch, len(tokens)))
        found = c.llama_get_embeddings_seq(self._context, 0) if status == 0 else None
        if not found:
            raise LlmError(f"the embedding model failed on {len(tokens)} tokens ({status})")
        size = c.llama_model_n_embd_out(self._model)
        vector = np.ctypeslib.as_array(found, shape=(size,)).astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector

    def close(self) -> None:
        """Give the memory back. Closing twice is closing once."""
        if self._context:
            c.llama_free(self._context)
            c.llama_model_free(self._model)
            self._context = None

    def _tokens(self, text: str) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8  # no token is shorter than a byte, but for those at the ends
        tokens = (c.llama_token * room)()
        # Control tokens in a text are text here.
        count = c.llama_tokenize(self._vocabulary, data, len(data), tokens, room, True, False)
        return list(tokens[: min(max(count, 0), self._room)])


def _context(model: Any, room: int) -> Any:
    params = c.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = room
    params.n_threads = params.n_threads_batch = 1
    params.embeddings = True
    context = c.llama_init_from_model(model, params)
    if context and c.llama_pooling_type(context) == c.LLAMA_POOLING_TYPE_NONE:
        c.llama_free(context)  # a chat model: take the mean of its tokens
        params.pooling_type = c.LLAMA_POOLING_TYPE_MEAN
        context = c.llama_init_from_model(model, params)
    return context
