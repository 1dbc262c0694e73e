"""What the short window saves: CPU time of an utterance of 3 s, beside stock faster-whisper.

    python -m scripts.bench.encoder [--times 20] [--sizes tiny base]

Both load the same untrained weights of the true shape, int8, on one thread, in one run and by
turns. Nothing can be understood, but it costs what it costs: end of text is forbidden, so both
decode ``TOKENS`` tokens. The window is the default one of OpenAI's weights, 10 s; that of the
starter, 3.5 s, is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim

from robot_voice.asr.windowed import WindowedWhisper, window
from robot_voice.build import STARTER_HEARING
from robot_voice.config import AsrConfig
from robot_voice.models.convert import convert
from robot_voice.types import RATE, Samples
from tests import whisper_weights

from .common import defaults, machine, save

SECONDS = 3.0
LIMIT = 21
"""Of new tokens, as the library counts them: 15 come out, about what 3 s of speech take."""
END = 50257
"""End of text, in the multilingual vocabulary."""
SHAPES = {"tiny": (384, 6, 4), "base": (512, 8, 6)}
"""Width, heads, and layers on either side."""


def untrained(size: str, folder: Path) -> Path:
    """A model of random weights in the true shape."""
    width, heads, layers = SHAPES[size]
    dims = replace(
        whisper_weights.DIMS,
        n_audio_state=width,
        n_audio_head=heads,
        n_audio_layer=layers,
        n_text_state=width,
        n_text_head=heads,
        n_text_layer=layers,
    )
    source = folder / f"ggml-{size}.bin"
    weights = whisper_weights.random_weights(dims)
    whisper_weights.write_ggml(source, weights, whisper_weights.words(50257), dims)
    return convert(source, folder / size).path


def decode(model: Any, samples: Samples, language: str | None) -> int:
    """Transcribe; how many tokens came out."""
    segments, _ = model.transcribe(
        samples,
        language=language,
        beam_size=1,
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
        max_new_tokens=LIMIT,
        suppress_tokens=[-1, END],
        no_speech_threshold=None,
    )
    return sum(len(segment.tokens) for segment in segments)


def ways(folder: Path, samples: Samples) -> Mapping[str, Callable[[], object]]:
    """What is timed, by name."""
    given: dict[str, Any] = {"device": "cpu", "compute_type": "int8", "cpu_threads": 1}
    stock, short = WhisperModel(str(folder), **given), WindowedWhisper(str(folder), **given)
    features = pad_or_trim(stock.feature_extractor(samples)[..., :-1])
    starter = AsrConfig().model_copy(update=STARTER_HEARING)
    frames = {
        name: window(SECONDS, config, short.full)
        for name, config in (("short", AsrConfig()), ("starter", starter))
    }

    def encode(name: str) -> object:
        short.frames, short._encoded = frames[name], None
        return short.encode(features)

    def hear(name: str, *, detect: bool) -> int:
        short._encoded = None
        if detect:
            short.language_probabilities(samples, frames[name])
        short.frames = frames[name]
        return decode(short, samples, "en")

    return {
        "encode stock": lambda: stock.encode(features),
        "encode short": lambda: encode("short"),
        "encode starter": lambda: encode("starter"),
        "given stock": lambda: decode(stock, samples, "en"),
        "given short": lambda: hear("short", detect=False),
        "given starter": lambda: hear("starter", detect=False),
        "detected stock": lambda: decode(stock, samples, None),
        "detected short": lambda: hear("short", detect=True),
        "detected starter": lambda: hear("starter", detect=True),
    }


def measure(size: str, times: int) -> dict[str, Any]:
    """Median CPU milliseconds of each way, and how many times more the stock ones take."""
    samples = np.random.default_rng(0).normal(0, 0.1, int(SECONDS * RATE)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        timed = ways(untrained(size, Path(folder)), samples)
        counts = {name: way() for name, way in timed.items()}  # the first ones allocate
        tokens = {counts[name] for name in counts if not name.startswith("encode")}
        if len(tokens) != 1:
            raise SystemExit(f"token counts differ: {tokens}")
        spent: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(times):
            for name, way in timed.items():
                began = time.process_time()
                way()
                spent[name].append(1000 * (time.process_time() - began))
    ms = {name: round(median(values), 1) for name, values in spent.items()}
    pairs = [name.split() for name in ms if not name.endswith("stock")]
    ratios = {f"{what} {how}": round(ms[f"{what} stock"] / ms[f"{what} {how}"], 2)
              for what, how in pairs}  # fmt: skip
    return {"tokens": tokens.pop(), "cpu_ms": ms, "times_faster": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--sizes", nargs="+", choices=SHAPES, default=list(SHAPES))
    options = parser.parse_args()
    result: dict[str, Any] = {
        "command": f"python -m scripts.bench.encoder --times {options.times}",
        "machine": machine(defaults()),
        "seconds": SECONDS,
        "sizes": {size: measure(size, options.times) for size in options.sizes},
    }
    save("encoder", result)
    sys.stdout.write(json.dumps(result["sizes"], indent=2) + "\n")
    for size, found in result["sizes"].items():
        for name, times in found["times_faster"].items():
            sys.stdout.write(f"encoder {size} {name}: {times} times faster than stock\n")


if __name__ == "__main__":
    main()
