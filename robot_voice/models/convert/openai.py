"""OpenAI's ``.pt``: a zip file of a pickle and one file of raw numbers for each tensor.

A pickle is a program. This one is run by an unpickler that knows the few calls a dictionary of
tensors needs and refuses everything else, so a file from a stranger can at worst be unusable.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_voice.errors import ModelError

from .checkpoint import Checkpoint, Dimensions, Tensor

_LARGEST_PICKLE = 16 * 2**20
"""Bytes. Whisper large's is 0.2 MB: it holds names, not numbers."""

_STORAGES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "bf16"}


@dataclass(frozen=True, slots=True)
class _Storage:
    kind: str


class _Refused(pickle.UnpicklingError):
    """The pickle asked for a call that no checkpoint needs."""


def read(source: Path) -> Checkpoint:
    """Raises ``ModelError``, or ``zipfile.BadZipFile`` when the file is cut off or damaged."""
    with zipfile.ZipFile(source) as archive:
        content = _unpickled(archive, source)
    if not isinstance(content, dict) or not {"dims", "model_state_dict"} <= set(content):
        raise ModelError(f"{source}: a PyTorch file, but not one of OpenAI's Whisper models.")
    dims, tensors = content["dims"], content["model_state_dict"]
    if not isinstance(dims, dict) or not isinstance(tensors, dict):
        raise ModelError(f"{source}: a PyTorch file, but not one of OpenAI's Whisper models.")
    if not all(isinstance(tensor, np.ndarray) for tensor in tensors.values()):
        raise ModelError(f"{source}: not a Whisper model: it holds more than tensors.")
    # Old checkpoints hold the decoder's causal mask, which is no weight.
    weights = {name: tensor for name, tensor in tensors.items() if name != "decoder.mask"}
    return Checkpoint(source, "OpenAI .pt", Dimensions.of(dims, source), weights)


def _unpickled(archive: zipfile.ZipFile, source: Path) -> object:
    names = [name for name in archive.namelist() if name.count("/") <= 1]
    pickles = [name for name in names if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise ModelError(f"{source}: a zip file, but not a PyTorch one.")
    info = archive.getinfo(pickles[0])
    if info.file_size > _LARGEST_PICKLE or info.compress_type != zipfile.ZIP_STORED:
        raise ModelError(f"{source}: not a Whisper model: its index has {info.file_size} bytes.")
    folder = pickles[0].removesuffix("data.pkl")
    try:
        index = archive.read(info)
        _check_memo(index)
        return _Unpickler(index, archive, folder).load()
    except _Refused as error:
        raise ModelError(
            f"{source}: refused: {error}. A Whisper checkpoint never needs that; the file may be"
            " malicious."
        ) from error
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{source}: damaged or not a Whisper model ({error}).") from error
    except (AttributeError, IndexError, ImportError, RuntimeError, OverflowError) as error:
        raise ModelError(f"{source}: damaged or not a Whisper model ({error}).") from error


def _check_memo(index: bytes) -> None:
    """A pickle numbers what it will refer to again, and its reader makes room up to the highest
    number: a few bytes could take all memory. Raises ``_Refused``, or ``ValueError`` if damaged."""
    for code, argument, _ in pickletools.genops(index):
        if code.name.endswith("PUT") and int(argument or 0) > len(index):
            raise _Refused("it wants more memory than it can use")


class _Unpickler(pickle.Unpickler):
    """Rebuilds dictionaries of tensors, as arrays, and nothing else."""

    def __init__(self, index: bytes, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(index))
        self._archive = archive
        self._folder = folder
        self._loaded: dict[str, NDArray[Any]] = {}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """What a name in the pickle means. Raises ``UnpicklingError`` for all but a few."""
        if (module_name, global_name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module_name, global_name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module_name == "torch" and global_name in _STORAGES:
            return _Storage(_STORAGES[global_name])
        raise _Refused(f"it asks for {module_name}.{global_name}")

    def persistent_load(self, pid: Any, /) -> NDArray[Any]:
        """A tensor's numbers: ``("storage", kind, key, device, count)``. Shape (count,)."""
        match pid:
            case ("storage", _Storage(kind), str(key), str(), int(count)) if key.isalnum():
                pass
            case _:
                raise _Refused("its tensors are stored in an unknown way")
        if key not in self._loaded:
            info = self._archive.getinfo(f"{self._folder}data/{key}")
            if info.compress_type != zipfile.ZIP_STORED:  # PyTorch's never are; a bomb would be
                raise _Refused("its tensors are compressed")
            self._loaded[key] = numbers(self._archive.read(info), kind)
        loaded = self._loaded[key]
        if len(loaded) < count:
            raise ValueError(f"tensor {key} is cut off")
        return loaded


def numbers(raw: bytes | memoryview, kind: str) -> NDArray[Any]:
    """Raw numbers as an array, shape (n,). ``kind``: a NumPy type, or "bf16", which NumPy lacks:
    it is the upper half of a float32."""
    if kind != "bf16":
        return np.frombuffer(raw, kind)
    return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)


def _tensor(
    storage: Any, offset: Any, size: Any, stride: Any, *_: Any
) -> Tensor:  # gradients and hooks are of no interest
    """``torch._utils._rebuild_tensor_v2`` for arrays. Raises ``ValueError`` when out of bounds."""
    if not isinstance(storage, np.ndarray) or len(size) != len(stride):
        raise ValueError("a tensor without numbers")
    if any(type(n) is not int or n < 0 for n in (offset, *size, *stride)):
        raise ValueError("a tensor with a strange shape")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 in size or last >= len(storage):
        raise ValueError("a tensor larger than its numbers")
    step = storage.itemsize
    return np.lib.stride_tricks.as_strided(
        storage[offset:], tuple(size), tuple(n * step for n in stride), writeable=False
    )
