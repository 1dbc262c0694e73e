"""The throw-away process that renders one sentence with pyttsx3 (see ``pyttsx3_engine``).

Run by its path, it imports nothing of this package and so starts quickly. The order comes as JSON
on stdin. Ends with status 0 once the file is there, else says why in the last line on stderr.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol


class Voice(Protocol):
    """What pyttsx3 tells of a voice."""

    id: str
    name: str
    languages: list[Any]


def choose(voices: Iterable[Voice], wanted: str, language: str) -> str | None:
    """The id of the voice called ``wanted``, else of the first with that word in its name ("Heami"
    for "Microsoft Heami Desktop - Korean"), else of the first that speaks ``language``.

    None when there is none of them: then the system's own default speaks.
    """
    listed, wanted = list(voices), wanted.lower()
    for voice in listed:
        if wanted in (voice.id.lower(), voice.name.lower(), *_codes(voice)):
            return voice.id
    for voice in listed:
        if wanted in re.split(r"\W+", voice.name.lower()) and wanted != language:
            return voice.id
    for voice in listed:
        if any(code.split("-")[0] == language for code in _codes(voice)):
            return voice.id
    return None


def _codes(voice: Voice) -> list[str]:
    """Language codes such as "en-us"; drivers give "en_US", b"\\x05en-us", and worse."""
    codes = [c.decode(errors="ignore") if isinstance(c, bytes) else str(c) for c in voice.languages]
    return [code.strip("\x00\x02\x05").replace("_", "-").lower() for code in codes]


def main() -> int:
    order = json.loads(sys.stdin.buffer.read())
    try:
        import pyttsx3

        engine = pyttsx3.init()
    except (ImportError, OSError, RuntimeError) as error:
        hint = " (on Linux: apt install libespeak-ng1)" if sys.platform == "linux" else ""
        sys.stderr.write(f"\nno speech system was found{hint}: {error}\n")
        return 2
    voice = choose(engine.getProperty("voices"), order["voice"], order["language"])
    if voice is not None:
        engine.setProperty("voice", voice)
    engine.setProperty("rate", order["rate"])
    engine.setProperty("volume", order["volume"])
    if sys.platform == "linux":  # no other driver can
        engine.setProperty("pitch", order["pitch"])
    engine.save_to_file(order["text"], order["file"])
    engine.runAndWait()
    file = Path(order["file"])
    if not file.is_file() or not file.stat().st_size:
        sys.stderr.write("\nit wrote no sound\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
