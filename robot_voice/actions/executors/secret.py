"""Secrets of executors: each alone in a file."""

from __future__ import annotations

from pathlib import Path

from robot_voice.errors import ConfigError

_LONGEST = 8192


def read_secret(base: Path, name: str, what: str) -> str:
    """The content of the file ``name`` without space around it; "" for no name.

    Raises ``ConfigError``, which shows nothing of it.
    """
    if not name:
        return ""
    file = base / Path(name).expanduser()
    try:
        with file.open("rb") as stream:
            secret = stream.read(_LONGEST + 1).decode("utf-8", "replace").strip()
    except OSError as error:
        raise ConfigError(f"{what} {file}: cannot be read: {error.strerror}") from None
    if not 0 < len(secret) <= _LONGEST or not secret.isprintable():
        raise ConfigError(f"{what} {file}: holds no secret: that is one line of text")
    return secret
