"""The process in which a neural voice lives (see ``neural``): orders in, sound out.

Run by its path, it imports nothing of this package. The first line on stdin says which voice; then
each line is an order, in JSON: ``number``, ``clauses`` and what the voice takes. Answers on stdout
are a line of JSON with ``bytes``, and so many bytes: the float32 samples of a clause. An order ends
with ``"end"``; anything that arrives meanwhile gives it up. Whatever goes wrong ends the process,
with its reason as the last answer; the end of stdin ends it too, so it cannot outlive the robot.

No connection is ever opened: an audit hook forbids it, whatever a library tries.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_READ_BYTES = 1 << 16

Sound = tuple[Any, list[tuple[str, int]]]
"""Samples, shape (n,), and which phonemes they are with how many samples each; empty: unknown."""

Voice = tuple[int, Callable[[str, dict[str, Any]], Sound]]
"""Samples per second, and what makes a clause into sound as an order says."""


class Orders:
    """Lines from a file descriptor, and whether one is waiting."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read = b""

    def next(self) -> dict[str, Any] | None:
        """The next order, waited for; None when there will be none."""
        while b"\n" not in self._read:
            data = os.read(self._descriptor, _READ_BYTES)
            if not data:
                return None
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        order: dict[str, Any] = json.loads(line)
        return order

    def waiting(self) -> bool:
        return b"\n" in self._read or bool(select.select([self._descriptor], [], [], 0)[0])


def piper(setup: dict[str, Any]) -> Voice:
    """A Piper voice. Its class is filled in here, not by ``PiperVoice.load``, which takes every
    core: the language model needs them at the same time."""
    from piper import PiperConfig, PiperVoice, SynthesisConfig

    description = json.loads(Path(setup["file"] + ".json").read_text(encoding="utf-8"))
    session = _session(setup)
    voice = PiperVoice(session, PiperConfig.from_dict(description))
    telling = len(session.get_outputs()) > 1

    def say(clause: str, order: dict[str, Any]) -> Sound:
        options = SynthesisConfig(
            speaker_id=order["speaker"], length_scale=voice.config.length_scale * order["stretch"]
        )
        pieces: list[Any] = []
        phonemes: list[tuple[str, int]] = []
        for chunk in voice.synthesize(clause, options, include_alignments=True):
            pieces.append(chunk.audio_float_array)
            if chunk.phoneme_alignments:
                phonemes += [(a.phoneme, int(a.num_samples)) for a in chunk.phoneme_alignments]
            elif telling:  # it knows not all of the phonemes, and so cannot tell one from another
                phonemes.append(("?", len(chunk.audio_float_array)))
        return _joined(pieces), phonemes

    return voice.config.sample_rate, say


def _session(setup: dict[str, Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setup["threads"]
    return onnxruntime.InferenceSession(
        _telling(setup["file"]), sess_options=options, providers=["CPUExecutionProvider"]
    )


def _telling(file: str) -> str | bytes:
    """The model, made to tell how long its phonemes are, if the package ``onnx`` is there and the
    voice can be made to. (``PiperVoice.load`` does the same.)"""
    try:
        import onnx
        from piper.patch_voice_with_alignment import add_alignment_output
    except ImportError:
        return file
    model = onnx.load(file)
    try:
        add_alignment_output(model)
    except ValueError:  # it tells already, or never will
        return file
    patched: bytes = model.SerializeToString()
    return patched


def supertonic(setup: dict[str, Any]) -> Voice:
    """A Supertonic voice. Not run with real weights: none were to be had where this was written."""
    from supertonic import TTS

    engine = TTS(
        model_dir=setup["folder"],
        auto_download=False,
        intra_op_num_threads=setup["threads"],
        inter_op_num_threads=1,
    )

    def say(clause: str, order: dict[str, Any]) -> Sound:
        _, strange = engine.model.text_processor.validate_text(clause)
        text = "".join(char for char in clause if char not in strange)
        if not any(map(str.isalnum, text)):
            return _joined([]), []
        style = engine.get_voice_style(order["style"])
        waves, _ = engine.synthesize(text, style, speed=order["speed"], lang=order["language"])
        return _joined([waves.reshape(-1)]), []

    return engine.sample_rate, say


def _joined(pieces: list[Any]) -> Any:
    import numpy

    return numpy.concatenate([numpy.zeros(0), *pieces]).astype("<f4")


def serve(orders: Orders, say: Callable[[str, dict[str, Any]], Sound], output: int) -> None:
    """Carry out ``orders`` until there are no more."""
    while (order := orders.next()) is not None:
        for clause in order.get("clauses", ()):
            if orders.waiting():
                break
            samples, phonemes = say(clause, order)
            if orders.waiting():
                break
            answer(output, samples.tobytes(), number=order["number"], phonemes=phonemes)
        else:
            if order:
                answer(output, number=order["number"], end=True)


def answer(output: int, data: bytes = b"", **says: Any) -> None:
    head = json.dumps({**says, "bytes": len(data)}).encode() + b"\n"
    left = memoryview(head + data)
    while left:
        left = left[os.write(output, left) :]


def _offline(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise PermissionError("a voice opens no connection")


def main() -> int:
    output = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    loaded = False

    def last_words(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> Any:
        # Once it speaks, a message may hold what was said: its kind has to do.
        answer(output, failed=kind.__name__ if loaded else f"{kind.__name__}: {error}")

    sys.excepthook = last_words
    sys.addaudithook(_offline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, for the robot: it decides
    orders = Orders(0)
    setup = orders.next()
    if setup is None:
        return 0
    rate, say = {"piper": piper, "supertonic": supertonic}[setup["engine"]](setup)
    loaded = True
    answer(output, rate=rate)
    serve(orders, say, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
