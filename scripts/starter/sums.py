"""Writes ``models/starter/SHA256SUMS``: what ``robot-voice models verify`` holds the starter to.

    python -m scripts.starter.sums

To be run whenever a file in ``models/starter`` changes; a test tells when that was forgotten.
``sha256sum --check SHA256SUMS`` reads it too.
"""

from __future__ import annotations

from pathlib import Path

from robot_voice import paths
from robot_voice.models.lock import sha256
from robot_voice.models.verify import SUMS


def sums(folder: Path) -> str:
    """One line for each file below ``folder`` that a machine reads, in the order of their paths."""
    files = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    lines = [
        f"{sha256(folder / file)}  {file.as_posix()}\n"
        for file in files
        if file.name != SUMS and file.suffix != ".md" and not file.name.startswith(".")
    ]
    return "".join(lines)


if __name__ == "__main__":
    starter = paths.starter_models()
    (starter / SUMS).write_text(sums(starter), "utf-8")
