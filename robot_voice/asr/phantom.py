"""Sentences that Whisper writes where nobody spoke ("Thanks for watching!"). Pure, but for
reading its list, ``data/phantoms.toml``, once."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_SENTENCES = re.compile(r"[.!?。！？…\n]+(?=\s|$)|[。！？]")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phantoms of one language, as ``plain`` writes them."""

    whole: frozenset[str]
    begins: tuple[str, ...]
    holds: tuple[str, ...]

    def match(self, sentence: str) -> bool:
        """Whether this sentence, as ``plain`` writes it, is one of them."""
        return (
            sentence in self.whole
            or sentence.startswith(self.begins)
            or any(part in sentence for part in self.holds)
        )


def is_phantom(text: str, language: str) -> bool:
    """Whether the text has words, and every sentence of it is a known phantom: of this language,
    or of English, which Whisper falls back to."""
    phrases = load()
    known = [phrases[code] for code in (language, "en") if code in phrases]
    sentences = list(filter(None, map(plain, _SENTENCES.split(text))))
    return bool(sentences) and all(
        any(one.match(sentence) for one in known) for sentence in sentences
    )


def plain(text: str) -> str:
    """The letters and digits alone, in one case and one encoding: Whisper spaces and punctuates
    as it likes."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, text))


@cache
def load() -> Mapping[str, Phrases]:
    """The list that comes with the program, by ISO 639-1 code."""
    file = resources.files("robot_voice.asr") / "data" / "phantoms.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        language: Phrases(
            frozenset(map(plain, table["whole"])),
            tuple(map(plain, table["begins"])),
            tuple(map(plain, table["holds"])),
        )
        for language, table in tables.items()
    }
