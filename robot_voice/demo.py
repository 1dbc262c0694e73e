"""Spoken questions in, spoken answers out, through the daemon's own pipeline.

``demo`` and ``ask`` stream audio files frame by frame as a microphone would, at real-time pace or,
with ``fast``, without the waiting (see ``clock``): the results are the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from . import paths
from .audio.clips import read_audio, write_wav
from .audio.file import FileMicrophone, FileSpeaker
from .build import STARTER_NOTICE, Models, assemble, find_models, load_vad
from .clock import FastLoop
from .errors import AudioError, EngineError, ModelError
from .events import Event, TurnEnded
from .models.registry import FoundModel, model_hash
from .safety_config import DisclosureConfig, ReportsConfig
from .service.ledger import Ledger, TurnRecord
from .settings import Loaded
from .turn_config import SoundsConfig
from .types import RATE, Samples
from .view import LiveView


@dataclass(slots=True)
class Answers:
    """What came of it: one record and one recording a turn."""

    models: Models
    turns: list[TurnRecord] = field(default_factory=list)
    audio: list[Samples] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "models": describe(self.models),
            "turns": [record.to_json() for record in self.turns],
        }


def describe(models: Models) -> dict[str, dict[str, Any]]:
    """Which models answered: name, file and hash."""

    def one(model: FoundModel) -> dict[str, Any]:
        return {"name": model.name, "file": model.weights.name, "sha256": model_hash(model.path)}

    return {"asr": one(models.asr), "llm": one(models.llm)}


def questions() -> list[Path]:
    """The spoken questions that come with the program, in the order they are asked."""
    return sorted((paths.starter_models() / "questions").glob("*.wav"))


def run_demo(
    loaded: Loaded,
    files: Sequence[Path],
    *,
    fast: bool = False,
    as_json: bool = False,
    output: Path = Path("out"),
) -> None:
    """Ask the questions in ``files`` (none: those that come along), show and write the answers.

    Into the folder ``output`` go ``turn-N.wav`` (what the robot said), ``replies.wav`` (all of it)
    and ``trace.json``. Raises ``AudioError`` for a file that holds no sound, ``ModelError``, and
    ``EngineError`` when a question got no answer.
    """
    asked = list(files) or questions()
    if not asked:
        raise ModelError(f"no questions in {paths.starter_models() / 'questions'}: reinstall")
    clips = [read_audio(file) for file in asked]
    console = Console(quiet=as_json)
    # Questions from files are no meeting: nothing is said of one, or kept, and nobody waits.
    quiet = {
        "disclosure": DisclosureConfig(notice="off"),
        "reports": ReportsConfig(enabled=False),
        "sounds": SoundsConfig(filler=False),
        "llm": loaded.config.llm.model_copy(update={"save_state": False}),
    }
    loaded = replace(loaded, config=loaded.config.model_copy(update=quiet))
    with asyncio.Runner(loop_factory=FastLoop if fast else None) as runner:
        answers = runner.run(_ask(loaded, clips, console))
    written = write_answers(answers, output)
    console.print(f"Wrote {', '.join(str(file) for file in written)}")
    _check(answers, len(asked))
    if as_json:  # one object: the answers, or else the error
        Console().print_json(json.dumps(answers.to_json(), ensure_ascii=False))


def _check(answers: Answers, asked: int) -> None:
    failures = [reason for record in answers.turns for reason in record.failures]
    if failures:
        raise EngineError(f"{len(failures)} turns failed: {'; '.join(failures)}")
    if len(answers.turns) < asked:
        raise EngineError(
            f"{asked} files, {len(answers.turns)} answers: in the others no words were heard. "
            "Is there speech in them, in a language the models know?"
        )
    unclear = sum(record.verdict != "accept" for record in answers.turns)
    if unclear:
        raise EngineError(
            f"{unclear} of {asked} questions were not clear: the robot asked for them again."
        )


async def _ask(loaded: Loaded, clips: Sequence[Samples], console: Console) -> Answers:
    config = loaded.config
    answers = Answers(find_models(loaded))
    speaker = FileSpeaker(config.audio.ahead_seconds)
    ledger = Ledger(on_end=answers.turns.append)
    said = 0

    def record(event: Event) -> None:
        nonlocal said
        if isinstance(event, TurnEnded):
            played = speaker.played()
            answers.audio.append(played[said:])
            said = len(played)

    view = LiveView(console, config.persona.name, "streaming the questions as a microphone would")
    if answers.models.starter:
        view.say(STARTER_NOTICE)
    vad = load_vad(config)
    microphone = FileMicrophone(clips, vad, ready=lambda: assistant.pipeline.idle)
    async with assemble(loaded, microphone.listen, speaker, ledger, record, view) as assistant:
        with view:
            await assistant.pipeline.run()
    return answers


def write_answers(answers: Answers, folder: Path) -> list[Path]:
    """Write the sound and the trace. Raises ``AudioError`` when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for n, samples in enumerate(answers.audio, 1):
            written.append(folder / f"turn-{n}.wav")
            write_wav(written[-1], samples, RATE)
        if answers.audio:
            written.append(folder / "replies.wav")
            write_wav(written[-1], np.concatenate(answers.audio), RATE)
        written.append(folder / "trace.json")
        written[-1].write_text(json.dumps(answers.to_json(), ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise AudioError(
            f"the answers cannot be written to {folder}: {error.strerror}; "
            "--output FOLDER names another place"
        ) from error
    return written
