"""Timers and alarms on the disk, if the owner wants them to outlive the process.

The file is small JSON that only its owner can read, replaced in one piece. With it an alarm rings
also after a power cut; what it says of a reminder are the user's words.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .items import RINGS, Item, ordered

_log = logging.getLogger(__name__)

_VERSION = 1


def load(path: Path) -> tuple[Item, ...]:
    """What is kept in ``path``; nothing if there is no such file, or none of ours (then with a
    warning)."""
    try:
        return ordered(_items(json.loads(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("the timers in %s cannot be read (%s)", path, type(error).__name__)
        return ()


def save(path: Path, items: tuple[Item, ...]) -> None:
    """Replace what is kept in ``path``; the file goes when there is nothing to keep. A disk that
    fails is a warning: the timers still ring."""
    try:
        if items:
            _replace(path, [asdict(item) for item in items])
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("the timers cannot be kept in %s: %s", path, error)


def _replace(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": _VERSION, "items": rows}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _items(data: dict[str, Any]) -> list[Item]:
    """Raises ValueError, KeyError or TypeError for what was not written here."""
    if data["version"] != _VERSION:
        raise ValueError("another version")
    return [_item(row) for row in data["items"]]


def _item(row: dict[str, Any]) -> Item:
    """Raises ValueError, KeyError or TypeError for what was not written here."""
    item = Item(**row)
    if item.kind not in RINGS or not isinstance(item.name, str):
        raise ValueError("no such kind")
    numbers = (item.due, item.seconds, item.rung)
    if not all(isinstance(number, int | float) for number in numbers):
        raise ValueError("no numbers")
    return item
