"""``robot-voice transcribe`` and ``say``: hearing and speaking alone, from and to files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Run, command
from .transcribing import transcribe

if TYPE_CHECKING:
    from robot_voice.settings import Loaded
    from robot_voice.types import SafeText, Samples, Speech

LanguageOption = Annotated[
    str | None,
    typer.Option("--language", "-l", metavar="CODE", help="en, ko, ...; without it: found out."),
]


def register(app: typer.Typer) -> None:
    command(app, "config", "overrides", "json", "verbose")(transcribe)
    command(app, "config", "overrides", "json", "verbose")(say)


def say(
    run: Run,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What to say; - reads it from stdin.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.wav", help="Write it instead of playing it."),
    ] = None,
    language: LanguageOption = None,
) -> None:
    """Say something in the robot's voice, on the loudspeaker or into a file.

    The robot does not say just anything: the text passes the same safety filter
    as its own replies.

    Examples:
      robot-voice say "Hello, I am Nuri."
      robot-voice say 안녕하세요 --output hello.wav
    """
    from robot_voice.audio.clips import write_wav
    from robot_voice.chat import language_of

    loaded = run.load()
    words = sys.stdin.read() if text == "-" else text
    codes = loaded.config.language
    known = (*codes.allowed, *loaded.config.tts.voices)  # it can say more than it understands
    language = language or language_of(words, known, codes.default)
    safe = _screened(loaded, words, language)
    speech = _synthesised(loaded, safe)
    if output is None:
        _play(loaded, speech)
    else:
        write_wav(output, speech.samples, speech.rate)
    if run.json:
        run.write_json(
            {
                "said": " ".join(sentence.text for sentence in safe),
                "language": language,
                "seconds": round(speech.seconds, 3),
                "output": output and str(output),
                "screened": [asdict(sentence) for sentence in safe],
            }
        )
    for sentence in safe:
        if sentence.action != "pass":
            typer.echo(f"The filter put in its own words: {sentence.text}", err=True)


def _screened(loaded: Loaded, words: str, language: str) -> list[SafeText]:
    """The text as sentences that may be said. Ends where the filter ends the reply."""
    from robot_voice.build import load_screen
    from robot_voice.tts.sentences import SentenceSplitter
    from robot_voice.types import Draft

    splitter, screen = SentenceSplitter(language), load_screen(loaded.config)
    safe: list[SafeText] = []
    previous = ""
    for sentence in [*splitter.push(words), *splitter.flush()]:
        safe.append(screen.screen(Draft(sentence, language, previous=previous)))
        if safe[-1].ends_reply:
            break
        previous = sentence
    return safe


def _synthesised(loaded: Loaded, sentences: Sequence[SafeText]) -> Speech:
    """All sentences as one sound. Raises ``TtsError`` if there is nothing to be heard."""
    import numpy as np

    from robot_voice.build import load_tts
    from robot_voice.errors import TtsError
    from robot_voice.types import Speech

    tts = load_tts(loaded)
    blocks: list[Speech] = []
    try:
        for sentence in sentences:
            blocks += tts.synthesize(sentence, lambda: False)
    finally:
        tts.close()
    if not blocks:
        raise TtsError("There is nothing to say: no word was found in the text.")
    samples: Samples = np.concatenate([block.samples for block in blocks])
    return Speech(samples, blocks[0].rate)


def _play(loaded: Loaded, speech: Speech) -> None:
    """On the configured loudspeaker, to the end. Raises ``AudioError``."""
    from robot_voice.audio.devices import find_device, list_devices, quiet, sounddevice
    from robot_voice.errors import AudioError

    try:
        device = find_device(loaded.config.audio.output, "output", list_devices())
    except AudioError as error:
        raise AudioError(f"{error}. `--output FILE.wav` writes a file instead.") from None
    module = sounddevice()
    try:
        with quiet():
            module.play(speech.samples, speech.rate, device=device.index, blocking=True)
    except module.PortAudioError as error:
        raise AudioError(f"{device.name} cannot play: {error}") from None
