"""Where things are. Nothing here creates or changes anything.

From a checkout (the usual, editable install) the shipped configurations and models are the
top-level ``configs/`` and ``models/``; a wheel carries them in ``robot_voice/share/``
(see ``force-include`` in ``pyproject.toml``). What belongs to the user is where the platform
keeps such things: on Linux ``~/.config``, ``~/.local/share`` and ``~/.local/state``, or where
``XDG_CONFIG_HOME`` and its kin point.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

_APP = "robot-voice"
_PACKAGE = Path(__file__).resolve().parent


def shipped() -> Path:
    """The folder that holds ``configs/`` and ``models/`` as they came with the program."""
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "configs").is_dir():
        return checkout
    return _PACKAGE / "share"


def configs() -> Path:
    """The configurations that came with the program."""
    return shipped() / "configs"


def models() -> Path:
    """The models that came with the program, and any others put beside them."""
    return shipped() / "models"


def starter_models() -> Path:
    """The embedded default models: ``asr/`` is a model folder, ``llm/`` holds one GGUF file."""
    return models() / "starter"


def user_config() -> Path:
    """The user's own configurations; ``config.toml`` in it is read when none is named."""
    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def user_models() -> Path:
    """The user's own models."""
    return Path(platformdirs.user_data_dir(_APP, appauthor=False)) / "models"


def user_state() -> Path:
    """What the program keeps between runs: history if saving is on, logs, measurements."""
    return Path(platformdirs.user_state_dir(_APP, appauthor=False))


def user_cache() -> Path:
    """What can be made again: the language model's saved states."""
    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def user_runtime() -> Path:
    """What exists only while the program runs: the control socket. ``$XDG_RUNTIME_DIR`` where there
    is one, as in every login session."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given:
        return Path(given) / _APP
    return Path(tempfile.gettempdir()) / f"{_APP}-{os.getuid()}"
