"""One voice per language, whichever engine it is of.

``tts.voices`` names them: "en-us" is a voice of ``tts.engine``; "piper:voice.onnx#speaker",
"supertonic:folder#style", "espeak:NAME" and "pyttsx3:NAME" are of the engine they name. A language
that has no voice there is spoken by ``tts.engine``, as its code says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled, Tts
from robot_voice.errors import ConfigError, ModelError, TtsError
from robot_voice.types import SafeText, Speech

_PREFIXED = re.compile(r"(piper|supertonic|espeak|pyttsx3):(.*)", re.IGNORECASE | re.DOTALL)
_BY_PATH = ("piper", "supertonic")

Place: TypeAlias = tuple[str, Path | None]
"""An engine, and the file or folder it speaks from."""

Base: TypeAlias = Callable[[str], Path | None]
"""By language: what a relative path of its voice is relative to; None is the current folder."""


@dataclass(frozen=True, slots=True)
class VoiceSpec:
    """What a voice in ``tts.voices`` means."""

    engine: str
    """"espeak", "pyttsx3", "piper" or "supertonic"."""
    name: str
    """Of the voice; of a speaker or style of ``path``, or empty for its default."""
    path: Path | None = None
    """The file or folder of a neural voice."""

    @property
    def place(self) -> Place:
        """What one engine is made for."""
        return self.engine, self.path


def parse_voice(voice: str, engine: str, base: Path | None = None) -> VoiceSpec:
    """Read a voice of the configuration. ``engine`` is whose it is when it does not say.

    What follows the last "#" of a path names a speaker or a style; "~" is the home folder.
    Raises ``ConfigError`` when a name or path is missing.
    """
    match = _PREFIXED.fullmatch(voice.strip())
    owner, name = (match[1].lower(), match[2].strip()) if match else (engine, voice.strip())
    if owner not in _BY_PATH:
        if not name:
            raise ConfigError(f"tts.voices: {voice!r} names no voice.")
        return VoiceSpec(owner, name)
    path, _, who = name.rpartition("#") if "#" in name else (name, "", "")
    if not path:
        raise ConfigError(f'tts.voices: {voice!r} names no path; write "{owner}:PATH".')
    return VoiceSpec(owner, who.strip(), (base or Path.cwd()) / Path(path.strip()).expanduser())


def specs(config: TtsConfig, languages: Iterable[str], base: Base) -> dict[str, VoiceSpec]:
    """The voice of each of ``languages`` and of every language that has one configured.

    Raises ``ConfigError``.
    """
    return {
        language: parse_voice(config.voices.get(language, language), config.engine, base(language))
        for language in dict.fromkeys((*languages, *config.voices))
    }


class Voices:
    """Implements ``engines.Tts``: each sentence in the voice of its language."""

    def __init__(
        self,
        spoken: Mapping[str, VoiceSpec],
        usual: str,
        make: Callable[[Place, Mapping[str, str]], Tts],
    ) -> None:
        """``spoken``: by language. ``usual`` is the engine of all others. ``make`` makes the
        engine of a place for voices by language; it is called once for each."""
        self._places = {language: spec.place for language, spec in spoken.items()}
        self._usual: Place = usual, None
        self._spoken = spoken
        self._make = make
        self._made: dict[Place, Tts] = {}

    def engine(self, language: str) -> Tts:
        """The engine that speaks ``language``. Raises ``ModelError`` or ``ConfigError``."""
        place = self._places.get(language, self._usual)
        if place not in self._made:
            names = {code: v.name for code, v in self._spoken.items() if v.place == place}
            self._made[place] = self._make(place, names)
        return self._made[place]

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """What the engine of the text's language makes of it. Raises ``TtsError``."""
        try:
            engine = self.engine(text.language)
        except (ModelError, ConfigError) as error:  # of a language that was not checked at load
            raise TtsError(str(error)) from error
        return engine.synthesize(text, cancelled)

    def close(self) -> None:
        """End the processes of all engines."""
        for engine in self._made.values():
            engine.close()


def _nowhere(_: str) -> Path | None:
    return None


def load_voices(
    config: TtsConfig, languages: Iterable[str], base: Base = _nowhere, threads: int = 1
) -> Voices:
    """The voices of a configuration. The engines of ``languages`` are made and checked now, others
    when they are first needed; neural voices load with their first sentence.

    Neural voices may use ``threads`` cores each. Raises ``ModelError`` for what is not installed
    or not there, ``ConfigError`` for a voice that an engine does not have; both say what to do.
    """
    languages = list(languages)
    spoken = specs(config, languages, base)
    voices = Voices(spoken, config.engine, partial(make_engine, config, threads))
    for language in languages:
        voices.engine(language)
    return voices


def make_engine(config: TtsConfig, threads: int, place: Place, names: Mapping[str, str]) -> Tts:
    """One engine for the voices ``names``, by language. Raises ``ModelError``, ``ConfigError``."""
    engine, path = place
    if path is not None:
        if engine == "piper":
            from .piper import PiperTts

            return PiperTts(config, path, names, threads)
        from .supertonic import SupertonicTts

        return SupertonicTts(config, path, names, threads)
    own = config.model_copy(update={"voices": dict(names)})
    if engine == "pyttsx3":
        from .pyttsx3_engine import Pyttsx3Tts

        return Pyttsx3Tts(own)
    from .espeak import EspeakTts

    return EspeakTts(own)
