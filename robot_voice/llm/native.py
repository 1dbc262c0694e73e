"""The part of llama.cpp that a conversation needs, as one object.

llama-cpp-python's high-level class cannot be interrupted inside a native call and prints to
standard error, so this goes through its low-level bindings.

A prompt is evaluated in chunks of ``llm.batch_tokens``. 64 are as fast as 512 (1.1B, Q4_K_M), and
whole chunks survive an abort, which waits for one node of the graph only (1.1B: at most 10 ms on
one core, 5 on two; 7B: about four times that).

How a native call is interrupted. llama.cpp asks an abort callback after every node of its graph.
A callback written in Python takes the interpreter's lock each time, 70 to 1,000 times a token;
while any other thread is busy in Python, each time costs up to its 5 ms switch interval (measured
with the starter model: 103 ms a token instead of 2). So the callback is C's ``strlen`` over a
two-byte buffer: 0, "go on", until ``interrupt`` writes the first byte, and nobody needs the lock.
"""

from __future__ import annotations

import ctypes
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c
import numpy as np
from numpy.typing import NDArray

from robot_voice.errors import LlmError, ModelError
from robot_voice.llm_config import AdapterConfig, LlmConfig

from .adapters import Adapters
from .sampling import Sampler

_log = logging.getLogger(__name__)

CACHE_TYPES = {"f16": c.GGML_TYPE_F16, "q8_0": c.GGML_TYPE_Q8_0, "q4_0": c.GGML_TYPE_Q4_0}
"""Number formats of the KV cache (enum ggml_type)."""
_LOAD_MODES = {
    (False, False): c.LLAMA_LOAD_MODE_NONE,
    (True, False): c.LLAMA_LOAD_MODE_MMAP,
    (False, True): c.LLAMA_LOAD_MODE_MLOCK,
    (True, True): c.LLAMA_LOAD_MODE_MMAP_MLOCK,
}
"""By ``llm.mmap`` and ``llm.mlock``."""
_ABORTED = 2
"""What ``llama_decode`` returns when the abort callback said so."""

_complaints: deque[str] = deque(maxlen=8)
"""llama.cpp's latest warnings and errors: the reason when a load fails."""


@c.llama_log_callback  # type: ignore[untyped-decorator]
def _listen(level: int, text: bytes, _: object) -> None:
    line = text.decode("utf-8", "replace").strip()
    if level in (3, 4) and line:  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
        _complaints.append(line)
        _log.debug("llama.cpp: %s", line)


class LlamaContext:
    """A loaded model, its KV cache of one sequence, and the sampler. Owned by one thread."""

    def __init__(
        self,
        path: Path,
        config: LlmConfig,
        threads: int,
        repack: bool,
        adapters: Mapping[str, AdapterConfig] | None = None,
    ) -> None:
        """Load. ``repack``: rearrange the weights for the CPU (costs memory and time).
        ``adapters``: those that ``adapt`` may be told of; their paths are whole.

        Raises ``ModelError`` with llama.cpp's own reason.
        """
        self._model = _load(path, config, repack)
        try:
            self._adapters = Adapters(self._model, adapters or {}, _reason)
        except ModelError:
            c.llama_model_free(self._model)
            raise
        self.size: int = min(config.context_tokens, c.llama_model_n_ctx_train(self._model))
        """Tokens that fit into the context window."""
        self._context = _context(self._model, self.size, threads, config)
        self._memory: Any = self._context and c.llama_get_memory(self._context)
        if not self._memory:
            if self._context:
                c.llama_free(self._context)
            c.llama_model_free(self._model)
            raise ModelError(
                f"the language model {path} gets no memory for a conversation of"
                f" llm.context_tokens = {self.size}: {_reason()}. Lower it, or choose another"
                " llm.model: models that make embeddings cannot chat"
            )
        self._vocabulary = c.llama_model_get_vocab(self._model)
        self.sampler = Sampler(self._vocabulary, config)
        self._cached: list[int] = []
        self._fresh = False  # whether llama.cpp has the logits of the last token in the cache
        self._chunk = config.batch_tokens
        self._flag = ctypes.create_string_buffer(2)
        self._strlen = ctypes.cast(ctypes.CDLL(None).strlen, c.ggml_abort_callback)
        address = ctypes.cast(self._flag, ctypes.c_void_p)
        c.llama_set_abort_callback(self._context, self._strlen, address)

    def template(self) -> tuple[str, str, str]:
        """The model's chat template ("" for none), and its BOS and EOS tokens as text."""
        template = c.llama_model_chat_template(self._model, None) or b""
        marks = (c.llama_vocab_bos(self._vocabulary), c.llama_vocab_eos(self._vocabulary))
        # -1: the vocabulary has no such token
        texts = [c.llama_vocab_get_text(self._vocabulary, m) if m >= 0 else b"" for m in marks]
        return template.decode(), texts[0].decode(), texts[1].decode()

    def tokenize(self, text: str, begin: bool = True) -> list[int]:
        """The tokens of a rendered prompt, control tokens understood, BOS in front if due.
        ``begin``: False for a part of one."""
        _require(self._context)
        data = text.encode()
        room = len(data) + 8  # no token is shorter than a byte, but for the leading space and BOS
        tokens = (c.llama_token * room)()
        count = c.llama_tokenize(self._vocabulary, data, len(data), tokens, room, False, True)
        if count < 0:
            raise LlmError(f"the prompt of {len(text)} characters cannot be tokenised")
        found = list(tokens[:count])
        bos = c.llama_vocab_bos(self._vocabulary)
        if begin and c.llama_vocab_get_add_bos(self._vocabulary) and found[:1] != [bos]:
            found.insert(0, bos)
        return found

    def prefill(self, tokens: Sequence[int]) -> bool:
        """Make the cache hold exactly ``tokens``, evaluating only what is new. False: aborted.

        The next token is drawn from the last one's logits: it is evaluated again unless the cache
        held just this, and nothing has happened since.
        """
        if not (self._fresh and list(tokens) == self._cached):
            self._keep(kept(self, tokens[:-1]))
        while todo := tokens[len(self._cached) :]:
            if not self.evaluate(todo[: self._chunk]):
                return False
        self.sampler.reset()
        return True

    def evaluate(self, tokens: Sequence[int]) -> bool:
        """Append these tokens to the cache. False: aborted, and the cache is as before."""
        _require(self._context)
        self._fresh = False
        batch = (c.llama_token * len(tokens))(*tokens)
        status = c.llama_decode(self._context, c.llama_batch_get_one(batch, len(tokens)))
        if status == 0:
            self._cached += tokens
            self._fresh = True
            return True
        self._keep(len(self._cached))
        if status == _ABORTED:
            return False
        raise LlmError(f"llama.cpp failed to evaluate {len(tokens)} tokens ({status}): {_reason()}")

    def sample(self) -> int | None:
        """The next token, not yet in the cache; None when the model ends its reply."""
        token = self.sampler.sample(self._context)
        return None if c.llama_vocab_is_eog(self._vocabulary, token) else token

    def piece(self, token: int) -> bytes:
        """The token as bytes: perhaps a word, perhaps a third of a Hangul syllable."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            size = c.llama_token_to_piece(self._vocabulary, token, buffer, room, 0, False)
            if size >= 0:
                return buffer.raw[:size]
            room = -size

    def snapshot(self) -> NDArray[np.uint8]:
        """All that the cache holds, for ``restore``; in llama.cpp's own format."""
        _require(self._context)
        room = c.llama_state_seq_get_size(self._context, 0)
        state = np.empty(room, np.uint8)
        size = c.llama_state_seq_get_data(self._context, _bytes(state), room, 0)
        return state[:size]

    def restore(self, tokens: Sequence[int], state: NDArray[np.uint8]) -> bool:
        """Make the cache what it was at the ``snapshot``, when it held ``tokens``.

        False: llama.cpp cannot use it, and the cache is empty.
        """
        self._keep(0)
        if not c.llama_state_seq_set_data(self._context, _bytes(state), len(state), 0):
            self._keep(0)
            return False
        self._cached = list(tokens)
        return True

    def interrupt(self, abort: bool) -> None:
        """From any thread: abort the native call under way and all that follow; or no longer."""
        self._flag[0] = b"\1" if abort else b"\0"

    def close(self) -> None:
        """Free everything. Closing twice is closing once."""
        if self._context:
            self.sampler.close()
            c.llama_free(self._context)
            c.llama_model_free(self._model)
            self._context = None

    def _keep(self, count: int) -> None:
        """Cut the cache to its first ``count`` tokens."""
        _require(self._context)
        self._fresh = False
        del self._cached[count:]
        if not c.llama_memory_seq_rm(self._memory, 0, count, -1):  # recurrent models cannot cut
            c.llama_memory_clear(self._memory, True)
            self._cached.clear()


def kept(native: LlamaContext, tokens: Sequence[int]) -> int:
    """How many of ``tokens``, from the first on, the cache has."""
    return shared(native._cached, tokens)


def adapt(native: LlamaContext, name: str) -> None:
    """Let it compute with this adapter from now on; "": with the model alone. Its cache is empty.

    Raises ``ConfigError`` for one that is not there; then all is as before.
    """
    _require(native._context)
    native._adapters.put(native._context, name)
    native._keep(0)


def shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _load(path: Path, config: LlmConfig, repack: bool) -> Any:
    c.llama_log_set(_listen, None)
    c.llama_backend_init()
    _complaints.clear()
    params = c.llama_model_default_params()
    params.n_gpu_layers = 0
    params.use_extra_bufts = repack
    params.load_mode = _LOAD_MODES[config.mmap, config.mlock]
    model = c.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        raise ModelError(
            f"llama.cpp cannot load the language model {path}: {_reason()}."
            ' Fetch it again, or set llm.model = "starter"'
        )
    return model


def _context(model: Any, size: int, threads: int, config: LlmConfig) -> Any:
    params = c.llama_context_default_params()
    params.n_ctx = size
    params.n_batch = params.n_ubatch = config.batch_tokens
    params.n_threads = params.n_threads_batch = threads
    # Off by default: flash attention is slower on CPUs (1.5-3.5x in the starter model's prefill),
    # and makes the result depend on how the prompt was cut into chunks.
    flash = c.LLAMA_FLASH_ATTN_TYPE_ENABLED, c.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.flash_attn_type = flash[0] if config.flash_attention else flash[1]
    params.type_k = CACHE_TYPES[config.cache_type_k]
    params.type_v = CACHE_TYPES[config.cache_type_v]
    return c.llama_init_from_model(model, params)


def _bytes(state: NDArray[np.uint8]) -> Any:
    return state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def _require(context: Any) -> None:
    if not context:
        raise LlmError("the language model is closed")


def _reason() -> str:
    return _complaints[-1] if _complaints else "it gave no reason"
