"""Is this folder a Whisper model that CTranslate2 can load? Native code trusts what it reads."""

from __future__ import annotations

import json
from pathlib import Path

from robot_voice.errors import ModelError

FILES = ("model.bin", "config.json", "tokenizer.json")
KEYS = {"config.json": "suppress_ids", "tokenizer.json": "model"}
"""What these must hold: the native code reads memory it does not own when it is missing."""


def check_folder(model_dir: Path) -> None:
    """Raises ``ModelError`` saying what is wrong when this is no converted Whisper model."""
    if not model_dir.is_dir():
        raise ModelError(
            f"there is no speech model folder {model_dir}; set asr.model to the folder of a"
            ' Whisper model in the faster-whisper format, or to "starter"'
        )
    missing = [name for name in FILES if not (model_dir / name).is_file()]
    if not any(model_dir.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        found = ", ".join(sorted(path.name for path in model_dir.iterdir())) or "nothing"
        raise ModelError(
            f"the speech model {model_dir} is not complete: {', '.join(missing)} missing"
            f" (found: {found}). It must be a Whisper model converted for faster-whisper"
        )
    with (model_dir / "model.bin").open("rb") as file:
        # CTranslate2: u32 version, u16 length, name of the specification.
        if b"WhisperSpec" not in (head := file.read(64)) and len(head) == 64:
            raise unusable(model_dir, "model.bin is not a Whisper model of CTranslate2")
    for name, key in KEYS.items():
        try:
            content = json.loads((model_dir / name).read_bytes())
        except ValueError as error:
            raise unusable(model_dir, f"{name}: {error}") from error
        if not isinstance(content, dict) or key not in content:
            raise unusable(model_dir, f'{name} has no "{key}"')


def unusable(model_dir: Path, reason: str) -> ModelError:
    return ModelError(
        f"the speech model {model_dir} cannot be used: {reason}. It may be damaged or not fully"
        ' copied: fetch it again, or set asr.model = "starter"'
    )
