"""LoRA adapters: small matrices that are added to a model's own while it computes.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021. llama.cpp adds their part in
every matrix product and leaves the model's weights alone. So any of them is taken on, or off, at
once, and none costs a second copy of the model: one of rank 8 is below 1 % of its size.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c

from robot_voice.errors import ConfigError, ModelError
from robot_voice.llm_config import AdapterConfig

_FAILED = "failed to apply lora adapter: "
"""What llama.cpp puts before its reason."""
_SMALLEST = 24
"""Bytes of a GGUF file's header."""


class Adapters:
    """The adapters of one loaded model, which frees them with itself. Owned by its thread."""

    def __init__(
        self, model: Any, configs: Mapping[str, AdapterConfig], reason: Callable[[], str]
    ) -> None:
        """Load all of them, by name. ``model``: llama.cpp's; its context must not be there yet, for
        that makes room for what the adapters compute. ``reason``: llama.cpp's latest complaint.

        Raises ``ModelError`` for one that is missing, broken, or made for another model.
        """
        self._configs = dict(configs)
        self._loaded = {name: _load(model, name, own, reason) for name, own in configs.items()}

    def check(self, name: str) -> None:
        """Raise ``ConfigError`` unless ``name`` is one of them, or empty."""
        if name and name not in self._loaded:
            known = ", ".join(sorted(self._loaded)) or "none"
            raise ConfigError(
                f"there is no adapter {name!r}: list it as [llm.adapters.{name}], or take one of"
                f" those that are listed ({known})"
            )

    def put(self, context: Any, name: str) -> None:
        """Let ``context`` compute with this one from now on; "": with none. Raises
        ``ConfigError``."""
        self.check(name)
        if not name or not self._configs[name].scale:
            c.llama_set_adapters_lora(context, None, 0, None)
            return
        one = (c.llama_adapter_lora_p_ctypes * 1)(self._loaded[name])
        scale = (ctypes.c_float * 1)(self._configs[name].scale)
        c.llama_set_adapters_lora(context, one, 1, scale)


def _load(model: Any, name: str, config: AdapterConfig, reason: Callable[[], str]) -> Any:
    path = Path(config.path)
    try:
        with path.open("rb") as file:
            head = file.read(_SMALLEST)
    except OSError as error:
        raise _unusable(name, path, f"it cannot be read ({error.strerror})") from error
    if len(head) < _SMALLEST or head[:4] != b"GGUF":
        raise _unusable(name, path, "it is not a GGUF file, or ends too early")
    adapter = c.llama_adapter_lora_init(model, str(path).encode())
    if not adapter:
        raise _unusable(name, path, reason().rpartition(_FAILED)[2])
    return adapter


def _unusable(name: str, path: Path, reason: str) -> ModelError:
    return ModelError(
        f"the adapter {path} cannot be used: {reason}. It must be a LoRA adapter in GGUF, trained"
        f" on the very model that llm.model names; mend llm.adapters.{name}.path, or take"
        f" [llm.adapters.{name}] out"
    )
