"""ONNX models by onnxruntime: one thread, no memory arena, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robot_voice.errors import ModelError
from robot_voice.types import Samples


class Session:
    """A model in memory. ``what``: its name in messages, as in "the voice detector"."""

    def __init__(self, path: Path, what: str, otherwise: str) -> None:
        """``otherwise``: what an owner can do who cannot have it, as in 'set vad.engine = ...'.

        Raises ``ModelError``.
        """
        if not path.is_file():
            raise ModelError(
                f"{path}: {what}'s weights are not there; mend the path or {otherwise}"
            )
        try:
            import onnxruntime
            from onnxruntime.capi import onnxruntime_pybind11_state as native
        except ImportError as error:
            raise ModelError(
                f"{what} needs onnxruntime: pip install onnxruntime, or {otherwise}"
            ) from error
        self._failures = (
            native.Fail,
            native.InvalidArgument,
            native.InvalidGraph,
            native.InvalidProtobuf,
            native.NotImplemented,
            native.RuntimeException,
        )
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except self._failures as error:
            raise ModelError(f"{path} is not a model onnxruntime can load: {error}") from error
        self.inputs: dict[str, tuple[int | str | None, ...]] = {
            value.name: tuple(value.shape) for value in self._session.get_inputs()
        }
        """The shape of each input; sizes that may vary have a name, or None."""
        self._path = path

    def run(self, inputs: dict[str, Samples]) -> list[Any]:
        """The outputs, in the model's order. Raises ``ModelError`` when the model fails on them,
        which, given inputs of its shapes, it does at the first call or never."""
        try:
            outputs: list[Any] = self._session.run(None, inputs)
        except self._failures as error:
            raise ModelError(f"{self._path} cannot be run: {error}") from error
        return outputs
