"""How fast replies are made, against llama.cpp's own loop in the same process.

    python -m scripts.bench.llm_speed [SHAPE ...] [--tokens 24] [--blocks 8]

Untrained models of true shape (``untrained``). The engine as the product uses it, with its sampler,
its watcher and its text, takes turns with the barest loop there is over the same weights: decode,
sample greedily, decode; no abort callback, no thread, no text. Blocks of ``--tokens`` alternate
from the same place in the context, so a busy neighbour hurts both, and the medians of all tokens
are compared. Bandwidth is what as many threads as the model has read from memory with numpy.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import llama_cpp.llama_cpp as c
import numpy as np

from robot_voice.build import threads_for
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message

from .common import defaults, percentile, save
from .llm_models import about, warmed
from .untrained import SHAPES, add_folder, bytes_per_token

TALK = [
    Message("system", "You are a kind robot. Your words are spoken aloud. " * 4),
    Message("user", "Tell me a long story."),
]
WANTED = ("tinyllama-1.1b", "llama2-7b")
"""The bar is about these."""
READ_BYTES, READS = 1 << 28, 5
"""A thread's share of a reading of memory, far more than any cache, and how often it is read."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", default=WANTED)
    parser.add_argument("--tokens", type=int, default=24, help="of a block")
    parser.add_argument("--blocks", type=int, default=8, help="of each loop")
    parser.add_argument("--threads", type=int, help="else as many as the product uses")
    add_folder(parser)
    options = parser.parse_args()
    if unknown := set(options.shapes) - set(SHAPES):
        parser.error(f"no such shape: {', '.join(unknown)}")
    loaded = defaults()
    threads = options.threads or threads_for(loaded.config)
    files = {name: warmed(name, options.folder) for name in options.shapes}
    result: dict[str, Any] = {"machine": about(loaded, threads, files)}
    bandwidth = read_bandwidth(threads)
    found = dict[str, Any]()
    for name, file in files.items():
        llm = LlamaLlm(file, LlmConfig(), threads)
        found[name] = compare(llm, threads, options.tokens, options.blocks)
        llm.close()
        moved = bytes_per_token(name) * found[name]["engine_tokens_per_second"]
        found[name] |= {
            "moved_gb_per_second": round(moved / 1e9, 1),
            "roofline_share": round(moved / bandwidth, 3),
        }
    result |= {"read_gb_per_second": round(bandwidth / 1e9, 1), "models": found}
    if set(WANTED) <= set(found):
        save("llm_speed", result)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def compare(llm: LlamaLlm, threads: int, tokens: int, blocks: int) -> dict[str, Any]:
    """Tokens a second of the engine and of the bare loop, and the ratio."""
    prompt = llm._fitting(TALK)
    loop = BareLoop(llm._native._model, llm._native.size, threads, prompt)
    ours: list[float] = []
    bare: list[float] = []
    try:
        engine(llm, 4)  # what is read from disk is not measured
        for block in range(blocks):
            if block % 2:
                ours += engine(llm, tokens)
                bare += loop.run(tokens)
            else:
                bare += loop.run(tokens)
                ours += engine(llm, tokens)
    finally:
        loop.close()
    one, other = statistics.median(ours), statistics.median(bare)
    return {
        "tokens": len(ours),
        "in_context": len(prompt),
        "threads": threads,
        "engine_tokens_per_second": round(1 / one, 2),
        "bare_tokens_per_second": round(1 / other, 2),
        "share": round(other / one, 4),
        "share_of_fast_tokens": round(percentile(bare, 0.1) / percentile(ours, 0.1), 4),
    }


def engine(llm: LlamaLlm, tokens: int) -> list[float]:
    """Seconds for each of ``tokens`` tokens after the first, as the product makes them."""
    reply = llm.generate(TALK, lambda: False)
    times: list[float] = []
    next(reply)
    while len(times) < tokens:
        held, began = len(llm._native._cached), time.perf_counter()
        next(reply)
        took, made = time.perf_counter() - began, len(llm._native._cached) - held
        times += [took / made] * made  # a piece may take several tokens to be a whole character
    reply.close()  # type: ignore[attr-defined]
    return times[:tokens]


class BareLoop:
    """llama.cpp's low-level loop: a context of its own over the same weights."""

    def __init__(self, model: Any, size: int, threads: int, prompt: list[int]) -> None:
        params = c.llama_context_default_params()
        params.n_ctx = size
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = c.llama_init_from_model(model, params)
        self._sampler = c.llama_sampler_init_greedy()
        self._prompt = prompt
        self._decode(prompt)

    def run(self, tokens: int) -> list[float]:
        """Seconds for each of ``tokens`` tokens after the prompt and a first one."""
        memory = c.llama_get_memory(self._context)
        c.llama_memory_seq_rm(memory, 0, len(self._prompt) - 1, -1)
        self._decode(self._prompt[-1:])
        self._decode([c.llama_sampler_sample(self._sampler, self._context, -1)])
        times = []
        for _ in range(tokens):
            began = time.perf_counter()
            self._decode([c.llama_sampler_sample(self._sampler, self._context, -1)])
            times.append(time.perf_counter() - began)
        return times

    def close(self) -> None:
        c.llama_sampler_free(self._sampler)
        c.llama_free(self._context)

    def _decode(self, tokens: list[int]) -> None:
        batch = (c.llama_token * len(tokens))(*tokens)
        if c.llama_decode(self._context, c.llama_batch_get_one(batch, len(tokens))):
            raise RuntimeError("llama.cpp failed")


def read_bandwidth(threads: int) -> float:
    """Bytes a second that ``threads`` threads read from memory at their best."""
    parts = [np.ones(READ_BYTES // 8) for _ in range(threads)]
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for read in (np.sum, np.max) * READS:
            began = time.perf_counter()
            list(pool.map(read, parts))
            best = max(best, threads * READ_BYTES / (time.perf_counter() - began))
    return best


if __name__ == "__main__":
    main()
